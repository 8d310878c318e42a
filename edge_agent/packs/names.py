"""What a packed model may be called: its name and version become a folder on the box.

An installed model is NAME-VERSION, such as street-1.1.0; a shipped one is NAME alone.
"""

import re
from dataclasses import dataclass

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,30}[a-z0-9])?")
_VERSION = re.compile(r"(?:0|[1-9][0-9]{0,5})(?:\.(?:0|[1-9][0-9]{0,5})){0,3}")
NAME_RULE = "use 1 to 32 of a-z, 0-9, - and _ for the name, and numbers with dots for the version"


@dataclass(frozen=True, slots=True)
class PackName:
    """Name and version of a packed model."""

    name: str
    version: str

    def __str__(self) -> str:
        """Return what the technician types, and what the folder is called."""
        return f"{self.name}-{self.version}"

    @property
    def age(self) -> tuple[int, ...]:
        """The version as numbers: 1.10 is younger than 1.9, and 1.0 is 1.0.0."""
        numbers = [int(part) for part in self.version.split(".")]
        return tuple(numbers + [0] * (4 - len(numbers)))


def pack_name(name: str, version: str) -> PackName | None:
    """Return the two as a pack's name; None where they cannot be one."""
    if _NAME.fullmatch(name) and _VERSION.fullmatch(version):
        return PackName(name, version)
    return None


def read_pack_name(text: str) -> PackName | None:
    """Return what NAME-VERSION says; None where it is something else."""
    name, _, version = text.rpartition("-")
    return pack_name(name, version)
