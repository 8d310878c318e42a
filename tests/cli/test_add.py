"""Adding cameras: a fake firmware for ONVIF, a real RTSP server for the pictures."""

import io
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.cli.camera_clock import drift_words
from edge_agent.cli.candidate import word_from
from edge_agent.cli.login import Terminal
from edge_agent.config.load import load_camera
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.secret import Secret
from tests.cli.sites import RIGHT, Person, Site
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream
from tests.peers.rtsp import RtspServer


def test_a_camera_is_asked_seen_and_saved(site: Site, streams: tuple[Stream, ...]) -> None:
    with OnvifCamera(Firmware(streams=streams)) as camera:
        assert site.with_password(camera, "--name", "gate") == 0, site.out

        gate = load_camera(site.folder, "gate")
        assert gate.onvif_endpoint == camera.firmware.endpoint
        assert gate.onvif_url == f"http://127.0.0.1:{camera.port}/onvif/device_service"
    assert gate.stream.url.endswith("/sub")
    assert gate.main_stream is not None
    assert gate.main_stream.url.endswith("/main")
    assert gate.stream.password == gate.main_stream.password == Secret(RIGHT)
    assert site.out.count("640x480 H.264, 10 fps, a key frame every 0.3 s, ") == 2
    assert "next: say where to watch:  edge-agent zone add gate" in site.out


