"""A camera's streams, told by Media 2 or Media 1, whichever works."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.choose import choose
from edge_agent.onvif.device import Services, read_services
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.media import Media, open_media
from edge_agent.onvif.profile import (
    MOST_PROFILES,
    Profile,
    as_number,
    as_token,
    by_token,
    channels_of,
)
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream

RIGHT = Credentials("admin", Secret("a & b <c>"))
WRONG = Credentials("admin", Secret("guess"))
NEW = Firmware(
    has_media2=True,
    streams=(
        Stream(token="main", uri="rtsp://127.0.0.1/main", codec="H265", width_px=3840),
        Stream(token="sub", uri="rtsp://u:p@10.9.9.9:8554/sub?a=1&b=2", source_name="Gate"),
    ),
)
RECORDER = replace(
    NEW,
    sources=("in1", "in2", "in3"),
    streams=tuple(
        Stream(token=f"{source}-{kind}", uri=f"rtsp://127.0.0.1/{source}", source=source)
        for source in ("in3", "in1")
        for kind in ("main", "sub")
    ),
)


def media_of(camera: OnvifCamera, credentials: Credentials = RIGHT) -> Media:
    line = Line(Address("127.0.0.1", camera.port), credentials, clock=SystemClock())
    return open_media(line, read_services(line))


def failure(act: Callable[..., Any], *args: Any) -> EdgeAgentError:
    with pytest.raises(EdgeAgentError) as caught:
        act(*args)
    assert caught.value.hint
    return caught.value


def profile(token: str, source: str) -> Profile:
    return Profile(
        token=token,
        name=token,
        source=source,
        codec="H264",
        width_px=640,
        height_px=360,
        frames_per_second=10,
        key_frame_every=10,
    )


def test_a_stream_of_h265_is_told_by_media_2() -> None:
    with OnvifCamera(NEW) as camera:
        media = media_of(camera)
        main, sub = media.profiles()
        url, snapshot = media.stream_url(sub.token), media.snapshot_url(sub.token)

        assert snapshot == f"http://127.0.0.1:{camera.port}/snap.jpg?channel=1"
    assert main.looks == "3840x360 H.265, 10 fps, a key frame every 2 s"
    assert (sub.media2, sub.encoder_token, sub.bitrate_kbps) == (True, "esub", 512)
    assert (sub.source, sub.source_name) == ("VS_1", "Gate")
    assert url == "rtsp://127.0.0.1:8554/sub?a=1&b=2"
    assert choose([main, sub]).analysis == sub


def test_a_camera_that_only_knows_the_older_word_for_rtsp_is_asked_with_it() -> None:
    with OnvifCamera(replace(NEW, protocols=frozenset({"RtspUnicast"}))) as camera:
        assert media_of(camera).stream_url("main") == "rtsp://127.0.0.1/main"


def test_a_camera_whose_media_2_does_not_work_is_asked_by_media_1() -> None:
    with OnvifCamera(replace(NEW, media2_is_broken=True)) as camera:
        media = media_of(camera)
        profiles = media.profiles()
        url = media.stream_url("main")

        assert media.snapshot_url("main")
    assert [(one.token, one.media2) for one in profiles] == [("main", False), ("sub", False)]
    assert url == "rtsp://127.0.0.1/main"


def test_a_camera_whose_media_2_shows_nothing_is_asked_by_media_1() -> None:
    with OnvifCamera(NEW) as camera:
        camera.spoil = lambda content: content.replace(b"tr2:Configurations>", b"tr2:Other>")
        profiles = media_of(camera).profiles()

    assert [one.media2 for one in profiles] == [False, False]


@pytest.mark.parametrize("has_media2", [True, False])
def test_a_token_goes_back_letter_by_letter_and_is_shown_as_one_line(has_media2: bool) -> None:  # noqa: FBT001 (pytest gives it)
    odd = Stream(token="Profile\u00a0 1 ", uri="rtsp://127.0.0.1/1")
    with OnvifCamera(Firmware(has_media2=has_media2, streams=(odd,))) as camera:
        media = media_of(camera)
        (one,) = media.profiles()
        url, snapshot = media.stream_url(one.token), media.snapshot_url(one.token)

        assert snapshot == f"http://127.0.0.1:{camera.port}/snap.jpg?channel=1"
    assert (one.token, one.media2) == ("Profile 1", has_media2)
    assert url == "rtsp://127.0.0.1/1"


def test_a_token_without_end_is_none() -> None:
    assert (as_token("x" * 257), as_token(None), as_token(" a ")) == ("", "", " a ")


@pytest.mark.parametrize("has_media2", [True, False])
def test_a_streams_address_cannot_steer_a_terminal(has_media2: bool) -> None:  # noqa: FBT001 (pytest gives it)
    odd = Stream(token="a", uri="rtsp://127.0.0.1/a\x9b31m\u202eX")
    with OnvifCamera(Firmware(has_media2=has_media2, streams=(odd,))) as camera:
        media = media_of(camera)
        media.profiles()

        assert media.stream_url("a").isprintable()


def test_a_camera_with_media_2_alone_says_what_is_wrong_with_it() -> None:
    firmware = replace(NEW, media2_is_broken=True, is_without_media1=True)
    with OnvifCamera(firmware) as camera:
        media = media_of(camera)

        # GetCapabilities, the way back, knows Media 1.
        media.services = Services(media2_url=media.services.media2_url)
        assert "says: no" in failure(media.profiles).what
        assert media.snapshot_url("main") == ""


def test_a_camera_without_media_service_is_sent_to_its_stream() -> None:
    line = Line(Address("127.0.0.1", 9), None, clock=SystemClock())

    said = failure(open_media, line, Services())

    assert "has no ONVIF media service" in said.what
    assert "rtsp://127.0.0.1/PATH" in said.hint


def test_a_wrong_password_is_not_tried_again_by_the_older_service() -> None:
    with OnvifCamera(replace(NEW, open_to_all=frozenset({"GetServices"}))) as camera:
        refusal = failure(media_of(camera, WRONG).profiles)

        assert camera.seen.refused == 1
        assert camera.seen.operations.count("GetProfiles") == 1
    assert isinstance(refusal, PasswordRefusedError)


def test_a_camera_of_today_is_asked_without_zeep() -> None:
    program = (
        "import sys\n"
        "from edge_agent.onvif import choose, encoder, identity, media, set_clock\n"
        "print([name for name in ('zeep', 'lxml', 'requests') if name in sys.modules])"
    )

    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout.strip() == "[]"


def test_a_recorders_channels_keep_the_numbers_of_its_inputs() -> None:
    with OnvifCamera(RECORDER) as camera:
        media = media_of(camera)
        channels = media.channels(media.profiles())

    assert [(one.number, one.source, one.name) for one in channels] == [
        (1, "in1", "s"),
        (3, "in3", "s"),
    ]
    assert [one.token for one in channels[1].profiles] == ["in3-main", "in3-sub"]


def test_a_recorder_that_does_not_tell_its_inputs_is_counted_by_its_streams() -> None:
    with OnvifCamera(replace(RECORDER, sources=())) as camera:
        media = media_of(camera)
        channels = media.channels(media.profiles())

    assert [(one.number, one.source) for one in channels] == [(1, "in3"), (2, "in1")]


def test_a_camera_with_one_lens_is_not_asked_for_its_inputs() -> None:
    with OnvifCamera(replace(NEW, sources=("VS_1",))) as camera:
        media = media_of(camera)

        assert [one.number for one in media.channels(media.profiles())] == [1]
        assert "GetVideoSources" not in camera.seen.operations


@given(
    st.lists(st.sampled_from("abcde")),
    st.lists(st.sampled_from("abcdefg"), max_size=12),
)
def test_each_stream_belongs_to_one_channel(sources: list[str], owners: list[str]) -> None:
    profiles = [profile(f"p{place}", owner) for place, owner in enumerate(owners)]

    channels = channels_of(profiles, sources)

    told = [one.token for channel in channels for one in channel.profiles]
    assert sorted(told) == sorted(one.token for one in profiles)
    numbers = [channel.number for channel in channels]
    assert numbers == sorted(set(numbers))


def test_of_equal_tokens_the_first_counts_and_a_flood_of_them_ends() -> None:
    first, second = profile("a", "1"), profile("a", "2")

    assert by_token([first, None, second]) == (first,)
    assert len(by_token(profile(str(number), "") for number in range(9999))) == MOST_PROFILES


@pytest.mark.parametrize(
    "said", [None, "", "many", "-1", "nan", "inf", "1e400", "9" * 5000, "\u0663x", "0"]
)
def test_a_number_that_is_none_is_unknown(said: str | None) -> None:
    assert as_number(said) == 0
