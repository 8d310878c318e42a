"""How a wrong command line is answered: what was wrong and the next step, in two lines."""

import argparse
import difflib
from collections.abc import Iterable
from typing import NoReturn

WRONG_USAGE = 2


class Parser(argparse.ArgumentParser):
    """Says it short. Verbs with verbs inside get the same class for those, by argparse's rule."""

    def __init__(self, **options: object) -> None:
        super().__init__(**{**options, "allow_abbrev": False})  # type: ignore[arg-type]  # argparse's own

    def error(self, message: str) -> NoReturn:
        """Say what was wrong, which argparse hides below ten lines of usage, and leave with 2."""
        choice = next((each for each in self._actions if each.choices is not None), None)
        if choice and message.endswith(f": {choice.metavar}"):
            message = f"say what to do: {', '.join(choice.choices or ())}"
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n  next: {self.prog} --help\n")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Refuse an unknown verb in one short line; argparse lists all that it knows, in quotes."""
        if action.choices is not None and value not in action.choices:
            hint = did_you_mean(str(value), action.choices)
            raise argparse.ArgumentError(None, f'there is no "{value}"; {hint}')


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint: the nearest known word, or all of them."""
    names = sorted(known)
    if close := difflib.get_close_matches(word.lower(), names, n=1):
        return f"did you mean {close[0]}?"
    return f"known here: {', '.join(names)}"
