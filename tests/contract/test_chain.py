"""Whatever is done to a box's messages on the way is found out, and honest ones never look wrong."""

from __future__ import annotations

import random
import tempfile
import time
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.contract import Chain, Range, Report, Verdict, chain
from edge_agent.domain.chain import Link
from edge_agent.spool.chain import NO_HASH
from tests.fakes.box import BOX, SITE, SealedBox

COUNT = 12
positions = st.integers(0, COUNT - 1)


@cache
def honest() -> tuple[bytes, tuple[bytes, ...], bytes]:
    """The key, twelve messages among them a rotation and a drop, and the head."""
    with tempfile.TemporaryDirectory() as folder:
        box = SealedBox(Path(folder))
        told = [*box.alerts(5), box.rotate(), *box.alerts(3)]
        box.alert("dropped")
        told += [box.record_dropped(10, 10), *box.alerts(2)]
        return box.key, tuple(told), box.head()


def report_on(payloads: list[bytes]) -> Report:
    seen = Chain(SITE, BOX, [honest()[0]])
    for payload in payloads:
        seen.take(payload)
    return seen.report()


@given(st.randoms(use_true_random=False), st.lists(positions, max_size=5))
def test_honest_messages_in_any_order_and_repeated_are_whole(
    source: random.Random, again: list[int]
) -> None:
    _, messages, head = honest()
    told = [*messages, head, *(messages[n] for n in again)]
    source.shuffle(told)

    report = report_on(told)

    assert report.is_whole, report
    assert (report.messages, report.last, report.dropped) == (COUNT, 13, (Range(10, 10),))
    assert report.repeated == len(again)


@given(positions, st.data())
def test_one_altered_byte_is_found_out(which: int, data: st.DataObject) -> None:
    _, messages, head = honest()
    victim = messages[which]
    at = data.draw(st.integers(0, len(victim) - 1))
    altered = bytearray(victim)
    altered[at] ^= data.draw(st.integers(1, 255))

    report = report_on([*messages[:which], bytes(altered), *messages[which + 1 :], head])

    assert not report.is_whole


@given(st.sets(positions, min_size=1))
def test_whatever_is_removed_is_missed_and_named(removed: set[int]) -> None:
    _, messages, head = honest()

    report = report_on([m for n, m in enumerate(messages) if n not in removed] + [head])

    assert not report.is_whole
    # Without the record of rotation nobody knows the key of what follows.
    assert report.missing or report.cut or report.unknown_keys


@given(st.integers(1, 6))
def test_a_cut_tail_is_told_by_the_head(count: int) -> None:
    _, messages, head = honest()

    report = report_on([*messages[: COUNT - count], head])

    assert not report.is_whole
    assert report.cut[-1].last == 13


def test_without_a_head_a_cut_tail_looks_whole_and_the_report_has_no_head() -> None:
    _, messages, _ = honest()

    report = report_on(list(messages[:-2]))

    assert report.is_whole
    assert report.head is None


@given(positions, positions)
def test_signatures_cannot_be_exchanged(one: int, other: int) -> None:
    _, messages, head = honest()
    bodies = [message.split(b"\n") for message in messages]
    bodies[one][1], bodies[other][1] = bodies[other][1], bodies[one][1]

    report = report_on([b"\n".join(parts) for parts in bodies] + [head])

    assert report.is_whole == (one == other)


@given(st.integers(0, 4), st.integers(0, 4))
def test_who_has_the_key_cannot_change_the_order_of_what_was_chained(one: int, other: int) -> None:
    if one == other:
        return
    with tempfile.TemporaryDirectory() as folder:
        box = SealedBox(Path(folder))
        messages, head = box.alerts(5), box.head()
        # Signed anew under another's number, with its `prev`.
        box.link = Link(one + 1, box.hashes[one])
        messages[one] = box.alert(f"visit-{other}")
    seen = Chain(SITE, BOX, [box.key])

    for payload in (*messages, head):
        seen.take(payload)

    assert seen.report().forked


