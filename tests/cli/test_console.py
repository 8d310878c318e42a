"""How facts look: on a terminal, in a pipe, and where only ASCII can be shown."""

import io

import pytest

from edge_agent.cli.console import Console
from edge_agent.errors import EdgeAgentError


class FakeTerminal(io.StringIO):
    """A stream that says which characters it can show."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]  # io's is a plain attribute
        return self._encoding

    def write(self, text: str) -> int:
        text.encode(self._encoding)
        return super().write(text)


def test_facts_are_lined_up_with_their_next_steps() -> None:
    out = FakeTerminal()
    console = Console(out, is_terminal=False)

    console.ok("gate", "reached 192.168.1.64")
    console.bad("broker", "refused us", "install a new one\nand run this again")
    console.note("disk", "getting full")
    console.next("edge-agent run")

    assert out.getvalue().splitlines() == [
        "✓ gate   reached 192.168.1.64",
        "✗ broker refused us",
        "         next: install a new one",
        "         and run this again",
        "• disk   getting full",
        "next: edge-agent run",
    ]


def test_long_names_make_room_for_all() -> None:
    out = FakeTerminal()
    console = Console(out, is_terminal=False)

    console.line_up(["gate", "car-park-north"])
    console.ok("gate", "fine")
    console.bad("car-park-north", "silent", "look")

    assert out.getvalue().splitlines() == [
        "✓ gate           fine",
        "✗ car-park-north silent",
        "                 next: look",
    ]


def test_a_failure_says_where_it_happened() -> None:
    out = FakeTerminal()
    failure = EdgeAgentError("refused", hint="look")
    failure.add_note("stream")
    failure.add_note("camera gate")

    Console(out, is_terminal=False).failure("gate", failure)

    assert out.getvalue().splitlines()[0] == "✗ gate   camera gate: stream: refused"


def test_ascii_is_enough() -> None:
    out = FakeTerminal("ascii")
    console = Console(out, is_terminal=False)

    console.ok("gate", "fine …")
    console.bad("yard", "Größe", "look")
    console.table([("name",), ("x" * 100,)])

    assert out.getvalue().splitlines()[:3] == [
        "ok gate   fine ?",
        "!! yard   Gr??e",
        "          next: look",
    ]
    assert out.getvalue().splitlines()[-1] == "x" * 79 + "~"


def test_a_table_fits_eighty_columns_and_keeps_what_is_short() -> None:
    out = FakeTerminal()

    Console(out, is_terminal=False).table(
        [("name", "model", "address"), ("gate", "M" * 90, "192.168.1.64"), ("yard", "-", "x")]
    )

    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) == 80
    assert lines[1].startswith("gate  MMMM")
    assert lines[1].endswith("M…  192.168.1.64")
    assert lines[0].index("address") == lines[1].index("192")


def test_a_camera_cannot_move_our_cursor() -> None:
    out = FakeTerminal()
    console = Console(out, is_terminal=False)

    console.ok("gate", "\x1b[2J\x07")
    console.next("see rtsp://h/\x9b31m\x85\rmine\nor \x1b[2J", "gate")
    console.table([("name",), ("\x1b]0;mine\x07",)])

    assert "\x1b" not in out.getvalue()
    assert "\x07" not in out.getvalue()
    assert out.getvalue().splitlines()[1:3] == [
        "         next: see rtsp://h/?31m??mine",
        "         or ?[2J",
    ]


def test_a_terminal_has_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = FakeTerminal()

    Console(out, is_terminal=True).ok("gate", "fine")

    assert out.getvalue() == "\x1b[32m✓\x1b[0m gate   fine\n"


def test_who_wants_no_colours_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = FakeTerminal()

    Console(out, is_terminal=True).ok("gate", "fine")

    assert out.getvalue() == "✓ gate   fine\n"


def test_progress_makes_way_for_the_next_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = FakeTerminal()
    console = Console(out, is_terminal=True, width=40)

    console.progress("asking " + "x" * 60)
    console.ok("gate", "fine")

    asked = "asking " + "x" * 31 + "…"
    assert out.getvalue() == f"\r\x1b[K{asked}\r\x1b[K✓ gate   fine\n"


def test_a_pipe_gets_no_progress() -> None:
    out = FakeTerminal()

    Console.on(out).progress("asking …")

    assert out.getvalue() == ""
