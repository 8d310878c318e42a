"""`key` as a technician runs it: shown, rotated, and replaced when it is lost."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.box_key import open_keys
from edge_agent.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "agent.toml").write_text(
        'site = "kota"\nbox = "box-7"\nstate_dir = "state"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
    )
    return tmp_path


def key(site: Path, *words: str) -> int:
    return main(["key", *words, "--config", str(site)])


def test_the_public_key_is_shown_as_the_center_reads_it(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys, _ = open_keys(site / "state" / "keys")

    assert key(site, "show") == 0

    told = capsys.readouterr().out
    assert f"✓ key    {keys.signer.kid} signs for kota/box-7\n" in told
    assert told.endswith(f"\nkota/box-7 {base64.b64encode(keys.signer.public).decode()}\n")
    assert "PRIVATE" not in told


def test_before_the_first_start_there_is_none(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert key(site, "show") == 1
    assert "this box has no key yet" in capsys.readouterr().err


def test_a_new_key_waits_for_the_next_start(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys, _ = open_keys(site / "state" / "keys")

    assert key(site, "rotate") == 0
    assert f"takes over from {keys.signer.kid}" in capsys.readouterr().out
    assert key(site, "show") == 0
    assert "waits to take over" in capsys.readouterr().out


def test_a_lost_key_is_replaced_by_a_person_only_and_the_line_for_the_center_is_shown(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_keys(site / "state" / "keys")
    (site / "state" / "keys" / "box.pem").write_bytes(b"rotten")

    assert key(site, "show") == 1
    assert "is damaged" in capsys.readouterr().err
    assert key(site, "rotate", "--lost") == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("kota/box-7 ")
    assert key(site, "show") == 0
    assert capsys.readouterr().out.endswith(f"{line}\n")
