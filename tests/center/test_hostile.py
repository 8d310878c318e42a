"""Whatever comes: nothing raises, and nothing is stored or receipted that a box has not signed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.center.post import Arrival
from tests.center.boxes import Sender

if TYPE_CHECKING:
    from tests.center.desk import Desk

SHARED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
KINDS = st.sampled_from(
    ["alert/gate", "record", "thumb/gate/a", "status", "health", "res", "", "a/b/c"]
)
LEVELS = st.text(max_size=12)
# What is not JSON is refused before; `type` and `time` are the chain's.
STRICT = JSON.map(lambda told: json.loads(json.dumps(told), parse_constant=len))
NAMES = ("id", "revision", "camera", "state", "place", "agencies", "objects", "clock", "thumb")
ANYTHING = dict.fromkeys((*NAMES, "visit", "zone", "rule", "severity"), STRICT)


@SHARED
@given(kind=KINDS, payload=st.binary(max_size=400))
def test_bytes_of_any_kind_are_survived(desk: Desk, box: Sender, kind: str, payload: bytes) -> None:
    assert desk.take(Arrival(f"{box.up}/{kind}", payload)) == ([], [])

    assert desk.count("messages") == 0
    assert desk.count("alerts") == 0


@SHARED
@given(topic=st.lists(LEVELS, max_size=9).map("/".join), payload=st.binary(max_size=40))
def test_topics_of_any_kind_are_survived(desk: Desk, topic: str, payload: bytes) -> None:
    desk.take(Arrival(topic, payload), Arrival(f"city/v1/{topic}", payload))

    assert desk.count("messages") == 0


@SHARED
@given(kind=st.sampled_from(["status", "health"]), members=st.dictionaries(
    st.sampled_from(["state", "session", "head", "time", "version", "broker", "cameras", "type"]), JSON
))  # fmt: skip
def test_a_condition_of_any_kind_is_survived(
    desk: Desk, box: Sender, kind: str, members: dict[str, object]
) -> None:
    told = {"site": box.box.site, "box": box.box.box, "type": "health", "session": 1,
            "state": "online", **members}  # fmt: skip

    desk.take(Arrival(f"{box.up}/{kind}", json.dumps(told).encode()))

    assert desk.count("messages") == 0


@SHARED
@given(members=st.fixed_dictionaries({}, optional=ANYTHING))
def test_an_alert_that_a_box_signed_is_stored_whatever_it_says(
    desk: Desk, box: Sender, members: dict[str, object]
) -> None:
    arrival = box.alert(**{"id_": "a", **members})  # type: ignore[arg-type]
    seq = box.next.seq - 1

    stored, _ = desk.take(arrival)

    assert stored == [(seq, seq)]


@SHARED
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_one_changed_byte_is_never_stored(desk: Desk, box: Sender, place: float, byte: int) -> None:
    before = box.next
    arrival = box.alert()
    box.next = before
    payload = bytearray(arrival.payload)
    at = int(place * len(payload))
    if payload[at] == byte:
        return
    payload[at] = byte

    assert desk.take(replace(arrival, payload=bytes(payload))) == ([], [])

    assert desk.count("messages") == 0


@pytest.mark.parametrize("word", ["\0", "\ud800", "\u202e", "x" * 10_000, "a\nb"])
def test_words_that_a_database_or_a_page_would_choke_on_are_left_out(
    desk: Desk, box: Sender, word: str
) -> None:
    named = box.alert(rule=word, zone=word, place={"name": word}, agencies=[word, "bpbd"])

    assert desk.take(named) == ([(1, 1)], [])

    assert desk.ask("SELECT rule, zone, agencies_json FROM alerts") == [("", "", '["bpbd"]')]


def test_one_message_that_the_database_refuses_does_not_keep_the_others_away(
    desk: Desk, box: Sender, where: str
) -> None:
    """We know of none; whichever it is, it must not come again for ever."""
    refusing = (
        "ALTER TABLE messages ADD CHECK (alert_id <> 'poison')"
        if where.startswith("postgresql")
        else "CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.alert_id = 'poison'"
        " BEGIN SELECT RAISE(ABORT, 'poison'); END"
    )
    desk.database.write(lambda t: t.run(refusing))
    several = [box.alert("poison" if n == 7 else f"{n}") for n in range(20)]

    stored, _ = desk.take(*several)

    assert {n for first, last in stored for n in range(first, last + 1)} == {*range(1, 21)} - {8}


def test_numbers_beyond_the_database_s_are_set_aside(desk: Desk, box: Sender) -> None:
    box.next = replace(box.next, seq=2**63)

    assert desk.take(box.alert()) == ([], [])

    assert desk.alarms() == {"altered"}


def test_the_quarantine_is_bounded(desk: Desk, box: Sender) -> None:
    desk.take(*(Arrival(f"{box.up}/record", f"{n}".encode() * 9_000) for n in range(30)))

    assert desk.count("quarantine") == 30
    assert desk.ask("SELECT max(length(payload)) FROM quarantine") == [(16_384,)]


def test_boxes_that_nobody_knows_raise_a_bounded_number_of_alarms(desk: Desk) -> None:
    topics = (f"city/v1/x/{n}/up/health" for n in range(1_100))

    desk.take(*(Arrival(topic, b"{}") for topic in topics))

    assert desk.count("alarms") == 1_000
