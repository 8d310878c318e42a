"""What somebody new to a box types and reads: each line says what is wrong and what to type."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_agent.cli.main import main
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import read_address
from edge_agent.video.options import StreamOptions
from tests.cli.desk import Desk
from tests.cli.sites import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

_SITE = 'site = "palembang"\nbox = "plaju-01"\nstate_dir = "state"\n'


@contextmanager
def _as_nobody(folder: Path) -> Iterator[None]:
    """Be a user who may not open this folder."""
    folder.chmod(0o700 if os.geteuid() == 0 else 0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)


@pytest.mark.parametrize(
    ("verb", "inside"),
    [
        ("key", "show, rotate"),
        ("zone", "add, list, show, remove"),
        ("camera", "list, show, remove, set-password, rediscover"),
        ("model", "list, show, install, use, verify, bench, remove, pack, sign, key"),
    ],
)
def test_a_verb_alone_is_told_what_it_can_do(
    verb: str, inside: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb]) == 2

    said = capsys.readouterr().err
    assert said == (
        f"edge-agent {verb}: say what to do: {inside}\n  next: edge-agent {verb} --help\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chekc"], 'edge-agent: there is no "chekc"; did you mean check?\n'),
        (["model", "lst"], 'edge-agent model: there is no "lst"; did you mean list?\n'),
        (["key", "burn"], 'edge-agent key: there is no "burn"; known here: rotate, show\n'),
    ],
)
def test_a_slip_of_the_hand_is_one_short_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2

    assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize("text", ["10.0.0.9:99999", "[fe80::1]:70000", "http://10.0.0.9:0/onvif"])
def test_a_port_that_cannot_be_is_called_so(text: str) -> None:
    with pytest.raises(EdgeAgentError, match="cannot be a port: they go from 1 to 65535"):
        read_address(text)


def test_a_broker_that_is_only_an_example_is_called_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agent.toml").write_text(f'{_SITE}[broker]\nurl = "mqtts://alerts.example:8883"\n')

    assert main(["check", "--config", str(tmp_path)]) == 1

    said = capsys.readouterr().out
    assert '✗ broker reach: the broker "alerts.example" is only an example' in said
    assert "next: write the broker's own address into url under [broker]" in said


def test_a_broken_agent_file_does_not_make_check_miss_cameras(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agent.toml").write_text("site = \n")

    assert main(["check", "--config", str(tmp_path)]) == 78

    assert "there is none yet" not in capsys.readouterr().out


def test_a_folder_that_is_not_there_names_both_ways_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--config", str(tmp_path / "etc")]) == 78

    said = capsys.readouterr().out
    assert "there is no such folder" in said
    assert f"name the right one with --config, or make it:  sudo mkdir -p {tmp_path}/etc" in said


def test_a_password_that_everybody_can_read_is_named(site: Site) -> None:
    site.password_file.chmod(0o644)
    words = ("rtsp://127.0.0.1:1/x", "--user", "admin", "--password-file", str(site.password_file))

    assert site.add(*words) == 1

    assert (
        f"login  every user of this box can read the password in {site.password_file}" in site.out
    )
    assert f"chmod 0600 {site.password_file}" in site.out


def test_a_password_of_one_s_own_is_not_remarked(site: Site) -> None:
    site.password_file.chmod(0o600)
    words = ("rtsp://127.0.0.1:1/x", "--user", "admin", "--password-file", str(site.password_file))

    site.add(*words)

    assert "can read" not in site.out


def test_a_removal_that_nobody_confirms_says_that_nothing_happened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = StreamOptions(url="rtsp://10.0.0.7/sub")
    save_camera(tmp_path, CameraSettings(id="gate", name="gate", stream=stream))

    assert main(["camera", "remove", "gate", "--config", str(tmp_path)]) == 1

    said = capsys.readouterr().err
    assert "camera gate was not removed: nobody is here to say yes" in said
    assert f"edge-agent camera remove gate --yes --config {tmp_path}" in said


def test_a_model_of_another_user_is_not_called_damaged(capsys: pytest.CaptureFixture[str]) -> None:
    # The test's own folder is closed to others further up.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        desk = Desk(Path(folder), capsys)
        desk.model("install", desk.packs("2.0.0"))

        with _as_nobody(desk.store.folder / "street-2.0.0"):
            assert desk.model("list") == 1

    assert "unreadable" in desk.out
    assert "street-2.0.0 cannot be read by this user: " in desk.out
    assert "next: run this with sudo, or as the agent's user" in desk.out
    assert "damaged" not in desk.out
