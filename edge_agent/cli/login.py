"""Where a camera's user name and password come from: a file, standard input or a person.

Never from an argument: everybody on the box can read those (ps). Never guessed: cameras lock out
who tries too often, so a person has two tries and a file has one.
"""

import getpass
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from edge_agent.cli.console import Console
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.line import PasswordRefusedError
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.secret import Secret
from edge_agent.video.opening import LoginRefusedError

T = TypeVar("T")

# ONVIF and RTSP refuse each in its own way.
_REFUSALS = (PasswordRefusedError, LoginRefusedError)

_OTHERS = stat.S_IROTH
# A longer one is a wrong file.
_LONGEST_PASSWORD = 256


class Keyboard(Protocol):
    """A person who can be asked, or nobody."""

    @property
    def is_there(self) -> bool:
        """Whether anybody would answer."""
        ...

    def ask(self, question: str) -> str:
        """Return what was typed, without blanks around it."""
        ...

    def ask_secret(self, question: str) -> Secret:
        """Return what was typed unseen."""
        ...


class Terminal:
    """The person at standard input, if it is a terminal."""

    @property
    def is_there(self) -> bool:
        """Whether standard input is a terminal."""
        # Python has none where the shell closed it.
        return sys.stdin is not None and sys.stdin.isatty()

    def ask(self, question: str) -> str:
        """Return a line, without blanks around it."""
        return _answer(input, question).strip()

    def ask_secret(self, question: str) -> Secret:
        """Return a line that does not show."""
        return Secret(_answer(getpass.getpass, question))


class Nobody:
    """Sits at no keyboard; asking is a defect of ours."""

    @property
    def is_there(self) -> bool:
        """Never."""
        return False

    def ask(self, question: str) -> str:
        """Nobody answers."""
        raise AssertionError(f"nobody is there to be asked: {question}")

    def ask_secret(self, question: str) -> Secret:
        """Nobody answers."""
        return Secret(self.ask(question))


@dataclass(frozen=True, slots=True)
class Talk:
    """Whom a command talks to: what it says goes to the console, what it asks to the keyboard."""

    console: Console
    keyboard: Keyboard
    # What is suggested is taken without a question (--yes).
    takes_all: bool = False

    def agrees(self, question: str) -> bool:
        """Return whether a person typed y or yes; no without a person."""
        if not self.keyboard.is_there:
            return False
        self.console.clear_progress()
        return self.keyboard.ask(f"{question} [y/N] ").lower() in {"y", "yes"}


@dataclass(frozen=True, slots=True)
class Login:
    """What was given on the command line, and whom to ask for the rest."""

    user: str
    # A path, "-" for standard input, "" for none.
    password_file: str
    keyboard: Keyboard
    # The next step where a login is wanted and nobody can be asked; "" leaves it to the refusal.
    unasked: str = ""

    def given(self) -> Credentials | None:
        """Return the credentials that need no question; None if there are none.

        Raise EdgeAgentError if the password cannot be read.
        """
        if not self.password_file:
            return None
        return Credentials(self.user, _read_password(self.password_file))

    def look(self) -> None:
        """Raise EdgeAgentError if the file cannot be used; standard input is read once, later."""
        if self.password_file not in {"", "-"}:
            _read_password(self.password_file)

    def ask(self) -> Credentials:
        """Ask for what was not given; an empty password would cost a try before the lock-out."""
        user = self.user or self.keyboard.ask("camera's user name [admin]: ") or "admin"
        question = f"password of {user}: "
        while not (password := self.keyboard.ask_secret(question)):
            question = f"password of {user} (it cannot be empty): "
        return Credentials(user, password)


def log_in(
    login: Login, name: str, console: Console, open_as: Callable[[Credentials | None], T]
) -> tuple[Credentials | None, T]:
    """Open with what was given, else as nobody, else as whom a person says, who has two tries.

    Raise the refusal after that, and whatever else `open_as` raises at once.
    """
    given = login.given()
    try:
        return given, open_as(given)
    except _REFUSALS as refusal:
        if given or not login.keyboard.is_there:
            refusal.hint = (not given and login.unasked) or refusal.hint
            raise
    console.clear_progress()
    asked = login.ask()
    try:
        return asked, open_as(asked)
    except _REFUSALS as refusal:
        console.bad(name, refusal.what, "one more try; after that it may lock us out")
    asked = login.ask()
    return asked, open_as(asked)


def tell_open_file(password_file: str, name: str, console: Console) -> None:
    """Say it where everybody on this box can read the password's file."""
    if password_file in {"", "-"}:
        return
    with suppress(OSError):
        if Path(password_file).stat().st_mode & _OTHERS:
            what = f"every user of this box can read the password in {password_file}"
            console.note(
                name, what, f"remove it afterwards, or close it:  chmod 0600 {password_file}"
            )


def _answer(ask: Callable[[str], str], question: str) -> str:
    """Return a line; one that is no text here, say of a terminal set to Latin-1, is asked for again."""
    while True:
        with suppress(UnicodeError):
            text = _line(ask, question)
            # In some locales Python lets such bytes in, as halves of signs that no file takes.
            text.encode()
            return text
        print("  that is not UTF-8: set the terminal to it, or type letters without accents")


def _line(ask: Callable[[str], str], question: str) -> str:
    try:
        return ask(question)
    except EOFError as error:
        # The cursor still stands behind the question.
        print()
        raise EdgeAgentError(
            "a question was not answered",
            hint="run it again and answer, or give all of it:  "
            "--name NAME --user USER --password-file FILE --yes",
        ) from error


def _read_password(source: str) -> Secret:
    try:
        text = sys.stdin.readline() if source == "-" else Path(source).read_text(encoding="utf-8")
    except OSError as error:
        hint = "check the path given to --password-file"
        if isinstance(error, PermissionError):
            hint = f"run this with sudo, or let this user read it:  ls -l {source}"
        raise EdgeAgentError(f"cannot read {source}: {error.strerror}", hint=hint) from error
    except UnicodeDecodeError as error:
        raise EdgeAgentError(f"{source} is not a text", hint="save it as UTF-8") from error
    password = text.rstrip("\r\n")
    if not password.isprintable() or not 0 < len(password) <= _LONGEST_PASSWORD:
        raise EdgeAgentError(
            f"{'standard input' if source == '-' else source} does not hold a password",
            hint="it must hold one line, the password and nothing else",
        )
    return Secret(password)
