"""What is stored, receipted and alarmed; on both engines."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from edge_agent.center.post import Arrival
from edge_agent.contract import split
from tests.center.boxes import PICTURE, Sender
from tests.center.desk import LONG_S

if TYPE_CHECKING:
    from pathlib import Path

    from tests.center.desk import Desk


def test_what_is_receipted_is_stored_as_it_came(desk: Desk, box: Sender) -> None:
    first, second = box.alert(), box.alert(revision=1, state="end")

    assert desk.take(first, second) == ([(1, 2)], [])

    kept = desk.ask("SELECT seq, payload FROM messages ORDER BY seq")
    assert [(seq, bytes(payload)) for seq, payload in kept] == [  # type: ignore[arg-type]
        (1, first.payload),
        (2, second.payload),
    ]
    assert desk.ask("SELECT id, state, revision, first_seq, seq FROM alerts") == [
        ("a", "end", 1, 1, 2)
    ]
    assert desk.alarms() == set()


def test_what_comes_again_is_receipted_again_and_kept_once(desk: Desk, box: Sender) -> None:
    alert = box.alert()
    desk.take(alert)

    assert desk.take(alert, alert) == ([(1, 1)], [])

    assert desk.count("messages") == 1
    assert desk.count("alerts") == 1


def test_an_older_revision_that_comes_late_does_not_undo_a_newer_one(
    desk: Desk, box: Sender
) -> None:
    first, second = box.alert(picture=PICTURE), box.alert(revision=1, state="end")

    desk.take(second)
    desk.take(first)

    assert desk.ask("SELECT state, revision, first_seq FROM alerts") == [("end", 1, 1)]
    assert desk.ask("SELECT thumb_sha256 IS NOT NULL FROM alerts") in ([(1,)], [(True,)])


def test_each_change_of_an_alert_has_a_greater_number(desk: Desk, box: Sender) -> None:
    numbers = []
    for revision in range(3):
        desk.take(box.alert(revision=revision))
        numbers += desk.ask("SELECT change FROM alerts")

    assert numbers == sorted(set(numbers))


def test_a_picture_after_its_alert_is_receipted(desk: Desk, box: Sender) -> None:
    desk.take(box.alert(picture=PICTURE))

    assert desk.take(box.picture()) == ([], [(1, 1)])
    assert desk.take(box.picture()) == ([], [(1, 1)])

    assert desk.count("pictures") == 1


def test_a_picture_before_its_alert_is_held_for_it(desk: Desk, box: Sender) -> None:
    assert desk.take(box.picture()) == ([], [])
    assert desk.count("pictures") == 0

    assert desk.take(box.alert(picture=PICTURE)) == ([(1, 1)], [(1, 1)])

    assert desk.count("pictures") == 1
    assert desk.count("held_pictures") == 0


def test_another_picture_than_the_one_named_is_not_receipted(desk: Desk, box: Sender) -> None:
    desk.take(box.alert(picture=PICTURE))

    assert desk.take(box.picture(content=b"\xff\xd8 another one")) == ([], [])

    assert desk.count("pictures") == 0


def test_pictures_that_wait_for_an_alert_are_bounded(desk: Desk, box: Sender) -> None:
    desk.take(*(box.picture(content=f"picture {n}".encode()) for n in range(1_100)))

    assert desk.count("held_pictures") == 1_000


def test_an_altered_message_is_set_aside_and_alarmed(desk: Desk, box: Sender) -> None:
    alert = box.alert()
    altered = replace(alert, payload=alert.payload.replace(b"walkway", b"wa1kway"))

    assert desk.take(altered) == ([], [])

    assert desk.alarms() == {"altered"}
    assert desk.count("messages") == 0
    assert desk.ask("SELECT why FROM quarantine") == [("altered",)]
    assert desk.take(alert) == ([(1, 1)], [])


def test_a_message_without_its_signature_is_set_aside(desk: Desk, box: Sender) -> None:
    alert = box.alert()

    assert desk.take(replace(alert, payload=alert.payload.partition(b"\n")[0])) == ([], [])

    assert desk.alarms() == {"altered"}


def test_another_box_s_message_on_this_box_s_topic_is_foreign(
    desk: Desk, box: Sender, tmp_path: Path
) -> None:
    other = Sender(tmp_path, box="plaju-02")
    desk.register(box, other)
    stolen = other.alert()

    assert desk.take(replace(stolen, topic=f"{box.up}/alert/gate")) == ([], [])

    assert desk.alarms() == {"foreign"}
    assert desk.count("messages") == 0


def test_a_box_that_nobody_registered_is_alarmed_until_it_is(desk: Desk, tmp_path: Path) -> None:
    stranger = Sender(tmp_path)

    assert desk.take(stranger.alert(), stranger.health()) == ([], [])
    assert desk.alarms() == {"unknown_box"}
    assert desk.count("messages") == 0

    assert desk.opened(desk.register(stranger)) == ([(1, 1)], [])
    assert desk.alarms() == set()
    assert desk.count("quarantine") == 0


def test_two_messages_with_one_number_are_a_fork(desk: Desk, box: Sender) -> None:
    before = box.next
    desk.take(box.alert("a"))
    box.next = before

    assert desk.take(box.alert("b")) == ([], [])

    assert desk.alarms() == {"fork"}
    assert desk.ask("SELECT id FROM alerts") == [("a",)]
    assert desk.ask("SELECT why FROM quarantine") == [("fork",)]


def test_a_fork_is_told_to_the_box_which_gives_it_up_and_goes_on(desk: Desk, box: Sender) -> None:
    before = box.next
    desk.take(box.alert("stored"))
    box.next = before
    desk.take(box.alert("the box's own"), box.alert("after it"))
    assert desk.refused == [
        (n, sha256(split(box.signed[n].payload)[0]).hexdigest()) for n in (1, 2)
    ]

    told = desk.take(box.dropped(1, 2), box.alert("c"), box.status())

    assert told == ([(3, 4)], [])
    desk.clock.advance(31)
    desk.watch.look(hears_for_s=LONG_S)
    assert desk.alarms() == {"fork"}


def test_a_record_that_we_do_not_know_is_stored_like_any_other(desk: Desk, box: Sender) -> None:
    record = box.record("clock_set")

    assert desk.take(record, box.record("something_of_next_year")) == ([(1, 2)], [])

    assert desk.alarms() == set()
    assert desk.ask("SELECT type FROM messages ORDER BY seq") == [
        ("clock_set",),
        ("something_of_next_year",),
    ]


def test_a_message_that_names_another_predecessor_is_a_fork(desk: Desk, box: Sender) -> None:
    before = box.next
    desk.take(box.alert("a"))
    box.next = before
    box.alert("the one that was never sent")

    assert desk.take(box.alert("b")) == ([], [])

    assert desk.alarms() == {"fork"}


def test_a_message_that_a_later_one_contradicts_is_a_fork(desk: Desk, box: Sender) -> None:
    before = box.next
    first = box.alert("a")
    box.next = before
    box.alert("b")
    desk.take(box.alert("c"))

    assert desk.take(first) == ([], [])

    assert desk.alarms() == {"fork"}


def test_a_missing_number_is_alarmed_after_a_while_and_cleared_when_it_comes(
    desk: Desk, box: Sender
) -> None:
    late = [box.alert("a"), box.alert("b")][1]
    desk.take(box.signed[1], box.alert("c"), box.status())
    desk.watch.look(hears_for_s=LONG_S)
    assert desk.alarms() == set()

    desk.clock.advance(31)
    desk.watch.look(hears_for_s=LONG_S)
    assert desk.alarms() == {"gap"}
    assert desk.ask("SELECT text FROM alarms") == [("missing: 2",)]

    assert desk.take(late) == ([(2, 2)], [])
    assert desk.alarms() == set()
    assert desk.ask("SELECT whole_upto FROM boxes") == [(3,)]


def test_what_the_box_says_is_still_with_it_is_not_missing(desk: Desk, box: Sender) -> None:
    box.alert("a")
    desk.take(box.alert("b"), box.status(waits_from=1))

    desk.clock.advance(31)
    desk.watch.look(hears_for_s=LONG_S)

    assert desk.alarms() == set()


def test_a_cut_tail_shows_by_the_head_alone(desk: Desk, box: Sender) -> None:
    desk.take(box.alert("a"))
    lost = box.alert("b")
    desk.take(box.health())

    desk.clock.advance(31)
    desk.watch.look(hears_for_s=LONG_S)
    assert desk.alarms() == {"cut"}

    desk.take(lost)
    assert desk.alarms() == set()


def test_what_the_box_gave_up_by_a_signed_record_is_no_gap(desk: Desk, box: Sender) -> None:
    box.alert("a")
    box.alert("b")
    desk.take(box.dropped(1, 2), box.status())

    desk.clock.advance(31)
    desk.watch.look(hears_for_s=LONG_S)

    assert desk.alarms() == set()
    assert desk.ask("SELECT first, last, why, by_seq FROM accounted") == [(1, 2, "dropped", 3)]


def test_a_box_that_lost_its_place_is_alarmed_but_nothing_is_missing(
    desk: Desk, box: Sender
) -> None:
    desk.take(box.alert("a"))

    assert desk.take(box.restarted(2, 40), box.alert("b"), box.status()) == ([(41, 42)], [])

    desk.clock.advance(31)
    desk.watch.look(hears_for_s=LONG_S)
    assert desk.alarms() == {"restarted"}
    assert desk.ask("SELECT whole_upto FROM boxes") == [(42,)]


def test_a_silent_box_is_alarmed_until_it_is_heard(desk: Desk, box: Sender) -> None:
    desk.take(box.status())
    desk.watch.look(hears_for_s=LONG_S)
    assert desk.alarms() == set()

    desk.clock.advance(181)
    desk.watch.look(hears_for_s=LONG_S)
    assert desk.alarms() == {"silent"}

    desk.take(box.health())
    assert desk.alarms() == set()


def test_a_retained_status_does_not_make_a_dead_box_look_alive(desk: Desk, box: Sender) -> None:
    desk.take(box.status())
    desk.clock.advance(181)

    desk.take(box.status(is_retained=True))

    desk.watch.look(hears_for_s=LONG_S)
    assert desk.alarms() == {"silent"}


def test_the_broker_s_word_that_a_box_has_vanished_is_no_sign_of_life(
    desk: Desk, box: Sender
) -> None:
    desk.take(box.status())
    desk.clock.advance(100)
    desk.take(box.status("offline"))
    desk.clock.advance(81)

    desk.watch.look(hears_for_s=LONG_S)

    assert desk.alarms() == {"silent"}


def test_what_somebody_forged_is_no_sign_of_life(desk: Desk, box: Sender) -> None:
    desk.take(box.status())
    desk.clock.advance(181)
    desk.take(Arrival(f"{box.up}/record", b"not the box"), Arrival(f"{box.up}/health", b"{}"))

    desk.watch.look(hears_for_s=LONG_S)

    assert desk.alarms() == {"altered", "silent"}


def test_a_box_that_was_stopped_on_purpose_is_not_silent(desk: Desk, box: Sender) -> None:
    desk.take(box.status("stopped"))
    desk.clock.advance(181)

    desk.watch.look(hears_for_s=LONG_S)

    assert desk.alarms() == set()


def test_a_new_session_ends_the_visits_of_the_one_before(desk: Desk, box: Sender) -> None:
    desk.take(box.status(session=1), box.alert("a"))

    desk.take(box.status(session=2))

    assert desk.ask("SELECT state FROM alerts") == [("end",)]


def test_an_old_status_is_passed_over(desk: Desk, box: Sender) -> None:
    desk.take(box.status(session=2))

    desk.take(box.status("offline", session=1))

    assert desk.ask("SELECT state, session FROM boxes") == [("online", 2)]


def test_a_second_client_of_one_name_is_alarmed(desk: Desk, box: Sender) -> None:
    desk.take(box.health(takeovers=0))
    assert desk.alarms() == set()

    desk.take(box.health(takeovers=1))

    assert desk.alarms() == {"certificate_copied"}


def test_where_a_box_stands_is_known_before_its_first_alert(desk: Desk, box: Sender) -> None:
    desk.take(box.health())

    [(place,)] = desk.ask("SELECT place_json FROM boxes")
    assert json.loads(str(place))["name"] == "Simpang Plaju"


def test_topics_that_are_not_ours_change_nothing(desk: Desk, box: Sender) -> None:
    others = ("city/v2/a/b/up/alert/c", "city/v1/a/b/down/cmd", "x", "", f"{box.up}/check")

    assert desk.take(*(Arrival(topic, b"{}") for topic in others)) == ([], [])

    assert desk.count("quarantine") == 0
    assert desk.alarms() == set()


def test_receipts_hold_a_hundred_ranges_each(desk: Desk, box: Sender) -> None:
    every = [box.alert(f"{n}") for n in range(250)]

    letters = desk.intake.take(every[::2])

    assert len(letters) == 2
    stored, _ = desk.opened(letters)
    assert stored == [(n, n) for n in range(1, 251, 2)]


def test_what_a_box_runs_is_kept_although_it_says_it_only_at_its_birth(
    desk: Desk, box: Sender
) -> None:
    software = {"parts": [["model", "street", "1.0.0", "ab"]], "left_out": 0}
    birth = box.status()
    told = json.loads(birth.payload) | {"software": software}
    desk.take(replace(birth, payload=json.dumps(told).encode()))

    desk.take(box.status(), box.health())

    ((kept,),) = desk.ask("SELECT status_json FROM boxes")
    assert json.loads(str(kept))["software"] == software
