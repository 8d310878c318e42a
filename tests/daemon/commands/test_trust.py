"""A center without `config_center` has no password sent to where it does not go already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.config.load import load_settings
from edge_agent.daemon.commands.proposed import Proposed
from tests.config.sites import write_private, write_site
from tests.fakes.authority import Authority

if TYPE_CHECKING:
    from pathlib import Path

SITE = """
site = "palembang"
box = "plaju-01"
[broker]
url = "mqtts://alerts.example"
other_urls = ["mqtts://alerts-2.example"]
username = "plaju"
password_file = "secrets/broker"
"""
CAMERA = """
[stream]
url = "rtsps://10.0.0.7/sub"
username = "admin"
password_file = "secrets/gate"
[onvif]
url = "https://10.0.0.7/onvif/device_service"
mac = "00:11:22:33:44:55"
"""
PLAIN_CAMERA = """
[stream]
url = "rtsp://10.0.0.9/sub"
username = "admin"
password_file = "secrets/yard"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("broker", "gate", "yard", "spare"):
        write_private(tmp_path / "secrets" / name, f"word-{name}\n")
    return write_site(tmp_path, SITE, gate=CAMERA, yard=PLAIN_CAMERA)


def refused(folder: Path, name: str, text: str, *, may_change_trust: bool = False) -> list[str]:
    proposed = Proposed(folder, {name: text.encode()})
    return proposed.problems(load_settings(folder), may_change_trust=may_change_trust)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("//alerts.example", "//evil.example", "secrets/broker would be sent to evil.example"),
        ("//alerts-2.example", "//evil.example", "secrets/broker would be sent to evil.example"),
        (
            '"mqtts://alerts-2.example"]',
            '"mqtt://alerts-2.example"]\ninsecure = true',
            "sent to alerts-2.example, or less safely",
        ),
        ("secrets/broker", "secrets/gate", "secrets/gate would be sent to alerts.example"),
        ("secrets/broker", "secrets/spare", "secrets/spare would be sent to alerts.example"),
        ("secrets/broker", "secrets/./gate", "secrets/gate would be sent to alerts.example"),
        ("[broker]", '[enrolment]\nurl = "https://evil.example/"\n[broker]', "[enrolment]"),
    ],
)
def test_the_brokers_password_stays_with_the_broker(
    folder: Path, before: str, after: str, why: str
) -> None:
    problems = refused(folder, "agent.toml", SITE.replace(before, after, 1))

    assert len([one for one in problems if why in one]) == 1, problems
    assert all("config_center is not allowed here" in one for one in problems)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("rtsps://10.0.0.7", "rtsps://10.0.0.8", "secrets/gate would be sent to 10.0.0.8"),
        ("rtsps://", "rtsp://", "secrets/gate would be sent to 10.0.0.7, or less safely"),
        ("https://10.0.0.7", "http://10.0.0.7", "secrets/gate would be sent to 10.0.0.7, or less"),
        ("https://10.0.0.7", "https://evil.example", "secrets/gate would be sent to evil.example"),
        ("33:44:55", "33:44:66", "secrets/gate would be sent to the camera 00:11:22:33:44:66"),
        ("secrets/gate", "secrets/broker", "secrets/broker would be sent to 10.0.0.7"),
    ],
)
def test_a_cameras_password_stays_with_the_camera(
    folder: Path, before: str, after: str, why: str
) -> None:
    problems = refused(folder, "cameras.d/gate.toml", CAMERA.replace(before, after, 1))

    assert any(why in one for one in problems), problems


def test_a_new_camera_gets_no_password_of_another(folder: Path) -> None:
    text = CAMERA.replace("10.0.0.7", "10.0.0.66")

    assert any("10.0.0.66" in one for one in refused(folder, "cameras.d/new.toml", text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("agent.toml", SITE.replace("mqtts://alerts.example", "mqtts://Alerts.Example:8884")),
        ("agent.toml", SITE.replace('username = "plaju"\npassword_file = "secrets/broker"\n', "")),
        ("cameras.d/gate.toml", CAMERA.replace("/sub", "/main")),
        ("cameras.d/yard.toml", PLAIN_CAMERA.replace("rtsp://", "rtsps://")),
        ("cameras.d/new.toml", '[stream]\nurl = "rtsp://10.0.0.66/"\n'),
    ],
)
def test_what_tells_nobody_a_password_is_for_the_center_to_change(
    folder: Path, name: str, text: str
) -> None:
    assert refused(folder, name, text) == []


def test_another_authority_is_not_for_the_center_to_choose_where_a_password_is_sent(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "tls").mkdir()
    authority = Authority(tmp_path / "authority").ca_file.read_bytes()
    (folder / "tls" / "other.pem").write_bytes(authority)

    problems = refused(folder, "agent.toml", f'{SITE}ca_file = "tls/other.pem"\n')

    assert len(problems) == 2
    assert "secrets/broker would be sent to alerts.example, or less safely" in problems[1]


def test_a_camera_that_moved_since_the_start_keeps_its_password(folder: Path) -> None:
    running = load_settings(folder)
    moved = CAMERA.replace("10.0.0.7", "10.0.0.77")
    (folder / "cameras.d" / "gate.toml").write_text(moved)
    text = f"# from the center\n{moved}".encode()

    proposed = Proposed(folder, {"cameras.d/gate.toml": text})

    assert proposed.problems(running, may_change_trust=False) == []


def test_where_the_box_allows_it_the_center_may(folder: Path) -> None:
    text = SITE.replace("//alerts.example", "//evil.example")

    assert refused(folder, "agent.toml", text, may_change_trust=True) == []


def test_a_file_of_the_enrolment_is_in_the_folder_too(folder: Path, tmp_path: Path) -> None:
    ca_file = Authority(tmp_path.parent / f"{tmp_path.name}-ca").ca_file
    text = f'{SITE}[enrolment]\nurl = "https://center.example/"\nca_file = "{ca_file}"\n'

    problems = refused(folder, "agent.toml", text)

    assert any(f"{ca_file} lies outside" in one for one in problems)
    assert any("[enrolment] is changed at the box" in one for one in problems)
