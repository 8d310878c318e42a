"""The first configuration over a serial console, with real servers: question by question, and by file."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from edge_agent.config.load import load_camera, load_settings
from tests.fakes.center_key import CenterKey
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream
from tests.house.source import ROOT
from tests.journeys.technician import Technician
from tests.peers import netns
from tests.peers.node_camera import NodeCamera
from tests.peers.serial_console import COLUMNS, SerialConsole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.peers.center import Center
    from tests.peers.mosquitto import Mosquitto
    from tests.peers.rtsp import RtspServer

pytestmark = pytest.mark.journey
RIGHT = "a & b <c>"


@pytest.fixture
def camera(rtsp_server: Callable[..., RtspServer], street_h264: Path) -> OnvifCamera:
    server = rtsp_server(street_h264, user="admin", password=RIGHT)
    stream = Stream(token="main", uri=server.url(), width_px=640, height_px=480)
    return OnvifCamera(Firmware(streams=(stream,)))


def _console(folder: Path, language: str = "C.UTF-8", *words: str | Path) -> SerialConsole:
    words = ("setup", *words, "--config", folder / "etc")
    return SerialConsole(*words, env={"LANG": language}, cwd=folder)


def _types_the_site(console: SerialConsole, folder: Path, url: str) -> None:
    console.types("site [palembang]: ", "kota")
    console.types("]: ", "box-7")
    console.types("folder [/var/lib/edge-agent]: ", f"{folder}/state")
    console.types("broker []: ", url)
    console.types("allow it? y/n [n]: ", "y")
    console.types("user name []: ", "")


def test_from_nothing_to_a_box_that_checks_well(
    tmp_path: Path, camera: OnvifCamera, broker: Mosquitto, center: Center
) -> None:
    assert center
    center_key = CenterKey()
    with camera, _console(tmp_path) as console:
        console.types("en/id [en]: ", "")
        _types_the_site(console, tmp_path, broker.url)
        console.types("center's key []: ", f'keys = ["{center_key.text}"]')
        console.types("look for them? y/n [y]: ", "n")
        console.types("add [-]: ", f"127.0.0.1:{camera.port}")
        console.types("user name [admin]: ", "")
        console.types("password of admin: ", RIGHT)
        console.types("save it as [", "gate")
        console.types("add [-]: ", "")
        console.types("draw a zone? y/n [y]: ", "")
        console.types("zone [street]: ", "walkway")
        console.types("corners [0,0 1,0 1,1 0,1]: ", "")
        console.types("alert on [person]: ", "person,car")
        console.types("check now? y/n [y]: ", "")

        assert console.ends() == 0, console.out

    settings = load_settings(tmp_path / "etc")
    gate = load_camera(tmp_path / "etc", "gate")
    assert (settings.site, settings.box, settings.broker.url) == ("kota", "box-7", broker.url)
    assert settings.center.keys == (center_key.text,)
    assert f"✓ center {center_key.kid}: compare it with what the center shows" in console.out
    assert gate.stream.password.reveal() == RIGHT
    assert [sorted(rule.labels) for rule in gate.rules] == [["car", "person"]]
    assert (
        "  $ edge-agent zone add gate walkway 0,0 1,0 1,1 0,1 --alert-on person,car" in console.out
    )
    assert "next: this box is configured; start it: sudo systemctl start edge-agent" in console.out
    assert not (tmp_path / "etc" / ".setup.json").exists()
    # No colour, no cursor, no bell: a serial console can only go on. The password never shows.
    assert [sign for sign in console.out if not sign.isprintable() and sign != "\n"] == []
    assert RIGHT not in console.out


def test_the_file_that_the_package_brings_says_nothing_yet(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    brought = (ROOT / "packaging" / "debian" / "agent.toml").read_text()
    (tmp_path / "etc" / "agent.toml").write_text(brought)

    with _console(tmp_path) as console:
        console.types("en/id [en]: ", "")
        _types_the_site(console, tmp_path, "mqtt://127.0.0.1:1")
        console.types("center's key []: ", "")
        console.types("look for them? y/n [y]: ", "q")
        assert console.ends() == 0

    assert load_settings(tmp_path / "etc").site == "kota"


def test_who_leaves_goes_on_where_it_stopped_and_in_the_same_language(tmp_path: Path) -> None:
    with _console(tmp_path, "id_ID.UTF-8") as console:
        console.types("en/id [id]: ", "")
        console.types("lokasi [palembang]: ", "Kota!")
        console.types("lokasi [palembang]: ", "kota")
        console.types("kotak [", "q")
        assert console.ends() == 0
    assert '"Kota!" cannot be used in a topic' in console.out
    assert "keluar; `edge-agent setup` melanjutkan dari sini" in console.out
    assert not (tmp_path / "etc" / "agent.toml").exists()

    with _console(tmp_path) as again:
        again.types("kotak [", "box-7")
        again.types("folder [", "")
        again.types("broker []: ", "")
        again.types("broker []: ", "q")
        assert again.ends() == 0
    assert "harus diisi; jawab sekali lagi" in again.out
    assert "lokasi [" not in again.out
    assert all(len(line) <= COLUMNS for line in again.out.splitlines())


def test_a_key_that_comes_later_is_asked_for_again_and_a_persons_lines_stay(tmp_path: Path) -> None:
    file, key = tmp_path / "etc" / "agent.toml", CenterKey()
    with _console(tmp_path, "id_ID.UTF-8") as first:
        first.types("en/id [id]: ", "")
        first.types("lokasi [palembang]: ", "kota")
        first.types("]: ", "box-7")
        first.types("folder [/var/lib/edge-agent]: ", f"{tmp_path}/state")
        first.types("broker []: ", "mqtt://127.0.0.1:1")
        first.types("izinkan? y/n [n]: ", "y")
        first.types("nama pengguna []: ", "")
        first.types("kunci pusat []: ", "")
        first.types("cari? y/n [y]: ", "q")
        assert first.ends() == 0
    assert "Nanti saja. Selama kunci belum dikenal" in first.out
    assert load_settings(tmp_path / "etc").center.keys == ()

    # All is done and forgotten; weeks later the key has come, on a stick.
    (tmp_path / "etc" / ".setup.json").unlink()
    (tmp_path / "center.txt").write_text(f'keys = ["{key.text}"]\n')
    with _console(tmp_path) as later:
        later.types("en/id [en]: ", "")
        later.types("center's key []: ", f"{tmp_path}/center.txt")
        later.types("look for them? y/n [y]: ", "q")
        assert later.ends() == 0
    settings = load_settings(tmp_path / "etc")
    assert (settings.site, settings.box, settings.center.keys) == ("kota", "box-7", (key.text,))

    mine = file.read_text().replace(f'keys = ["{key.text}"]', 'commands = ["ping"]')
    file.write_text(f'{mine}[place]\nname = "Plaju"\n')
    with _console(tmp_path) as again:
        again.types("look for them? y/n [y]: ", "q")
        assert again.ends() == 0
    assert file.read_text() == f'{mine}[place]\nname = "Plaju"\n'


def test_what_cannot_be_the_centers_key_is_asked_for_again(tmp_path: Path) -> None:
    key = CenterKey()
    with _console(tmp_path) as console:
        console.types("en/id [en]: ", "")
        _types_the_site(console, tmp_path, "mqtt://127.0.0.1:1")
        console.types("center's key []: ", key.text[3:])
        console.types("center's key []: ", "/nowhere/center.txt")
        console.types("center's key []: ", key.text)
        console.types("look for them? y/n [y]: ", "q")
        assert console.ends() == 0

    assert f'"{key.text[3:]}" is no public key' in console.out
    assert "cannot read /nowhere/center.txt: no such file or directory" in console.out
    assert load_settings(tmp_path / "etc").center.keys == (key.text,)
    question = console.out.partition("The center's key proves")[2].partition("✓")[0]
    assert all(len(line) <= COLUMNS for line in question.splitlines())


def test_ctrl_c_leaves_and_the_next_setup_goes_on_from_there(tmp_path: Path) -> None:
    with _console(tmp_path) as console:
        console.types("en/id [en]: ", "")
        console.types("site [palembang]: ", "kota")
        console.is_interrupted("box [")
        assert console.ends() == 130
    assert console.out.endswith("left; `edge-agent setup` goes on from here\n")

    with _console(tmp_path) as again:
        again.types("box [", "q")
        assert again.ends() == 0
    assert "site [" not in again.out


@pytest.mark.parametrize("utf8", ["0", "1"])
def test_a_terminal_of_another_alphabet_is_told_and_asked_again(tmp_path: Path, utf8: str) -> None:
    env = {"LANG": "C", "PYTHONUTF8": utf8, "PYTHONCOERCECLOCALE": "0"}
    words = ("setup", "--config", tmp_path / "etc")
    with SerialConsole(*words, env=env, cwd=tmp_path) as console:
        console.types("en/id [en]: ", "")
        console.sends("site [palembang]: ", b"k\xf6ln\n")
        console.types("site [palembang]: ", "kota")
        console.types("box [", "q")
        assert console.ends() == 0

    assert "that is not UTF-8: set the terminal to it" in console.out


def test_a_number_that_the_list_of_cameras_lacks_is_no_address(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "agent.toml").write_text(_CONFIGURED)
    with _console(tmp_path) as console:
        console.types("en/id [en]: ", "")
        console.types("look for them? y/n [y]: ", "n")
        console.types("add [-]: ", "3")
        console.types("add [-]: ", "q")
        assert console.ends() == 0

    assert "edge-agent add 3" not in console.out


def test_a_box_that_is_configured_is_led_to_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "agent.toml").write_text(_CONFIGURED)
    with _console(tmp_path) as console:
        console.types("en/id [en]: ", "")
        console.types("look for them? y/n [y]: ", "n")
        console.types("add [-]: ", "-")
        console.types("check now? y/n [y]: ", "y")

        assert console.ends() == 1

    assert "site [" not in console.out
    assert "something is not right yet" in console.out


def test_a_password_of_the_broker_is_in_its_own_file_and_nowhere_else(tmp_path: Path) -> None:
    with _console(tmp_path) as console:
        console.types("en/id [en]: ", "")
        console.types("site [palembang]: ", "kota")
        console.types("]: ", "box-7")
        console.types("folder [", f"{tmp_path}/state")
        console.types("broker []: ", "mqtts://127.0.0.1:1")
        console.types("user name []: ", "plaju")
        console.types("password: ", "brok-geheim")
        console.types("CA file []: ", "")
        console.types("center's key []: ", "")
        console.types("get one now? y/n [n]: ", "q")
        assert console.ends() == 0

    having = [file for file in (tmp_path / "etc").rglob("*") if file.is_file()]
    having = [file for file in having if "brok-geheim" in file.read_text()]
    assert having == [tmp_path / "etc" / "secrets" / "broker"]
    assert load_settings(tmp_path / "etc").broker.password.reveal() == "brok-geheim"


def test_cameras_that_answer_are_numbered_and_the_first_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "agent.toml").write_text(_CONFIGURED)
    with ExitStack() as running:
        town = running.enter_context(netns.Box())
        place = town.plug_in()
        running.enter_context(NodeCamera(tmp_path / "hall", place, endpoint="hall"))
        words = ("setup", "--config", tmp_path / "etc")
        console = SerialConsole(*words, env={}, cwd=tmp_path, within=town.within)
        running.enter_context(console)

        console.types("en/id [", "en")
        console.types("look for them? y/n [y]: ", "")
        console.types(f"add [{place.address}:", "q")

        assert console.ends() == 0

    (row,) = [line for line in console.out.splitlines() if line.startswith("1 ")]
    assert place.address in row


_CONFIGURED = (
    'site = "kota"\nbox = "box-7"\nstate_dir = "state"\n'
    '[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
)
_SEED = """\
site = "kota"
state_dir = "{folder}/state"
[broker]
url = "{broker}"
insecure = true
[[cameras]]
name = "gate"
address = "127.0.0.1:{port}"
user = "admin"
password_file = "camera-password"
[[cameras.zones]]
name = "walkway"
outline = [[0.0, 0.3], [1.0, 0.3], [1.0, 1.0], [0.0, 1.0]]
alert_on = ["person"]
"""


def test_one_file_configures_a_box_without_a_question(
    tmp_path: Path, camera: OnvifCamera, broker: Mosquitto, center: Center
) -> None:
    assert center
    technician, center_key = Technician(tmp_path / "etc"), CenterKey()
    password = tmp_path / "camera-password"
    password.write_text(f"{RIGHT}\n")
    password.chmod(0o600)
    seed = tmp_path / "site.toml"

    with camera:
        text = _SEED.format(folder=tmp_path, broker=broker.url, port=camera.port)
        seed.write_text(text)
        done = technician.types("setup", "--from", str(seed), "--box", "box-7")
        # The center's key came later than the rest.
        seed.write_text(f'{text}[center]\nkeys = ["{center_key.text}"]\n')
        again = technician.types("setup", "--from", str(seed), "--box", "box-7")

    assert done.returncode == 0, done.stdout + done.stderr
    assert again.returncode == 0, again.stdout + again.stderr
    assert load_settings(tmp_path / "etc").box == "box-7"
    assert load_settings(tmp_path / "etc").center.keys == (center_key.text,)
    (rule,) = load_camera(tmp_path / "etc", "gate").rules
    assert rule.zone.name == "walkway"
    assert "edge-agent add" not in again.stdout


def test_all_that_is_wrong_with_the_file_is_said_at_once_and_nothing_is_done(
    tmp_path: Path,
) -> None:
    technician = Technician(tmp_path / "etc")
    seed = tmp_path / "site.toml"
    seed.write_text(
        'site = "Kota Besar"\nbroker_url = "x"\n[broker]\nurl = "mqtt://10.0.0.1"\n'
        'password_file = "none"\n[center]\nkeys = "fe812c12f3ab4ce6"\n[[cameras]]\nname = "main gate"\n'
        '[[cameras.zones]]\nname = "z"\noutline = [[0, 0], [2, 0], [1, 1]]\nalert_on = ["persn"]\n'
        '[[cameras]]\nname = "hall"\naddress = "127.0.0.1:1"\n'
        '[[cameras]]\nname = "hall"\naddress = "127.0.0.1:2"\n'
        '[enrolment]\ntoken_file = "token"\n'
    )
    (tmp_path / "token").write_text("x\n")
    (tmp_path / "token").chmod(0o600)

    done = technician.types("setup", "--from", str(seed), "--box", "box-7")

    assert done.returncode == 78
    for told in (
        'site: "Kota Besar" cannot be used in a topic',
        "broker_url",
        "broker.url: mqtt:// shows every alert to the network",
        "there is no file",
        "center.keys: needs a list of texts in quotes",
        '"main gate" cannot be a camera\'s id',
        "cameras[1].address: is missing",
        "corner 2 (2, 0) lies outside the picture",
        "persn",
        "enrolment.token_file: has no url beside it",
        'cameras[3].name: there are two cameras "hall"',
    ):
        assert told in done.stderr, done.stderr
    assert list((tmp_path / "etc").iterdir()) == []


@pytest.mark.parametrize("name", ["nowhere/site.toml", "site.toml", ".", "x" * 300])
def test_a_file_of_answers_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    done = Technician(tmp_path / "etc").types("setup", "--from", str(tmp_path / name))

    assert done.returncode == 1
    said, hint = done.stderr.splitlines()
    assert str(tmp_path) in said
    assert hint.startswith("  next: name the right one after --from")


def test_nobody_at_the_keyboard_is_told_of_the_file(tmp_path: Path) -> None:
    done = Technician(tmp_path / "etc").types("setup")

    assert done.returncode == 1
    assert "next: give the answers in a file: edge-agent setup --from site.toml" in done.stderr