def test_another_box_s_messages_are_foreign(tmp_path: Path) -> None:
    other = SealedBox(tmp_path, box="box-8")
    mine = Chain(SITE, BOX, [honest()[0], other.key])

    assert mine.take(other.alert()) is Verdict.FOREIGN
    assert mine.take(other.head()) is Verdict.FOREIGN
    assert not mine.report().is_whole


def test_who_takes_our_name_without_our_key_is_unknown(tmp_path: Path) -> None:
    forger = SealedBox(tmp_path)
    mine = Chain(SITE, BOX, [honest()[0]])

    assert mine.take(forger.alert()) is Verdict.UNKNOWN_KEY
    assert mine.report().unknown_keys == (forger.seal.kid,)
    assert not mine.report().is_whole


def test_messages_of_a_new_key_wait_for_the_record_that_names_it(tmp_path: Path) -> None:
    box = SealedBox(tmp_path)
    mine = Chain(SITE, BOX, [box.key])
    first, rotation, second = box.alert(), box.rotate(), box.alert()

    assert mine.take(second) is Verdict.UNKNOWN_KEY
    assert mine.take(first) is Verdict.GENUINE
    assert mine.take(rotation) is Verdict.GENUINE

    assert mine.report().is_whole
    assert mine.report().messages == 3


def test_an_old_key_that_signs_on_is_found_out(tmp_path: Path) -> None:
    box = SealedBox(tmp_path)
    old = box.seal
    mine = Chain(SITE, BOX, [box.key])
    for payload in (box.alert(), box.rotate()):
        mine.take(payload)

    mine.take(old.seal(b'{"site":"kota","box":"box-7","type":"x","time":""}', box.link).payload)

    assert mine.report().retired == (Range(3, 3),)
    assert not mine.report().is_whole


def test_two_heads_of_one_number_must_agree(tmp_path: Path) -> None:
    box = SealedBox(tmp_path)
    box.alert()
    mine = Chain(SITE, BOX, [box.key])
    mine.take(box.head())
    box.link = Link(2, "ab" * 32)

    assert mine.take(box.head()) is Verdict.FORKED


def test_what_the_box_still_holds_is_awaited_and_not_missed(tmp_path: Path) -> None:
    box = SealedBox(tmp_path)
    messages = box.alerts(6)
    mine = Chain(SITE, BOX, [box.key])
    for payload in (*messages[:2], messages[4], box.head(waits_from=4)):
        mine.take(payload)

    assert mine.report().missing == (Range(3, 3),)
    assert mine.report().awaited == (Range(4, 4), Range(6, 6))
    assert mine.report().cut == ()


@pytest.mark.parametrize("waits_from", [None, 2])
def test_a_gap_before_a_newer_message_is_missed_though_the_head_is_old(
    tmp_path: Path, waits_from: int | None
) -> None:
    """Else whoever holds back the later heads may take away what he likes."""
    box = SealedBox(tmp_path)
    messages = box.alerts(5)
    head = box.head(waits_from)
    messages += box.alerts(5)
    mine = Chain(SITE, BOX, [box.key])
    for payload in (*messages[:6], *messages[7:], head):
        mine.take(payload)

    assert (mine.report().missing, mine.report().awaited) == ((Range(7, 7),), ())


def test_what_has_left_the_box_is_not_unsaid_by_a_clock_that_ran_ahead(tmp_path: Path) -> None:
    box = SealedBox(tmp_path)
    messages = box.alerts(3)
    box.clock.jump_wall(86_400)
    waiting = box.head(waits_from=2)
    box.clock.jump_wall(-86_400)
    mine = Chain(SITE, BOX, [box.key])
    for payload in (*messages[:1], messages[2], box.head(), waiting):
        mine.take(payload)

    assert (mine.report().missing, mine.report().awaited) == ((Range(2, 2),), ())


