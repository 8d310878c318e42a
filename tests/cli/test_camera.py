"""What a technician does with cameras after they were added."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.cli import camera, camera_change, camera_rediscover
from edge_agent.cli.camera_password import _save
from edge_agent.cli.console import Console
from edge_agent.config.load import camera_ids, load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera, save_password
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.zone import Zone
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.secret import Secret
from edge_agent.video.options import StreamOptions
from tests.cli.sites import RIGHT, InterruptedSecret, Person
from tests.fakes.onvif_camera import Firmware, OnvifCamera
from tests.peers.rtsp import RtspServer

_ZONE = Zone("walkway", Polygon((Point(0, 0), Point(1, 0), Point(1, 1))))


class Desk:
    """A configuration folder, and `edge-agent camera` as a technician types it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = ""

    def saved(self, camera_id: str, url: str, *, password: str = "", onvif: str = "") -> None:
        """Put a camera there as `add` does."""
        file = save_password(self.folder, camera_id, Secret(password)) if password else None
        stream = StreamOptions(
            url=url,
            username="admin" if password else "",
            password=Secret(password),
            password_file=file,
        )
        settings = CameraSettings(
            id=camera_id,
            name=camera_id,
            stream=stream,
            zones=(_ZONE,),
            onvif_url=onvif,
            onvif_endpoint=Firmware().endpoint if onvif else "",
        )
        save_camera(self.folder, settings)

    def types(self, *words: str, person: Person | None = None, discovery_port: int = 9) -> int:
        parser = argparse.ArgumentParser()
        camera.set_up(parser)
        args = parser.parse_args([*words], argparse.Namespace(config=self.folder))
        out = io.StringIO()
        console = Console(out, is_terminal=False, width=200)
        try:
            if args.act in {"list", "show"}:
                return camera.run(args, console)
            return camera_change.run(
                args,
                console,
                keyboard=person or Person(is_there=False),
                discovery_port=discovery_port,
            )
        finally:
            self.out = out.getvalue()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "etc").mkdir()
    return Desk(tmp_path / "etc")


@pytest.fixture
def locked(rtsp_server: Callable[..., RtspServer], street_h264: Path) -> str:
    """The address of a stream that wants the right password."""
    return rtsp_server(street_h264, user="admin", password=RIGHT).url()


def password_in(folder: Path, text: str) -> str:
    file = folder / "typed"
    file.write_text(f"{text}\n")
    return str(file)


def test_the_list_tells_where_each_camera_is_and_what_watches_it(desk: Desk) -> None:
    desk.saved("gate", "rtsp://10.0.0.7:5540/sub", onvif="http://10.0.0.7:8000/onvif")
    desk.saved("yard", "rtsp://10.0.0.8/1")

    assert desk.types("list") == 0

    _, gate, yard = desk.out.splitlines()
    assert gate.split()[:5] == ["gate", "10.0.0.7:8000", "rtsp://10.0.0.7:5540/sub", "1", "0"]
    assert yard.split() == ["yard", "10.0.0.8", "rtsp://10.0.0.8/1", "1", "0", "-"]


def test_the_list_for_programs_has_the_same_and_no_password(desk: Desk) -> None:
    desk.saved("gate", "rtsp://10.0.0.7/sub", password=RIGHT)

    assert desk.types("list", "--json") == 0

    (gate,) = json.loads(desk.out)
    assert (gate["id"], gate["address"], gate["zones"]) == ("gate", "10.0.0.7", 1)
    assert RIGHT not in desk.out


def test_the_list_names_what_is_wrong_with_a_file_and_shows_the_others(desk: Desk) -> None:
    desk.saved("gate", "rtsp://10.0.0.7/sub")
    (desk.folder / "cameras.d/yard.toml").write_text("[stream]\n")

    assert desk.types("list") == 1

    assert "gate" in desk.out
    assert "yard.toml" in desk.out


