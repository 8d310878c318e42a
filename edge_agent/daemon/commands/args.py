"""The arguments of a command, read one by one. What a verb does not know is a mistake, not a wish."""

import math
from collections.abc import Mapping

from edge_agent.contract.command import read_time
from edge_agent.daemon.commands.answer import RefusedError


class Args:
    """Reads arguments; each method raises RefusedError for what is not as it must be."""

    def __init__(self, told: Mapping[str, object], *known: str) -> None:
        """Refuse arguments that are not among the known ones."""
        if unknown := sorted(told.keys() - set(known)):
            raise RefusedError(f"does not know {', '.join(map(repr, unknown))}: {_known(known)}")
        self._told = told

    def has(self, key: str) -> bool:
        """Tell whether it is there, and not null."""
        return self._told.get(key) is not None

    def text(self, key: str) -> str:
        """Return a text that must be there."""
        value = self._told.get(key)
        if not isinstance(value, str) or not value:
            raise RefusedError(f"{key} must be a text")
        return value

    def choice(self, key: str, words: tuple[str, ...]) -> str:
        """Return one of some words."""
        value = self._told.get(key)
        if not isinstance(value, str) or value not in words:
            raise RefusedError(f"{key} must be one of {', '.join(words)}")
        return value

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """Return true or false; where there is no default it must be there."""
        value = self._told.get(key, default)
        if not isinstance(value, bool):
            raise RefusedError(f"{key} must be true or false")
        return value

    def number(self, key: str, default: float, *, least: float, most: float) -> float:
        """Return a number between two bounds, both included."""
        value = self._told.get(key, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not least <= value <= most:  # type: ignore[arg-type,operator]  # a number, by the line above
            raise RefusedError(f"{key} must be {least:g} to {most:g}")
        return float(value)  # type: ignore[arg-type]  # as above

    def time(self, key: str) -> float | None:
        """Return Unix seconds of a time; None where it is not there, or null."""
        value = self._told.get(key)
        if value is None:
            return None
        try:
            return read_time(value)
        except (ValueError, TypeError) as error:
            raise RefusedError(f"{key} must be a time such as 2026-11-18T11:15:17Z") from error

    def texts(self, key: str) -> Mapping[str, str | None]:
        """Return an object whose members are texts or null."""
        value = self._told.get(key)
        if not isinstance(value, dict):
            raise RefusedError(f"{key} must be an object")
        if not all(text is None or isinstance(text, str) for text in value.values()):
            raise RefusedError(f"{key} must have texts, or null")
        return value


def _known(known: tuple[str, ...]) -> str:
    return f"known here are {', '.join(known)}" if known else "this verb takes no arguments"
