"""What we make of each recorded or rebuilt reply in tests/recorded, over a real socket."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.device import Device, read_device, read_services
from edge_agent.onvif.line import FaultError, Line, PasswordRefusedError
from edge_agent.onvif.matches import Found, read_matches
from edge_agent.onvif.media import open_media
from edge_agent.onvif.presence import Presence, Status, look
from edge_agent.onvif.quirks import Repair
from edge_agent.onvif.soap import ask
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from tests.fakes.clock import FakeClock
from tests.fakes.replayed_camera import ANYTHING, RECORDED, ReplayedCamera, recorded

EVENTS = "http://www.onvif.org/ver10/events/wsdl"
# 2026-11-24 01:30:23, the moment of the recordings and the Date of the rebuilt clocks.
RECORDED_AT = 1_795_483_823.0
ADMIN = Credentials("admin", Secret("secret"))


def line(
    camera: ReplayedCamera, credentials: Credentials | None = None, *, deadline_s: float = 3.0
) -> Line:
    address = Address("127.0.0.1", camera.port)
    return Line(address, credentials, clock=SystemClock(), deadline_s=deadline_s)


def one_reply(folder: str, name: str) -> ReplayedCamera:
    return ReplayedCamera({ANYTHING: recorded(folder, f"{name}.http")})


def device(folder: str, name: str) -> tuple[Device, tuple[str, ...]]:
    with one_reply(folder, name) as camera:
        asked = line(camera)
        return read_device(asked), asked.repairs


def failure(act: Callable[..., Any], *args: Any) -> EdgeAgentError:
    with pytest.raises(EdgeAgentError) as caught:
        act(*args)
    assert caught.value.hint
    return caught.value


def presence(name: str) -> Presence:
    with one_reply("unbranded-clock-unknown", name) as camera:
        return look(Address("127.0.0.1", camera.port), FakeClock(wall=RECORDED_AT))


def found(folder: str, name: str) -> Found:
    (camera,) = read_matches(recorded(folder, f"{name}.xml"), "192.168.1.60")
    return camera


def test_ipycam_tells_who_it_is_and_both_its_streams() -> None:
    with ReplayedCamera.of("ipycam-ipycam-1.3.0") as camera:
        asked = line(camera)
        media = open_media(asked, read_services(asked))
        profiles = media.profiles()
        url = media.stream_url(profiles[1].token)

        assert read_device(asked).model == "VirtualCam-1"
    assert [(one.codec, one.width_px, one.frames_per_second) for one in profiles] == [
        ("H264", 1280, 10),
        ("H264", 768, 10),
    ]
    assert re.fullmatch(r"rtsp://127\.0\.0\.1:\d+/video_sub", url)
    assert asked.repairs == ()


def test_ipycam_keeps_its_clock_behind_a_password_but_not_that_of_its_web_server() -> None:
    with ReplayedCamera.of("ipycam-ipycam-1.3.0") as camera:
        seen = look(Address("127.0.0.1", camera.port), FakeClock(wall=RECORDED_AT - 100))

    assert seen.clock_offset_s == 100


def test_ipycam_is_found_in_spite_of_its_loose_match() -> None:
    camera = found("ipycam-ipycam-1.3.0", "ProbeMatch")

    assert camera.name == "Campus gate"


def test_a_camhipro_that_names_its_factory_address_is_asked_where_it_answered() -> None:
    with ReplayedCamera.of("camhi-camhipro-unknown") as camera:
        asked = line(camera)
        services = read_services(asked)
        media = open_media(asked, services)

        assert services.media_url == f"http://127.0.0.1:{camera.port}/onvif/media_service"
        assert media.stream_url("PROFILE_001") == "rtsp://127.0.0.1/11"
        assert len(media.profiles()) == 2


def test_a_vikviz_that_says_utf8_and_sends_gb2312_is_read_as_what_it_sent() -> None:
    told, repairs = device("vikviz-ptz-unknown", "GetDeviceInformation")

    assert told.maker == "网络摄像机"
    assert repairs == (Repair.CHARSET.value,)
    with ReplayedCamera({ANYTHING: recorded("vikviz-ptz-unknown", "GetProfiles.http")}) as camera:
        asked = line(camera)
        answer = ask(asked, asked.address.url, "urn:media", "GetProfiles")
        names = [profile.findtext("{*}Name") for profile in answer]
    assert names == ["文_A", "主码流"]


def test_a_hikvision_recorder_is_answered_in_http_digest_and_believed_when_it_refuses_that() -> (
    None
):
    with ReplayedCamera.of("hikvision-nvr-unknown") as camera:
        error = failure(read_device, line(camera, ADMIN))

        assert isinstance(error, PasswordRefusedError)
        assert "refuses user 'admin'" in error.what
        assert [b"Authorization: Digest" in request for request in camera.requests] == [False, True]


def test_a_tapo_is_asked_at_its_own_port() -> None:
    assert found("tplink-tapo_c200-unknown", "ProbeMatch").address == Address("192.168.1.60", 2020)


def test_prefixes_that_nobody_declared_mean_what_they_usually_mean() -> None:
    with ReplayedCamera.of("unbranded-pullpoint-unknown") as camera:
        asked = line(camera)
        url = f"http://127.0.0.1:{camera.port}/onvif/event_service"
        answer = ask(asked, url, EVENTS, "CreatePullPointSubscription")

    assert answer.findtext("{http://docs.oasis-open.org/wsn/b-2}CurrentTime")
    assert answer.findtext(".//{http://www.w3.org/2005/08/addressing}Address")
    assert asked.repairs == (Repair.PREFIXES.value,)


def test_a_camera_that_lives_in_1970_tells_so() -> None:
    assert presence("starts_in_1970").clock_offset_s == 7 - RECORDED_AT


@pytest.mark.parametrize("name", ["no_time", "month_13", "empty_hour"])
def test_a_camera_without_a_usable_time_is_asked_by_its_web_server(name: str) -> None:
    seen = presence(name)

    assert seen.clock_offset_s == 0


def test_a_camera_that_tells_no_time_at_all_is_a_camera_without_a_clock() -> None:
    seen = presence("nothing_at_all")

    assert seen.clock_offset_s is None
    assert seen.status is not Status.NO_ONVIF


@pytest.mark.parametrize("name", ["page_200", "page_404", "page_500"])
def test_a_web_page_of_any_status_is_no_onvif(name: str) -> None:
    with one_reply("unbranded-http-unknown", name) as camera:
        seen = look(Address("127.0.0.1", camera.port), SystemClock())
        failure(read_device, line(camera))

    assert seen.status is Status.NO_ONVIF


@pytest.mark.parametrize(
    ("name", "words"),
    [("fault_400", "Action Not Implemented"), ("fault_500", "HTTP GET method not implemented")],
)
def test_a_fault_says_its_own_words_whatever_the_status(name: str, words: str) -> None:
    with one_reply("unbranded-http-unknown", name) as camera:
        error = failure(read_device, line(camera))

    assert isinstance(error, FaultError)
    assert error.what.endswith(f"says: {words}")


@pytest.mark.parametrize("name", ["refusal_400", "refusal_500"])
def test_a_refusal_is_one_whatever_the_status_and_asked_for_once(name: str) -> None:
    with one_reply("unbranded-http-unknown", name) as camera:
        asked = line(camera, ADMIN)
        for _ in range(3):
            assert isinstance(failure(read_device, asked), PasswordRefusedError)

        assert sum(b"UsernameToken" in request for request in camera.requests) == 1


@pytest.mark.parametrize(
    ("name", "place"), [("redirect", "203.0.113.9"), ("redirect_to_https", "https://127.0.0.1")]
)
def test_a_camera_that_sends_us_elsewhere_is_not_followed_and_says_where(
    name: str, place: str
) -> None:
    with one_reply("unbranded-http-unknown", name) as camera:
        errors = [
            failure(look, Address("127.0.0.1", camera.port), SystemClock()),
            failure(read_device, line(camera, ADMIN)),
        ]

        assert len(camera.requests) == 2
    for error in errors:
        assert place in error.what
        assert "not followed" in error.what


@pytest.mark.parametrize("name", ["continue_first", "text_html", "no_length", "chunked"])
def test_http_of_an_unusual_kind_is_read_all_the_same(name: str) -> None:
    told, repairs = device("unbranded-http-unknown", name)

    assert told.maker == "Acme"
    assert repairs == ()


@pytest.mark.parametrize(
    "name", ["cut_length", "broken_chunk", "other_answer", "no_answer", "status_nonsense"]
)
def test_http_that_breaks_off_or_answers_something_else_is_refused_aloud(name: str) -> None:
    with one_reply("unbranded-http-unknown", name) as camera:
        failure(read_device, line(camera))


def test_a_reply_without_an_end_on_a_connection_that_stays_is_left_at_the_deadline() -> None:
    began = monotonic()

    with ReplayedCamera(
        {ANYTHING: recorded("unbranded-http-unknown", "no_length.http")}, stays=True
    ) as camera:
        failure(read_device, line(camera, deadline_s=0.3))

    assert monotonic() - began < 2


def test_a_camera_that_keeps_the_connection_but_keeps_its_length_is_not_waited_for() -> None:
    began = monotonic()

    with ReplayedCamera(
        {ANYTHING: recorded("unbranded-http-unknown", "text_html.http")}, stays=True
    ) as camera:
        assert read_device(line(camera)).maker == "Acme"

    assert monotonic() - began < 2


@pytest.mark.parametrize(
    ("name", "maker", "repairs"),
    [
        ("empty_lines", "A & B", [Repair.PROLOGUE]),
        ("raw_ampersand", "A & B", [Repair.AMPERSANDS]),
        (
            "raw_ampersand_after_empty_lines",
            "A & B",
            [Repair.PROLOGUE, Repair.AMPERSANDS],
        ),
        ("latin1", "Caméra Sécurité", [Repair.CHARSET]),
        ("declared_latin1", "Caméra Sécurité", []),
        ("unknown_charset", "Caméra Sécurité", [Repair.DECLARATION]),
        ("cut_letter", "网络摄像\N{REPLACEMENT CHARACTER}", [Repair.BROKEN_LETTERS]),
        ("control_characters", "A & B\N{REPLACEMENT CHARACTER}", [Repair.CONTROL_CHARACTERS]),
        ("junk_after", "A & B", [Repair.EPILOGUE]),
    ],
)
def test_no_letter_is_lost_where_a_reply_is_mended_and_each_repair_is_told(
    name: str, maker: str, repairs: list[Repair]
) -> None:
    told, mended = device("unbranded-xml-unknown", name)

    assert told.maker == maker
    assert mended == tuple(repair.value for repair in repairs)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cut", "cut off before its end"),
        ("mismatched_tags", "mismatched tag"),
        ("entities", "it has a DOCTYPE"),
    ],
)
def test_what_nobody_can_complete_is_refused_aloud(name: str, words: str) -> None:
    with one_reply("unbranded-xml-unknown", name) as camera:
        error = failure(read_device, line(camera))

    assert words in error.report()


def test_of_equal_profiles_the_first_counts_and_one_without_pictures_is_left_out() -> None:
    with ReplayedCamera(
        {"GetProfiles": recorded("unbranded-media-unknown", "duplicate_profiles.http")}
    ) as camera:
        profiles = media_of(camera).profiles()

    assert [(one.token, one.width_px) for one in profiles] == [("sub", 640), ("main", 1920)]


def test_a_camera_of_h265_alone_is_shown_as_what_it_is() -> None:
    with ReplayedCamera(
        {"GetProfiles": recorded("unbranded-media-unknown", "h265_only.http")}
    ) as camera:
        (profile,) = media_of(camera).profiles()

    assert (profile.codec, profile.width_px) == ("H265", 3840)


def test_addresses_lose_the_password_and_the_host_that_is_none() -> None:
    with ReplayedCamera.of("unbranded-media-unknown") as camera:
        media = media_of(camera)

        assert media.stream_url("sub") == "rtsp://127.0.0.1/ch1?a=1&b=2"
        assert media.snapshot_url("sub") == f"http://127.0.0.1:{camera.port}/snap.jpg"


def media_of(camera: ReplayedCamera) -> Any:
    from edge_agent.onvif.device import Services  # noqa: PLC0415 (beside its only use)

    media_url = f"http://127.0.0.1:{camera.port}/onvif/media"
    return open_media(line(camera), Services(media_url=media_url))


def test_an_onvif_srvd_that_hangs_up_when_asked_for_events_is_a_failure_with_advice() -> None:
    with ReplayedCamera.of("onvif_srvd-onvif_srvd-unknown") as camera:
        asked = line(camera)
        services = read_services(asked)

        error = failure(ask, asked, services.events_url, EVENTS, "GetEventProperties")

    assert "RemoteDisconnected" in error.what


def test_an_onvif_srvd_that_tells_anybody_its_services_has_not_accepted_a_password() -> None:
    with ReplayedCamera.of("onvif_srvd-onvif_srvd-unknown") as camera:
        asked = line(camera, ADMIN)

        assert read_services(asked).media_url
        assert isinstance(failure(read_device, asked), PasswordRefusedError)


def test_a_camera_without_a_name_has_none() -> None:
    camera = found("unbranded-probe-unknown", "no_name")

    assert (camera.name, camera.hardware) == ("", "")


def test_a_camera_that_names_its_ipv6_address_first_is_asked_where_it_answered() -> None:
    assert found("unbranded-probe-unknown", "ipv6_first").address.host == "192.168.1.60"


def test_a_camera_that_names_nothing_is_asked_at_the_usual_place() -> None:
    assert found("unbranded-probe-unknown", "empty").address == Address("192.168.1.60")


def test_of_huge_scopes_a_few_are_kept() -> None:
    camera = found("unbranded-probe-unknown", "huge_scopes")

    assert len(camera.scopes) <= 64
    assert sum(map(len, camera.scopes)) < 20_000


def folders() -> list[Path]:
    return sorted(path for path in RECORDED.iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_each_folder_says_whether_it_is_a_recording_and_is_replayed_here(folder: Path) -> None:
    readme = (folder / "README.md").read_text(encoding="utf-8")

    assert ("**rebuilt**" in readme) != ("**recorded from" in readme)
    assert f'"{folder.name}"' in Path(__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_each_folder_names_maker_model_and_firmware(folder: Path) -> None:
    assert re.fullmatch(r"[a-z_]+-[a-z0-9_]+-[a-z0-9.]+", folder.name)
