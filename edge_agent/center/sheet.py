"""How a table is written for others: plain CSV for programs, or as Excel opens it with a click.

Excel of a computer set to Indonesian takes `;` for the end of a cell and `,` for the decimal point:
104.798 becomes a hundred thousand there. It reads no RFC 3339, and without a mark no UTF-8.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from edge_agent.runtime.clock import rfc3339

# A spreadsheet takes what begins so for a formula, and the names come from boxes.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Moment:
    """A cell with a time: Unix seconds; None where there is none."""

    wall: float | None


@dataclass(frozen=True, slots=True)
class Told:
    """A cell with a time as a box wrote it: RFC 3339, or whatever that box writes."""

    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """How cells, times and numbers are written."""

    separator: str = ","
    decimal: str = "."
    # What the file begins with.
    mark: str = ""
    # Times in this zone, as a spreadsheet reads them; None: RFC 3339, UTC.
    zone: tzinfo | None = None

    def heading(self, names: Sequence[str], times: Iterable[str]) -> str:
        """Return the first line; the columns that are times name their zone."""
        zone = f" ({self.zone})" if self.zone else ""
        cells = [f"{name}{zone}" if name in times else name for name in names]
        return f"{self.mark}{self.line(cells)}"

    def line(self, row: Iterable[object]) -> str:
        """Return one line, without its end."""
        line = io.StringIO()
        writer = csv.writer(line, delimiter=self.separator, lineterminator="")
        writer.writerow([self._cell(cell) for cell in row])
        return line.getvalue()

    def _cell(self, cell: object) -> str:
        match cell:
            case None:
                return ""
            case Moment(wall):
                return self._moment(wall)
            case Told(text):
                return self._told(text)
            case float():
                return str(cell).replace(".", self.decimal)
            case int():
                return str(cell)
            case _:
                text = str(cell)
                return f"'{text}" if text.startswith(_FORMULA) else text

    def _moment(self, wall: float | None) -> str:
        if wall is None:
            return ""
        if self.zone is None:
            return rfc3339(wall)
        return f"{datetime.fromtimestamp(wall, self.zone):%Y-%m-%d %H:%M:%S}"

    def _told(self, text: str) -> str:
        if self.zone is None:
            return self._cell(text)
        try:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"
        except (ValueError, OverflowError):
            return self._cell(text)


PLAIN = Sheet()


def for_excel(zone: tzinfo) -> Sheet:
    """Return how Excel of a computer set to Indonesian, or to most of Europe, wants it."""
    return Sheet(";", ",", "\ufeff", zone)
