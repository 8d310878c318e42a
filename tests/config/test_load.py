"""A folder that is right becomes settings; one that is wrong says everything at once."""

from pathlib import Path

import pytest

from edge_agent.config.load import load_camera, load_settings
from edge_agent.config.problems import BadConfiguration
from edge_agent.config.settings import CameraSettings
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.sighting import Label, Severity
from edge_agent.domain.zone import Zone
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.options import MotionOptions, ObjectOptions
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.rules.options import IntrusionOptions
from edge_agent.runtime.secret import Secret
from edge_agent.spool.options import SpoolOptions
from edge_agent.video.options import StreamOptions

_SHORTEST = """
site = "palembang"
box = "plaju-01"
[broker]
url = "mqtts://alerts.example"
"""
_SHORTEST_CAMERA = '[stream]\nurl = "rtsp://10.0.0.7/"\n'
_ZONES = """
[[zones]]
name = "walkway"
outline = [[0.1, 0.5], [0.9, 0.5], [0.9, 0.95]]
"""


def _site(folder: Path, text: str = _SHORTEST, **cameras: str) -> Path:
    (folder / "agent.toml").write_text(text)
    (folder / "cameras.d").mkdir(exist_ok=True)
    for camera_id, camera_text in cameras.items():
        (folder / f"cameras.d/{camera_id}.toml").write_text(camera_text)
    return folder


def _private(file: Path, text: str, mode: int = 0o600) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


def _complaints(folder: Path) -> list[str]:
    with pytest.raises(BadConfiguration) as caught:
        load_settings(folder)
    return caught.value.report().replace(f"{folder}/", "").splitlines()


def _camera_complaints(folder: Path, text: str) -> list[str]:
    _site(folder, gate=text)
    with pytest.raises(BadConfiguration) as caught:
        load_camera(folder, "gate")
    return caught.value.report().replace(f"{folder}/", "").splitlines()[:-1]


def test_the_shortest_site_gets_every_default(tmp_path: Path) -> None:
    settings = load_settings(_site(tmp_path))

    assert (settings.site, settings.box) == ("palembang", "plaju-01")
    assert settings.state_dir == Path("/var/lib/edge-agent")
    assert settings.broker == BrokerOptions(url="mqtts://alerts.example")
    assert settings.spool == SpoolOptions()
    assert settings.objects == ObjectOptions()
    assert settings.cameras == settings.refused == ()


def test_the_shortest_camera_gets_every_default(tmp_path: Path) -> None:
    settings = load_settings(_site(tmp_path, gate=_SHORTEST_CAMERA))

    assert settings.cameras == (
        CameraSettings(id="gate", name="gate", stream=StreamOptions(url="rtsp://10.0.0.7/")),
    )


def test_a_site_may_say_everything(tmp_path: Path) -> None:
    _private(tmp_path / "secrets/broker", "tüpfel \n")
    for name in ("ca.pem", "box.pem"):
        (tmp_path / name).write_text("pem")
    _private(tmp_path / "box.key", "key", 0o640)
    text = """
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

    settings = load_settings(_site(tmp_path, text))

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
    _private(tmp_path / "secrets/gate", "secret")
    text = f"""
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
        threshold = 8
        fewest_blocks = 4
        [onvif]
        url = "http://10.0.0.7:8000/onvif/device_service"
        endpoint = "urn:uuid:1"
        {_ZONES}
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
    zone = Zone("walkway", Polygon((Point(0.1, 0.5), Point(0.9, 0.5), Point(0.9, 0.95))))

    camera = load_camera(_site(tmp_path, gate=text), "gate")

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
        motion=MotionOptions(threshold=8.0, fewest_blocks=4),
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
    )


def test_a_rule_is_named_after_its_zone(tmp_path: Path) -> None:
    text = f'{_SHORTEST_CAMERA}{_ZONES}[[rules]]\nkind = "intrusion"\nzone = "walkway"\n'

    camera = load_camera(_site(tmp_path, gate=text), "gate")

    assert camera.rules[0].name == "intrusion-walkway"


def test_one_bad_camera_stops_only_itself(tmp_path: Path) -> None:
    settings = load_settings(
        _site(tmp_path, gate=_SHORTEST_CAMERA, yard="[stream]\n", quay="name = \n")
    )

    assert [camera.id for camera in settings.cameras] == ["gate"]
    assert [refused.id for refused in settings.refused] == ["quay", "yard"]
    assert [refused.problems[0].line for refused in settings.refused] == [1, 1]


def test_a_camera_file_that_is_being_written_is_not_a_camera(tmp_path: Path) -> None:
    _site(tmp_path)
    (tmp_path / "cameras.d/.gate.toml.x1.toml").write_text("half a fi")
    (tmp_path / "cameras.d/gate.toml~").write_text("an editor's")

    settings = load_settings(tmp_path)

    assert settings.cameras == settings.refused == ()


