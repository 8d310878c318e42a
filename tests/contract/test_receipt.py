"""A receipt frees alerts from a box's disk: only the center's own word may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.contract import Range, Receipt, Stored, Verdict, open_letter, read_receipt
from edge_agent.contract.body import join, parse, split
from edge_agent.contract.letter import write_letter
from edge_agent.contract.receipt import MOST_RANGES, write_receipt
from tests.fakes.center_key import CenterKey

if TYPE_CHECKING:
    from edge_agent.contract import Letter

HASH = "ab" * 32


@pytest.fixture
def center() -> CenterKey:
    return CenterKey()


def opened(payload: bytes, *keys: bytes, site: str = "palembang", box: str = "plaju-01") -> Letter:
    return open_letter(payload, keys, kind="receipt", site=site, box=box)


def test_a_receipt_says_what_was_written_into_it(center: CenterKey) -> None:
    payload = center.receipt((3, 7, HASH), (9, 9, HASH), pictures=((3, 4),))

    letter = opened(payload, CenterKey().public, center.public)

    assert letter.verdict is Verdict.GENUINE
    receipt = read_receipt(letter.members)
    assert receipt is not None
    assert receipt.stored == (Stored(Range(3, 7), HASH), Stored(Range(9, 9), HASH))
    assert receipt.pictures == (Range(3, 4),)


def test_only_the_center_may_free_an_alert(center: CenterKey) -> None:
    payload = center.receipt((3, 7, HASH))
    body, signature = split(payload)

    assert opened(payload, CenterKey().public).verdict is Verdict.UNKNOWN_KEY
    assert opened(body, center.public).verdict is Verdict.UNSIGNED
    forged = join(body.replace(b'"last":7', b'"last":8'), signature)
    assert opened(forged, center.public).verdict is Verdict.ALTERED
    assert opened(payload, center.public, box="plaju-02").verdict is Verdict.FOREIGN
    assert opened(payload, center.public, site="jambi").verdict is Verdict.FOREIGN
    assert open_letter(
        payload, [center.public], kind="command", site="palembang", box="plaju-01"
    ).verdict is Verdict.UNREADABLE  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"stored": [{"first": 0, "last": 3, "sha256": HASH}]},
        {"stored": [{"first": 4, "last": 3, "sha256": HASH}]},
        {"stored": [{"first": 1, "last": 3, "sha256": "AB" * 32}]},
        {"stored": [{"first": 1, "last": 3}]},
        {"stored": [7]},
        {"stored": {"first": 1}},
        {"stored": [{"first": 1, "last": 1, "sha256": HASH}] * (MOST_RANGES + 1)},
        {"pictures": [{"first": 1, "last": True}]},
        {"pictures": [{"first": 1, "last": 2.0}]},
        {"pictures": None},
        {"refused": [{"seq": 0, "sha256": HASH, "why": ""}]},
        {"refused": [{"seq": 1, "sha256": HASH, "why": "\x1b[2J"}]},
        {"refused": [{"seq": 1, "sha256": HASH, "why": "x" * 201}]},
        {"refused": [{"seq": 1, "sha256": HASH}]},
    ],
)
def test_a_receipt_that_is_not_well_formed_is_none(
    center: CenterKey, wrong: dict[str, object]
) -> None:
    members = {"type": "receipt", "time": "", "site": "palembang", "box": "plaju-01"}
    payload = center.letter(**(members | {"stored": [], "pictures": []} | wrong))

    letter = opened(payload, center.public)

    assert letter.verdict is Verdict.GENUINE
    assert read_receipt(letter.members) is None


def test_a_receipt_has_no_more_ranges_than_a_box_reads(center: CenterKey) -> None:
    many = tuple(Stored(Range(one, one), HASH) for one in range(1, MOST_RANGES + 2))

    with pytest.raises(ValueError, match="too many"):
        write_receipt(Receipt(site="a", box="b", time="", kid=center.kid, stored=many), center.sign)


@pytest.mark.parametrize(
    "body",
    [
        b'{"v":1,"v":1}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":[-1e400]}',
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
        b"[]",
        b'{"a":"\xff"}',
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read(body: bytes) -> None:
    assert parse(body) is None


@given(st.binary(max_size=300))
def test_whatever_comes_nothing_is_raised(noise: bytes) -> None:
    key = CenterKey()

    for payload in (noise, join(noise, key.sign(noise)), noise + b'\n{"sig":""}'):
        letter = opened(payload, key.public)
        assert letter.verdict is not Verdict.GENUINE
        assert letter.members == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["stored", "pictures", "time", "kid"]), JSON))
def test_a_careless_center_gets_no_alert_freed(careless: dict[str, object]) -> None:
    key = CenterKey()
    members = {"v": 1, "type": "receipt", "site": "palembang", "box": "plaju-01", **careless}
    payload = write_letter(members | {"kid": key.kid}, key.sign)

    receipt = read_receipt(opened(payload, key.public).members)

    if receipt is not None:
        ranges = [one.range for one in receipt.stored] + list(receipt.pictures)
        assert all(1 <= one.first <= one.last for one in ranges)
        assert all(len(one.sha256) == 64 for one in receipt.stored)
