"""What is a command, and what is none: read in exactly one way, or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.contract import (
    Command,
    Response,
    Result,
    Verdict,
    open_letter,
    read_command,
    read_response,
    write_command,
    write_response,
)
from edge_agent.contract.body import join, split
from tests.fakes.center_key import CenterKey

ID = "0b5c1f4e-8f0a-4d55-9c61-6f7f0e3f2a11"
KEY = CenterKey()


def command(**other: Any) -> Command:
    told = {
        "id": ID,
        "verb": "ping",
        "time": 1_795_000_000.0,
        "expires": 1_795_000_060.0,
        "site": "palembang",
        "box": "plaju-01",
        "session": 7,
        "kid": KEY.kid,
    }
    return Command(**(told | other))


def opened(payload: bytes) -> Any:
    letter = open_letter(payload, [KEY.public], kind="command", site="palembang", box="plaju-01")
    return letter.verdict, letter.members


@given(
    st.dictionaries(
        st.text(max_size=9),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=9),
            lambda inner: st.lists(inner, max_size=3),
        ),
        max_size=4,
    )
)
def test_what_was_written_is_what_is_read(args: dict[str, Any]) -> None:
    written = command(args=args)

    verdict, members = opened(write_command(written, KEY.sign))

    assert verdict is Verdict.GENUINE
    assert read_command(members) == written


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", "7"),
        ("id", ID.upper()),
        ("id", None),
        ("verb", "rm -rf"),
        ("verb", ""),
        ("args", []),
        ("args", {"x": 1e999}),
        ("args", {"x": "\ud800"}),
        ("time", "2026-11-18 11:15"),
        ("time", "2026-13-18T11:15:17Z"),
        ("time", "٢٠٢٦-11-18T11:15:17Z"),
        ("time", 1_795_000_000),
        ("expires", None),
        ("session", "7"),
        ("session", True),
        ("session", -1),
        ("kid", "x"),
    ],
)
def test_a_member_of_another_kind_is_no_command(member: str, value: object) -> None:
    told = json.loads(split(write_command(command(), KEY.sign))[0])

    assert read_command(told) is not None
    assert read_command(told | {member: value}) is None


def test_a_name_that_stands_twice_is_no_command() -> None:
    body = split(write_command(command(), KEY.sign))[0]
    twice = body.replace(b'"verb":"ping"', b'"verb":"ping","verb":"restart"')

    assert opened(join(twice, KEY.sign(twice)))[0] is Verdict.UNREADABLE


def test_a_command_over_64_kib_is_none() -> None:
    large = write_command(command(args={"x": "y" * 65_536}), KEY.sign)

    assert opened(large)[0] is Verdict.UNREADABLE


def test_a_response_says_what_was_written() -> None:
    written = Response(
        id=ID,
        verb="ping",
        result=Result.DONE,
        reason="",
        data={"session": 7},
        time="2026-11-18T11:15:17.200Z",
        site="palembang",
        box="plaju-01",
        kid=KEY.kid,
    )

    body = split(write_response(written, KEY.sign))[0]

    assert read_response(json.loads(body)) == written
    assert read_response(json.loads(body) | {"result": "perhaps"}) is None


def test_the_center_needs_nothing_but_cryptography_for_it() -> None:
    code = (
        "import sys; from edge_agent.contract import write_command, read_response;"
        "print([name for name in ('av', 'cv2', 'numpy', 'paho') if name in sys.modules])"
    )

    told = subprocess.run(  # noqa: S603 (ourselves)
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == "[]"