def test_an_empty_list_says_how_to_begin(desk: Desk) -> None:
    assert desk.types("list") == 0

    assert "edge-agent discover" in desk.out


@pytest.mark.parametrize(
    ("name", "what"),
    [("typo", "there is no such folder: "), ("agent.toml", " is a file; --config")],
)
def test_a_wrong_folder_is_no_empty_list(tmp_path: Path, name: str, what: str) -> None:
    (tmp_path / "agent.toml").write_text("")

    with pytest.raises(EdgeAgentError, match=what):
        Desk(tmp_path / name).types("list")


def test_all_of_a_camera_is_shown_but_its_password(desk: Desk) -> None:
    desk.saved("gate", "rtsp://10.0.0.7/sub", password=RIGHT, onvif="http://10.0.0.7/onvif")

    for words in (["show", "gate"], ["show", "gate", "--json"]):
        assert desk.types(*words) == 0
        for told in ("gate.toml", "rtsp://10.0.0.7/sub", "secrets/gate", "walkway", "11112222"):
            assert told in desk.out
        assert RIGHT not in desk.out

    assert json.loads(desk.out)["zones"][0]["name"] == "walkway"


def test_a_camera_is_removed_with_its_password_after_a_question(desk: Desk) -> None:
    desk.saved("gate", "rtsp://10.0.0.7/sub", password=RIGHT)
    desk.saved("yard", "rtsp://10.0.0.8/1", password=RIGHT)

    assert desk.types("remove", "gate", person=Person(answers=["y"])) == 0

    assert camera_ids(desk.folder) == ("yard",)
    assert [file.name for file in (desk.folder / "secrets").iterdir()] == ["yard"]
    assert "1 zone and 0 rules" in desk.out
    assert "systemctl reload edge-agent" in desk.out


def test_a_camera_stays_where_the_answer_is_no_or_nobody_answers(desk: Desk) -> None:
    desk.saved("gate", "rtsp://10.0.0.7/sub")

    assert desk.types("remove", "gate", person=Person(answers=[""])) == 0
    with pytest.raises(EdgeAgentError, match="nobody is here"):
        desk.types("remove", "gate")

    assert camera_ids(desk.folder) == ("gate",)


def test_a_script_removes_without_a_question_even_a_file_that_cannot_be_used(desk: Desk) -> None:
    desk.saved("yard", "rtsp://10.0.0.8/1")
    (desk.folder / "cameras.d/gate.toml").write_text("[stream]\n")

    assert desk.types("remove", "gate", "--yes") == 0

    assert camera_ids(desk.folder) == ("yard",)


def test_a_camera_that_is_not_there_is_not_removed(desk: Desk) -> None:
    desk.saved("gate", "rtsp://10.0.0.7/sub")

    with pytest.raises(EdgeAgentError, match='no camera "gat"') as caught:
        desk.types("remove", "gat", "--yes")

    assert "gate" in caught.value.hint


@pytest.mark.journey
def test_a_new_password_is_saved_once_the_camera_takes_it(
    desk: Desk, locked: str, tmp_path: Path
) -> None:
    with OnvifCamera() as there:
        desk.saved("gate", locked, password="old", onvif=there.url)

        code = desk.types("set-password", "gate", "--password-file", password_in(tmp_path, RIGHT))

        assert code == 0, desk.out
        assert there.seen.refused == 0
    gate = load_camera(desk.folder, "gate")
    assert gate.stream.password == Secret(RIGHT)
    assert gate.zones == (_ZONE,)
    assert "ONVIF takes it" in desk.out
    assert "its stream takes it" in desk.out
    assert RIGHT not in desk.out


def test_a_refused_password_is_tried_once_and_not_saved(desk: Desk, tmp_path: Path) -> None:
    with OnvifCamera() as there:
        desk.saved("gate", "rtsp://127.0.0.1:1/sub", password="old", onvif=there.url)

        code = desk.types("set-password", "gate", "--password-file", password_in(tmp_path, "bad"))

        assert code == 1
        assert there.seen.refused == 1
    assert "nothing was saved" in desk.out
    assert load_camera(desk.folder, "gate").stream.password == Secret("old")


