"""A folder that is right becomes settings; one that is wrong says everything at once."""

from pathlib import Path

import pytest

from edge_agent.config.load import load_camera, load_settings
from edge_agent.config.settings import CameraSettings
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.sighting import Label, Severity
from edge_agent.domain.zone import Zone
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.options import MotionOptions, ObjectOptions
from edge_agent.mqtt.options import BrokerOptions, Confirm
from edge_agent.rules.options import IntrusionOptions
from edge_agent.runtime.secret import Secret
from edge_agent.spool.options import SpoolOptions
from edge_agent.video.options import StreamOptions
from tests.config.sites import (
    SHORTEST,
    SHORTEST_CAMERA,
    ZONES,
    complaints_about,
    complaints_about_camera,
    write_private,
    write_site,
)

_EVERY_SITE_OPTION = """
        site = "palembang"
        box = "plaju-01"
        state_dir = "state"
        [broker]
        url = "mqtts://alerts.example:9883"
        username = "box"
        password_file = "secrets/broker"
        ca_file = "ca.pem"
        certificate_file = "box.pem"
        key_file = "box.key"
        keepalive_s = 10
        acknowledge_s = 20
        in_flight = 5
        [spool]
        size_mb = 64
        [objects]
        model = "models/ours"
        threads = 2
        crops_per_frame = 3
        frames_per_second = 2.5
    """
_EVERY_CAMERA_OPTION = f"""
        name = "Gerbang utama"
        [stream]
        url = "rtsps://10.0.0.7:322/sub"
        username = "viewer"
        password_file = "secrets/gate"
        open_s = 7
        read_s = 1.5
        [main_stream]
        url = "rtsp://10.0.0.7/main"
        [motion]
        least_score = 0.8
        [onvif]
        url = "http://10.0.0.7:8000/onvif/device_service"
        endpoint = "urn:uuid:1"
        mac = "BC:AD:28:AA:0D:40"
        serial = "C1"
        source = "VideoSource_2"
        {ZONES}
        [[rules]]
        kind = "intrusion"
        name = "night"
        zone = "walkway"
        labels = ["two_wheeler", "person"]
        severity = "high"
        patience_s = 2
        absence_s = 4
        update_s = 60
    """


def test_the_shortest_site_gets_every_default(tmp_path: Path) -> None:
    settings = load_settings(write_site(tmp_path))

    assert (settings.site, settings.box) == ("palembang", "plaju-01")
    assert settings.state_dir == Path("/var/lib/edge-agent")
    assert settings.broker == BrokerOptions(url="mqtts://alerts.example")
    assert settings.spool == SpoolOptions()
    assert settings.objects == ObjectOptions()
    assert settings.cameras == settings.refused == ()


def test_the_shortest_camera_gets_every_default(tmp_path: Path) -> None:
    settings = load_settings(write_site(tmp_path, gate=SHORTEST_CAMERA))

    assert settings.cameras == (
        CameraSettings(id="gate", name="gate", stream=StreamOptions(url="rtsp://10.0.0.7/")),
    )


def test_a_site_may_say_everything(tmp_path: Path) -> None:
    write_private(tmp_path / "secrets/broker", "tüpfel \n")
    for name in ("ca.pem", "box.pem"):
        (tmp_path / name).write_text("pem")
    write_private(tmp_path / "box.key", "key", 0o640)
    settings = load_settings(write_site(tmp_path, _EVERY_SITE_OPTION))

    assert settings.state_dir == tmp_path / "state"
    assert settings.broker == BrokerOptions(
        url="mqtts://alerts.example:9883",
        username="box",
        password=Secret("tüpfel "),
        password_file=tmp_path / "secrets/broker",
        ca_file=tmp_path / "ca.pem",
        certificate_file=tmp_path / "box.pem",
        key_file=tmp_path / "box.key",
        keepalive_s=10,
        acknowledge_s=20.0,
        in_flight=5,
    )
    assert settings.spool == SpoolOptions(size_mb=64)
    assert settings.objects == ObjectOptions(
        model=str(tmp_path / "models/ours"),
        threads=2,
        crops_per_frame=3,
        frames_per_second=2.5,
    )