@pytest.mark.parametrize("last", [2, 3, 2**64 - 1])
def test_no_record_gives_up_what_comes_after_it(tmp_path: Path, last: int) -> None:
    box = SealedBox(tmp_path)
    box.alert()
    box.hashes[last] = "ab" * 32
    mine = Chain(SITE, BOX, [box.key])

    assert mine.take(box.record_dropped(1, last)) is Verdict.UNREADABLE
    assert mine.take(box.say(box.seal.restarted(1, last + 1))) is Verdict.UNREADABLE


def test_many_rotations_in_the_wrong_order_are_followed(tmp_path: Path) -> None:
    """One was a call within the other, until Python had enough of it."""
    box = SealedBox(tmp_path)
    told = [box.rotate() for _ in range(300)]
    mine = Chain(SITE, BOX, [box.key])
    for payload in (*told[::-1], box.head()):
        mine.take(payload)

    assert mine.report().is_whole


def test_a_restart_after_a_loss_is_told_and_is_not_whole(tmp_path: Path) -> None:
    box = SealedBox(tmp_path)
    mine = Chain(SITE, BOX, [box.key])
    for payload in box.alerts(3):
        mine.take(payload)
    box.link = Link(65, NO_HASH)
    mine.take(box.say(box.seal.restarted(4, 64)))
    mine.take(box.alert())

    report = mine.report()

    assert [(one.seq, one.unknown) for one in report.restarts] == [(65, Range(4, 64))]
    assert (report.missing, report.forked) == ((), ())
    assert not report.is_whole


def test_a_message_in_the_middle_without_a_predecessor_is_a_fork(tmp_path: Path) -> None:
    box = SealedBox(tmp_path)
    box.link = Link(5, NO_HASH)

    assert Chain(SITE, BOX, [box.key]).take(box.alert()) is Verdict.FORKED


def test_a_center_may_begin_in_the_middle(tmp_path: Path) -> None:
    box = SealedBox(tmp_path)
    messages = box.alerts(6)
    mine = Chain(SITE, BOX, [box.key], after=4)
    for payload in (*messages[4:], box.head()):
        mine.take(payload)

    assert mine.report().is_whole


def test_memory_has_a_bound_and_old_repeats_are_still_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "_MOST_HASHES", 4)
    box = SealedBox(tmp_path)
    messages = box.alerts(30)
    mine = Chain(SITE, BOX, [box.key])
    for payload in messages:
        mine.take(payload)

    assert len(mine._hashes) <= 9
    assert mine.take(messages[0]) is Verdict.AGAIN
    assert mine.report().is_whole


def test_a_flood_by_unknown_keys_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "_MOST_HELD", 3)
    forger = SealedBox(tmp_path)
    mine = Chain(SITE, BOX, [honest()[0]])
    for payload in forger.alerts(10):
        mine.take(payload)
    for number in range(10):  # each in the name of another key
        mine.take(forger.alert().replace(forger.seal.kid.encode(), b"%016x" % number))

    assert len(mine._held) == 3
    assert len(mine.report().unknown_keys) <= 6
    assert not mine.report().is_whole


def test_a_flood_of_heads_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "_MOST_HASHES", 4)
    box = SealedBox(tmp_path)
    mine = Chain(SITE, BOX, [box.key])
    for seq in range(2, 50):
        box.link = Link(seq, "ab" * 32)
        mine.take(box.head())

    assert len(mine._hashes) <= 9


def test_a_box_full_of_gaps_is_reported_on_without_delay(tmp_path: Path) -> None:
    """Sorted, each range goes to the end; in the middle of 200,000 each moves all the others."""
    box = SealedBox(tmp_path)
    mine = Chain(SITE, BOX, [box.key])
    for number in range(1, 200_000, 4):
        mine._seen.add(Range(number, number))
        mine._accounted.add(Range(number + 2, number + 2))
    began = time.process_time()

    assert len(mine.report().missing) == 99_998
    assert time.process_time() - began < 5


@given(st.binary(max_size=300))
def test_nothing_it_is_given_makes_it_raise(payload: bytes) -> None:
    assert Chain(SITE, BOX, [b"short"]).take(payload) is Verdict.UNREADABLE