@pytest.mark.journey
def test_a_password_that_the_stream_refuses_is_not_saved(
    desk: Desk, locked: str, tmp_path: Path
) -> None:
    desk.saved("gate", locked, password="old")

    assert desk.types("set-password", "gate", "--password-file", password_in(tmp_path, "bad")) == 1

    assert load_camera(desk.folder, "gate").stream.password == Secret("old")


def test_a_camera_that_tells_anybody_who_it_is_is_asked_for_more(
    desk: Desk, tmp_path: Path
) -> None:
    open_to_all = frozenset({"GetSystemDateAndTime", "GetDeviceInformation", "GetCapabilities"})
    for password, code in (("bad", 1), (RIGHT, 0)):
        with OnvifCamera(Firmware(open_to_all=open_to_all)) as there:
            desk.saved("gate", "rtsp://127.0.0.1:1/sub", password="old", onvif=there.url)
            file = password_in(tmp_path, password)

            assert desk.types("set-password", "gate", "--password-file", file) == code

            assert there.seen.refused == code
        assert ("ONVIF takes it" in desk.out) == (code == 0)


def test_a_camera_that_answers_anybody_proves_no_password(desk: Desk, tmp_path: Path) -> None:
    with OnvifCamera(Firmware(password="")) as there:
        desk.saved("gate", "rtsp://127.0.0.1:1/sub", password="old", onvif=there.url)
        file = password_in(tmp_path, "bad")

        assert desk.types("set-password", "gate", "--password-file", file) == 0

    assert "ONVIF takes it" not in desk.out
    assert "ONVIF answers anybody, so it does not tell whether the password is right" in desk.out


def test_ctrl_c_does_not_part_a_new_user_from_his_password(desk: Desk) -> None:
    desk.saved("gate", "rtsp://10.0.0.7/sub", password="old")
    gate = load_camera(desk.folder, "gate")

    with pytest.raises(KeyboardInterrupt):
        _save(desk.folder, gate, Credentials("viewer", InterruptedSecret("new")))

    stream = load_camera(desk.folder, "gate").stream
    assert (stream.username, stream.password) == ("viewer", Secret("new"))


def test_a_refused_password_is_saved_by_force_and_without_a_try(desk: Desk, tmp_path: Path) -> None:
    with OnvifCamera() as there:
        desk.saved("gate", "rtsp://127.0.0.1:1/sub", password="old", onvif=there.url)
        file = password_in(tmp_path, "bad")

        assert desk.types("set-password", "gate", "--password-file", file, "--force") == 0

        assert there.seen.operations == []
    assert load_camera(desk.folder, "gate").stream.password == Secret("bad")


def test_a_camera_that_is_away_gets_its_password_all_the_same(desk: Desk) -> None:
    desk.saved("gate", "rtsp://127.0.0.1:1/sub", password="old")
    person = Person(secrets=["new"])

    assert desk.types("set-password", "gate", person=person) == 0

    assert "its stream could not be asked" in desk.out
    assert person.questions == ["password of admin: "]
    assert load_camera(desk.folder, "gate").stream.password == Secret("new")


def test_all_channels_of_a_recorder_get_the_password(desk: Desk, tmp_path: Path) -> None:
    for channel in ("1", "2"):
        url = f"rtsp://10.0.0.7/{channel}"
        desk.saved(f"nvr-{channel}", url, password="old", onvif="http://10.0.0.7/onvif")
    desk.saved("gate", "rtsp://10.0.0.8/1", password="other", onvif="http://10.0.0.8/onvif")
    file = password_in(tmp_path, "new")

    assert desk.types("set-password", "nvr-1", "--password-file", file, "--force") == 0

    passwords = [load_camera(desk.folder, each).stream.password for each in ("nvr-2", "gate")]
    assert passwords == [Secret("new"), Secret("other")]


