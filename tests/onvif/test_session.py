import base64
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.device import read_device, read_services
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.media import Media, open_media
from edge_agent.onvif.presence import look
from edge_agent.onvif.wsse import Credentials, digest, zulu
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream

RIGHT = Credentials("admin", Secret("a & b <c>"))
WRONG = Credentials("admin", Secret("guess"))


def line_to(
    camera: OnvifCamera,
    credentials: Credentials | None = RIGHT,
    *,
    offset_s: float = 0.0,
    deadline_s: float = 5.0,
) -> Line:
    return Line(
        Address("127.0.0.1", camera.port),
        credentials,
        clock=SystemClock(),
        clock_offset_s=offset_s,
        deadline_s=deadline_s,
    )


def media_of(line: Line) -> Media:
    return open_media(line, read_services(line))


def failure(act: Callable[..., Any], *args: Any) -> EdgeAgentError:
    with pytest.raises(EdgeAgentError) as caught:
        act(*args)
    assert caught.value.hint
    return caught.value


def test_a_digest_is_the_one_of_the_onvif_programmers_guide() -> None:
    # ONVIF Application Programmer's Guide, section 6.1.1.3.
    nonce = base64.b64decode("LKqI6G/AikKCQrN0zqZFlg==")

    made = digest(nonce, "2010-09-16T07:50:45Z", Secret("userpassword"))

    assert made == "tuOSpGlFlIXsozq4HFNeeGeFLEI="


def test_the_time_is_written_in_zulu_form() -> None:
    assert zulu(1284623445.9) == "2010-09-16T07:50:45Z"


def test_a_camera_tells_what_it_is_and_what_it_sends() -> None:
    with OnvifCamera() as camera:
        asking = line_to(camera)
        device = read_device(asking)
        media = media_of(asking)
        main, sub = media.profiles()
        url = media.stream_url(sub.token)

    assert (device.maker, device.model, device.firmware, device.serial) == (
        "Acme",
        "AC-100",
        "1.0",
        "S1",
    )
    assert main.looks == "1920x1080 H.264, 25 fps, a key frame every 0.8 s"
    assert (sub.source, sub.key_frame_every, sub.bitrate_kbps) == ("VS_1", 20, 512)
    assert (sub.encoder_token, sub.media2) == ("esub", False)
    assert url == "rtsp://127.0.0.1/sub"


def test_a_wrong_password_is_said_as_such_and_sent_once() -> None:
    with OnvifCamera() as camera:
        asking = line_to(camera, WRONG)
        refusal = failure(read_device, asking)
        again = failure(read_services, asking)

        assert camera.seen.refused == 1
    assert isinstance(refusal, PasswordRefusedError)
    assert "refuses user 'admin'" in refusal.what
    assert again is refusal


def test_a_camera_that_wants_a_password_says_so_without_one() -> None:
    with OnvifCamera() as camera:
        refusal = failure(read_device, line_to(camera, None))

    assert isinstance(refusal, PasswordRefusedError)
    assert "wants a user name" in refusal.what


def test_a_refusal_may_come_as_a_web_page() -> None:
    with OnvifCamera(Firmware(refuses_with_a_page=True)) as camera:
        refusal = failure(read_device, line_to(camera, WRONG))

    assert isinstance(refusal, PasswordRefusedError)


def test_a_camera_that_lives_in_1970_is_spoken_to_in_its_own_time() -> None:
    with OnvifCamera(Firmware(skew_s=-1_700_000_000)) as camera:
        address = Address("127.0.0.1", camera.port)
        offset_s = look(address, SystemClock()).clock_offset_s
        assert offset_s is not None

        device = read_device(line_to(camera, offset_s=offset_s))

        assert abs(offset_s + 1_700_000_000) < 3
        assert camera.seen.refused == 0
    assert device.maker == "Acme"


