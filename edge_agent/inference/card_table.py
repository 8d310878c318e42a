"""Reads one table of a model card and collects everything that is wrong with it.

A wrong value is noted and replaced by a harmless one, so that the next can be looked at too.
"""

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, TypeVar

from edge_agent.domain.sighting import Label

Value = TypeVar("Value")
# Beyond it floats skip whole numbers; nothing in a card is near.
_LARGEST_WHOLE = 2**53
# A network's finest and coarsest cells; beyond them the card has a slip.
_STRIDES = range(2, 257)


class CardTable:
    """One table; what it was asked for is what is allowed in it."""

    def __init__(
        self, values: Mapping[str, Any], path: str = "", problems: list[str] | None = None
    ) -> None:
        self._values = values
        self._path = path
        self._problems: list[str] = [] if problems is None else problems
        self._asked: dict[str, None] = {}
        self._sections: list[CardTable] = []

    def section(self, key: str, *, is_needed: bool = True) -> "CardTable":
        """Return the table under this key; an absent one is empty."""
        value = self._take(key, is_needed=is_needed)
        if value is not None and not isinstance(value, Mapping):
            self._note(key, f"must be a table, [{self._path}{key}], not {value!r}")
        values = value if isinstance(value, Mapping) else {}
        # What is missing in a missing table need not be listed.
        problems = self._problems if value is not None or not is_needed else []
        section = CardTable(values, f"{self._path}{key}.", problems)
        self._sections.append(section)
        return section

    def text(self, key: str) -> str:
        """Return a text that is not empty; it is shown on terminals, so it says nothing to them."""
        value = self._take(key)
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value
        return self._refuse(key, value, "must be a text of one line, not empty", "?")

    def file_name(self, key: str) -> str:
        """Return the name of a file beside the card: a card must not send us elsewhere."""
        value = self._take(key)
        if isinstance(value, str) and value.isprintable() and value == PurePath(value).name:
            return value
        return self._refuse(key, value, "must be the name of a file beside the card", "?")

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._take(key)
        if isinstance(value, list) and all(
            isinstance(text, str) and text.isprintable() for text in value
        ):
            return tuple(value)
        return self._refuse(key, value, "must be a list of texts of one line", ())

    def choice(self, key: str, choices: Sequence[str]) -> Any:
        """Return one of these words."""
        value = self._take(key)
        if value in choices:
            return value
        return self._refuse(key, value, f"must be one of {', '.join(choices)}", choices[0])

    def whole(self, key: str, allowed: range) -> int:
        """Return a whole number in the range."""
        value = self._take(key)
        if type(value) is int and value in allowed:
            return value
        wish = f"must be a whole number from {allowed.start} to {allowed.stop - 1}"
        return self._refuse(key, value, wish, allowed.start)

    def share(self, key: str) -> float:
        """Return a number above 0 and below 1."""
        value = self._take(key)
        if _is_number(value) and 0 < value < 1:
            return float(value)
        return self._refuse(key, value, "must be a number between 0 and 1", 0.5)

    def numbers(self, key: str, count: int, *, is_zero_lawful: bool = True) -> tuple[float, ...]:
        """Return that many numbers."""
        value = self._take(key)
        is_right = isinstance(value, list) and len(value) == count and all(map(_is_number, value))
        if is_right and (is_zero_lawful or all(value)):
            return tuple(float(number) for number in value)
        wish = f"must be {count} numbers{'' if is_zero_lawful else ', none of them 0'}"
        return self._refuse(key, value, wish, (1.0,) * count)

    def strides(self, key: str, size_px: tuple[int, int]) -> tuple[int, ...]:
        """Return distinct strides that divide the input size."""
        value = self._take(key)
        if isinstance(value, list) and value and len({*map(str, value)}) == len(value):
            fits = all(type(stride) is int and stride in _STRIDES for stride in value)
            if fits and not any(size % stride for size in size_px for stride in value):
                return tuple(value)
        wish = f"must be distinct whole numbers that divide {size_px[0]} and {size_px[1]}"
        return self._refuse(key, value, wish, (_STRIDES.start,))

    def labels(self, key: str) -> tuple[Label | None, ...]:
        """Return one label per class, None for those ignored; at least one must be known."""
        words = self.texts(key)
        for word in sorted({word for word in words if word} - set(Label)):
            self._note(key, f'has "{word}", which is no label of ours{_guess(word, list(Label))}')
        if words and not any(words):
            self._note(key, "ignores every class")
        return tuple(Label(word) if word in set(Label) else None for word in words)

    def label_shares(self) -> dict[Label, float]:
        """Return the whole table as a number between 0 and 1 for some labels."""
        return {label: self.share(label) for label in Label if label in self._values}

    def all_numbers(self) -> dict[str, float]:
        """Return the whole table, tables in it too, as dotted names and numbers."""
        self._asked.update(dict.fromkeys(self._values))
        numbers = dict(_flat(self._values, ""))
        for name in [name for name in numbers if not name.isprintable()]:
            del numbers[name]
            self._note(repr(name), "must be a name of one line")
        for name in [name for name, value in numbers.items() if not _is_number(value)]:
            self._note(name, f"must be a number, not {numbers.pop(name)!r}")
        return {name: float(value) for name, value in numbers.items()}

    def finish(self) -> list[str]:
        """Return all problems of this table and those in it, unknown keys included."""
        self.note_unknown()
        return self._problems

    def note_unknown(self) -> None:
        """Note the keys that nobody asked for, in the tables below too."""
        for key in self._values.keys() - self._asked.keys():
            self._note(key, f"is not a key of a model card{_guess(key, list(self._asked))}")
        for section in self._sections:
            section.note_unknown()

    def _take(self, key: str, *, is_needed: bool = True) -> Any:
        self._asked[key] = None
        value = self._values.get(key)
        if value is None and is_needed:
            self._note(key, "is missing")
        return value

    def _refuse(self, key: str, value: Any, wish: str, instead: Value) -> Value:
        if value is not None:
            self._note(key, f"{wish}, not {value!r}")
        return instead

    def _note(self, key: str, problem: str) -> None:
        self._problems.append(f"{self._path}{key} {problem}")


def _flat(values: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    # A whole number of TOML may be too long for any float.
    return math.isfinite(value) if isinstance(value, float) else abs(value) < _LARGEST_WHOLE


def _guess(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