def test_a_camera_may_say_everything(tmp_path: Path) -> None:
    write_private(tmp_path / "secrets/gate", "secret")
    zone = Zone("walkway", Polygon((Point(0.1, 0.5), Point(0.9, 0.5), Point(0.9, 0.95))))

    camera = load_camera(write_site(tmp_path, gate=_EVERY_CAMERA_OPTION), "gate")

    assert camera == CameraSettings(
        id="gate",
        name="Gerbang utama",
        stream=StreamOptions(
            url="rtsps://10.0.0.7:322/sub",
            username="viewer",
            password=Secret("secret"),
            password_file=tmp_path / "secrets/gate",
            open_s=7.0,
            read_s=1.5,
        ),
        main_stream=StreamOptions(url="rtsp://10.0.0.7/main"),
        motion=MotionOptions(least_score=0.8),
        zones=(zone,),
        rules=(
            IntrusionOptions(
                name="night",
                zone=zone,
                labels=frozenset({Label.PERSON, Label.TWO_WHEELER}),
                severity=Severity.HIGH,
                patience_s=2.0,
                absence_s=4.0,
                update_s=60.0,
            ),
        ),
        onvif_url="http://10.0.0.7:8000/onvif/device_service",
        onvif_endpoint="urn:uuid:1",
        onvif_mac="bc:ad:28:aa:0d:40",
        onvif_serial="C1",
        onvif_source="VideoSource_2",
    )


def test_a_rule_is_named_after_its_zone(tmp_path: Path) -> None:
    text = f'{SHORTEST_CAMERA}{ZONES}[[rules]]\nkind = "intrusion"\nzone = "walkway"\n'

    camera = load_camera(write_site(tmp_path, gate=text), "gate")

    assert camera.rules[0].name == "intrusion-walkway"


@pytest.mark.parametrize(
    ("labels", "usual"),
    [('["garbage"]', (60.0, 600.0, 3600.0)), ('["garbage", "person"]', (1.0, 3.0, 30.0))],
)
def test_garbage_alone_is_waited_for_and_told_by_the_hour(
    tmp_path: Path, labels: str, usual: tuple[float, float, float]
) -> None:
    rule = f'[[rules]]\nkind = "intrusion"\nzone = "walkway"\nlabels = {labels}\n'
    camera = load_camera(write_site(tmp_path, gate=f"{SHORTEST_CAMERA}{ZONES}{rule}"), "gate")

    found = camera.rules[0]
    assert (found.patience_s, found.absence_s, found.update_s) == usual


def test_one_bad_camera_stops_only_itself(tmp_path: Path) -> None:
    settings = load_settings(
        write_site(tmp_path, gate=SHORTEST_CAMERA, yard="[stream]\n", quay="name = \n")
    )

    assert [camera.id for camera in settings.cameras] == ["gate"]
    assert [refused.id for refused in settings.refused] == ["quay", "yard"]
    assert [refused.problems[0].line for refused in settings.refused] == [1, 1]


def test_a_camera_file_that_is_being_written_is_not_a_camera(tmp_path: Path) -> None:
    write_site(tmp_path)
    (tmp_path / "cameras.d/.gate.toml.x1.toml").write_text("half a fi")
    (tmp_path / "cameras.d/gate.toml~").write_text("an editor's")

    settings = load_settings(tmp_path)

    assert settings.cameras == settings.refused == ()


def test_a_file_name_that_is_no_topic_is_no_camera(tmp_path: Path) -> None:
    write_site(tmp_path)
    (tmp_path / "cameras.d/Main Gate.toml").write_text(SHORTEST_CAMERA)

    (refused,) = load_settings(tmp_path).refused

    assert refused.id == "Main Gate"
    assert str(refused.problems[0]).endswith(
        'Main Gate.toml: the file name "Main Gate" cannot be a camera\'s id'
    )


@pytest.mark.parametrize("content", ["", "\n", "two\nlines\n", "tab\there\n"])
def test_a_password_file_holds_one_line(tmp_path: Path, content: str) -> None:
    write_private(tmp_path / "secrets/gate", content)
    text = f'{SHORTEST_CAMERA}username = "u"\npassword_file = "secrets/gate"\n'

    (complaint,) = complaints_about_camera(tmp_path, text)
    assert complaint == (
        "cameras.d/gate.toml, line 4: stream.password_file: secrets/gate must hold the password "
        "on one line, nothing else"
    )


def test_a_password_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write_private(tmp_path / "secrets/gate", "").write_bytes(b"\xff\xfe")
    text = f'{SHORTEST_CAMERA}username = "u"\npassword_file = "secrets/gate"\n'

    assert "must hold the password" in complaints_about_camera(tmp_path, text)[0]