def test_a_camera_that_names_an_unreachable_host_is_asked_where_it_answered() -> None:
    streams = (Stream(token="s", uri="rtsp://u:p@0.0.0.0:8554/s?a=1&b=2"),)
    with OnvifCamera(Firmware(claimed_host="169.254.9.9", streams=streams)) as camera:
        asking = line_to(camera)
        media = media_of(asking)
        url = media.stream_url("s")
        snapshot = media.snapshot_url("s")
        port = camera.port

    assert media.services.media_url == f"http://127.0.0.1:{port}/onvif/media"
    assert url == "rtsp://127.0.0.1:8554/s?a=1&b=2"
    assert snapshot == f"http://127.0.0.1:{port}/snap.jpg?channel=1"


def test_a_camera_without_snapshots_is_still_a_camera() -> None:
    with OnvifCamera() as camera:
        assert not media_of(line_to(camera)).snapshot_url("x")


@pytest.mark.parametrize("defect", ["hangs", "drips"])
def test_a_camera_that_does_not_finish_is_left_after_the_deadline(defect: str) -> None:
    with OnvifCamera(replace(Firmware(), **{defect: True})) as camera:
        asking = line_to(camera, deadline_s=0.5)
        began = monotonic()
        said = failure(read_device, asking)
        took_s = monotonic() - began

    assert "no answer" in said.what
    assert took_s < 2.5


@pytest.mark.parametrize(
    ("defect", "words"),
    [
        ("cuts_replies_short", "cut off before its end"),
        ("sends_entities", "not XML as ONVIF wants it"),
    ],
)
def test_a_damaged_reply_is_refused_aloud_and_not_guessed_at(defect: str, words: str) -> None:
    with OnvifCamera(replace(Firmware(), **{defect: True})) as camera:
        said = failure(read_device, line_to(camera))

    assert words in said.what


def test_a_raw_ampersand_is_mended_and_the_repair_is_known() -> None:
    with OnvifCamera(Firmware(writes_raw_ampersands=True)) as camera:
        asking = line_to(camera)
        device = read_device(asking)

    assert device.maker == "Acme & Sons"
    assert asking.repairs == ("raw ampersands",)


def test_empty_lines_before_a_reply_are_harmless() -> None:
    with OnvifCamera(Firmware(starts_replies_with_empty_lines=True)) as camera:
        assert read_device(line_to(camera)).model == "AC-100"


def test_a_web_server_is_not_taken_for_a_camera() -> None:
    with OnvifCamera(Firmware(is_a_web_server=True)) as camera:
        said = failure(read_device, line_to(camera))

    assert "not" in said.what
    assert "ONVIF" in said.report()


def test_what_a_camera_does_not_speak_is_told_in_its_own_words() -> None:
    with OnvifCamera(Firmware(streams=())) as camera:
        media = media_of(line_to(camera))
        none = failure(media.profiles)
        said = failure(media.stream_url, "x")

    assert "offers no video profile" in none.what
    assert "says: no" in said.what


def test_a_closed_port_is_not_a_wrong_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    asking = Line(Address("127.0.0.1", port), RIGHT, clock=SystemClock(), deadline_s=2)

    said = failure(read_device, asking)

    assert not isinstance(said, PasswordRefusedError)
    assert f"refuses connections on port {port}" in said.what


def test_talking_to_a_camera_leaves_the_process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    handlers = list(logging.getLogger().handlers)

    with OnvifCamera() as camera:
        read_device(line_to(camera))
        asked = list(camera.seen.operations)

    assert asked == ["GetDeviceInformation"]
    assert os.environ["http_proxy"] == "http://127.0.0.1:9"
    assert logging.getLogger().handlers == handlers


def test_a_number_that_is_none_is_unknown_and_makes_no_noise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    streams = (Stream(token="s", uri="rtsp://127.0.0.1/s", frames_per_second="many"),)
    with OnvifCamera(Firmware(streams=streams)) as camera:
        (profile,) = media_of(line_to(camera)).profiles()

    assert (profile.width_px, profile.frames_per_second) == (640, 0)
    assert not caplog.records
