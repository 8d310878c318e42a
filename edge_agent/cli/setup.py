"""`edge-agent setup`: the first configuration, question by question, made of the plain commands.

What is done is seen from the files, so it goes on wherever it stopped. Nothing moves a cursor: it is
made for a serial console.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from textwrap import TextWrapper

from edge_agent.cli.console import Console
from edge_agent.cli.folder import RELOAD, with_folder
from edge_agent.cli.login import Keyboard, Terminal
from edge_agent.cli.main import main
from edge_agent.cli.setup_cameras import found_cameras
from edge_agent.cli.setup_center import names_of, read_center_keys, refuse_own
from edge_agent.cli.setup_seed import configure_from
from edge_agent.cli.setup_site import (
    Answers,
    forget,
    host_name,
    judge,
    keep,
    kept,
    write_agent,
    written,
)
from edge_agent.cli.setup_words import LANGUAGES, Ask, Words
from edge_agent.config.load import AGENT_FILE, camera_ids, is_unsaid, load_camera, load_settings
from edge_agent.config.settings import Settings
from edge_agent.daemon.status import ask_status
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.secret import Secret
from edge_agent.toml.problems import Problem

_START = "sudo systemctl start edge-agent"
_INTERRUPTED = 130
_WHOLE_PICTURE = "0,0 1,0 1,1 0,1"
# A serial console is 80 wide, and may cut what is longer. What is to be pasted stays whole.
_LINES = TextWrapper(
    width=78,
    initial_indent="  ",
    subsequent_indent="  ",
    break_on_hyphens=False,
    break_long_words=False,
)
_ENROLL_EXAMPLE = "https://center.example/.well-known/est"


class _LeftError(Exception):
    """The person typed q, or the line is gone."""


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--from", metavar="FILE", type=Path, dest="seed", help="all answers, without a question"
    )
    parser.add_argument("--box", default="", help="with --from: this box's name")
    parser.set_defaults(wrong_usage=parser.error)


def run(args: argparse.Namespace, console: Console, *, keyboard: Keyboard | None = None) -> int:
    """Ask and configure; 1 where something is not right in the end. Raises EdgeAgentError."""
    if args.box and not args.seed:
        args.wrong_usage("--box is for --from")
    plain = Console(sys.stdout, is_terminal=False)
    with _without_cursor_tricks():
        if args.seed:
            return configure_from(args.seed, args.box, args.config, Commands(plain, args.config))
        present = keyboard or Terminal()
        if not present.is_there:
            raise EdgeAgentError(
                "nobody is here to answer questions",
                hint="give the answers in a file: edge-agent setup --from site.toml",
            )
        guide = _Guide(args.config, plain, present)
        try:
            return guide.lead()
        except (_LeftError, KeyboardInterrupt) as why:
            console.plain()
            console.plain(guide.words.left)
            return _INTERRUPTED if isinstance(why, KeyboardInterrupt) else 0


@contextmanager
def _without_cursor_tricks() -> Iterator[None]:
    """Have every command speak as to a terminal that can only go on."""
    before = os.environ.get("TERM")
    os.environ["TERM"] = "dumb"
    try:
        yield
    finally:
        if before is None:
            del os.environ["TERM"]
        else:
            os.environ["TERM"] = before


class Commands:
    """Runs the plain commands, and shows each as it could be typed."""

    def __init__(self, console: Console, folder: Path) -> None:
        self.console = console
        self._folder = folder

    def run(self, *words: str, secret: str = "") -> int:
        """Run one and return its exit code; Ctrl-C ends it and not us. The secret is not shown."""
        hidden = " -" if secret else ""
        self.console.plain(f"  $ edge-agent {shlex.join(words)}{hidden}")
        self.console.flush()
        return main([*words, *filter(None, [secret]), "--config", str(self._folder)])


class _Guide:
    """Leads one person through the steps that are not done yet."""

    def __init__(self, folder: Path, console: Console, keyboard: Keyboard) -> None:
        self._folder = folder
        self._console = console
        self._keyboard = keyboard
        self._commands = Commands(console, folder)
        self._answers = kept(folder)

    @property
    def words(self) -> Words:
        """What is said, in the language that was chosen."""
        return LANGUAGES[self._answers.language or "en"]

    def lead(self) -> int:
        """Go through all steps; 1 where the last check found something."""
        self._choose_language()
        self._console.plain(self.words.welcome)
        if is_unsaid(self._folder):
            self._describe_site()
        # Raises with all problems, whoever wrote it.
        settings = load_settings(self._folder)
        self._console.ok("config", f"{settings.site}/{settings.box}: {self._folder / AGENT_FILE}")
        self._recall()
        self._know_center(settings)
        if not settings.broker.certificate_file:
            self._step("enroll", self._enroll)
        self._step("cameras", self._add_cameras)
        for camera in camera_ids(self._folder):
            self._step(f"zone {camera}", lambda camera=camera: self._draw(camera))  # type: ignore[misc]  # bound now
        return self._check()

    def _choose_language(self) -> None:
        if self._answers.language:
            return
        spoken = "id" if os.environ.get("LANG", "").startswith("id") else "en"
        ask = Ask("Language / Bahasa: en = English, id = Indonesia", "en/id")
        chosen = self._ask(ask, spoken, lambda text: "" if text in LANGUAGES else "en, id")
        self._note(replace(self._answers, language=chosen))

    def _describe_site(self) -> None:
        words = self.words
        for key, ask, default in (
            ("site", words.site, "palembang"),
            ("box", words.box, host_name() or "box-01"),
            ("state_dir", words.state_dir, self._answers.state_dir),
        ):
            if key == "state_dir" or not getattr(self._answers, key):
                self._note(self._with(key, self._ask_for(key, ask, default)))
        if not self._answers.url:
            self._ask_broker()
        password = self._ask_login()
        if self._answers.url.startswith("mqtts") and not self._answers.ca_file:
            file = self._ask_for("ca_file", words.ca_file, "", place="broker.ca_file")
            self._note(replace(self._answers, ca_file=file))
        written = write_agent(self._folder, self._answers, password)
        self._console.ok("config", str(written))

    def _ask_broker(self) -> None:
        def wrong(text: str) -> str:
            told = replace(self._answers, url=text, is_insecure=text.startswith("mqtt://"))
            return _first(judge(self._folder, told, ("broker.url",)))

        url = self._ask(self.words.url, "", wrong)
        is_insecure = url.startswith("mqtt://")
        if is_insecure and not self._agrees(self.words.insecure, "n"):
            return self._ask_broker()
        return self._note(replace(self._answers, url=url, is_insecure=is_insecure))

    def _ask_login(self) -> Secret | None:
        """Return the broker's password: it is not remembered before it is in its file."""
        user = self._ask(self.words.username, self._answers.username)
        self._note(replace(self._answers, username=user, has_password=bool(user)))
        if not user:
            return None
        self._console.plain()
        self._console.plain(self.words.password.why)
        self._console.flush()
        while True:
            secret = self._keyboard.ask_secret(f"{self.words.password.question}: ")
            if secret and secret.reveal().isprintable():
                return secret
            self._console.plain(self.words.again)

    def _recall(self) -> None:
        """Take up what an earlier setup has written: its answers are forgotten when all is done."""
        if before := written(self._folder):
            mine = self._answers
            self._note(replace(before, language=mine.language, passed=mine.passed))

    def _know_center(self, settings: Settings) -> None:
        """Ask for the center's key at each setup, until there is one."""
        if settings.center.keys or written(self._folder) is None:
            # Of a file that a person wrote `check` says it, and what to write there.
            return
        answer = self._ask(self.words.center_key, "", lambda text: _why_no_key(text, settings))
        if not answer:
            self._console.plain(self.words.no_key)
            return
        keys = read_center_keys(answer)
        self._write_again(replace(self._answers, center_keys=keys), "[center] keys")
        self._console.ok("center", f"{names_of(keys)}: {self.words.key_known}")

    def _enroll(self) -> None:
        is_plain = load_settings(self._folder).broker.url.startswith("mqtt://")
        if is_plain or not self._agrees(self.words.enroll, "n"):
            return None
        url = self._ask(self.words.enroll_url, self._answers.enroll_url or _ENROLL_EXAMPLE)
        self._write_again(replace(self._answers, enroll_url=url), "[enrolment] url")
        if self._commands.run("enroll", "--url", url, "--token", "-"):
            return self._enroll()
        having = replace(self._answers, has_certificate=True)
        return self._write_again(having, "certificate_file, key_file")

    def _write_again(self, answers: Answers, what: str) -> None:
        """Write `agent.toml` anew with what is new in it; a person's own is left alone."""
        is_ours = written(self._folder) is not None
        self._note(answers)
        if is_ours:
            self._console.ok("config", f"{write_agent(self._folder, answers)}: {what}")

    def _add_cameras(self) -> None:
        found: list[str] = []
        if self._agrees(self.words.cameras, "y"):
            found = found_cameras(self._folder, self._console)
            if not found:
                self._console.plain(self.words.none_found)
        while True:
            default = found[0] if found else "-"
            numbered = {str(number): place for number, place in enumerate(found, 1)}

            def wrong(typed: str, most: int = len(found)) -> str:
                # An address that is one number is lawful, and never meant.
                is_lacking = typed.isdecimal() and not 0 < int(typed[:9]) <= most
                return f"no camera in the list has number {typed}" if is_lacking else ""

            typed = self._ask(self.words.address, default, wrong)
            if typed == "-":
                return
            where = numbered.get(typed, typed)
            if self._commands.run("add", where) == 0 and where in found:
                found.remove(where)

    def _draw(self, camera: str) -> None:
        try:
            if load_camera(self._folder, camera).rules:
                return
        except EdgeAgentError as failure:
            self._console.failure(camera, failure)
            return
        self._console.plain()
        self._console.plain(f"-- {camera}")
        while self._agrees(self.words.zone, "y"):
            name = self._ask(self.words.zone_name, "street")
            corners = self._ask(self.words.corners, _WHOLE_PICTURE).split()
            label = self._ask(self.words.label, "person")
            if self._commands.run("zone", "add", camera, name, *corners, "--alert-on", label) == 0:
                return

    def _check(self) -> int:
        if not self._agrees(self.words.check, "y"):
            return 0
        code = self._commands.run("check")
        if code:
            # Whatever was refused may be what is missing.
            self._note(replace(self._answers, passed=()))
            again = with_folder("edge-agent check", self._folder)
            self._console.next(f"{self.words.not_done} {again}")
            return code
        forget(self._folder)
        if self._runs():
            self._console.next(f"{self.words.done_running} {RELOAD}")
        else:
            self._console.next(f"{self.words.done} {_START}")
        return 0

    def _runs(self) -> bool:
        """Tell whether an agent runs that has to be told of what is new."""
        with suppress(EdgeAgentError):
            ask_status(load_settings(self._folder).state_dir)
            return True
        return False

    def _step(self, name: str, act: Callable[[], None]) -> None:
        """Do a step once: what a person refused is not asked again."""
        if name not in self._answers.passed:
            act()
            self._note(replace(self._answers, passed=(*self._answers.passed, name)))

    def _agrees(self, ask: Ask, default: str) -> bool:
        answers = {"y": True, "yes": True, "ya": True, "n": False, "no": False, "tidak": False}
        typed = self._ask(ask, default, lambda text: "" if text.lower() in answers else "y, n")
        return answers[typed.lower()]

    def _ask_for(self, key: str, ask: Ask, default: str, *, place: str = "") -> str:
        def wrong(text: str) -> str:
            told = self._with(key, text)
            return _first(judge(self._folder, told, (place or key,)))

        return self._ask(ask, default, wrong)

    def _ask(self, ask: Ask, default: str, wrong: Callable[[str], str] | None = None) -> str:
        """Return an answer that is not `wrong`; the default where nothing is typed."""
        self._console.plain()
        self._console.plain(ask.why)
        while True:
            self._console.flush()
            try:
                typed = self._keyboard.ask(f"{ask.question} [{default}]: ") or default
            except EdgeAgentError as gone:
                raise _LeftError from gone
            if typed == "q":
                raise _LeftError
            why = wrong(typed) if wrong else ""
            if not why:
                return typed
            # What the file's reader would say of nothing is how a file is written.
            why = why if typed else self.words.needed
            self._console.plain(_LINES.fill(f"{why}; {self.words.again}"))

    def _with(self, key: str, text: str) -> Answers:
        return replace(self._answers, **{key: text})  # type: ignore[arg-type]  # a text of its own

    def _note(self, answers: Answers) -> None:
        self._answers = answers
        keep(self._folder, answers)


def _why_no_key(answer: str, settings: Settings) -> str:
    """Return what is wrong with what was given as the center's key; "" where nothing is."""
    try:
        refuse_own(read_center_keys(answer) if answer else (), settings.state_dir)
    except EdgeAgentError as wrong:
        return f"{wrong.what}; {wrong.hint}"
    return ""


def _first(problems: Sequence[Problem]) -> str:
    """Return what is wrong, and what to do, in one line; "" where nothing is."""
    if not problems:
        return ""
    return f"{problems[0].what}; {problems[0].hint}" if problems[0].hint else problems[0].what
