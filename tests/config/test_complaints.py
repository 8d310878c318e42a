"""What is wrong in the files, and the words and the next step for it."""

from pathlib import Path

import pytest

from edge_agent.config.load import load_settings
from edge_agent.toml.problems import BadConfiguration
from tests.config.sites import (
    SHORTEST_CAMERA,
    ZONES,
    complaints_about,
    complaints_about_camera,
    write_private,
    write_site,
)


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

    assert complaints_about(write_site(tmp_path, text)) == [
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
        ('url = "mqtts://h"\nother_urls = "mqtts://i"', "broker.other_urls: needs a list of texts in quotes"),
        ('url = "mqtts://h"\nother_urls = ["mqtts://i", ""]', "broker.other_urls: needs a list of texts in quotes"),
        ('url = "mqtts://h"\nother_urls = ["http://i"]', "broker.other_urls: must begin with mqtts:// or mqtt://"),
        ('url = "mqtts://h"\nother_urls = ["mqtt://i"]', "broker.other_urls: mqtt:// shows every alert to the network"),
        ('url = "mqtts://h"\nother_urls = ["mqtts://a:b@i"]', "broker.other_urls: has a user name or password in it"),
        ('url = "mqtts://h"\nother_urls = ["mqtts://i/x"]', "broker.other_urls: has a path after the host"),
        ('url = "mqtts://h"\nconfirm = "center"', 'broker.confirm: does not know "center"'),
        ('url = "mqtts://h"\nconfirm = "receipt"', "broker.confirm: waits for a center whose key this box does not know"),
        ('url = "mqtts://h"\n[center]\nkeys = "x"', "center.keys: needs a list of texts in quotes"),
        ('url = "mqtts://h"\n[center]\nkeys = ["x"]', 'center.keys: "x" is no public key'),
        ('url = "mqtts://h"\n[enrolment]\nurl = "http://c"', "enrolment.url: must begin with https://"),
        ('url = "mqtts://h"\n[enrolment]\nca_file = "key"', "enrolment.url: is missing"),
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
    write_private(tmp_path / "key", "k")
    folder = write_site(tmp_path, f'site = "s"\nbox = "b"\n[broker]\n{broker}\n')

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
            f"{SHORTEST_CAMERA}[zones]\nname = 1\n",
            [
                "cameras.d/gate.toml, line 3: zones: is a list of sections: write [[zones]] in double brackets",
            ],
        ),
        (
            f"{SHORTEST_CAMERA}open_s = 1_000_000\nname = 'Gate'\n",
            [
                "cameras.d/gate.toml, line 3: stream.open_s: must be more than 0 and at most 86400, not 1000000",
                "cameras.d/gate.toml, line 4: stream.name: there is no such option",
                "  next: move it above the first [section]",
            ],
        ),
        (
            f"least_score = 0.4\n{SHORTEST_CAMERA}",
            [
                "cameras.d/gate.toml, line 1: least_score: there is no such option",
                "  next: it belongs to [motion]",
            ],
        ),
        (
            f'name = " Gate"\n{SHORTEST_CAMERA}',
            [
                "cameras.d/gate.toml, line 1: name: has blanks at an end or characters that cannot be printed",
            ],
        ),
        (
            f'name = "{"g" * 65}"\n{SHORTEST_CAMERA}',
            ["cameras.d/gate.toml, line 1: name: has 65 characters; it needs 1 to 64"],
        ),
        (
            f'{SHORTEST_CAMERA}{ZONES}[[rules]]\nkind = "intruson"\nzone = "walkaway"\nlabels = ["persn"]\nseverity = "extreme"\n',
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
            f'{SHORTEST_CAMERA}[[rules]]\nkind = "intrusion"\nzone = "walkway"\nlabels = []\n',
            [
                'cameras.d/gate.toml, line 5: rules[1].zone: there is no zone "walkway"',
                "  next: this camera has no [[zones]] yet",
                'cameras.d/gate.toml, line 6: rules[1].labels: needs a list such as ["person"], not an empty list',
            ],
        ),
        (
            SHORTEST_CAMERA + 2 * ZONES + 2 * '[[rules]]\nkind = "intrusion"\nzone = "walkway"\n',
            [
                'cameras.d/gate.toml, line 9: zones[2].name: there are two zones "walkway"',
                "  next: rename or delete one",
                'cameras.d/gate.toml, line 14: rules[2].name: there are two rules "intrusion-walkway"',
                '  next: give one of them another: name = "…"',
            ],
        ),
        (
            f'{SHORTEST_CAMERA}[[zones]]\noutline = [[0,0],[1,0],[1,1.2]]\n[[zones]]\nname = "{"z" * 41}"\n',
            [
                "cameras.d/gate.toml, line 3: zones[1].name: is missing",
                '  next: write name = "walkway"',
                "cameras.d/gate.toml, line 4: zones[1].outline: corner 3 (1, 1.2) lies outside the picture (0 to 1)",
                "cameras.d/gate.toml, line 5: zones[2].outline: needs a list of corners such as [[0.1, 0.5], [0.9, 0.5], [0.9, 0.95]]",
                "cameras.d/gate.toml, line 6: zones[2].name: has 41 characters; it needs 1 to 40",
            ],
        ),
        (
            f'{SHORTEST_CAMERA}[onvif]\nmac = "bcad28aa0d40"\n',
            [
                'cameras.d/gate.toml, line 4: onvif.mac: "bcad28aa0d40" is not a hardware address',
                '  next: write it like mac = "bc:ad:28:aa:0d:40", or delete the line',
            ],
        ),
        (
            f'{SHORTEST_CAMERA}[onvif]\nurl = "10.0.0.7"\n',
            [
                "cameras.d/gate.toml, line 4: onvif.url: must begin with http:// or https://",
                "  next: write it like http://192.168.1.64/onvif/device_service",
            ],
        ),
        (
            f'{SHORTEST_CAMERA}password_file = "nowhere"\n',
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
                "cameras.d/gate.toml, line 2: this line cannot be read: the value is not complete, or a text without quotes",
                '  next: values look like name = "text", number = 5, flag = true',
            ],
        ),
        (
            '[stream]\nurl "rtsp://10.0.0.7/"\n',
            [
                "cameras.d/gate.toml, line 2: this line cannot be read: there is no = after the name",
                '  next: values look like name = "text", number = 5, flag = true',
            ],
        ),
        (
            '[stream]\nurl = "rtsp://10.0.0.7/',
            [
                "cameras.d/gate.toml, line 2: this line cannot be read: a text has no quotes at its end",
                '  next: values look like name = "text", number = 5, flag = true',
            ],
        ),
        (
            '[stream]\nurl = "rtsp://10.0.0.7/"\n[\n',
            [
                "cameras.d/gate.toml, line 3: this line cannot be read: it is neither a [section] nor name = value",
                '  next: values look like name = "text", number = 5, flag = true',
            ],
        ),
    ],
)  # fmt: skip
def test_a_bad_camera_is_described(tmp_path: Path, text: str, complaints: list[str]) -> None:
    assert complaints_about_camera(tmp_path, text) == complaints
