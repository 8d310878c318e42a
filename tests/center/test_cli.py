"""The operator's command line, on a database and a broker that are there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.operators import add_operator
from edge_agent.center.post import Arrival
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
def ask(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    # The command says it to its process, which is ours here.
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder / "credentials"))
    return Ask(folder, capsys)


class Ask:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.code = -1

    def __call__(self, *words: str) -> str:
        self.code = main(["--config", str(self.folder), "center", *words])
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


def test_what_calls_no_broker_needs_no_password_of_it(ask: Ask, folder: Path) -> None:
    """Key and operators come before the first start, and only a service that runs has credentials."""
    settings = folder / "center.toml"
    text = settings.read_text().replace('"password"', '"credential:broker"')
    settings.write_text(text + '[web]\noperators_file = "operators"\n')

    assert "signs receipts" in ask("key")
    assert ask.code == 0
    ask("alarms")
    assert ask.code == 0
    assert "there is no credential broker" in ask("check")
    assert ask.code == 78


def test_a_key_that_systemd_keeps_is_used_and_missed(ask: Ask, folder: Path) -> None:
    ask("key")
    with (folder / "center.toml").open("a") as settings:
        settings.write('[key]\nfile = "credential:key.pem"\n')
    said = ask("check")
    assert "the center's key is the credential key.pem, which is not there" in said

    (folder / "credentials").mkdir()
    (folder / "center.pem").rename(folder / "credentials" / "key.pem")
    # What systemd's access list for one user looks like.
    (folder / "credentials" / "key.pem").chmod(0o440)

    assert "signs receipts" in ask("check")


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
    assert [(one["seen"], one["seen_wall"]) for one in listed] == [
        ("2026-11-18T11:06:40.000Z", desk.clock.wall())
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

    close = ("alarms", "--close", str(alarm["number"]))
    said = ("--by", "sari", "--why", "a second box had its name")

    for half in ((), said[:2], said[2:], ("--by", "sari", "--why", "x" * 201)):
        assert "closed by somebody, for a reason" in ask(*close, *half)
        assert ask.code == 1
    assert desk.alarms() == {"certificate_copied"}

    ask(*close, *said)

    assert ask.code == 0
    assert desk.alarms() == set()
    told = ask("alarms", "--all")
    assert "over since" in told
    assert "closed by sari: a second box had its name" in told
    assert '"closed_by": "sari"' in ask("alarms", "--all", "--json")
    again = ask(*close, "--by", "budi", "--why", "me, too")
    assert f"no alarm with number {alarm['number']} is open: sari has closed it" in again
    assert ask.code == 1
    assert "sari,a second box had its name" in ask("export", "--table", "alarms")
    assert ask("export", "--table", "handling").count("\n") == 1


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
    assert ask("export", "--excel").startswith("\ufeffreceived (Asia/Jakarta);")
    assert "is no time" in ask("export", "--since", "yesterday")


@pytest.mark.parametrize(
    "words", [("boxes", "--account", "x", "1"), ("boxes", "--account", "a/b", "2-1")]
)
def test_slips_of_the_hand_are_named(ask: Ask, words: tuple[str, ...]) -> None:
    ask(*words, "--why", "a slip")

    assert ask.code == 1


def test_what_was_set_aside_is_listed_and_shown(ask: Ask, desk: Desk, box: Sender) -> None:
    assert "nothing is set aside" in ask("quarantine", "list")
    altered = replace(box.alert("a"), payload=b"\xff\x00" + box.signed[1].payload)
    long = Arrival(f"{box.up}/record", b"x" * 20_000)
    stranger = Sender(ask.folder, box="nobody-01")
    desk.take(altered, long, stranger.alert("b"))

    told = ask("quarantine", "list")
    assert ask.code == 0
    assert [line.split()[1:5] for line in told.splitlines()[1:]] == [
        [str(box.box), "record", "altered", "20000"],
        [str(box.box), "alert/gate", "altered", f"{len(altered.payload)}"],
        [str(stranger.box), "alert/gate", "unknown_key", f"{len(stranger.signed[1].payload)}"],
    ]
    assert "2026-11-18 11:06:40" in told
    listed = json.loads(ask("quarantine", "list", "--json", "--of", str(stranger.box)))
    assert [(one["box"], one["bytes"], one["why"]) for one in listed] == [
        ("nobody-01", len(stranger.signed[1].payload), "unknown_key")
    ]
    number = str(listed[0]["number"])
    assert '"id": "b"' in ask("quarantine", "show", number)
    assert listed[0]["received"] in ask("quarantine", "show", number)
    assert "16384 of 20000" in ask("quarantine", "show", str(int(told.splitlines()[1].split()[0])))


def test_the_exact_bytes_of_what_was_set_aside_go_into_a_file(
    ask: Ask, desk: Desk, box: Sender, tmp_path: Path
) -> None:
    payload = b"\xff\x00\n" + box.alert("a").payload
    desk.take(Arrival(f"{box.up}/alert/gate", payload))
    (one,) = json.loads(ask("quarantine", "list", "--json"))
    number, out = str(one["number"]), tmp_path / "evidence"

    assert "000000  ff 00 0a 7b" in ask("quarantine", "show", number)
    ask("quarantine", "show", number, "--out", str(out))

    assert ask.code == 0
    assert out.read_bytes() == payload
    assert out.stat().st_mode & 0o777 == 0o600
    assert "cannot write the message to" in ask(
        "quarantine", "show", number, "--out", str(tmp_path / "nowhere" / "evidence")
    )
    assert "which message to show was not said" in ask("quarantine", "show")
    for nobody in ("0", f"{2**70}"):
        assert f"no message {nobody} is set aside" in ask("quarantine", "show", nobody)
        assert ask.code == 1


def test_an_alert_is_held_and_what_is_past_its_term_is_deleted(
    ask: Ask, desk: Desk, box: Sender, folder: Path
) -> None:
    ask("key")
    desk.take(box.alert("a"), box.alert("b"))
    desk.database.write(lambda t: t.run("UPDATE alerts SET handling = 'closed'"))
    why = ("--by", "sari", "--why", "police report 77")
    assert "names no term" in ask("retention", "run")
    with (folder / "center.toml").open("a") as file:
        file.write("\n[store]\nkeep_pictures_days = 1\nkeep_alerts_days = 2\n")
    assert "no alert is held" in ask("hold", "list")
    assert "nothing was deleted yet" in ask("retention", "show")

    assert "for a reason" in ask("hold", "add", str(box.box), "a")
    assert "which alert is meant" in ask("hold", "add", str(box.box))
    assert "has no alert c" in ask("hold", "add", str(box.box), "c", *why)
    assert "a is held from now on, by sari" in ask("hold", "add", str(box.box), "a", *why)
    assert "a is held already" in ask("hold", "add", str(box.box), "a", *why)
    assert ask.code == 1
    # The alerts of the test are of 2026-11-18, and this command has the real clock.
    desk.database.write(lambda t: t.run("UPDATE messages SET received_wall = 1.0"))
    desk.database.write(lambda t: t.run("UPDATE alerts SET received_wall = 1.0"))
    told = ask("retention", "run")

    assert ask.code == 0, told
    assert "1 alerts, 0 pictures after their term" in told
    assert "1 alerts past their term are held" in told
    assert "police report 77" in ask("hold", "list")
    assert desk.ask("SELECT id FROM alerts") == [("a",)]
    shown = ask("retention", "show")
    assert "kept: pictures 1 days, alerts 2 days once closed" in shown
    assert shown.splitlines()[-1].split()[1:5] == ["1", "0", "1", "0"]
    assert "a is not held from now on" in ask("hold", "release", str(box.box), "a", *why)
    assert "was released" in ask("hold", "list")


def test_terms_that_contradict_each_other_are_refused(ask: Ask, folder: Path) -> None:
    with (folder / "center.toml").open("a") as file:
        file.write("\n[store]\nkeep_pictures_days = 90\nkeep_alerts_days = 30\n")

    told = ask("boxes")

    assert ask.code == 78
    assert "is longer than keep_alerts_days" in told