def test_everything_wrong_is_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """site = "Palembang Kota"
sitee = 1
[broker]
url = "mqtts://box:hunter2@alerts.example"
keepalive = 30
in_flight = "many"
[spool]
size_mb = 0
"""

    assert _complaints(_site(tmp_path, text)) == [
        "agent.toml: box: is missing",
        '  next: write box = "plaju-01"',
        'agent.toml, line 1: site: "Palembang Kota" cannot be used in a topic',
        "  next: use 1 to 32 of a-z, 0-9, - and _",
        "agent.toml, line 2: sitee: there is no such option",
        "  next: did you mean site?",
        "agent.toml, line 4: broker.url: has a user name or password in it",
        "  next: take it out; use username and password_file",
        "agent.toml, line 5: broker.keepalive: there is no such option",
        "  next: did you mean keepalive_s?",
        'agent.toml, line 6: broker.in_flight: needs a whole number without quotes, not "many"',
        "agent.toml, line 8: spool.size_mb: must be 8 to 1000000, not 0",
        "the configuration has 7 problems",
    ]


@pytest.mark.parametrize(
    ("broker", "complaint"),
    [
        ('url = "mqtt://10.0.0.1"', "broker.url: mqtt:// shows every alert to the network"),
        ('url = "http://10.0.0.1"', "broker.url: must begin with mqtts:// or mqtt://"),
        ('url = "alerts.example"', "broker.url: must begin with mqtts:// or mqtt://"),
        ('url = "mqtts://h/x"', "broker.url: has a path after the host"),
        ('url = "mqtts://h:0"', "broker.url: is not an address"),
        ('url = "mqtts://h:70000"', "broker.url: is not an address"),
        ('url = "mqtts://h h"', "broker.url: is not an address"),
        ('url = "mqtts://:8883"', "broker.url: names no host"),
        ('url = "mqtts://a:p#w@h"', "broker.url: has a user name or password in it"),
        ('url = ""', "broker.url: is empty"),
        ("url = 5", "broker.url: needs a text in quotes, not 5"),
        ('url = "mqtts://h"\npassword = "x"', "broker.password: there is no such option"),
        ('url = "mqtts://h"\nca_file = ""', "broker.ca_file: is empty"),
        ('url = "mqtts://h"\nca_file = "."', "broker.ca_file: {folder} is a folder"),
        ('url = "mqtts://h"\nca_file = "a"', "broker.ca_file: there is no file {folder}/a"),
        ('url = "mqtts://h"\nkey_file = "key"', "broker: has no certificate_file"),
        ('url = "mqtts://h"\ncertificate_file = "key"', "broker: has no key_file"),
        ('url = "mqtts://h"\npassword_file = "key"', "broker.password_file: has no username beside it"),
        ('url = "mqtts://h"\ninsecure = "yes"', 'broker.insecure: needs true or false without quotes, not "yes"'),
        ('url = "mqtts://h"\nacknowledge_s = 0', "broker.acknowledge_s: must be more than 0 and at most 86400, not 0"),
        ('url = "mqtts://h"\nacknowledge_s = nan', "broker.acknowledge_s: must be more than 0 and at most 86400, not nan"),
        ('url = "mqtts://h"\nacknowledge_s = true', "broker.acknowledge_s: needs a number without quotes, not true"),
        ('url = "mqtts://h"\nin_flight = 2.5', "broker.in_flight: needs a whole number without quotes, not 2.5"),
        ('url = "mqtts://h"\nusername = {a = 1}', "broker.username: needs a text in quotes, not a section"),
        ('url = "mqtts://h"\nusername = 1979-05-27', "broker.username: needs a text in quotes, not a date or time"),
    ],
)  # fmt: skip
def test_a_bad_broker_is_described(tmp_path: Path, broker: str, complaint: str) -> None:
    _private(tmp_path / "key", "k")
    folder = _site(tmp_path, f'site = "s"\nbox = "b"\n[broker]\n{broker}\n')

    with pytest.raises(BadConfiguration) as caught:
        load_settings(folder)

    (problem,) = caught.value.problems
    assert f"{problem.where}: {problem.what}" == complaint.format(folder=folder)
    assert problem.line is not None


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        (
            "[stream]\n",
            [
                "cameras.d/gate.toml, line 1: stream.url: is missing",
                '  next: write url = "rtsp://192.168.1.64:554/stream2"',
            ],
        ),
        (
            'stream = "rtsp://10.0.0.7/"\n',
            [
                "cameras.d/gate.toml, line 1: stream: is a section: write [stream] on a line of its own",
            ],
        ),
        (
            f"{_SHORTEST_CAMERA}[zones]\nname = 1\n",
            [
                "cameras.d/gate.toml, line 3: zones: is a list of sections: write [[zones]] in double brackets",
            ],
        ),
        (
            f"{_SHORTEST_CAMERA}open_s = 1_000_000\nname = 'Gate'\n",
            [
                "cameras.d/gate.toml, line 3: stream.open_s: must be more than 0 and at most 86400, not 1000000",
                "cameras.d/gate.toml, line 4: stream.name: there is no such option",
                "  next: move it above the first [section]",
            ],
        ),
        (
            f"threshold = 4\n{_SHORTEST_CAMERA}",
            [
                "cameras.d/gate.toml, line 1: threshold: there is no such option",
                "  next: it belongs to [motion]",
            ],
        ),
        (
            f'name = " Gate"\n{_SHORTEST_CAMERA}',
            [
                "cameras.d/gate.toml, line 1: name: has blanks at an end or characters that cannot be printed",
            ],
        ),
        (
            f'name = "{"g" * 65}"\n{_SHORTEST_CAMERA}',
            ["cameras.d/gate.toml, line 1: name: has 65 characters; it needs 1 to 64"],
        ),
        (
            f'{_SHORTEST_CAMERA}{_ZONES}[[rules]]\nkind = "intruson"\nzone = "walkaway"\nlabels = ["persn"]\nseverity = "extreme"\n',
            [
                'cameras.d/gate.toml, line 8: rules[1].kind: there is no rule "intruson"',
                "  next: did you mean intrusion?",
                'cameras.d/gate.toml, line 9: rules[1].zone: there is no zone "walkaway"',
                "  next: did you mean walkway?",
                'cameras.d/gate.toml, line 10: rules[1].labels: does not know "persn"',
                "  next: did you mean person?",
                'cameras.d/gate.toml, line 11: rules[1].severity: does not know "extreme"',
                "  next: known here: high, low, medium",
            ],
        ),
        (
            f'{_SHORTEST_CAMERA}[[rules]]\nkind = "intrusion"\nzone = "walkway"\nlabels = []\n',
            [
                'cameras.d/gate.toml, line 5: rules[1].zone: there is no zone "walkway"',
                "  next: this camera has no [[zones]] yet",
                'cameras.d/gate.toml, line 6: rules[1].labels: needs a list such as ["person"], not an empty list',
            ],
        ),
        (
            _SHORTEST_CAMERA + 2 * _ZONES + 2 * '[[rules]]\nkind = "intrusion"\nzone = "walkway"\n',
            [
                'cameras.d/gate.toml, line 9: zones[2].name: there are two zones "walkway"',
                "  next: rename or delete one",
                'cameras.d/gate.toml, line 14: rules[2].name: there are two rules "intrusion-walkway"',
                '  next: give one of them another: name = "…"',
            ],
        ),
        (
            f'{_SHORTEST_CAMERA}[[zones]]\noutline = [[0,0],[1,0],[1,1.2]]\n[[zones]]\nname = "{"z" * 41}"\n',
            [
                "cameras.d/gate.toml, line 3: zones[1].name: is missing",
                '  next: write name = "walkway"',
                "cameras.d/gate.toml, line 4: zones[1].outline: corner 3 (1, 1.2) lies outside the picture (0 to 1)",
                "cameras.d/gate.toml, line 5: zones[2].outline: needs a list of corners such as [[0.1, 0.5], [0.9, 0.5], [0.9, 0.95]]",
                "cameras.d/gate.toml, line 6: zones[2].name: has 41 characters; it needs 1 to 40",
            ],
        ),
        (
            f'{_SHORTEST_CAMERA}[onvif]\nurl = "10.0.0.7"\n',
            [
                "cameras.d/gate.toml, line 4: onvif.url: must begin with http:// or https://",
                "  next: write it like http://192.168.1.64/onvif/device_service",
            ],
        ),
        (
            f'{_SHORTEST_CAMERA}password_file = "nowhere"\n',
            [
                "cameras.d/gate.toml, line 3: stream.password_file: there is no file nowhere",
                "  next: create it, or correct the path",
                "cameras.d/gate.toml, line 3: stream.password_file: has no username beside it",
                '  next: add username = "…"',
            ],
        ),
        (
            "[stream]\nurl = rtsp://10.0.0.7/\n",
            [
                "cameras.d/gate.toml, line 2: invalid value",
                '  next: values look like name = "text", number = 5, flag = true',
            ],
        ),
        (
            '[stream]\nurl = "rtsp://10.0.0.7/',
            [
                "cameras.d/gate.toml, line 2: unterminated string",
                '  next: values look like name = "text", number = 5, flag = true',
            ],
        ),
    ],
)  # fmt: skip
def test_a_bad_camera_is_described(tmp_path: Path, text: str, complaints: list[str]) -> None:
    assert _camera_complaints(tmp_path, text) == complaints


