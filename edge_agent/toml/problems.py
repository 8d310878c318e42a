"""What is wrong in the files: collected first, reported all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import EdgeAgentError
from edge_agent.toml.lines import Lines, Place


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one file: `where` is the path in the file, `line` counts from 1."""

    file: Path
    line: int | None
    where: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        """Return the problem and its place, on one line."""
        line = "" if self.line is None else f", line {self.line}"
        where = f"{self.where}: " if self.where else ""
        return f"{self.file}{line}: {where}{self.what}"


class BadConfiguration(EdgeAgentError):  # noqa: N818 (named like a sentence: "bad configuration")
    """Files that cannot be used as they are; `problems` holds every reason (exit code 78)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"the configuration has {count}")
        self.problems = tuple(problems)

    def report(self) -> str:
        """Return the lines to show: each problem with its place and the next step."""
        return "\n".join([*map(describe, self.problems), super().report()])


def describe(problem: Problem) -> str:
    """Return one problem as a line, and its next step as a second one."""
    return f"{problem}\n  next: {problem.hint}" if problem.hint else str(problem)


class Problems:
    """The problems of one file, in the order in which they were found."""

    def __init__(self, file: Path, text: str = "") -> None:
        self._file = file
        self._lines = Lines(text)
        self._found: list[Problem] = []

    def add(self, place: Place, what: str, hint: str = "") -> None:
        """Note one problem at a place such as ("zones", 0, "outline")."""
        line = self._lines.find(place)
        self._found.append(Problem(self._file, line, name_place(place), what, hint))

    def add_at_line(self, line: int | None, what: str, hint: str = "") -> None:
        """Note one problem that concerns a line, or the whole file."""
        self._found.append(Problem(self._file, line, "", what, hint))

    @property
    def found(self) -> tuple[Problem, ...]:
        """All problems so far, in the order of the file where lines are known."""
        return tuple(sorted(self._found, key=lambda problem: problem.line or 0))


def name_place(place: Place) -> str:
    """Return a place as people write it: `zones[1].outline`, counted from 1 like lines."""
    text = ""
    for step in place:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")
