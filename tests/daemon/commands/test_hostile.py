"""Whatever is thrown at the desk, it never raises and never acts for a stranger."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.contract import read_command
from edge_agent.contract.body import join, parse, split
from tests.daemon.commands.desk import Office
from tests.fakes.center_key import CenterKey

KEY = CenterKey()
WHOLE = KEY.command()
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
_MEMBERS = st.sampled_from(
    ("v", "type", "id", "verb", "args", "time", "expires", "site", "box", "session", "kid")
)


def spoiled(source: random.Random) -> bytes:
    """Return a command with a few of its bytes changed, lost, doubled or exchanged."""
    told = bytearray(WHOLE)
    for _ in range(source.randint(1, 6)):
        at = source.randrange(len(told))
        match source.randrange(5):
            case 0:
                told[at] = source.randrange(256)
            case 1:
                del told[at : at + source.randint(1, 40)]
            case 2:
                told[at:at] = told[at : at + source.randint(1, 200)]
            case 3:
                told[at:at] = source.choice(
                    (b"[" * 2000, b"1e999", b"NaN", b'"\\ud800"', b"\n", b"\0")
                )
            case _:
                told = told[:at]
        if not told:
            return b""
    return bytes(told)


def read(payload: bytes) -> None:
    members = parse(split(payload)[0])
    if members is not None:
        read_command(members)


def throw(count: int, seed: int) -> Office:
    """Throw so many spoiled commands at a desk; half of them newly signed by a stranger."""
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder), allowed=("ping",))
        source = random.Random(seed)
        for _ in range(count):
            payload = spoiled(source)
            if source.random() < 0.5:
                body = split(payload)[0]
                payload = join(body, KEY.sign(body))
            read(payload)
            office.desk.take(payload)
            letter = office.desk._letters.get(0)
            assert letter
            office.desk._judge(letter)
        office.memory.close()
        return office


def test_no_spoiled_command_is_acted_on() -> None:
    office = throw(2_000, 11)

    assert office.verb.acts == 0
    assert office.desk.refused == 2_000


@pytest.mark.soak
def test_no_spoiled_command_of_a_hundred_thousand_is_acted_on() -> None:
    office = throw(100_000, 12)

    assert office.verb.acts == 0


@settings(max_examples=2_000)
@given(_MEMBERS, _JSON)
def test_a_reader_is_never_made_to_raise(member: str, value: Any) -> None:
    told = json.loads(split(WHOLE)[0])

    read_command(told | {member: value})


@settings(max_examples=2_000)
@given(st.binary(max_size=300))
def test_bytes_are_no_command(payload: bytes) -> None:
    read(payload)
