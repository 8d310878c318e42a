"""Tuning a camera's stream: planned, set, read back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.choose import NARROWEST_PX, WIDEST_PX
from edge_agent.onvif.device import read_services
from edge_agent.onvif.encoder import read_encoder, tune
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.media import Media, Profile, open_media
from edge_agent.onvif.tuning import EncoderOptions, EncoderSettings, Tuning, plan_tuning
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream

RIGHT = Credentials("admin", Secret("a & b <c>"))
OLD = Firmware(
    streams=(
        Stream(
            token="sub",
            uri="rtsp://127.0.0.1/sub",
            width_px=704,
            height_px=576,
            frames_per_second=25,
            key_frame_every=50,
        ),
    )
)
NEW = replace(OLD, has_media2=True, streams=(replace(OLD.streams[0], codec="H265"),))
BUSY = EncoderSettings(
    codec="H265",
    width_px=1920,
    height_px=1080,
    frames_per_second=25,
    key_frame_every=50,
    bitrate_kbps=4096,
)


def opened(camera: OnvifCamera) -> tuple[Media, Profile]:
    line = Line(Address("127.0.0.1", camera.port), RIGHT, clock=SystemClock())
    media = open_media(line, read_services(line))
    return media, media.profiles()[0]


def tuned(camera: OnvifCamera) -> Tuning:
    media, profile = opened(camera)
    encoder = read_encoder(media, profile)
    plan = plan_tuning(encoder.options, encoder.settings)
    return tune(media, profile, plan.after, settling_s=0)


def failure(act: Callable[..., Any], *args: Any) -> EdgeAgentError:
    with pytest.raises(EdgeAgentError) as caught:
        act(*args)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("firmware", [OLD, NEW])
def test_a_busy_stream_is_tuned_and_read_back(firmware: Firmware) -> None:
    with OnvifCamera(firmware) as camera:
        done = tuned(camera)
        told = camera.encoders.told["esub"]

    assert (done.after.codec, done.after.width_px, done.after.height_px) == ("H264", 640, 360)
    assert (done.after.frames_per_second, done.after.key_frame_every) == (10, 10)
    assert not done.ignored
    assert done.changes[-3:] == (
        "704x576 -> 640x360",
        "25 -> 10 fps",
        "50 -> 10 frames from key frame to key frame",
    )
    assert (told.codec, told.rate, told.every, told.kbps) == ("H264", "10", "10", "512")


def test_a_stream_of_pictures_becomes_video() -> None:
    pictures = replace(OLD, streams=(replace(OLD.streams[0], codec="JPEG"),))
    with OnvifCamera(pictures) as camera:
        done = tuned(camera)

        assert camera.encoders.told["esub"].flavour == "Main"
    assert (done.before.codec, done.after.codec, done.ignored) == ("JPEG", "H264", ())


def test_a_tuned_stream_has_nothing_left_to_change() -> None:
    with OnvifCamera(NEW) as camera:
        tuned(camera)
        media, profile = opened(camera)
        encoder = read_encoder(media, profile)

    assert plan_tuning(encoder.options, encoder.settings).changes == ()


@pytest.mark.parametrize("firmware", [OLD, NEW])
def test_a_camera_that_ignores_a_setting_is_found_out(firmware: Firmware) -> None:
    with OnvifCamera(replace(firmware, ignored_settings=frozenset({"rate"}))) as camera:
        done = tuned(camera)

    assert done.ignored == ("10 fps, it stays at 25",)
    assert done.after.width_px == 640


@pytest.mark.parametrize("firmware", [OLD, NEW])
@pytest.mark.parametrize("kept", [b">512<", b">0<"])
def test_a_bit_rate_that_nobody_named_is_not_called_ignored(
    firmware: Firmware, kept: bytes
) -> None:
    silent = replace(firmware, streams=(replace(firmware.streams[0], bitrate_kbps=0),))
    with OnvifCamera(silent) as camera:
        camera.spoil = lambda content: content.replace(b">512<", kept)
        done = tuned(camera)

        assert camera.encoders.told["esub"].kbps == "512"
    assert done.ignored == ()


@pytest.mark.parametrize("firmware", [OLD, NEW])
def test_an_encoder_with_spaces_in_its_name_is_tuned(firmware: Firmware) -> None:
    odd = replace(firmware.streams[0], token="sub  1 ", encoder=" e  1")
    with OnvifCamera(replace(firmware, streams=(odd,))) as camera:
        done = tuned(camera)

    assert (done.after.width_px, done.ignored) == (640, ())


def test_a_camera_that_takes_a_moment_is_asked_again() -> None:
    just_set = ["SetVideoEncoderConfiguration", "GetVideoEncoderConfigurations"]
    with OnvifCamera(NEW) as camera:
        camera.spoil = lambda content: (
            content.replace(b">10</tt:FrameRateLimit", b">25</tt:FrameRateLimit")
            if camera.seen.operations[-2:] == just_set
            else content
        )
        done = tuned(camera)

        assert camera.seen.operations[-3:] == [*just_set, just_set[1]]
    assert not done.ignored


@pytest.mark.parametrize("firmware", [OLD, NEW])
def test_a_camera_that_refuses_is_quoted(firmware: Firmware) -> None:
    with OnvifCamera(replace(firmware, refuses_settings=True)) as camera:
        said = failure(tuned, camera)

    assert "refuses to change profile sub (no)" in said.what
    assert "H.264, 640x360" in said.hint


def test_a_user_who_may_only_look_is_told_so() -> None:
    firmware = replace(NEW, forbidden=frozenset({"SetVideoEncoderConfiguration"}))
    with OnvifCamera(firmware) as camera:
        said = failure(tuned, camera)

    assert "does not let user 'admin' do this" in said.what
    assert not isinstance(said, PasswordRefusedError)


def test_a_camera_that_names_no_options_is_asked_for_what_we_want() -> None:
    with OnvifCamera(replace(NEW, sizes=())) as camera:
        done = tuned(camera)

    assert (done.after.codec, done.after.width_px, done.ignored) == ("H264", 640, ())


def test_profiles_that_share_an_encoder_are_told() -> None:
    shared = (
        replace(NEW.streams[0], encoder="e1"),
        Stream(token="b", uri="rtsp://h/", encoder="e1"),
    )
    with OnvifCamera(replace(NEW, streams=shared)) as camera:
        encoder = read_encoder(*opened(camera))

    assert plan_tuning(encoder.options, encoder.settings).notes == (
        "2 profiles of the camera share these settings",
    )


def test_an_encoder_that_does_not_answer_sends_to_the_cameras_page() -> None:
    with OnvifCamera(OLD) as camera:
        media, profile = opened(camera)
        camera.spoil = lambda content: content.replace(b'token="esub"', b'token="x"')
        said = failure(read_encoder, media, profile)

    assert "does not tell how profile sub is encoded" in said.what


def test_a_camera_with_other_sizes_gets_a_small_one_of_the_same_shape() -> None:
    options = [EncoderOptions(codec="H264", sizes=((1280, 720), (704, 576), (768, 432), (160, 90)))]

    after = plan_tuning(options, BUSY).after

    assert (after.width_px, after.height_px) == (768, 432)


def test_a_camera_with_large_sizes_alone_gets_the_smallest() -> None:
    options = [EncoderOptions(codec="H264", sizes=((1920, 1080), (1280, 720)))]

    assert plan_tuning(options, BUSY).after.width_px == 1280


def test_a_camera_of_h265_alone_keeps_it() -> None:
    options = [EncoderOptions(codec="H265", sizes=((640, 360),))]

    assert plan_tuning(options, BUSY).after.codec == "H265"


def test_key_frames_come_each_second_at_the_rate_that_there_is() -> None:
    options = [EncoderOptions(codec="H264", frame_rates=(6.25, 12.5, 25), key_frame_range=(1, 50))]

    after = plan_tuning(options, BUSY).after

    assert (after.frames_per_second, after.key_frame_every) == (12.5, 12)


numbers = st.integers(0, 5000)
any_options = st.builds(
    EncoderOptions,
    codec=st.sampled_from(["H264", "H265", "JPEG", ""]),
    sizes=st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 5000)), max_size=6).map(tuple),
    frame_rates=st.lists(st.floats(0.1, 240), max_size=5).map(tuple),
    key_frame_range=st.lists(numbers, max_size=3).map(tuple),
    bitrate_range_kbps=st.lists(numbers, max_size=3).map(tuple),
)
any_settings = st.builds(
    EncoderSettings,
    codec=st.sampled_from(["H264", "H265", "JPEG", ""]),
    width_px=numbers,
    height_px=numbers,
    frames_per_second=st.floats(0, 240),
    key_frame_every=numbers,
    bitrate_kbps=numbers,
)


@given(st.lists(any_options, max_size=3, unique_by=lambda one: one.codec), any_settings)
def test_whatever_is_planned_is_allowed_and_is_the_plan_of_the_plan(
    options: list[EncoderOptions], current: EncoderSettings
) -> None:
    plan = plan_tuning(options, current)

    for one in options:
        if one.codec == plan.after.codec:
            size = plan.after.width_px, plan.after.height_px
            small = any(NARROWEST_PX <= width <= WIDEST_PX for width, _ in one.sizes)
            assert size in one.sizes or not small
            assert plan.after.frames_per_second in one.frame_rates or not one.frame_rates
    assert plan_tuning(options, plan.after).changes == ()
