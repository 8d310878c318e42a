"""The center as a process, on a real broker: killed, doubled, and without its database."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.database import open_database
from tests.center.boxes import PICTURE, Sender
from tests.center.street import Street
from tests.peers.center import until
from tests.peers.mosquitto import Mosquitto
from tests.peers.reference_center import ReferenceCenter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.peers.postgres import Postgres

pytestmark = pytest.mark.journey


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    (tmp_path / "broker").mkdir()
    settings = ("max_queued_messages 0", "max_inflight_messages 500")
    with Mosquitto(tmp_path / "broker", persistence=True, settings=settings) as running:
        yield running


def _center(
    folder: Path, broker: Mosquitto, database: str, *senders: Sender, more: str = ""
) -> ReferenceCenter:
    center = ReferenceCenter(folder, broker.url, database, more=more)
    (folder / "boxes").write_text("".join(f"{one.line}\n" for one in senders))
    return center


def _public(center: ReferenceCenter) -> str:
    made = center.ask("key")
    assert made.returncode == 0, made.stderr
    return made.stdout.split('"')[1]


def _stored(where: str) -> set[tuple[str, int]]:
    database = open_database(where)
    try:
        rows = database.read(lambda t: t.rows("SELECT box, seq FROM messages"))
    finally:
        database.close()
    return {(box, seq) for box, seq in rows}


def test_alerts_and_pictures_of_a_box_are_receipted(
    tmp_path: Path, broker: Mosquitto, where: str
) -> None:
    box = Sender(tmp_path)
    center = _center(tmp_path / "center", broker, where, box)
    public = _public(center)
    with center, Street(broker.port, public) as street:
        until(lambda: "connected to" in center.words(), 15, center.words)

        street.send(box.alert(picture=PICTURE), box.picture(), box.alert(revision=1), box.status())

        until(lambda: set(street.receipted(box)) == {1, 2}, 10, center.words)
        until(lambda: street.pictures(box) == {1}, 10, center.words)
        assert center.stop() == 0
    assert _stored(where) == {("plaju-01", 1), ("plaju-01", 2)}


def test_nothing_is_receipted_that_is_not_stored_however_the_center_is_killed(
    tmp_path: Path, broker: Mosquitto, where: str
) -> None:
    dice = random.Random(5)
    box = Sender(tmp_path)
    center = _center(tmp_path / "center", broker, where, box)
    public = _public(center)
    with Street(broker.port, public) as street:
        for _ in range(5):
            with center:
                until(lambda: center.words().count("connected to") > 0, 15, center.words)
                for _ in range(dice.randrange(5, 40)):
                    street.send(
                        *(box.alert(f"{box.next.seq}") for _ in range(dice.randrange(1, 9)))
                    )
                center.kill()
            center.log_path.unlink()
            promised = {("plaju-01", seq) for seq in street.receipted(box)}
            assert promised <= _stored(where)
        with center:
            until(lambda: "connected to" in center.words(), 15, center.words)
            street.send_missing(box)
            until(lambda: len(street.receipted(box)) == len(box.signed), 20, center.words)
            assert center.stop() == 0

    assert _stored(where) == {("plaju-01", seq) for seq in box.signed}


def test_what_came_while_the_center_was_away_is_kept_for_it(
    tmp_path: Path, broker: Mosquitto
) -> None:
    where = str(tmp_path / "center.db")
    box = Sender(tmp_path)
    center = _center(tmp_path / "center", broker, where, box)
    public = _public(center)
    with center:
        until(lambda: "connected to" in center.words(), 15, center.words)
        assert center.stop() == 0
    with Street(broker.port, public) as street:
        street.send(*(box.alert(f"{n}") for n in range(20)))

        with center:
            until(lambda: len(street.receipted(box)) == 20, 15, center.words)


def test_two_centers_share_the_load_and_store_each_alert_once(
    tmp_path: Path, broker: Mosquitto, postgres_url: str
) -> None:
    boxes = [Sender(tmp_path, box=f"box-{n}") for n in range(8)]
    first = _center(tmp_path / "1", broker, postgres_url, *boxes, more='client_id = "one"')
    public = _public(first)
    second = _center(tmp_path / "2", broker, postgres_url, *boxes, more='client_id = "two"')
    (tmp_path / "2" / "center.pem").write_bytes((tmp_path / "1" / "center.pem").read_bytes())
    (tmp_path / "2" / "center.pem").chmod(0o600)
    with first, second, Street(broker.port, public) as street:
        for one in (first, second):
            until(lambda one=one: "connected to" in one.words(), 15, one.words)  # type: ignore[misc]
        for n in range(50):
            street.send(*(one.alert(f"{n}", picture=PICTURE) for one in boxes))
            street.send(*(one.picture(f"{n}") for one in boxes))

        until(
            lambda: all(
                len(street.receipted(one)) == len(street.pictures(one)) == 50 for one in boxes
            ),
            30,
            lambda: first.words() + second.words(),
        )
        assert first.stop() == second.stop() == 0
        words = first.words() + second.words()
    assert "alarm" not in words
    assert _stored(postgres_url) == {(one.box.box, n) for one in boxes for n in range(1, 51)}
    assert min(map(int, re.findall(r"stored (\d+) messages", words))) > 100


def test_without_its_database_the_center_acknowledges_nothing_and_goes_on_later(
    tmp_path: Path, broker: Mosquitto, postgres: Postgres, postgres_url: str
) -> None:
    box = Sender(tmp_path)
    center = _center(tmp_path / "center", broker, postgres_url, box)
    public = _public(center)
    with center, Street(broker.port, public) as street:
        until(lambda: "connected to" in center.words(), 15, center.words)
        postgres.kill()
        street.send(*(box.alert(f"{n}") for n in range(10)))
        until(lambda: "nothing is received" in center.words(), 15, center.words)
        assert street.receipted(box) == {}

        postgres.start()

        until(lambda: len(street.receipted(box)) == 10, 40, center.words)


def test_a_box_that_is_added_to_the_list_is_believed_without_a_restart(
    tmp_path: Path, broker: Mosquitto
) -> None:
    where = str(tmp_path / "center.db")
    box = Sender(tmp_path)
    center = _center(tmp_path / "center", broker, where)
    public = _public(center)
    with center, Street(broker.port, public) as street:
        until(lambda: "connected to" in center.words(), 15, center.words)
        street.send(box.alert("a"))
        until(lambda: "alarm unknown_box" in center.words(), 10, center.words)

        (tmp_path / "center" / "boxes").write_text(f"{box.line}\n")

        until(lambda: set(street.receipted(box)) == {1}, 10, center.words)


def test_nothing_is_passed_over_while_the_database_lacks_a_table(
    tmp_path: Path, broker: Mosquitto, where: str
) -> None:
    """An administrator's mistake is mended by a person; until then nothing is acknowledged."""
    box = Sender(tmp_path)
    center = _center(tmp_path / "center", broker, where, box)
    public = _public(center)
    with center, Street(broker.port, public) as street:
        until(lambda: "connected to" in center.words(), 15, center.words)
        database = open_database(where)
        database.write(lambda t: t.run("ALTER TABLE messages RENAME TO elsewhere"))
        street.send(*(box.alert(f"{n}") for n in range(10)))
        until(lambda: "nothing is received" in center.words(), 15, center.words)
        database.write(lambda t: t.run("ALTER TABLE elsewhere RENAME TO messages"))
        database.close()

        until(lambda: len(street.receipted(box)) == 10, 40, center.words)
