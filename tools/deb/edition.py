"""Which version is built, and the time that everything inside of it has."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from tools import debian
from tools.deb.unfit import UnfitError

if TYPE_CHECKING:
    from tools.deb.target import Target

CHANGELOG = debian.REPOSITORY / "packaging" / "debian" / "changelog"


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of both packages, for one release of Debian."""

    version: str
    epoch: int

    @property
    def date(self) -> str:
        """The day, for man pages."""
        return datetime.fromtimestamp(self.epoch, UTC).date().isoformat()


def edition(target: Target) -> Edition:
    """Return the newest entry's version and time. Raises UnfitError."""
    changelog = CHANGELOG.read_text(encoding="utf-8")
    return Edition(f"{first_version(changelog)}+{target.release.suffix}", _epoch(changelog))


def first_version(changelog: str) -> str:
    """Return the version of the newest entry of a Debian changelog."""
    found = re.match(r"edge-agent \((\S+)\)", changelog)
    if not found:
        raise UnfitError("packaging/debian/changelog begins with no entry")
    return found[1]


def _epoch(changelog: str) -> int:
    """Return the time that everything inside has: SOURCE_DATE_EPOCH, else the newest entry's."""
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    if told.isdigit():
        return int(told)
    signed = next(line for line in changelog.splitlines() if line.startswith(" -- "))
    return int(parsedate_to_datetime(signed.rpartition(">  ")[2]).timestamp())
