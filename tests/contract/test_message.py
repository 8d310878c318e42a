"""One message: its two lines, and whose signature they bear."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.contract import Range, Verdict, key_id, read_body, read_key, split, verify_alert
from edge_agent.contract.body import MOST_BYTES, NO_HASH, join
from edge_agent.contract.ranges import Ranges
from edge_agent.spool import chain
from tests.fakes.box import SealedBox
from tests.house.source import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"av", "cv2", "numpy", "ai_edge_litert", "tflite_runtime", "zeep", "paho", "sqlite3"}


@pytest.fixture
def box(tmp_path: Path) -> SealedBox:
    return SealedBox(tmp_path)


def test_a_center_needs_nothing_of_edge_agent_but_the_contract() -> None:
    listing = "import edge_agent.contract, sys\nprint(*sys.modules)"
    done = subprocess.run(  # noqa: S603 (a program we name)
        [sys.executable, "-c", listing],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = set(done.stdout.split())
    ours = {name for name in loaded if name.startswith("edge_agent.")}

    assert not loaded & HEAVY
    assert {name.split(".")[1] for name in ours} == {"contract"}


def test_an_alert_is_genuine_by_the_key_of_its_box_alone(box: SealedBox) -> None:
    body, signature = split(box.alert())

    assert verify_alert(body, signature, [b"x" * 32, box.key]) is Verdict.GENUINE
    assert verify_alert(body, signature, [b"x" * 32]) is Verdict.UNKNOWN_KEY
    assert verify_alert(body + b" ", signature, [box.key]) is Verdict.ALTERED
    assert verify_alert(body, b"", [box.key]) is Verdict.UNSIGNED
    assert verify_alert(b"{}", signature, [box.key]) is Verdict.UNREADABLE


def test_ten_lines_verify_it_without_our_code(box: SealedBox) -> None:
    payload, key = box.alert(), base64.b64encode(box.key).decode()
    # docs/reference/chain.md shows these lines.
    page = (ROOT / "docs/reference/chain.md").read_text(encoding="utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    names: dict[str, object] = {"payload": payload, "key": key}

    exec(code, names)  # noqa: S102 (our own page)

    assert len(code.strip().splitlines()) <= 10
    assert names["alert"] == json.loads(payload.split(b"\n")[0])


@given(st.binary().filter(lambda b: b"\n" not in b), st.binary(min_size=64, max_size=64))
def test_what_is_joined_comes_apart_again(body: bytes, signature: bytes) -> None:
    assert split(join(body, signature)) == (body, signature)


@pytest.mark.parametrize(
    "line", [b"", b"{}", b'{"sig":"AA=="}', b'{"sig": "%s"}' % (b"A" * 86 + b"=="), b"x\ny"]
)
def test_a_signature_has_one_spelling(line: bytes) -> None:
    assert split(b"{}\n" + line) == (b"{}", b"")


def test_the_spare_bits_of_base64_are_no_second_spelling(box: SealedBox) -> None:
    payload = box.alert()
    last = payload[-5:-4]
    other = bytes([last[0] + 1])

    assert split(payload)[1]
    assert split(payload[:-5] + other + payload[-4:])[1] == b""


def a_body(**members: object) -> bytes:
    told = {"site": "s", "box": "b", "type": "x", "time": "", "seq": 1}
    return json.dumps({**told, "prev": NO_HASH, "kid": "0" * 16, **members}).encode()


@pytest.mark.parametrize(
    "members",
    [
        {"seq": 0},
        {"seq": True},
        {"seq": 1.0},
        {"seq": 2**64},
        {"seq": "1"},
        {"prev": "0"},
        {"prev": NO_HASH.replace("0", "A")},
        {"kid": "0" * 15},
        {"site": 1},
        {"type": None},
        {"type": "dropped"},
        {"type": "dropped", "ranges": {}},
        {"type": "dropped", "ranges": [1]},
        {"type": "dropped", "ranges": [{"first": 2, "last": 1, "sha256": NO_HASH}]},
        {"type": "key_rotated", "key": "?", "old_kid": "0" * 16},
        {"type": "chain_restarted", "unknown": "all"},
        {"type": "head", "sha256": NO_HASH, "waits_from": 0},
    ],
)
def test_what_is_not_a_body_of_ours_is_not_read(members: dict[str, object]) -> None:
    assert read_body(a_body()) is not None
    assert read_body(a_body(**members)) is None


def test_a_bomb_is_no_body() -> None:
    assert read_body(b"[" * MOST_BYTES) is None
    assert read_body(b" " * (MOST_BYTES + 1)) is None


@pytest.mark.parametrize(("first", "last"), [("[", "]"), ('{"a":', "}")])
def test_what_readers_follow_to_different_depths_is_no_body(first: str, last: str) -> None:
    def nested(depth: int) -> bytes:
        return a_body(more="DEEP").replace(b'"DEEP"', f"{first * depth}1{last * depth}".encode())

    assert read_body(nested(63)) is not None
    assert read_body(nested(64)) is None


def test_a_key_is_read_as_it_is_printed(box: SealedBox) -> None:
    assert read_key(base64.b64encode(box.key).decode()) == box.key
    assert read_key("AAAA") is None
    assert read_key("?") is None
    assert key_id(box.key) == box.seal.kid


def test_writer_and_reader_agree_on_what_nothing_is() -> None:
    assert chain.NO_HASH == NO_HASH


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 8))), st.integers(1, 50))
def test_ranges_are_a_set_of_numbers(parts: list[tuple[int, int]], last: int) -> None:
    ranges = Ranges(Range(first, first + more) for first, more in parts)
    numbers = {n for first, more in parts for n in range(first, first + more + 1)}
    gaps = {n for gap in ranges.missing(Range(1, last)) for n in range(gap.first, gap.last + 1)}

    assert {n for n in range(60) if n in ranges} == numbers
    assert (ranges.count, ranges.last) == (len(numbers), max(numbers, default=0))
    assert gaps == set(range(1, last + 1)) - numbers
    assert all(a.last + 1 < b.first for a, b in zip(ranges, list(ranges)[1:], strict=False))