def test_a_password_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    write_private(tmp_path / "secrets/gate", "secret\n", 0o644)
    text = f'{SHORTEST_CAMERA}username = "u"\npassword_file = "secrets/gate"\n'

    complaint, hint = complaints_about_camera(tmp_path, text)
    assert complaint == (
        "cameras.d/gate.toml, line 4: stream.password_file: every user of this box can read "
        "secrets/gate"
    )
    assert hint == "  next: sudo chmod 0640 secrets/gate"


def test_no_complaint_shows_a_password(tmp_path: Path) -> None:
    broker = 'url = "mqtts://u:hunter2@h"\npassword = "hunter2"\npasswd = "hunter2"\n'

    complaints = complaints_about(
        write_site(tmp_path, f'site = "s"\nbox = "b"\n[broker]\n{broker}')
    )

    assert len(complaints) == 7
    assert "hunter2" not in "".join(complaints)


def test_a_state_folder_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    deep = "/" + "d" * 95

    complaints = complaints_about(write_site(tmp_path, f'state_dir = "{deep}"{SHORTEST}'))

    assert complaints[0] == (
        "agent.toml, line 1: state_dir: has 96 bytes, too long for a socket inside"
    )


def test_the_longest_state_folder_is_taken(tmp_path: Path) -> None:
    longest = "/" + "d" * 94

    settings = load_settings(write_site(tmp_path, f'state_dir = "{longest}"{SHORTEST}'))

    assert len(bytes(settings.state_dir / "status.sock")) == 107


def test_a_missing_folder_says_what_to_do_next(tmp_path: Path) -> None:
    assert complaints_about(tmp_path / "typo") == [
        "agent.toml: there is no such folder",
        (
            "  next: name the right one with --config, or make it:  "
            f"sudo mkdir -p {tmp_path}/typo   then edge-agent setup, which writes it; or copy "
            "docs/examples/agent.toml there and set site, box and the url of the broker"
        ),
        "the configuration has 1 problem",
    ]


def test_a_file_in_the_place_of_its_folder_is_not_called_forbidden(tmp_path: Path) -> None:
    file = write_site(tmp_path, SHORTEST) / "agent.toml"

    assert complaints_about(file)[:2] == [
        f"agent.toml: {file} is a file, not a folder",
        "  next: name the folder that holds agent.toml with --config, not a file",
    ]


def test_a_missing_file_says_what_to_do_next(tmp_path: Path) -> None:
    assert complaints_about(tmp_path)[0] == "agent.toml: there is no such file"


def test_a_file_in_another_encoding_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_bytes('site = "Größe"'.encode("latin-1"))

    assert complaints_about(tmp_path)[0] == "agent.toml: is not a UTF-8 text"


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").mkdir()

    assert complaints_about(tmp_path)[0] == "agent.toml: cannot be read: Is a directory"


def test_a_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").symlink_to("ca.pem")
    write_site(tmp_path, f'{SHORTEST}ca_file = "ca.pem"\n')

    assert complaints_about(tmp_path)[0] == (
        "agent.toml, line 6: broker.ca_file: cannot read ca.pem: Too many levels of symbolic links"
    )


def test_an_unknown_camera_is_guessed(tmp_path: Path) -> None:
    write_site(tmp_path, gate=SHORTEST_CAMERA)

    with pytest.raises(EdgeAgentError, match='there is no camera "gat"') as caught:
        load_camera(tmp_path, "gat")

    assert caught.value.hint == "did you mean gate?"


def test_the_first_camera_has_to_be_added(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="there is no camera") as caught:
        load_camera(tmp_path, "gate")

    assert caught.value.hint == "add one: edge-agent add"


@pytest.mark.parametrize(
    ("more", "confirm"),
    [
        ("", Confirm.BROKER),
        ('[center]\nkeys = ["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]', Confirm.RECEIPT),
        (
            'confirm = "broker"\n[center]\nkeys = ["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]',
            Confirm.BROKER,
        ),
    ],
)
def test_a_box_that_knows_its_center_waits_for_its_receipts(
    tmp_path: Path, more: str, confirm: Confirm
) -> None:
    text = f'site = "s"\nbox = "b"\n[broker]\nurl = "mqtts://h"\n{more}\n'

    assert load_settings(write_site(tmp_path, text)).confirm is confirm
