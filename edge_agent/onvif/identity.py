"""Whether two devices are the same one, by what each says of itself and what network card it has.

Every word is weak alone: anybody may say a name, cheap cameras share names and serial numbers, and
some say nothing. So two words that are equal, differ or do not tell are three answers, not two.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What tells a device from all others; "" is not known."""

    # Its ONVIF name for life.
    endpoint: str = ""
    # As aa:bb:cc:dd:ee:ff.
    mac: str = ""
    serial: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is anything to know it by."""
        return bool(self.endpoint or self.mac or self.has_telling_serial)

    @property
    def has_telling_serial(self) -> bool:
        """Whether its serial number is one: 00000000, as npm's onvif camera has it, is anybody's."""
        return len(set(self.serial)) > 1

    def same_name(self, other: "Identity") -> bool | None:
        """Tell whether both have one name; None where either has none."""
        return _same(self.endpoint, other.endpoint)

    def same_card(self, other: "Identity") -> bool | None:
        """Tell whether both have one network card; None where either's is not known."""
        return _same(self.mac, other.mac)

    def same_serial(self, other: "Identity") -> bool | None:
        """Tell whether both have one serial number; None where either's does not tell."""
        if self.has_telling_serial and other.has_telling_serial:
            return _same(self.serial, other.serial)
        return None

    def resembles(self, other: "Identity") -> bool:
        """Tell whether card or serial number are the same, and none of the two another's.

        Of cheap cameras several have one serial number: ask at the old address before believing it.
        """
        answers = (self.same_card(other), self.same_serial(other))
        return True in answers and False not in answers

    def is_another(self, other: "Identity") -> bool:
        """Tell whether card or serial number are known of both and differ."""
        return self.told_apart(other) is not None

    def told_apart(self, other: "Identity") -> tuple[str, str] | None:
        """Return by which words, of this one and the other, they differ; None if by none."""
        if self.same_serial(other) is False:
            return f"serial {self.serial}", f"serial {other.serial}"
        if self.same_card(other) is False:
            return f"MAC {self.mac}", f"MAC {other.mac}"
        return None


def _same(one: str, other: str) -> bool | None:
    return one.lower() == other.lower() if one and other else None
