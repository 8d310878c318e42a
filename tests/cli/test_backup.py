"""A box is swapped: the new one is the old one, and no number is signed twice."""

from __future__ import annotations

import argparse
import io
import os
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.box_key import FOLDER, find_keys, open_keys
from edge_agent.alerts.seal import open_seal
from edge_agent.cli import restore
from edge_agent.cli.console import Console
from edge_agent.cli.main import main
from edge_agent.contract import Chain, read_body, split
from edge_agent.errors import EdgeAgentError
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.cli.desk import answering
from tests.fakes.alerts import an_alert
from tests.fakes.clock import FakeClock
from tests.house.source import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_agent.spool.spool import Spool

PASSPHRASE = "kapal selam pempek musi"
_SITE = (
    'site = "kota"\nbox = "box-7"\nstate_dir = "state"\n'
    '[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
)


class Box:
    """One device: its configuration, its state, and its agent's spool."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "etc"
        self.state = self.folder / "state"
        self.passphrase = folder / "passphrase"
        self.folder.mkdir(parents=True)
        self.passphrase.write_text(f"{PASSPHRASE}\n")

    def is_set_up(self, box: str = "box-7") -> Box:
        (self.folder / "agent.toml").write_text(_SITE.replace("box-7", box))
        (self.folder / "secrets").mkdir(mode=0o700)
        (self.folder / "secrets" / "gate").write_text("geheim\n")
        (self.folder / "secrets" / "gate").chmod(0o600)
        (self.state / "models").mkdir(parents=True)
        (self.state / "models" / "choice.json").write_text("{}")
        (self.state / "commands.sqlite").write_text("of the old box")
        (self.state / "starts.json").write_text("a run that goes on")
        open_keys(self.state / FOLDER)
        return self

    def spool(self) -> Spool:
        clock = FakeClock()
        seal = open_seal(self.state / FOLDER, site="kota", box="box-7", wall=clock.wall)
        return open_spool(self.state / "spool.sqlite", SpoolOptions(size_mb=8), seal)

    def alerts(self, count: int) -> list[bytes]:
        """Return all that waits after so many more."""
        with closing(self.spool()) as spool:
            for n in range(count):
                spool.append(an_alert(f"{self.folder.parent.name}-{n}"))
            return [kept.alert.body for kept in spool.oldest(1000)]

    def kid(self) -> str:
        keys = find_keys(self.state / FOLDER)
        return keys.signer.kid if keys else ""

    def types(self, *words: object) -> int:
        login = ("--passphrase-file", str(self.passphrase), "--config", str(self.folder))
        return main([*map(str, words), *login])


@pytest.fixture
def old(tmp_path: Path) -> Box:
    return Box(tmp_path / "old").is_set_up()


@pytest.fixture
def new(tmp_path: Path) -> Box:
    return Box(tmp_path / "new")


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tmp_path / "box-7.backup"


def _seqs(payloads: list[bytes]) -> list[int]:
    return [body.seq for body in (read_body(split(one)[0]) for one in payloads) if body]


def test_a_swapped_box_is_the_same_and_uses_no_number_twice(
    old: Box, new: Box, backup: Path
) -> None:
    old.alerts(5)
    assert old.types("backup", "--out", backup) == 0
    # It goes on for a while, until somebody pulls the plug.
    told = old.alerts(70)

    assert new.types("restore", backup) == 0

    after = new.alerts(3)
    keys = find_keys(new.state / FOLDER)
    assert keys
    chain = Chain("kota", "box-7", [keys.signer.public])
    for payload in (*told, *after):
        chain.take(payload)
    report = chain.report()
    assert new.kid() == old.kid()
    assert (new.folder / "agent.toml").read_text() == _SITE
    assert (new.folder / "secrets" / "gate").read_text() == "geheim\n"
    assert stat.S_IMODE((new.folder / "secrets" / "gate").stat().st_mode) == 0o600
    assert stat.S_IMODE((new.folder / "secrets").stat().st_mode) == 0o700
    assert (new.state / "models" / "choice.json").exists()
    assert not (new.state / "commands.sqlite").exists()
    assert not (new.state / "starts.json").exists()
    assert min(_seqs(after)) > max(_seqs(told))
    assert (report.forked, report.refused) == ((), ())
    assert len(report.restarts) == 1
    assert b'"type":"chain_restarted"' in after[0]


def test_alerts_that_waited_come_along_where_wanted(old: Box, new: Box, backup: Path) -> None:
    waited = old.alerts(4)

    assert old.types("backup", "--out", backup, "--spool") == 0
    assert new.types("restore", backup) == 0

    after = new.alerts(1)
    assert after[:4] == waited
    assert b'"type":"chain_restarted"' in after[4]
    assert len(set(_seqs(after))) == len(after)


def test_nothing_of_the_box_can_be_read_in_the_file(old: Box, backup: Path) -> None:
    old.types("backup", "--out", backup)

    content = backup.read_bytes()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    for secret in (b"geheim", b"box-7", b"PRIVATE KEY", old.kid().encode()):
        assert secret not in content


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda content: content[:-1], "the backup is damaged"),
        (lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:], "is damaged"),
        (lambda content: content.replace(b'"cost": 65536', b'"cost": 99999999'), "is damaged"),
        (lambda content: content.replace(b'"salt": "', b'"salt": "A'), "is damaged"),
        (lambda content: content[:25], "the backup is damaged"),
        (lambda _: b"a holiday picture", "this is no backup of a box"),
        (lambda _: b"", "this is no backup of a box"),
    ],
)
def test_a_damaged_file_is_one_clear_line_and_changes_nothing(
    old: Box,
    new: Box,
    backup: Path,
    spoil: Callable[[bytes], bytes],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old.types("backup", "--out", backup)
    backup.write_bytes(spoil(backup.read_bytes()))

    assert new.types("restore", backup) == 1

    lines = capsys.readouterr().err.splitlines()
    assert said in lines[0]
    assert [line.startswith("  next: ") for line in lines[1:]] == [True]
    assert list(new.folder.iterdir()) == []


def test_a_wrong_passphrase_is_called_so(
    old: Box, new: Box, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old.types("backup", "--out", backup)
    new.passphrase.write_text("another four words here\n")

    assert new.types("restore", backup) == 1

    assert "the passphrase is not the one of this backup" in capsys.readouterr().err
    assert list(new.folder.iterdir()) == []


def test_a_passphrase_that_can_be_guessed_is_refused(
    old: Box, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old.passphrase.write_text("plaju\n")

    assert old.types("backup", "--out", backup) == 1
    assert "fewer than 12 characters" in capsys.readouterr().err
    assert not backup.exists()


def test_a_box_with_another_key_is_not_taken_over_unasked(
    old: Box, new: Box, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old.types("backup", "--out", backup)
    new.is_set_up("seberang-02")
    mine = new.kid()

    assert new.types("restore", backup) == 1
    assert f"it signs with the key {mine}, the backup's is {old.kid()}" in capsys.readouterr().err
    assert new.kid() == mine

    assert new.types("restore", backup, "--replace") == 0
    assert new.kid() == old.kid()
    (aside,) = new.state.glob("before-restore-*")
    lost = find_keys(aside / FOLDER)
    assert lost
    assert lost.signer.kid == mine
    assert list(new.folder.glob("before-restore-*/agent.toml"))


def test_a_box_fresh_from_its_package_is_empty(old: Box, new: Box, backup: Path) -> None:
    old.types("backup", "--out", backup)
    brought = (ROOT / "packaging" / "debian" / "agent.toml").read_text()
    (new.folder / "agent.toml").write_text(brought)

    assert new.types("restore", backup) == 0
    assert (new.folder / "agent.toml").read_text() == _SITE


def test_restoring_may_be_repeated_after_a_power_cut(old: Box, new: Box, backup: Path) -> None:
    old.alerts(5)
    old.types("backup", "--out", backup)
    new.types("restore", backup)
    (new.folder / "agent.toml").unlink()

    assert new.types("restore", backup) == 0
    assert (new.folder / "agent.toml").read_text() == _SITE
    assert new.kid() == old.kid()


def test_a_clock_that_stands_before_the_backup_is_named(old: Box, new: Box, backup: Path) -> None:
    old.types("backup", "--out", backup)
    args = argparse.Namespace(
        file=backup, passphrase_file=str(new.passphrase), config=new.folder, replace=False
    )
    console = Console(io.StringIO(), is_terminal=False)

    with pytest.raises(EdgeAgentError, match="clock stands before the backup was made"):
        restore.run(args, console, clock=FakeClock(wall=1_000.0))

    assert list(new.folder.iterdir()) == []


def test_a_box_whose_agent_runs_is_not_changed(
    old: Box, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old.types("backup", "--out", backup)

    with answering(old.state, "street 1.0.0"):
        assert old.types("restore", backup) == 1

    assert "an agent runs on this box" in capsys.readouterr().err


def test_a_backup_of_the_spool_waits_for_the_agent_to_stop(
    old: Box, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(old.spool()):
        assert old.types("backup", "--out", backup, "--spool") == 1

    told = "an agent runs on this box\n  next: sudo systemctl stop edge-agent\n"
    assert capsys.readouterr().err == told
    assert not backup.exists()


def test_a_box_whose_agent_answers_in_other_words_is_not_changed_either(
    old: Box, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old.types("backup", "--out", backup)

    with closing(old.spool()):
        assert old.types("restore", backup) == 1

    assert "an agent runs on this box" in capsys.readouterr().err


def test_files_that_lie_elsewhere_are_named(
    old: Box, backup: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = tmp_path / "broker-password"
    elsewhere.write_text("x1\n")
    elsewhere.chmod(0o600)
    text = _SITE + f'username = "b"\npassword_file = "{elsewhere}"\n'
    (old.folder / "agent.toml").write_text(text)

    assert old.types("backup", "--out", backup) == 0
    assert f"{elsewhere} lies elsewhere and is not in it" in capsys.readouterr().out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_restores_belongs_to_the_agent(old: Box, new: Box, backup: Path) -> None:
    for file in (*old.folder.rglob("*"), old.folder):
        os.chown(file, 65534, 65534)
    os.chown(new.folder, 65534, 65534)
    old.types("backup", "--out", backup)

    new.types("restore", backup)

    owners = {file.stat().st_uid for file in new.folder.rglob("*")}
    assert owners == {65534}
