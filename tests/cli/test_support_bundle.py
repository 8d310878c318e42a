"""`support-bundle`: all that helps, no secret, and a file whatever is missing."""

from __future__ import annotations

import base64
import html
import io
import json
import stat
import tarfile
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from edge_agent.alerts.box_key import FOLDER, open_keys
from edge_agent.cli.main import main
from edge_agent.config.redaction import Redaction
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera, save_password
from edge_agent.runtime.secret import Secret
from edge_agent.video.options import StreamOptions
from tests.cli.desk import answering

if TYPE_CHECKING:
    from pathlib import Path

CAMERA, BROKER, TOKEN = "kam & er<a>/7", "brokér-Geheim", "tok-91c2"
IN_URL, IN_COMMENT, SHORT = "url-hunter2", "old-hunter3", "x9"
OVER_LINES = "line-hunter4"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site full of secrets, in each place that may have one."""
    folder = tmp_path / "etc"
    (folder / "secrets").mkdir(parents=True)
    (folder / "secrets" / "broker").write_text(f"{BROKER}\n")
    (folder / "secrets" / "enrol-token").write_text(f"{TOKEN}\n")
    (folder / "secrets" / "yard").write_text(f"{SHORT}\n")
    for file in (folder / "secrets").iterdir():
        file.chmod(0o600)
    (folder / "agent.toml").write_text(
        'site = "palembang"\nbox = "plaju-01"\nstate_dir = "../state"\n'
        f'# password = "{IN_COMMENT}"\n'
        '[broker]\nurl = "mqtts://127.0.0.1:1"\nusername = "plaju"\n'
        'password_file = "secrets/broker"\n'
    )
    file = save_password(folder, "gate", Secret(CAMERA))
    stream = StreamOptions(
        url="rtsp://10.0.0.7/sub", username="admin", password=Secret(CAMERA), password_file=file
    )
    save_camera(folder, CameraSettings(id="gate", name="gate", stream=stream))
    (folder / "cameras.d" / "old.toml").write_text(
        f'[stream]\nurl = "rtsp://admin:{IN_URL}@10.0.0.8/1"\n"password" = """\n{OVER_LINES}\n"""\n'
    )
    open_keys(tmp_path / "state" / FOLDER)
    return folder


def _journal(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Have a journal that says this, on machines without systemd, too."""
    tools = folder.parent / "bin"
    tools.mkdir()
    (tools / "text").write_text(text)
    program = tools / "journalctl"
    program.write_text(f"#!/bin/sh\nexec /bin/cat '{tools}/text'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))


def _read(file: Path) -> dict[str, str]:
    with tarfile.open(file, "r:gz") as archive:
        return {
            member.name.partition("/")[2]: (archive.extractfile(member) or io.BytesIO())
            .read()
            .decode()
            for member in archive
        }


def test_no_secret_is_in_it_in_any_spelling(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = (folder.parent / "state" / FOLDER / "box.pem").read_text()
    secrets = (CAMERA, BROKER, TOKEN)
    said = "\n".join(
        f"gate read: {spelling}"
        for secret in secrets
        for spelling in (
            secret,
            quote(secret, safe=""),
            base64.b64encode(secret.encode()).decode(),
            json.dumps(secret),
            html.escape(secret),
            f"rtsp://admin:{quote(secret)}@10.0.0.7/sub refused",
        )
    )
    _journal(folder, monkeypatch, f"{said}\n{pem}\npassword: {SHORT}\n Authorization: Digest abc\n")
    out = folder.parent / "bundle.tar.gz"

    assert main(["support-bundle", "--out", str(out), "--config", str(folder)]) == 0

    inside = _read(out)
    everything = "\n".join(inside.values())
    planted = {
        *secrets,
        *(quote(secret, safe="") for secret in secrets),
        *(quote(secret) for secret in secrets),
        *(json.dumps(secret) for secret in secrets),
        *(html.escape(secret) for secret in secrets),
        *(base64.b64encode(secret.encode()).decode() for secret in secrets),
        IN_URL,
        IN_COMMENT,
        OVER_LINES,
        SHORT,
        "Digest abc",
        *(line for line in pem.splitlines() if not line.startswith("-----")),
    }
    assert {secret for secret in planted if secret in everything} == set()
    assert "gate read: ****" in inside["journal.txt"]
    assert 'url = "rtsp://****@10.0.0.8/1"' in inside["config/cameras.d/old.toml"]
    assert 'password_file = "secrets/broker"' in inside["config/agent.toml"]


def test_it_says_what_is_in_it_and_is_for_its_owner_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder.parent / "bundle.tar.gz"
    with answering(folder.parent / "state", "street 1.0.0"):
        assert main(["support-bundle", "--out", str(out), "--config", str(folder)]) == 0

    inside = _read(out)
    said = capsys.readouterr().out
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert {"status.json", "versions.json", "box.txt", "journal.txt"} <= inside.keys()
    assert all(name in inside["README.txt"] for name in inside if name != "README.txt")
    assert json.loads(inside["status.json"])["model"] == "street 1.0.0"
    assert "✓ status.json" in said
    assert "synchronised: " in inside["box.txt"]
    assert "MemTotal" in inside["box.txt"]


def test_what_is_missing_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    out = tmp_path / "bundle.tar.gz"

    assert main(["support-bundle", "--out", str(out), "--config", str(tmp_path / "none")]) == 0

    inside = _read(out)
    said = capsys.readouterr().out
    assert inside["journal.txt"].startswith("not here: no such file or directory")
    assert inside["config/agent.toml"].startswith("not here: no such file or directory")
    assert "• status.json       is not in it: no agent answers at " in said
    assert "numpy" in inside["versions.json"]


def test_a_journal_without_end_is_cut_and_its_newest_lines_stay(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Hexadecimal digits of a generator that gzip cannot make small.
    noise = "".join(f"{number * 2654435761 % 2**64:016x}\n" for number in range(700_000))
    _journal(folder, monkeypatch, f"the oldest\n{noise}the newest\n")
    out = folder.parent / "bundle.tar.gz"

    main(["support-bundle", "--out", str(out), "--config", str(folder)])

    journal = _read(out)["journal.txt"]
    assert out.stat().st_size <= 5_000_000
    assert journal.startswith("(the beginning is left out)\n")
    assert journal.endswith("the newest\n")


def test_a_file_that_is_there_is_not_written_over(folder: Path) -> None:
    out = folder.parent / "holiday.jpg"
    out.write_text("a picture")

    assert main(["support-bundle", "--out", str(out), "--config", str(folder)]) == 1
    assert out.read_text() == "a picture"


def test_a_short_password_does_not_tear_words_apart() -> None:
    clean = Redaction(["cam"]).clean("camera gate: the password is cam, says cam-2")

    assert clean == "camera gate: the password is ****, says ****-2"
