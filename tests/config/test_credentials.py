"""Passwords and keys that systemd lays beside the service, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.config.load import load_camera, load_settings
from edge_agent.config.store import save_camera
from edge_agent.runtime.secret import Secret
from tests.config.sites import (
    SHORTEST,
    SHORTEST_CAMERA,
    complaints_about,
    write_private,
    write_site,
)

if TYPE_CHECKING:
    from pathlib import Path

LOGIN = 'username = "box"\npassword_file = "credential:{}"\n'


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    return tmp_path / "credentials"


def test_a_credential_is_found_by_its_name(tmp_path: Path, credentials: Path) -> None:
    write_private(credentials / "broker", "s3cret\n", 0o400)
    camera = SHORTEST_CAMERA + LOGIN.format("broker")

    settings = load_settings(write_site(tmp_path, SHORTEST + LOGIN.format("broker"), gate=camera))

    assert settings.broker.password == Secret("s3cret")
    assert settings.cameras[0].stream.password == Secret("s3cret")


def test_keys_may_be_credentials_as_well(tmp_path: Path, credentials: Path) -> None:
    write_private(credentials / "box.pem", "-", 0o400)
    pair = 'certificate_file = "credential:box.pem"\nkey_file = "credential:box.pem"\n'

    settings = load_settings(write_site(tmp_path, SHORTEST + pair))

    assert settings.broker.key_file == credentials / "box.pem"


def test_a_camera_that_a_command_writes_keeps_the_name_of_its_credential(
    tmp_path: Path, credentials: Path
) -> None:
    write_private(credentials / "gate", "s3cret\n", 0o400)
    write_site(tmp_path, gate=SHORTEST_CAMERA + LOGIN.format("gate"))
    gate = load_camera(tmp_path, "gate")
    (tmp_path / "cameras.d/gate.toml").unlink()

    save_camera(tmp_path, gate)

    assert 'password_file = "credential:gate"' in (tmp_path / "cameras.d/gate.toml").read_text()
    assert load_camera(tmp_path, "gate") == gate


@pytest.mark.usefixtures("credentials")
def test_one_that_is_not_there_says_when_it_would_be(tmp_path: Path) -> None:
    write_site(tmp_path, SHORTEST + LOGIN.format("broker"))

    told = complaints_about(tmp_path)

    assert "there is no credential broker (only while the service runs" in told[0]
    assert "LoadCredential=" in told[1]


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("name", ["", "..", "../broker", "a/b", "two words"])
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    write_site(tmp_path, SHORTEST + LOGIN.format(name))

    assert "cannot be the name of a credential" in "".join(complaints_about(tmp_path))


def test_without_systemd_it_is_where_systemd_keeps_those_of_our_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    pair = 'ca_file = "credential:ca.pem"\n'
    write_site(tmp_path, SHORTEST + pair)

    assert "there is no credential ca.pem" in complaints_about(tmp_path)[0]