def test_a_file_name_that_is_no_topic_is_no_camera(tmp_path: Path) -> None:
    _site(tmp_path)
    (tmp_path / "cameras.d/Main Gate.toml").write_text(_SHORTEST_CAMERA)

    (refused,) = load_settings(tmp_path).refused

    assert refused.id == "Main Gate"
    assert str(refused.problems[0]).endswith(
        'Main Gate.toml: the file name "Main Gate" cannot be a camera\'s id'
    )


@pytest.mark.parametrize("content", ["", "\n", "two\nlines\n", "tab\there\n"])
def test_a_password_file_holds_one_line(tmp_path: Path, content: str) -> None:
    _private(tmp_path / "secrets/gate", content)
    text = f'{_SHORTEST_CAMERA}username = "u"\npassword_file = "secrets/gate"\n'

    (complaint,) = _camera_complaints(tmp_path, text)
    assert complaint == (
        "cameras.d/gate.toml, line 4: stream.password_file: secrets/gate must hold the password "
        "on one line, nothing else"
    )


def test_a_password_that_is_no_text_is_refused(tmp_path: Path) -> None:
    _private(tmp_path / "secrets/gate", "").write_bytes(b"\xff\xfe")
    text = f'{_SHORTEST_CAMERA}username = "u"\npassword_file = "secrets/gate"\n'

    assert "must hold the password" in _camera_complaints(tmp_path, text)[0]


