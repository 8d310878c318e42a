"""What comes from the broker, and what goes to it."""

from dataclasses import dataclass

_LEVELS = 6
# Of a site or a box; nobody's name may push all others to the right.
_MOST_NAME = 128


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came. A retained one was perhaps sent long ago."""

    topic: str
    payload: bytes
    is_retained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to a box, with QoS 1. After `expiry_s` the broker need not pass it on."""

    topic: str
    payload: bytes
    expiry_s: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """Which box, by the topic: whoever may publish chose it."""

    site: str
    box: str

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{self.site}/{self.box}"


@dataclass(frozen=True, slots=True)
class Address:
    """A topic taken apart: city/v1/{site}/{box}/up/{kind}[/{rest}]."""

    box: Box
    kind: str
    rest: tuple[str, ...] = ()


def read_topic(topic: str) -> Address | None:
    """Return whose message it is and of which kind; None for what is no topic of a box."""
    levels = topic.split("/")
    if len(levels) < _LEVELS or levels[:2] != ["city", "v1"] or levels[4] != "up":
        return None
    # It stands in our tables, our log lines and our pages.
    if not all(level.isprintable() and len(level) <= _MOST_NAME for level in levels):
        return None
    if not (levels[2] and levels[3]):
        return None
    return Address(Box(levels[2], levels[3]), levels[5], tuple(levels[6:]))
