"""The operator's command line, on a database and a broker that are there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.operators import add_operator
from edge_agent.cli.main import main
from edge_agent.runtime.secret import Secret
from tests.center.boxes import Sender
from tests.center.desk import LONG_S
from tests.peers.mosquitto import Mosquitto

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.center.desk import Desk


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    folder = tmp_path_factory.mktemp("broker")
    with Mosquitto(folder, users={"center": "word"}) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, where: str, broker: Mosquitto) -> Path:
    (tmp_path / "password").write_text("word\n")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "center.toml").write_text(
        f'database = "{where}"\n[broker]\nurl = "{broker.url}"\ninsecure = true\n'
        'username = "center"\npassword_file = "password"\n'
    )
    (tmp_path / "boxes").touch()
    return tmp_path


@pytest.fixture
def ask(folder: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    return Ask(folder, capsys)


class Ask:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys
        self.code = -1

    def __call__(self, *words: str) -> str:
        self.code = main(["--config", str(self._folder), "center", *words])
        told = self._capsys.readouterr()
        return told.out + told.err


def test_a_center_is_set_up_with_three_commands(ask: Ask) -> None:
    assert "the center has no key" in ask("check")
    assert ask.code == 1

    made = ask("key")
    assert ask.code == 0
    assert made == ask("key"), "it is made once"

    told = ask("check")
    assert ask.code == 0, told
    assert "no box is believed yet" in told
    assert "edge-agent key show" in told
    assert "read-only" in told
    assert "lets us hear all boxes, not encrypted" in told


def test_a_page_that_cannot_begin_is_told_before_it_is_started(ask: Ask, folder: Path) -> None:
    ask("key")
    with (folder / "center.toml").open("a") as file:
        file.write('\n[web]\noperators_file = "nobody"\n')

    assert "there is no file of operators at" in ask("check")
    assert ask.code == 1


def test_a_page_whose_visitors_all_seem_to_be_one_is_told(ask: Ask, folder: Path) -> None:
    ask("key")
    with (folder / "center.toml").open("a") as file:
        file.write('\n[web]\noperators_file = "operators"\nurl = "https://center.example"\n')
    add_operator(folder / "operators", "sari", Secret("a long enough one"))

    assert "without trusted_proxy" in ask("check")
    with (folder / "center.toml").open("a") as file:
        file.write('trusted_proxy = "127.0.0.1"\n')
    assert "trusted_proxy" not in ask("check")


def test_a_wrong_password_is_named(ask: Ask, folder: Path) -> None:
    ask("key")
    (folder / "password").write_text("wrong\n")

    assert "not authorised" in ask("check") or "wrong user name" in ask("check")
    assert ask.code == 1


def test_a_bad_file_is_told_with_every_problem_and_78(ask: Ask, folder: Path) -> None:
    (folder / "center.toml").write_text("databse = 1\n")

    told = ask("boxes")

    assert ask.code == 78
    assert "there is no such option" in told
    assert "did you mean database?" in told


def test_boxes_are_listed_with_how_far_they_are_whole(ask: Ask, desk: Desk, box: Sender) -> None:
    lost = box.alert("a")
    desk.take(box.alert("b"), box.status())

    listed = json.loads(ask("boxes", "--json"))
    assert [(one["box"], one["state"], one["whole_upto"]) for one in listed] == [
        ("plaju-01", "online", 0)
    ]
    assert "palembang/plaju-01" in ask("boxes")
    assert lost.payload


def test_numbers_that_will_never_come_are_accounted_for_by_a_person(
    ask: Ask, desk: Desk, box: Sender
) -> None:
    box.alert("lost for ever")
    desk.take(box.alert("b"), box.status())
    desk.clock.advance(31)
    desk.watch.look(hears_for_s=LONG_S)
    assert "gap: missing: 1 " in ask("alarms")

    assert "for a reason only" in ask("boxes", "--account", str(box.box), "1")
    for slip in ("2", "1-2", "100000-200000"):
        told = ask("boxes", "--account", str(box.box), slip, "--why", "a slip")
        assert f"{slip} is not missing of {box.box}" in told
        assert "missing is: 1" in told
        assert ask.code == 1
    ask("boxes", "--account", str(box.box), "1-1", "--why", "the old disk is broken")

    assert ask.code == 0
    assert "none" in ask("alarms")
    assert desk.ask("SELECT why FROM accounted") == [("by a person: the old disk is broken",)]


def test_a_lost_key_is_confirmed_by_a_person(ask: Ask, desk: Desk, box: Sender) -> None:
    ask("key")
    desk.take(box.rotate(is_lost=True), box.alert("a"))
    assert "has sent no key" in ask("boxes", "--confirm", str(box.box), "0" * 16)

    told = ask("boxes", "--confirm", str(box.box), box.seal.kid)

    assert ask.code == 0, told
    assert desk.alarms() == set()
    assert desk.take(box.signed[1], box.signed[2]) == ([(1, 2)], [])


def test_an_alarm_is_closed_by_whoever_found_out_why(ask: Ask, desk: Desk, box: Sender) -> None:
    desk.take(box.health(takeovers=1))
    (alarm,) = json.loads(ask("alarms", "--json"))

    ask("alarms", "--close", str(alarm["number"]))

    assert ask.code == 0
    assert desk.alarms() == set()
    assert "over since" in ask("alarms", "--all")
    assert "no alarm with number" in ask("alarms", "--close", str(alarm["number"]))
    assert ask.code == 1


@pytest.mark.parametrize(("dead", "waiting"), [(250, 301), (199, 1), (0, 250), (200, 0)])
def test_of_very_many_deliveries_all_are_counted_and_the_newest_shown(
    ask: Ask, desk: Desk, dead: int, waiting: int
) -> None:
    states = ["dead"] * dead + ["waiting"] * waiting
    desk.database.write(
        lambda transaction: transaction.run_each(
            "INSERT INTO deliveries (agency, url, site, box, alert_id, revision, body, since_wall,"
            " next_wall, state) VALUES ('bpbd', 'https://removed', 's', 'b', 'a', 0, ?, 1, 1, ?)",
            [(b"{}", state) for state in states],
        )
    )

    told = ask("deliveries", "list")

    assert ask.code == 1
    assert (f"{dead} were given up" in told) == bool(dead)
    assert (f"{waiting} wait for an agency" in told) == bool(waiting)
    assert told.count("bpbd") == min(dead, 200) + min(waiting, 200)
    assert ("the newest 200 are shown" in told) == (max(dead, waiting) > 200)


def test_what_is_exported_can_be_chosen(ask: Ask, desk: Desk, box: Sender) -> None:
    desk.take(box.alert("a"), box.alert("b", severity="high"))

    assert ask("export").count("\n") == 2
    assert ask("export", "--severity", "high").count("\n") == 1
    assert ask("export", "--csv").count("\n") == 3
    assert ask("export", "--csv", "--until", "2026-01-01").count("\n") == 1
    assert "is no time" in ask("export", "--since", "yesterday")


@pytest.mark.parametrize(
    "words", [("boxes", "--account", "x", "1"), ("boxes", "--account", "a/b", "2-1")]
)
def test_slips_of_the_hand_are_named(ask: Ask, words: tuple[str, ...]) -> None:
    ask(*words, "--why", "a slip")

    assert ask.code == 1
