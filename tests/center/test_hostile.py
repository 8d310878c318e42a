"""Whatever comes: nothing raises, and nothing is stored or receipted that a box has not signed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.center.intake import Intake
from edge_agent.center.post import Arrival
from edge_agent.center.web.archive import Archive, Filter
from edge_agent.center.webhooks.options import WebhookOptions
from edge_agent.center.webhooks.queue import find
from edge_agent.runtime.secret import Secret
from tests.center.boxes import PICTURE, Sender

if TYPE_CHECKING:
    from tests.center.desk import Desk

HOOK = WebhookOptions(agency="bpbd", url="http://127.0.0.1/", secret=Secret(""), secret_file=Path())
SHARED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(max_size=20),
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


def with_webhook(desk: Desk) -> Intake:
    return Intake(desk.database, desk.key, desk.clock, [HOOK])


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
    told = {"id_": "a", "agencies": ["bpbd"], **members}
    arrival = box.alert(**told)  # type: ignore[arg-type]
    seq = box.next.seq - 1

    stored, _ = desk.opened(with_webhook(desk).take([arrival]))

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


def test_an_alert_that_somebody_replays_as_a_record_is_shown_all_the_same(
    desk: Desk, box: Sender
) -> None:
    alert = box.alert(agencies=["bpbd"], picture=PICTURE)
    intake = with_webhook(desk)

    assert desk.opened(intake.take([replace(alert, topic=f"{box.up}/record")])) == ([(1, 1)], [])
    assert desk.opened(intake.take([alert])) == ([(1, 1)], [])

    assert desk.ask("SELECT id, state FROM alerts") == [("a", "new")]
    assert desk.count("deliveries") == 1
    assert desk.take(box.picture()) == ([], [(1, 1)])


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
    assert desk.alarms() == {"unreadable"}
    [(why, payload)] = desk.ask("SELECT why, payload FROM quarantine")
    assert (why, bytes(payload)) == ("unreadable", several[7].payload)  # type: ignore[arg-type]


# JSON that Python reads, and that makes it raise when it is taken for a float.
BEYOND = "1" + "0" * 400


def test_an_alert_with_a_number_beyond_all_floats_is_stored_shown_and_queued(
    desk: Desk, box: Sender
) -> None:
    members = ("visit", "clock", "place", "objects", "more")
    told = {name: {"lasted_s": "BEYOND", "latitude": "BEYOND"} for name in members}
    alert = box.alert(**told, agencies=["bpbd"], written={"BEYOND": BEYOND})  # type: ignore[arg-type]

    stored, _ = desk.opened(with_webhook(desk).take([alert]))

    assert stored == [(1, 1)]
    assert desk.alarms() == set()
    (queued,) = find(desk.database, "waiting", 9)
    [(body,)] = desk.ask("SELECT body FROM deliveries WHERE number = ?", queued.number)
    assert json.loads(bytes(body))["data"]["message"].encode() == alert.payload  # type: ignore[arg-type]
    assert [one.told.id for one in Archive(desk.database).newest(Filter())] == ["a"]


def test_a_box_that_stands_beyond_all_floats_does_not_hide_the_others(
    desk: Desk, box: Sender
) -> None:
    health = box.health().payload.replace(b"-2.99", BEYOND.encode())

    desk.take(Arrival(f"{box.up}/health", health))

    (shown,) = Archive(desk.database).boxes()
    assert shown.place.latitude is None


@pytest.mark.parametrize("name", ["objects", "place", "more"])
def test_lists_that_few_readers_follow_to_their_end_are_set_aside(
    desk: Desk, box: Sender, name: str
) -> None:
    """How deep Python reads and writes goes by who called it, so a center must not reach there."""
    intake = with_webhook(desk)
    for depth in range(800, 1_000, 4):
        deep = {"DEEP": "[" * depth + "]" * depth}
        alert = box.alert(**{name: {"a": "DEEP"}}, agencies=["bpbd"], written=deep)  # type: ignore[arg-type]
        health = box.health().payload.replace(b"-2.99", deep["DEEP"].encode())

        assert intake.take([alert, Arrival(f"{box.up}/health", health)]) == []

    assert desk.alarms() == {"altered"}
    assert desk.count("messages") == desk.count("deliveries") == 0


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
