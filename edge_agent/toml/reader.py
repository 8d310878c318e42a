"""Read one TOML table value by value; what was never asked for is unknown.

A value that is wrong becomes a problem and is replaced by its default, so that one pass over a
file finds everything. Nothing read here is used while there are problems.
"""

import math
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from edge_agent.runtime.usage import did_you_mean
from edge_agent.toml.lines import Place
from edge_agent.toml.problems import Problems, name_place

Choice = TypeVar("Choice", bound=StrEnum)

# What people write although no such option exists.
_INSTEAD = {
    "password": 'keep the password in a file of its own: password_file = "secrets/…"',
    "passwd": 'keep the password in a file of its own: password_file = "secrets/…"',
}
# A day: longer waits than this are typing errors.
LONGEST_S = 86_400.0


class Table:
    """One table of a file, its place, and where problems go."""

    def __init__(self, values: dict[str, object], problems: Problems, place: Place = ()) -> None:
        self._values = values
        self._problems = problems
        self._place = place
        self._asked: set[str] = set()
        self._children: list[Table] = []

    def refuse(self, key: str, what: str, hint: str = "") -> None:
        """Note a problem with one value, or with the table itself where `key` is empty."""
        self._problems.add((*self._place, key) if key else self._place, what, hint)

    def has(self, key: str) -> bool:
        """Tell whether the file says anything about this."""
        return self.raw(key) is not None

    def raw(self, key: str) -> object:
        """Return whatever the file says, or None; the caller checks it."""
        self._asked.add(key)
        return self._values.get(key)

    def need(self, key: str, hint: str) -> str:
        """Return a text that must be there; empty after noting that it is not."""
        if not self.has(key):
            self.refuse(key, "is missing", hint)
            return ""
        text = self.text(key, "")
        if not text and self.raw(key) == "":
            self.refuse(key, "is empty", hint)
        return text

    def text(self, key: str, default: str) -> str:
        """Return a text."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, str):
            return value
        self.refuse(key, f"needs a text in quotes, not {_show(value)}")
        return default

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        self.refuse(key, f"needs true or false without quotes, not {_show(value)}")
        return default

    def whole(self, key: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number between two bounds, both included."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(key, f"needs a whole number without quotes, not {_show(value)}")
            return default
        if not least <= value <= most:
            self.refuse(key, f"must be {least} to {most}, not {value}")
            return default
        return value

    def number(self, key: str, default: float, *, most: float) -> float:
        """Return a number above zero and at most `most`."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(key, f"needs a number without quotes, not {_show(value)}")
            return default
        if not (math.isfinite(value) and 0 < value <= most):
            self.refuse(key, f"must be more than 0 and at most {most:g}, not {value}")
            return default
        return float(value)

    def between(self, key: str, most: float) -> float | None:
        """Return a number from -`most` to `most`; None where there is none."""
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(key, f"needs a number without quotes, not {_show(value)}")
            return None
        if not (math.isfinite(value) and -most <= value <= most):
            self.refuse(key, f"must be {-most:g} to {most:g}, not {value}")
            return None
        return float(value)

    def names(self) -> list[str]:
        """Return every name in this table, for one whose names the site chooses."""
        self._asked.update(self._values)
        return list(self._values)

    def seconds(self, key: str, default: float) -> float:
        """Return a time in seconds."""
        return self.number(key, default, most=LONGEST_S)

    def path(self, key: str, folder: Path) -> Path | None:
        """Return a path, relative ones counted from `folder`; None where there is none."""
        if not self.has(key):
            return None
        text = self.text(key, "")
        if self.raw(key) == "":
            self.refuse(key, "is empty", "name a file, or delete the line")
        return folder / text if text else None

    def choice(self, key: str, default: Choice) -> Choice:
        """Return one of an enumeration's words."""
        text = self.text(key, default.value)
        return self._choose(key, text, type(default)) or default

    def choices(self, key: str, default: frozenset[Choice]) -> frozenset[Choice]:
        """Return a set of an enumeration's words; at least one."""
        value = self.raw(key)
        if value is None:
            return default
        kind = type(next(iter(default)))
        if not isinstance(value, list) or not value:
            example = next(iter(default)).value
            self.refuse(key, f'needs a list such as ["{example}"], not {_show(value)}')
            return default
        chosen = (self._choose(key, word, kind) for word in value)
        return frozenset(word for word in chosen if word is not None) or default

    def table(self, key: str) -> "Table":
        """Return a table inside this one; an empty one where the file has none."""
        value = self.raw(key)
        place = (*self._place, key)
        if value is None or isinstance(value, dict):
            return self._child(value or {}, place)
        self.refuse(key, f"is a section: write [{key}] on a line of its own")
        # One complaint is enough: what such a table lacks is heard by nobody.
        return Table({}, Problems(Path()), place)

    def tables(self, key: str) -> list["Table"]:
        """Return the tables of a list such as [[zones]], in the order of the file."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.refuse(key, f"is a list of sections: write [[{key}]] in double brackets")
            return []
        place = (*self._place, key)
        return [self._child(each, (*place, number)) for number, each in enumerate(value)]

    def close(self) -> None:
        """Note every key that nobody asked for, in this table and those inside."""
        self._close({table.name: table._asked for table in self._all()})  # noqa: SLF001 (own class)

    @property
    def name(self) -> str:
        """How the file names this table; empty for the top of the file."""
        return name_place(tuple(step for step in self._place if isinstance(step, str)))

    def _close(self, asked: dict[str, set[str]]) -> None:
        for key in self._values.keys() - self._asked:
            self.refuse(key, "there is no such option", self._instead_of(key, asked))
        for child in self._children:
            child._close(asked)  # noqa: SLF001 (own class)

    def _instead_of(self, key: str, asked: dict[str, set[str]]) -> str:
        if key in _INSTEAD:
            return _INSTEAD[key]
        for table, keys in asked.items():
            if key in keys and table != self.name:
                return f"it belongs to [{table}]" if table else "move it above the first [section]"
        return did_you_mean(key, self._asked)

    def _all(self) -> Iterable["Table"]:
        yield self
        for child in self._children:
            yield from child._all()  # noqa: SLF001 (own class)

    def _child(self, values: dict[str, object], place: Place) -> "Table":
        child = Table(values, self._problems, place)
        self._children.append(child)
        return child

    def _choose(self, key: str, word: object, kind: type[Choice]) -> Choice | None:
        words = [each.value for each in kind]
        if isinstance(word, str) and word in words:
            return kind(word)
        self.refuse(key, f"does not know {_show(word)}", did_you_mean(str(word), words))
        return None


def _show(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case int() | float():
            return str(value)
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "a section"
        case _:
            return "a date or time"