def test_a_password_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    _private(tmp_path / "secrets/gate", "secret\n", 0o644)
    text = f'{_SHORTEST_CAMERA}username = "u"\npassword_file = "secrets/gate"\n'

    complaint, hint = _camera_complaints(tmp_path, text)
    assert complaint == (
        "cameras.d/gate.toml, line 4: stream.password_file: every user of this box can read "
        "secrets/gate"
    )
    assert hint == "  next: sudo chmod 0640 secrets/gate"


def test_no_complaint_shows_a_password(tmp_path: Path) -> None:
    broker = 'url = "mqtts://u:hunter2@h"\npassword = "hunter2"\npasswd = "hunter2"\n'

    complaints = _complaints(_site(tmp_path, f'site = "s"\nbox = "b"\n[broker]\n{broker}'))

    assert len(complaints) == 7
    assert "hunter2" not in "".join(complaints)


def test_a_state_folder_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    deep = "/" + "d" * 95

    complaints = _complaints(_site(tmp_path, f'state_dir = "{deep}"{_SHORTEST}'))

    assert complaints[0] == (
        "agent.toml, line 1: state_dir: has 96 bytes, too long for a socket inside"
    )


def test_the_longest_state_folder_is_taken(tmp_path: Path) -> None:
    longest = "/" + "d" * 94

    settings = load_settings(_site(tmp_path, f'state_dir = "{longest}"{_SHORTEST}'))

    assert len(bytes(settings.state_dir / "status.sock")) == 107


def test_a_missing_folder_says_what_to_do_next(tmp_path: Path) -> None:
    assert _complaints(tmp_path / "typo") == [
        "agent.toml: there is no such folder",
        "  next: copy docs/examples/agent.toml there and set site, box and the url of the broker",
        "the configuration has 1 problem",
    ]


def test_a_missing_file_says_what_to_do_next(tmp_path: Path) -> None:
    assert _complaints(tmp_path)[0] == "agent.toml: there is no such file"


def test_a_file_in_another_encoding_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_bytes('site = "Größe"'.encode("latin-1"))

    assert _complaints(tmp_path)[0] == "agent.toml: is not a UTF-8 text"


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").mkdir()

    assert _complaints(tmp_path)[0] == "agent.toml: cannot be read: Is a directory"


def test_a_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").symlink_to("ca.pem")
    _site(tmp_path, f'{_SHORTEST}ca_file = "ca.pem"\n')

    assert _complaints(tmp_path)[0] == (
        "agent.toml, line 6: broker.ca_file: cannot read ca.pem: Too many levels of symbolic links"
    )


def test_an_unknown_camera_is_guessed(tmp_path: Path) -> None:
    _site(tmp_path, gate=_SHORTEST_CAMERA)

    with pytest.raises(EdgeAgentError, match='there is no camera "gat"') as caught:
        load_camera(tmp_path, "gat")

    assert caught.value.hint == "did you mean gate?"


def test_the_first_camera_has_to_be_added(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="there is no camera") as caught:
        load_camera(tmp_path, "gate")

    assert caught.value.hint == "add one: edge-agent add"
