"""What `add` changes in a camera: its clock and its encoder, and only where somebody said so."""

from dataclasses import replace

import pytest

from edge_agent.cli.channels import read_numbers
from edge_agent.config.load import camera_ids, load_camera
from edge_agent.runtime.clock import ClockState, SystemClock
from tests.cli.sites import Person, Site
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream

_HOUR_S = 3600.0


class BoxClock(SystemClock):
    """The real time, and whether anybody vouches for it."""

    def __init__(self, *, is_synced: bool) -> None:
        self._is_synced = is_synced

    def state(self) -> ClockState:
        return ClockState(is_synced=self._is_synced, error_ms=1.0)


RIGHT_BOX, LOST_BOX = BoxClock(is_synced=True), BoxClock(is_synced=False)


@pytest.fixture
def late(streams: tuple[Stream, ...]) -> Firmware:
    return Firmware(streams=streams[1:], skew_s=-_HOUR_S)


@pytest.fixture
def fast(streams: tuple[Stream, ...]) -> Firmware:
    sub = replace(streams[1], codec="H265", frames_per_second=25, key_frame_every=100)
    return Firmware(streams=(streams[0], sub), has_media2=True)


def test_a_person_is_asked_before_the_clock_is_set(site: Site, late: Firmware) -> None:
    with OnvifCamera(late) as camera:
        person = Person(answers=["y"])
        code = site.with_password(camera, "--name", "gate", person=person, clock=RIGHT_BOX)

        assert code == 0, site.out
        assert abs(camera.skew_s) < 2
    assert "set the camera's clock to this box's time?" in person.questions[0]
    assert "clock set to this box's time; its clock is right" in site.out


@pytest.mark.parametrize("answer", ["", "n", "now"])
def test_no_is_no(site: Site, late: Firmware, answer: str) -> None:
    with OnvifCamera(late) as camera:
        person = Person(answers=[answer])
        assert site.with_password(camera, "--name", "g", person=person, clock=RIGHT_BOX) == 0

        assert camera.skew_s == -_HOUR_S


def test_nobody_is_offered_the_time_of_a_box_that_does_not_know_it(
    site: Site, late: Firmware
) -> None:
    person = Person()
    with OnvifCamera(late) as camera:
        assert site.with_password(camera, "--name", "g", person=person, clock=LOST_BOX) == 0

    assert person.questions == []
    assert "this box's own clock is not synchronised: set that first" in site.out


def test_a_box_that_does_not_know_the_time_does_not_spread_it(site: Site, late: Firmware) -> None:
    words = ("--name", "gate", "--set-clock", "now")
    with OnvifCamera(late) as camera:
        assert site.with_password(camera, *words, clock=LOST_BOX) == 0

        assert camera.skew_s == -_HOUR_S
    assert "its clock was not set" in site.out


def test_a_camera_is_sent_to_a_time_server(site: Site, late: Firmware) -> None:
    words = ("--name", "gate", "--set-clock", "ntp:10.0.0.1")
    with OnvifCamera(late) as camera:
        assert site.with_password(camera, *words, clock=LOST_BOX) == 0, site.out

        assert (camera.time_source, camera.ntp_server) == ("NTP", "IPv410.0.0.1")
    assert "clock set to NTP from 10.0.0.1; its clock is right" in site.out


@pytest.mark.parametrize(
    ("source", "told", "advice"),
    [
        ("now", "this box's time", "next: set it in the camera's page"),
        ("ntp", "NTP from its own servers", "next: NTP may need a minute:  edge-agent check; else"),
    ],
)
def test_a_clock_that_is_as_wrong_as_before_was_not_set(
    site: Site, late: Firmware, source: str, told: str, advice: str
) -> None:
    ignoring = replace(late, ignored_settings=frozenset({"clock"}), skew_s=-3 * _HOUR_S)
    with OnvifCamera(ignoring) as camera:
        site.with_password(camera, "--name", "gate", "--set-clock", source, clock=RIGHT_BOX)

    assert f"-- gate   clock set to {told}, but it is still 3 h behind this box's" in site.out
    assert advice in site.out


