"""A deletion by rule does not look like a theft, nor a theft like a deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.center.export import Wanted, json_lines
from edge_agent.center.key import make_key
from edge_agent.center.retention.deletion import DAY_S, Deletion
from edge_agent.center.retention.options import StoreOptions
from edge_agent.cli.main import main
from edge_agent.contract import Range, Retention, Stored, write_retention
from edge_agent.runtime.stop import Stop
from tests.center.terms import close, delete, send

if TYPE_CHECKING:
    from pathlib import Path

    from tests.center.boxes import Sender
    from tests.center.desk import Desk


def verify(
    desk: Desk, folder: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, str]:
    file = folder / "export.jsonl"
    file.write_text("".join(f"{line}\n" for line in json_lines(desk.database, Wanted())))
    capsys.readouterr()
    code = main(["verify", "--keys", str(desk.list), *more, str(file)])
    return code, capsys.readouterr().out


def test_verify_says_deleted_and_not_lost(
    desk: Desk, box: Sender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    send(desk, box, *(f"{n}" for n in range(10)))
    desk.take(box.dropped(1, 2))
    close(desk, box, *(f"{n}" for n in range(9)))
    desk.clock.advance(91 * DAY_S)
    send(desk, box, "young")
    desk.take(box.status())
    delete(desk)

    code, told = verify(desk, tmp_path, capsys, "--center", desk.key.public_base64)

    assert code == 0, told
    assert "5 messages, complete up to 23" in told
    assert "deleted by retention, which the center has signed: 1-18" in told
    assert "missing" not in told
    assert desk.alarms() == set()


def test_verify_without_the_centers_key_says_that_nobody_has_checked_it(
    desk: Desk, box: Sender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    send(desk, box, "a", "b")
    close(desk, box, "a", "b")
    desk.take(box.status())
    desk.clock.advance(91 * DAY_S)
    delete(desk)

    code, told = verify(desk, tmp_path, capsys)

    assert code == 1
    assert "deleted by retention, says a letter that nobody has checked: 1-4" in told
    assert "--center KEY" in told
    assert "missing" not in told


def test_whoever_has_the_database_and_not_the_key_cannot_have_a_theft_explained(
    desk: Desk, box: Sender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_key(tmp_path / "other.pem")
    send(desk, box, "a", "stolen", "c")
    close(desk, box, "a")
    desk.take(box.status())
    desk.clock.advance(91 * DAY_S)
    delete(desk)
    center = ("--center", desk.key.public_base64)

    desk.database.write(lambda t: t.run("DELETE FROM messages WHERE alert_id = 'stolen'"))
    code, told = verify(desk, tmp_path, capsys, *center)
    assert code == 1
    assert "missing: 3-4" in told

    desk.database.write(lambda t: t.run("DELETE FROM deletion_letters"))
    Deletion(desk.database, other, desk.clock, StoreOptions(keep_alerts_days=1, only_closed=False)
          ).run_once(Stop())  # fmt: skip
    code, told = verify(desk, tmp_path, capsys, *center)
    assert code == 1
    assert "1 letters about deleted messages that the center did not sign: " in told
    assert "missing" in told


def test_a_letter_that_somebody_slipped_in_is_not_signed_again(
    desk: Desk, box: Sender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    send(desk, box, "a", "stolen", "c")
    desk.take(box.status())
    close(desk, box, "a")
    thief = make_key(tmp_path / "thief.pem")
    said = Retention(
        site=box.box.site,
        box=box.box.box,
        time="2026-11-18T11:15:17.200Z",
        kid=thief.kid,
        deleted=(Stored(Range(3, 4), desk.hash_of(box.box.site, box.box.box, 4) or ""),),
    )
    slip = "INSERT INTO deletion_letters (site, box, payload) VALUES (?, ?, ?)"
    letter = write_retention(said, thief.sign)
    desk.database.write(lambda t: t.run(slip, box.box.site, box.box.box, letter))
    desk.database.write(lambda t: t.run("DELETE FROM messages WHERE alert_id = 'stolen'"))
    desk.clock.advance(91 * DAY_S)

    delete(desk)

    code, told = verify(desk, tmp_path, capsys, "--center", desk.key.public_base64)
    assert code == 1
    assert "missing: 3-4" in told
    assert "deleted by retention, which the center has signed: 1-2" in told
    assert "1 letters about deleted messages that the center did not sign: " in told