def test_a_password_is_kept_apart_from_the_configuration_and_never_shown(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    with OnvifCamera(Firmware(streams=streams[1:])) as camera:
        site.with_password(camera, "--name", "gate")

    secret = site.folder / "secrets" / "gate"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert RIGHT not in (site.folder / "cameras.d" / "gate.toml").read_text()
    assert RIGHT not in site.out


def test_what_tells_the_camera_from_others_is_saved(site: Site, open_stream: str) -> None:
    firmware = Firmware(
        password="",
        serial="C1",
        hardware_addresses=(("127.0.0.1", "BC-AD-28-AA-0D-40"),),
        streams=(Stream(token="a", uri=open_stream, source="VS_9"),),
    )
    with OnvifCamera(firmware) as camera:
        assert site.add_camera(camera, "--name", "gate") == 0, site.out

    gate = load_camera(site.folder, "gate")
    assert (gate.onvif_mac, gate.onvif_serial) == ("bc:ad:28:aa:0d:40", "C1")
    assert gate.onvif_source == "VS_9"


def test_a_user_who_may_not_see_the_network_adds_the_camera(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    firmware = Firmware(streams=streams[1:], forbidden=frozenset({"GetNetworkInterfaces"}))
    with OnvifCamera(firmware) as camera:
        assert site.with_password(camera, "--name", "gate") == 0, site.out

    assert load_camera(site.folder, "gate").onvif_mac == ""


def test_a_camera_that_speaks_h265_by_media_2_alone_is_added(
    site: Site, rtsp_server: Callable[..., RtspServer], street_h265: Path
) -> None:
    url = rtsp_server(street_h265).url()
    stream = Stream(token="a", uri=url, codec="H265", key_frame_every=20)
    firmware = Firmware(password="", streams=(stream,), has_media2=True, is_without_media1=True)
    with OnvifCamera(firmware) as camera:
        assert site.add_camera(camera, "--name", "gate") == 0, site.out

    assert "stream to analyse: 640x480 H.265, 10 fps, a key frame every 2 s, " in site.out


def test_what_had_to_be_mended_in_the_answers_is_told_once(site: Site, open_stream: str) -> None:
    firmware = Firmware(
        password="",
        starts_replies_with_empty_lines=True,
        streams=(Stream(token="a", uri=open_stream),),
    )
    with OnvifCamera(firmware) as camera:
        assert site.add_camera(camera, "--name", "gate") == 0, site.out

    assert site.out.count("its answers had to be mended: ") == 1


def test_nothing_is_asked_where_everything_is_to_be_taken(site: Site, open_stream: str) -> None:
    person = Person()
    with OnvifCamera(
        Firmware(password="", streams=(Stream(token="a", uri=open_stream),))
    ) as camera:
        assert site.add_camera(camera, "--yes", person=person) == 0, site.out

    assert person.questions == []


def test_a_camera_gets_its_own_name_where_none_is_given(site: Site, open_stream: str) -> None:
    firmware = Firmware(password="", streams=(Stream(token="a", uri=open_stream),))
    with OnvifCamera(firmware) as camera:
        assert site.add_camera(camera) == 0, site.out

    assert load_camera(site.folder, "front-door").stream.username == ""


def test_a_person_has_two_tries_at_the_password_and_no_third(site: Site) -> None:
    person = Person(answers=["admin", "admin"], secrets=["one", "two", RIGHT])
    with OnvifCamera() as camera:
        assert site.add_camera(camera, "--name", "gate", person=person) == 1

        assert camera.seen.refused == 2
    assert "one more try" in site.out
    assert "refuses user 'admin'" in site.out.splitlines()[-2]
    assert not (site.folder / "cameras.d").exists()


def test_a_second_try_may_succeed(site: Site, streams: tuple[Stream, ...]) -> None:
    person = Person(answers=["", ""], secrets=["one", RIGHT])
    with OnvifCamera(Firmware(streams=streams[1:])) as camera:
        assert site.add_camera(camera, "--name", "gate", person=person) == 0, site.out

    assert load_camera(site.folder, "gate").stream.username == "admin"


def test_a_wrong_password_in_a_file_is_tried_once(site: Site) -> None:
    site.password_file.write_text("guess")
    with OnvifCamera() as camera:
        assert site.with_password(camera) == 1

        assert camera.seen.refused == 1
    assert "lock" in site.out


def test_without_a_person_a_password_is_asked_for_by_name(site: Site) -> None:
    with OnvifCamera() as camera:
        assert site.add_camera(camera) == 1

    assert "wants a user name and a password" in site.out
    assert "--password-file" in site.out


def test_a_stream_that_does_not_open_is_not_saved(site: Site) -> None:
    firmware = Firmware(password="", streams=(Stream(token="a", uri="rtsp://127.0.0.1:1/x"),))
    with OnvifCamera(firmware) as camera:
        assert site.add_camera(camera, "--name", "gate") == 1

    assert "stream to analyse: 127.0.0.1:1 refused the connection" in site.out
    assert not (site.folder / "cameras.d").exists()


def test_a_main_stream_that_does_not_open_is_left_out(site: Site, open_stream: str) -> None:
    firmware = Firmware(
        password="",
        streams=(
            Stream(token="a", uri=open_stream),
            Stream(token="b", uri="rtsp://127.0.0.1:1/x", width_px=1920, height_px=1080),
        ),
    )
    with OnvifCamera(firmware) as camera:
        assert site.add_camera(camera, "--name", "gate") == 0

    assert load_camera(site.folder, "gate").main_stream is None
    assert "left out" in site.out


def test_a_clock_that_is_wrong_is_named_and_does_not_lock_us_out(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    with OnvifCamera(Firmware(streams=streams[1:], skew_s=-3 * 3600)) as camera:
        assert site.with_password(camera, "--name", "gate") == 0, site.out

    assert "its clock is 3 h behind this box's" in site.out


def test_a_web_server_is_sent_to_rtsp(site: Site) -> None:
    with OnvifCamera(Firmware(is_a_web_server=True)) as camera:
        assert site.add_camera(camera) == 1

    assert "edge-agent add rtsp://127.0.0.1/PATH" in site.out


def test_a_camera_without_onvif_is_added_by_its_stream(site: Site, open_stream: str) -> None:
    assert site.add(open_stream, "--name", "yard") == 0, site.out

    yard = load_camera(site.folder, "yard")
    assert (yard.stream.url, yard.onvif_url, yard.main_stream) == (open_stream, "", None)


def test_a_stream_with_a_password_is_added_without_onvif(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    login = ("--user", "admin", "--password-file", str(site.password_file))

    assert site.add(streams[0].uri, "--name", "yard", *login) == 0, site.out

    assert load_camera(site.folder, "yard").stream.password == Secret(RIGHT)


def test_a_person_is_asked_for_the_login_that_a_stream_wants(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    person = Person(answers=["admin"], secrets=["wrong", RIGHT])

    code = site.add(streams[0].uri, "--name", "yard", "--user", "admin", person=person)

    assert code == 0, site.out
    assert load_camera(site.folder, "yard").stream.password == Secret(RIGHT)


def test_nobody_there_is_told_which_options_a_stream_wants(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    assert site.add(streams[0].uri, "--name", "yard") == 1

    assert "wants a user name and a password" in site.out
    assert "--user NAME --password-file FILE" in site.out


def test_an_empty_password_is_not_sent(site: Site, streams: tuple[Stream, ...]) -> None:
    person = Person(answers=["admin"], secrets=["", "", RIGHT])
    with OnvifCamera(Firmware(streams=streams[1:])) as camera:
        assert site.add_camera(camera, "--name", "gate", person=person) == 0, site.out

        assert camera.seen.refused == 0


def test_a_question_without_an_answer_ends_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-D, or a terminal that went away."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    with pytest.raises(EdgeAgentError, match="a question was not answered") as caught:
        Terminal().ask("save it as [gate]: ")

    assert "--password-file" in caught.value.hint


def test_without_a_standard_input_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)

    assert not Terminal().is_there


@pytest.mark.parametrize(
    "words",
    [
        ("rtsp://admin:secret@10.0.0.9/s",),
        ("10.0.0.9", "--password-file", "x"),
        ("10.0.0.9", "--name", "Front Door"),
        ("10.0.0.9", "--user", "ad\x00min"),
        ("rtsp://10.0.0.9/s", "--stream", "sub"),
        ("rtsp://10.0.0.9/s", "--tune"),
        ("rtsp://10.0.0.9/s", "--channels", "1"),
        ("10.0.0.9", "--channels", "0"),
        ("10.0.0.9", "--channels", "3-1"),
        ("10.0.0.9", "--channels", "1,,2"),
        ("10.0.0.9", "--channels", "1-9999999999"),
        ("10.0.0.9", "--set-clock", "10.0.0.9"),
        ("10.0.0.9", "--set-clock", "ntp:a b"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(site: Site, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        site.add(*words)

    assert caught.value.code == 2


@pytest.mark.parametrize("content", [b"", b"two\nlines", b"\xff\xfe", b"x" * 5000])
def test_a_file_that_is_no_password_is_said_before_it_is_sent(site: Site, content: bytes) -> None:
    site.password_file.write_bytes(content)
    with OnvifCamera() as camera:
        assert site.with_password(camera) == 1

        assert camera.seen.refused == 0
    assert "password" in site.out


def test_drift_is_told_in_words() -> None:
    assert drift_words(-7) == "7 s behind"
    assert drift_words(150) == "2 min ahead of"
    assert drift_words(-1_700_000_000) == "19676 days behind"


def test_any_name_becomes_a_word_or_nothing() -> None:
    assert word_from("Front Door (2nd)") == "front-door-2nd"
    assert word_from("后门") == ""
    assert len(word_from("x" * 90)) <= 28


def test_who_may_not_see_the_streams_has_the_right_password(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    firmware = Firmware(streams=streams, forbidden=frozenset({"GetProfiles"}))
    with OnvifCamera(firmware) as camera:
        assert site.with_password(camera, "--name", "gate") == 1

    assert "does not let user 'admin' do this" in site.out
    assert "with this password" not in site.out


def test_a_camera_whose_onvif_is_broken_is_told_so(site: Site) -> None:
    with OnvifCamera(Firmware(cuts_replies_short=True)) as camera:
        assert site.with_password(camera, "--name", "gate") == 1

    assert "speaks ONVIF, but broken: the reply is cut off before its end" in site.out
    assert "edge-agent add rtsp://127.0.0.1/PATH" in site.out
