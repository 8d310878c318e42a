"""Whose word counts: keys that change, are lost, are stolen, or are taken off the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.center.key import load_key, make_key
from edge_agent.center.registry import read_boxes
from edge_agent.errors import EdgeAgentError
from tests.center.boxes import Sender

if TYPE_CHECKING:
    from pathlib import Path

    from tests.center.desk import Desk


def test_a_new_key_that_the_old_one_names_is_believed(desk: Desk, box: Sender) -> None:
    desk.take(box.alert("a"), box.rotate())

    assert desk.take(box.alert("b")) == ([(3, 3)], [])

    assert desk.alarms() == set()
    assert len(desk.ask("SELECT kid FROM keys WHERE confirmed = 1")) == 2


def test_what_comes_before_the_record_of_its_key_waits_for_it(desk: Desk, box: Sender) -> None:
    record = box.rotate()

    assert desk.take(box.alert("a"), box.alert("b")) == ([], [])
    assert desk.alarms() == {"unknown_key"}

    assert desk.take(record) == ([(1, 3)], [])
    assert desk.alarms() == set()
    assert desk.count("quarantine") == 0


def test_two_rotations_at_once_are_followed_in_any_order(desk: Desk, box: Sender) -> None:
    first, after_first = box.rotate(), box.alert("a")
    second, after_second = box.rotate(), box.alert("b")

    desk.take(after_second, second, after_first)
    stored, _ = desk.take(first)

    assert stored == [(1, 4)]
    assert desk.alarms() == set()


def test_the_old_key_signs_nothing_after_it_was_replaced(desk: Desk, box: Sender) -> None:
    old = box.seal
    record = box.rotate()
    new, box.seal = box.seal, old
    stolen = box.alert("signed with a stolen key")
    box.seal = new

    assert desk.take(record, stolen) == ([(1, 1)], [])

    assert desk.alarms() == {"retired_key"}


def test_what_the_old_key_signed_in_its_time_may_come_late(desk: Desk, box: Sender) -> None:
    late = box.alert("a")

    assert desk.take(box.rotate(), late) == ([(1, 2)], [])

    assert desk.alarms() == set()


def test_a_key_that_vouches_for_itself_needs_a_person(desk: Desk, box: Sender) -> None:
    desk.take(box.alert("a"))
    record = box.rotate(is_lost=True)

    assert desk.take(record, box.alert("b")) == ([], [])
    assert desk.alarms() == {"key_lost", "unknown_key"}

    # Somebody was there and read it off the screen.
    desk.database.write(
        lambda t: t.run("UPDATE keys SET confirmed = 1 WHERE kid = ?", box.seal.kid)
    )
    assert desk.opened(desk.intake.take_back([box.box])) == ([(2, 3)], [])
    assert desk.alarms() == set()


def test_a_key_that_is_taken_off_the_list_is_not_believed_any_more(
    desk: Desk, box: Sender, tmp_path: Path
) -> None:
    desk.take(box.alert("a"))

    desk.register(Sender(tmp_path, box="another"))

    assert desk.take(box.alert("b")) == ([], [])
    assert desk.alarms() == {"unknown_box"}
    assert desk.opened(desk.register(box)) == ([(2, 2)], [])


def test_a_bad_line_in_the_list_changes_nothing(desk: Desk, box: Sender) -> None:
    desk.list.write_text(f"# our boxes\n\n{box.line}\npalembang/plaju-02 not-a-key\n")

    with pytest.raises(EdgeAgentError, match=r"line 4 of .* is not a box and its key"):
        desk.registry.refresh()

    assert desk.take(box.alert("a")) == ([(1, 1)], [])


def test_a_box_may_have_several_keys_in_the_list(tmp_path: Path) -> None:
    lines = [Sender(tmp_path / name).line for name in ("before", "after")]
    (tmp_path / "boxes").write_text("\n".join(lines))

    assert [len(keys) for keys in read_boxes(tmp_path / "boxes").values()] == [2]


def test_the_center_s_key_is_made_once_and_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "center.pem"

    made = make_key(path)

    assert load_key(path).public_base64 == made.public_base64
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(EdgeAgentError, match="there is a key already"):
        make_key(path)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path / "center.pem")
    (tmp_path / "center.pem").chmod(0o640)

    with pytest.raises(EdgeAgentError, match="others can read"):
        load_key(tmp_path / "center.pem")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_damaged_key_is_told_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "center.pem").write_bytes(content)
    (tmp_path / "center.pem").chmod(0o600)

    with pytest.raises(EdgeAgentError, match="damaged"):
        load_key(tmp_path / "center.pem")
