"""How commands speak: one line per fact, a mark in front, the next step below what is wrong.

On a terminal with colours where wanted (NO_COLOR, https://no-color.org); plain text in a pipe.
"""

import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from edge_agent.errors import EdgeAgentError

# What fits on the narrowest terminal in use, and what a pipe gets.
WIDTH = 80
# Enough for "broker"; longer names push their own line to the right.
_NAME_WIDTH = 6
# What a column of a table keeps as long as others can give.
_LEAST = 5
_GREEN = "\x1b[32m"
_RED = "\x1b[31m"
_YELLOW = "\x1b[33m"
_DIM = "\x1b[2m"
_PLAIN = "\x1b[0m"
_CLEAR_LINE = "\r\x1b[K"
# Cameras tell their names; none may move our cursor or ring our bell.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class OutputLostError(OSError):
    """What we say cannot be written any more: a full disk. A pipe that nobody reads is another."""


class Console:
    """Writes facts to one stream. Never fails over a character that the stream cannot show."""

    def __init__(self, out: TextIO, *, is_terminal: bool, width: int = WIDTH) -> None:
        self._out = out
        self._is_terminal = is_terminal
        self._width = width
        self._has_colours = is_terminal and not os.environ.get("NO_COLOR")
        self._is_unicode = "utf" in (out.encoding or "").lower()
        self._name_width = _NAME_WIDTH
        self._has_progress = False

    @classmethod
    def on(cls, out: TextIO) -> "Console":
        """Return a console for a stream, as wide as its terminal."""
        # "dumb": a terminal that can only go on, say a serial console.
        if not out.isatty() or os.environ.get("TERM") == "dumb":
            return cls(out, is_terminal=False)
        columns = shutil.get_terminal_size((WIDTH, 24)).columns
        return cls(out, is_terminal=True, width=max(40, columns))

    def line_up(self, names: Iterable[str]) -> None:
        """Make the names of the facts that follow equally wide."""
        self._name_width = max([_NAME_WIDTH, *map(len, names)])

    def ok(self, name: str, text: str) -> None:
        """Say that something is right; `name` is a camera or a part of the box."""
        self._fact("✓", "ok", _GREEN, name, text)

    def bad(self, name: str, text: str, hint: str = "") -> None:
        """Say that something is wrong, and what to do next."""
        self._fact("✗", "!!", _RED, name, text)
        if hint:
            self.next(hint, name)

    def failure(self, name: str, failure: EdgeAgentError) -> None:
        """Say what went wrong, where, and the next step."""
        where = "".join(f"{place}: " for place in reversed(getattr(failure, "__notes__", [])))
        self.bad(name, f"{where}{failure.what}", failure.hint)

    def note(self, name: str, text: str, hint: str = "") -> None:
        """Say what is neither right nor wrong but good to know."""
        self._fact("•", "--", _YELLOW, name, text)
        if hint:
            self.next(hint, name)

    def next(self, hint: str, name: str = "") -> None:
        """Say the next step; under a fact when it is that fact's."""
        indent = " " * (self._mark_width() + 1 + self._name_width + 1) if name else ""
        first, *rest = _CONTROL.sub("?", hint).split("\n")
        self.plain(f"{indent}{self._paint(_DIM, 'next:')} {first}")
        for line in rest:
            self.plain(f"{indent}{line}")

    def plain(self, text: str = "") -> None:
        """Say a line as it is."""
        self.clear_progress()
        self._write(f"{text}\n")

    def table(self, rows: Iterable[Sequence[str]], *, whole: Collection[int] = ()) -> None:
        """Show columns that fit the width, the first row as heading; what is too long ends in "…".

        The columns numbered in `whole` are cut only where cutting all others is not enough.
        """
        cells = [[_CONTROL.sub("?", cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        room = self._width - 2 * (len(widths) - 1)
        while sum(widths) > room and max(widths) > 1:
            wide = [at for at, width in enumerate(widths) if at not in whole and width > _LEAST]
            widths[max(wide or range(len(widths)), key=widths.__getitem__)] -= 1
        for number, row in enumerate(cells):
            line = self._row(row, widths)
            self.plain(line if number else self._paint(_DIM, line))

    def progress(self, text: str) -> None:
        """Show what is going on until the next line; nothing in a pipe."""
        if self._is_terminal:
            shown = self._cut(_CONTROL.sub("?", text), self._width - 1)
            self._write(f"{_CLEAR_LINE}{self._paint(_DIM, shown)}")
            self.flush()
            self._has_progress = True

    def clear_progress(self) -> None:
        """Take the line of progress away."""
        if self._has_progress:
            # First, so that a terminal that went away is not asked twice.
            self._has_progress = False
            self._write(_CLEAR_LINE)

    def flush(self) -> None:
        """Let everything be seen. Raises BrokenPipeError, or OutputLostError."""
        with _naming_a_lost_output():
            self._out.flush()

    def _fact(self, mark: str, plain_mark: str, colour: str, name: str, text: str) -> None:
        shown = self._paint(colour, mark if self._is_unicode else plain_mark)
        safe = _CONTROL.sub("?", text)
        self.plain(f"{shown} {name:<{self._name_width}} {safe}".rstrip())

    def _mark_width(self) -> int:
        return 1 if self._is_unicode else 2

    def _row(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        pairs = zip(cells, widths, strict=True)
        return "  ".join(f"{self._cut(cell, width):<{width}}" for cell, width in pairs).rstrip()

    def _cut(self, text: str, width: int) -> str:
        if len(text) <= width:
            return text
        return text[: width - 1] + ("…" if self._is_unicode else "~")

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._has_colours else text

    def _write(self, text: str) -> None:
        encoding = self._out.encoding or "ascii"
        with _naming_a_lost_output():
            self._out.write(text.encode(encoding, "replace").decode(encoding))


@contextmanager
def _naming_a_lost_output() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLostError(error.errno, error.strerror) from error
