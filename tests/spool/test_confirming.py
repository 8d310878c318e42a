"""What the center's receipts free, and what they must not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.contract import Range, Receipt, Refused, Stored
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.alerts import an_alert
from tests.fakes.box import a_seal
from tests.spool.sealed import Opened

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from edge_agent.spool.spool import Confirmed, Spool


@pytest.fixture
def spool(box: Opened) -> Spool:
    spool = box.again()
    for name in ("a", "b", "c"):
        spool.append(an_alert(name))
    return spool


def sha256(spool: Spool, seq: int) -> str:
    question = "SELECT sha256 FROM alerts WHERE seq = ?"
    return str(spool._connection().execute(question, (seq,)).fetchone()[0])


def stored(spool: Spool, first: int, last: int) -> Stored:
    return Stored(Range(first, last), sha256(spool, last))


def confirm(
    spool: Spool,
    stored: Sequence[Stored] = (),
    pictures: Sequence[Range] = (),
    known: Collection[int] = (),
    refused: Sequence[Refused] = (),
) -> Confirmed:
    receipt = Receipt(
        site="kota",
        box="box-7",
        time="",
        kid="",
        stored=tuple(stored),
        pictures=tuple(pictures),
        refused=tuple(refused),
    )
    return spool.confirm(receipt, known)


def names(spool: Spool) -> list[str]:
    return [kept.alert.id for kept in spool.oldest(10)]


def test_an_alert_stays_until_its_picture_is_stored_too(spool: Spool) -> None:
    first = confirm(spool, [stored(spool, 1, 2)])
    waiting = names(spool)
    then = confirm(spool, [], [Range(1, 1)], first.without_picture)

    assert first.gone == frozenset()
    assert first.without_picture == {1, 2}
    assert waiting == ["a", "b", "c"]
    assert then.gone == {1}
    assert then.without_picture == {2}
    assert names(spool) == ["b", "c"]


def test_a_picture_alone_frees_nothing(spool: Spool) -> None:
    told = confirm(spool, [], [Range(1, 3)])

    assert told.gone == frozenset()
    assert names(spool) == ["a", "b", "c"]


def test_an_alert_without_a_picture_goes_at_once(spool: Spool) -> None:
    spool.drop_picture(2)

    told = confirm(spool, [stored(spool, 1, 3)])

    assert told.gone == {2}
    assert spool.state().dropped_thumbnails == 1
    assert names(spool) == ["a", "c"]


def test_a_receipt_for_another_message_frees_nothing(spool: Spool) -> None:
    wrong_hash = Stored(Range(1, 2), "ab" * 32)
    never_given = Stored(Range(1, 4), "ab" * 32)

    told = confirm(spool, [wrong_hash, never_given], [Range(1, 3)])

    assert told.wrong == 2
    assert names(spool) == ["a", "b", "c"]


def test_a_receipt_that_comes_again_is_no_lie(spool: Spool) -> None:
    receipt = [stored(spool, 1, 3)]
    confirm(spool, receipt, [Range(1, 3)])

    again = confirm(spool, receipt, [Range(1, 3)])

    assert again.wrong == 0
    assert again.gone == frozenset()
    assert spool.state().waiting == 0


def test_numbers_larger_than_a_database_knows_do_no_harm(spool: Spool) -> None:
    told = confirm(spool, [Stored(Range(1, 2**64 - 1), "ab" * 32)], [Range(2**63, 2**64 - 1)])

    assert told.wrong == 1
    assert names(spool) == ["a", "b", "c"]


def test_what_the_center_refuses_for_good_is_set_aside_and_told(spool: Spool) -> None:
    ours = Refused(2, sha256(spool, 2), "another message has its number")
    not_ours = Refused(3, "ab" * 32, "x")

    told = confirm(spool, refused=[ours, not_ours])

    assert told.refused == ((2, "another message has its number"),)
    assert names(spool) == ["a", "c"]
    assert spool.state().parked == 1
    gone = spool._connection().execute("SELECT first, last, why FROM gone").fetchall()
    assert gone == [(2, 2, "refused")]


def test_an_alert_that_the_disk_has_spoiled_holds_up_nobody(spool: Spool) -> None:
    spool._connection().execute(
        "UPDATE alerts SET body = CAST(replace(CAST(body AS TEXT), 'xx', 'xy') AS BLOB) WHERE seq = 2"
    )

    waiting = names(spool)

    assert waiting == ["a", "c"]
    assert spool.state().dropped_alerts == 1
    gone = spool._connection().execute("SELECT first, last, why FROM gone").fetchall()
    assert gone == [(2, 2, "damaged")]


@given(order=st.integers(0, 2**32), count=st.integers(1, 12))
def test_in_whatever_order_receipts_come_nothing_leaves_unconfirmed(
    tmp_path_factory: pytest.TempPathFactory, order: int, count: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = open_spool(folder / "spool.db", SpoolOptions(size_mb=8), a_seal(folder))
    try:
        for n in range(count):
            spool.append(an_alert(f"visit-{n}", picture_bytes=100 * (n % 2)))
        every = [("alert", stored(spool, n, n)) for n in range(1, count + 1)]
        every += [("picture", Range(n, n)) for n in range(2, count + 1, 2)]
        random.Random(order).shuffle(every)
        told: dict[str, set[int]] = {"alert": set(), "picture": set()}
        known: frozenset[int] = frozenset()
        for kind, what in every:
            is_alert = kind == "alert"
            known = confirm(
                spool, [what] if is_alert else [], [] if is_alert else [what], known
            ).without_picture
            told[kind].add((what.range if is_alert else what).first)
            for kept in {kept.number for kept in spool.oldest(100)} ^ set(range(1, count + 1)):
                assert kept in told["alert"]
                assert kept % 2 or kept in told["picture"]
    finally:
        spool.close()