def test_a_camera_without_a_login_gets_one(desk: Desk, tmp_path: Path) -> None:
    desk.saved("gate", "rtsp://10.0.0.7/sub")
    file = password_in(tmp_path, "new")

    with pytest.raises(EdgeAgentError, match="has no user name yet"):
        desk.types("set-password", "gate", "--password-file", file, "--force")
    words = ("set-password", "gate", "--user", "viewer", "--password-file", file, "--force")
    assert desk.types(*words) == 0

    stream = load_camera(desk.folder, "gate").stream
    assert (stream.username, stream.password) == ("viewer", Secret("new"))


def test_nobody_at_the_keyboard_has_no_password(desk: Desk) -> None:
    desk.saved("gate", "rtsp://10.0.0.7/sub")

    with pytest.raises(EdgeAgentError, match="nobody is here to type a password"):
        desk.types("set-password", "gate")


def test_a_moved_camera_is_found_again_by_hand_and_saved(desk: Desk) -> None:
    gone = Address("127.0.0.1", 1).url
    desk.saved("gate", "rtsp://127.0.0.1:5540/sub", password=RIGHT, onvif=gone)
    with OnvifCamera(Firmware(claimed_host="127.0.0.2"), host="127.0.0.2") as there:
        port = there.discovery_port

        asked = Person(answers=["n", "y"])
        assert desk.types("rediscover", "gate", person=asked, discovery_port=port) == 1
        assert load_camera(desk.folder, "gate").onvif_url == gone
        assert desk.types("rediscover", "--all", person=asked, discovery_port=port) == 0

        assert f"found again at 127.0.0.2:{there.port} (was 127.0.0.1:1)" in desk.out
        gate = load_camera(desk.folder, "gate")
        assert gate.onvif_url == there.url
    assert gate.stream.url == "rtsp://127.0.0.2:5540/sub"
    assert gate.zones == (_ZONE,)


def test_a_camera_at_home_and_one_that_is_away_are_told_apart(desk: Desk) -> None:
    with OnvifCamera() as there:
        desk.saved("gate", "rtsp://127.0.0.1:5540/sub", onvif=there.url)
        desk.saved("yard", "rtsp://127.0.0.1:1/1", onvif=Address("127.0.0.1", 1).url)
        other = replace(load_camera(desk.folder, "yard"), onvif_endpoint="urn:uuid:2")
        save_camera(desk.folder, other)

        assert desk.types("rediscover", "--all", discovery_port=there.discovery_port) == 1

    gate, yard = (line for line in desk.out.splitlines() if "next:" not in line)
    assert "answers where it was" in gate
    assert "127.0.0.1:1 is silent" in yard


def test_another_device_in_a_cameras_place_is_not_taken_for_the_camera_at_home(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = "02:00:00:00:00:99"
    monkeypatch.setattr(camera_rediscover, "neighbour_address", {"127.0.0.1": strange}.get)
    with OnvifCamera() as there:
        desk.saved("gate", "rtsp://127.0.0.1:5540/sub", onvif=there.url)
        gate = load_camera(desk.folder, "gate")
        save_camera(desk.folder, replace(gate, onvif_mac="02:00:00:00:00:01"))

        assert desk.types("rediscover", "gate", discovery_port=there.discovery_port) == 1

    assert f"another device ({strange}) answers at 127.0.0.1" in desk.out
    assert "answers where it was" not in desk.out


def test_a_camera_without_onvif_cannot_be_found_again(desk: Desk) -> None:
    desk.saved("gate", "rtsp://10.0.0.7/sub")

    with pytest.raises(EdgeAgentError, match="was not added by ONVIF"):
        desk.types("rediscover", "gate")
    with pytest.raises(EdgeAgentError, match="no camera here was added by ONVIF"):
        desk.types("rediscover", "--all")
    with pytest.raises(SystemExit):
        desk.types("rediscover")