def test_yes_alone_sets_no_clock(site: Site, late: Firmware) -> None:
    with OnvifCamera(late) as camera:
        assert site.with_password(camera, "--name", "gate", "--yes", clock=RIGHT_BOX) == 0

        assert camera.time_source == "Manual"
        assert camera.skew_s == -_HOUR_S


def test_a_clock_that_may_not_be_set_stops_nothing(site: Site, late: Firmware) -> None:
    words = ("--name", "gate", "--set-clock", "now")
    with OnvifCamera(replace(late, refuses_settings=True)) as camera:
        assert site.with_password(camera, *words, clock=RIGHT_BOX) == 0, site.out

    assert "refuses to have its clock set" in site.out
    assert camera_ids(site.folder) == ("gate",)


def test_an_encoder_is_tuned_after_a_yes_and_read_back(site: Site, fast: Firmware) -> None:
    person = Person(answers=["yes"])
    with OnvifCamera(fast) as camera:
        code = site.with_password(camera, "--name", "gate", "--tune", person=person)

        told = camera.encoders.told["esub"]
        main = camera.encoders.told["emain"]
    assert code == 0, site.out
    assert (told.codec, told.width_px, told.height_px) == ("H264", "640", "360")
    assert (told.rate, told.every) == ("10", "10")
    assert main.height_px == "1080"
    assert person.questions == ["change it? [y/N] "]
    assert "  25 -> 10 fps" in site.out
    assert "encoder set: H.265 -> H.264, 640x480 -> 640x360, 25 -> 10 fps" in site.out


def test_an_encoder_is_left_alone_without_a_yes(site: Site, fast: Firmware) -> None:
    for person in (Person(answers=[""]), None):
        with OnvifCamera(fast) as camera:
            assert site.with_password(camera, "--name", "gate", "--tune", person=person) == 0

            assert camera.encoders.told["esub"].codec == "H265"
        assert "the encoder stays as it is: nobody said yes" in site.out


def test_what_a_camera_ignores_is_told(site: Site, fast: Firmware) -> None:
    firmware = replace(fast, ignored_settings=frozenset({"rate"}))
    with OnvifCamera(firmware) as camera:
        assert site.with_password(camera, "--name", "gate", "--tune", "--yes") == 0, site.out

    assert "the camera ignored: 10 fps, it stays at 25" in site.out


def test_a_camera_that_refuses_to_be_tuned_is_saved_as_it_is(site: Site, fast: Firmware) -> None:
    with OnvifCamera(replace(fast, refuses_settings=True)) as camera:
        assert site.with_password(camera, "--name", "gate", "--tune", "--yes") == 0, site.out

    assert "refuses to change profile sub" in site.out
    assert load_camera(site.folder, "gate").stream.url.endswith("/sub")


def test_settings_that_two_streams_share_are_named_before_they_change(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    shared = tuple(replace(one, encoder="e1", key_frame_every=50) for one in streams)
    person = Person(answers=["n"])
    with OnvifCamera(Firmware(streams=shared, has_media2=True)) as camera:
        assert site.with_password(camera, "--name", "gate", "--tune", person=person) == 0

    assert "2 profiles of the camera share these settings" in site.out


def test_a_stream_that_is_as_we_want_it_is_not_touched(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    good = replace(streams[1], height_px=360, key_frame_every=10)
    with OnvifCamera(Firmware(streams=(streams[0], good))) as camera:
        assert site.with_password(camera, "--name", "gate", "--tune", "--yes") == 0, site.out

        assert "SetVideoEncoderConfiguration" not in camera.seen.operations
    assert "is as it should be" in site.out


def test_the_only_stream_of_a_camera_is_not_made_small_in_silence(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    person = Person(answers=["n"])
    with OnvifCamera(Firmware(streams=streams[:1])) as camera:
        assert site.with_password(camera, "--name", "gate", "--tune", person=person) == 0

    assert "it is the only stream of this channel: evidence becomes as small" in site.out


def test_channels_are_written_as_people_write_them() -> None:
    assert read_numbers("1,3-5, 8").wanted == {1, 3, 4, 5, 8}
    assert not read_numbers("ALL").are_named
