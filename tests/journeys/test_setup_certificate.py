"""The first configuration gets a box its certificate, and a broker that wants one lets it in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.config.load import load_settings
from tests.certificates.town import BOX, TOKEN
from tests.fakes.authority import Authority
from tests.fakes.center_key import CenterKey
from tests.journeys.technician import Technician
from tests.peers.deployed import DeployedMosquitto
from tests.peers.est import Desk, EstServer
from tests.peers.serial_console import SerialConsole

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.journey


def test_a_person_with_a_token(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    desk = Desk(authority, tokens={TOKEN: BOX})
    words = ("setup", "--config", tmp_path / "etc")
    with (
        EstServer(desk, authority.issue("127.0.0.1")) as center,
        DeployedMosquitto(tmp_path / "broker", authority) as broker,
        SerialConsole(*words, env={"LANG": "C"}, cwd=tmp_path) as console,
    ):
        console.types("en/id [en]: ", "")
        console.types("site [palembang]: ", "kota")
        console.types("]: ", BOX)
        console.types("folder [", f"{tmp_path}/state")
        console.types("broker []: ", broker.url)
        console.types("user name []: ", "")
        console.types("CA file []: ", str(authority.ca_file))
        console.types("center's key []: ", "")
        console.types("get one now? y/n [n]: ", "y")
        console.types("address [", center.url)
        console.types("the center's token for this box: ", TOKEN)
        console.types("look for them? y/n [y]: ", "n")
        console.types("add [-]: ", "")
        console.types("check now? y/n [y]: ", "")

        assert console.ends() == 1

    assert "broker login: this box is let in" in console.out, console.out
    assert "it is not renewed by itself" not in console.out
    assert "agent.toml: certificate_file, key_file" in console.out
    assert TOKEN not in console.out
    settings = load_settings(tmp_path / "etc")
    assert settings.broker.certificate_file == tmp_path / "etc" / "tls" / "box.pem"
    assert settings.enrolment.url == center.url


def test_a_file_that_a_person_wrote_is_left_alone(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    desk = Desk(authority, tokens={TOKEN: BOX})
    technician = Technician(tmp_path / "etc")
    token, seed = tmp_path / "token", tmp_path / "site.toml"
    token.write_text(f"{TOKEN}\n")
    token.chmod(0o600)
    mine = (
        f'# Mine.\nsite = "kota"\nbox = "{BOX}"\nstate_dir = "{tmp_path}/state"\n'
        f'[broker]\nurl = "mqtts://127.0.0.1:1"\nca_file = "{authority.ca_file}"\n'
    )
    (technician.folder / "agent.toml").write_text(mine)
    with EstServer(desk, authority.issue("127.0.0.1")) as center:
        seed.write_text(
            f'{mine}[enrolment]\nurl = "{center.url}"\ntoken_file = "token"\n'
            f'[center]\nkeys = ["{CenterKey().text}"]\n'
        )

        done = technician.types("setup", "--from", str(seed))

    assert f"{BOX} has a certificate until" in done.stdout, done.stdout + done.stderr
    assert 'certificate_file = "tls/box.pem"' in done.stdout
    assert (technician.folder / "agent.toml").read_text() == mine


def test_a_file_with_a_token(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    desk = Desk(authority, tokens={TOKEN: BOX})
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    token.chmod(0o600)
    seed = tmp_path / "site.toml"
    technician = Technician(tmp_path / "etc")
    with (
        EstServer(desk, authority.issue("127.0.0.1")) as center,
        DeployedMosquitto(tmp_path / "broker", authority) as broker,
    ):
        seed.write_text(
            f'site = "kota"\nstate_dir = "{tmp_path}/state"\n'
            f'[broker]\nurl = "{broker.url}"\nca_file = "{authority.ca_file}"\n'
            f'[enrolment]\nurl = "{center.url}"\ntoken_file = "token"\n'
        )

        done = technician.types("setup", "--from", str(seed), "--box", BOX)
        again = technician.types("setup", "--from", str(seed), "--box", BOX)

    assert "broker login: this box is let in" in done.stdout, done.stdout + done.stderr
    assert "broker login: this box is let in" in again.stdout
    assert TOKEN not in done.stdout + done.stderr
    assert desk.asked == ["cacerts", "simpleenroll"]
    assert load_settings(tmp_path / "etc").broker.certificate_file
