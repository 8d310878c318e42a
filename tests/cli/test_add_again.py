"""Which camera is which: what is added again is updated, and nothing else is."""

import pytest

from edge_agent.cli.saving import save
from edge_agent.config.load import load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera, save_password
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.zone import Zone
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.secret import Secret
from edge_agent.video.options import StreamOptions
from tests.cli.sites import RIGHT, InterruptedSecret, Person, Site
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream
from tests.peers.rtsp import RtspServer

ZONE = Zone("yard", Polygon((Point(0, 0), Point(1, 0), Point(0, 1))))


def test_adding_a_camera_again_keeps_its_zones(site: Site, open_stream: str) -> None:
    save_camera(
        site.folder,
        CameraSettings(
            id="yard", name="Yard", stream=StreamOptions(url=open_stream, read_s=2), zones=(ZONE,)
        ),
    )

    assert site.add(open_stream) == 0, site.out

    yard = load_camera(site.folder, "yard")
    assert (yard.zones, yard.name, yard.stream.read_s) == ((ZONE,), "Yard", 2)


def test_a_camera_is_called_by_one_name_from_the_first_line_on(
    site: Site, open_stream: str
) -> None:
    with OnvifCamera(_with_identity(open_stream)) as camera:
        assert site.add_camera(camera, "--name", "gate") == 0, site.out

        assert site.add_camera(camera) == 0, site.out

    assert "ok gate   reached" in site.out
    assert "front-door" not in site.out


def test_another_camera_is_not_replaced_without_a_word(site: Site, open_stream: str) -> None:
    other = CameraSettings(
        id="gate", name="gate", stream=StreamOptions(url="rtsp://10.0.0.9/s"), zones=(ZONE,)
    )
    save_camera(site.folder, other)

    for words in ((), ("--yes",)):
        assert site.add(open_stream, "--name", "gate", *words) == 1
        assert "gate is the name of another camera, rtsp://10.0.0.9/s" in site.out
        assert "choose another with --name" in site.out
        assert load_camera(site.folder, "gate") == other


def test_another_channel_of_a_recorder_is_another_camera(
    site: Site, two_channels: RtspServer
) -> None:
    assert site.add(two_channels.url("/main"), "--name", "ch1") == 0

    assert site.add(two_channels.url("/sub")) == 0, site.out

    assert load_camera(site.folder, "ch1").stream.url == two_channels.url("/main")
    assert load_camera(site.folder, "127-0-0-1").stream.url == two_channels.url("/sub")


def test_another_port_is_another_camera(
    site: Site, open_stream: str, two_channels: RtspServer
) -> None:
    assert site.add(two_channels.url("/main"), "--name", "gate") == 0

    assert site.add(open_stream, "--name", "gate") == 1
    assert load_camera(site.folder, "gate").stream.url == two_channels.url("/main")


def test_a_stream_on_the_host_of_an_onvif_camera_is_another_camera(
    site: Site, open_stream: str
) -> None:
    gate = CameraSettings(
        id="gate",
        name="gate",
        stream=StreamOptions(url="rtsp://127.0.0.1:1/sub"),
        onvif_url="http://127.0.0.1/onvif/device_service",
    )
    save_camera(site.folder, gate)

    assert site.add(open_stream) == 0, site.out

    assert load_camera(site.folder, "gate") == gate


def test_the_stream_of_an_onvif_camera_added_again_keeps_what_onvif_told(
    site: Site, open_stream: str
) -> None:
    gate = CameraSettings(
        id="gate",
        name="gate",
        stream=StreamOptions(url=open_stream),
        main_stream=StreamOptions(url="rtsp://127.0.0.1:1/main"),
        onvif_url="http://10.0.0.9/onvif/device_service",
        onvif_endpoint="urn:uuid:1",
    )
    save_camera(site.folder, gate)

    assert site.add(open_stream) == 0, site.out

    assert load_camera(site.folder, "gate") == gate


def test_a_new_login_is_the_login_of_both_streams(site: Site, streams: tuple[Stream, ...]) -> None:
    old = save_password(site.folder, "gate", Secret("old"))
    sub, main = (
        StreamOptions(url=url, username="old", password=Secret("old"), password_file=old)
        for url in (streams[1].uri, streams[0].uri)
    )
    save_camera(site.folder, CameraSettings(id="gate", name="gate", stream=sub, main_stream=main))
    login = ("--user", "admin", "--password-file", str(site.password_file))

    assert site.add(streams[1].uri, *login) == 0, site.out

    gate = load_camera(site.folder, "gate")
    assert gate.main_stream is not None
    assert gate.main_stream.url == streams[0].uri
    assert gate.main_stream.username == gate.stream.username == "admin"
    assert gate.main_stream.password == gate.stream.password == Secret(RIGHT)


def test_a_recorder_s_second_channel_does_not_become_its_first(
    site: Site, two_channels: RtspServer
) -> None:
    with OnvifCamera(
        Firmware(password="", streams=(Stream(token="a", uri=two_channels.url("/main")),))
    ) as recorder:
        for name, url in (("ch2", two_channels.url("/sub")), ("ch3", "rtsp://127.0.0.1:1/x")):
            stream = StreamOptions(url=url)
            endpoint = recorder.firmware.endpoint
            save_camera(
                site.folder,
                CameraSettings(
                    id=name,
                    name=name,
                    stream=stream,
                    onvif_url="http://10.0.0.9/",
                    onvif_endpoint=endpoint,
                ),
            )

        assert site.add_camera(recorder, "--name", "ch2") == 1
        assert site.add_camera(recorder) == 0, site.out

    assert load_camera(site.folder, "ch2").stream.url == two_channels.url("/sub")
    assert load_camera(site.folder, "front-door").stream.url == two_channels.url("/main")


def test_a_person_is_asked_again_for_an_id_that_cannot_be(site: Site, open_stream: str) -> None:
    other = CameraSettings(id="gate", name="gate", stream=StreamOptions(url="rtsp://10.0.0.9/s"))
    save_camera(site.folder, other)
    person = Person(answers=["Front Door", "gate", "yard"])

    assert site.add(open_stream, person=person) == 0, site.out

    assert "'Front Door' cannot be a camera's id" in site.out
    assert "gate is the name of another camera" in site.out
    assert load_camera(site.folder, "yard").stream.url == open_stream


def _saved_gate(onvif_url: str, **told: str) -> CameraSettings:
    return CameraSettings(
        id="gate",
        name="Gate",
        stream=StreamOptions(url="rtsp://10.0.0.9/sub"),
        zones=(ZONE,),
        onvif_url=onvif_url,
        onvif_endpoint="urn:uuid:of-its-last-start",
        **told,
    )


@pytest.mark.parametrize(
    "told",
    [
        {"onvif_mac": "bc:ad:28:aa:0d:40"},
        {"onvif_serial": "C1"},
        {"onvif_mac": "bc:ad:28:aa:0d:40", "onvif_serial": "C1", "onvif_source": "VS_1"},
    ],
)
def test_a_camera_that_moved_is_known_by_its_card_or_number(
    site: Site, open_stream: str, told: dict[str, str]
) -> None:
    save_camera(site.folder, _saved_gate("http://127.0.0.1:1/onvif/device_service", **told))
    with OnvifCamera(_with_identity(open_stream)) as camera:
        assert site.add_camera(camera) == 0, site.out

        gate = load_camera(site.folder, "gate")
        assert gate.onvif_url.startswith(f"http://127.0.0.1:{camera.port}/")
    assert (gate.stream.url, gate.zones) == (open_stream, (ZONE,))
    assert gate.onvif_endpoint == camera.firmware.endpoint
    assert "this is gate, which was at 127.0.0.1: it has moved to 127.0.0.1:" in site.out


@pytest.mark.parametrize(
    "told",
    [
        {"onvif_mac": "bc:ad:28:aa:0d:41", "onvif_serial": "C1"},
        {"onvif_mac": "bc:ad:28:aa:0d:40", "onvif_serial": "C2"},
        {"onvif_serial": "C1", "onvif_source": "VS_2"},
        {},
    ],
)
def test_a_camera_with_another_card_number_or_lens_is_another(
    site: Site, open_stream: str, told: dict[str, str]
) -> None:
    gate = _saved_gate("http://127.0.0.1:1/onvif/device_service", **told)
    save_camera(site.folder, gate)
    with OnvifCamera(_with_identity(open_stream)) as camera:
        assert site.add_camera(camera) == 0, site.out

    assert load_camera(site.folder, "gate") == gate
    assert load_camera(site.folder, "front-door").stream.url == open_stream


def test_a_cheap_camera_with_the_serial_number_of_another_is_another(
    site: Site, open_stream: str
) -> None:
    with OnvifCamera() as twin, OnvifCamera(_with_identity(open_stream)) as camera:
        gate = _saved_gate(f"http://127.0.0.1:{twin.port}/onvif/device_service", onvif_serial="C1")
        save_camera(site.folder, gate)

        assert site.add_camera(camera) == 0, site.out

    assert load_camera(site.folder, "gate") == gate


def test_a_serial_number_of_zeros_does_not_make_a_new_camera_one_that_is_away(
    site: Site, open_stream: str
) -> None:
    gate = _saved_gate("http://127.0.0.1:1/onvif/device_service", onvif_serial="00000000")
    save_camera(site.folder, gate)
    with OnvifCamera(_with_identity(open_stream, serial="00000000")) as camera:
        assert site.add_camera(camera) == 0, site.out

    assert load_camera(site.folder, "gate") == gate
    assert load_camera(site.folder, "front-door").stream.url == open_stream


def _with_identity(stream: str, serial: str = "C1") -> Firmware:
    return Firmware(
        password="",
        serial=serial,
        hardware_addresses=(("127.0.0.1", "bc:ad:28:aa:0d:40"),),
        streams=(Stream(token="a", uri=stream),),
    )


def test_ctrl_c_does_not_part_a_camera_from_its_password(site: Site) -> None:
    stream = StreamOptions(
        url="rtsp://10.0.0.9/s", username="admin", password=InterruptedSecret(RIGHT)
    )

    with pytest.raises(KeyboardInterrupt):
        save(site.folder, CameraSettings(id="gate", name="gate", stream=stream))

    assert load_camera(site.folder, "gate").stream.password == Secret(RIGHT)


@pytest.mark.parametrize("before", ["", "old"])
def test_the_password_of_a_camera_that_cannot_be_saved_is_as_before(
    site: Site, before: str
) -> None:
    if before:
        save_password(site.folder, "gate", Secret(before))
    (site.folder / "cameras.d").mkdir()
    by_hand = site.folder / "cameras.d" / "gate.toml"
    by_hand.write_text('[stream]\nurl = "rtsp://10.0.0.9/s"\n')
    stream = StreamOptions(url="rtsp://10.0.0.9/s", username="admin", password=Secret(RIGHT))

    with pytest.raises(EdgeAgentError, match="written by hand"):
        save(site.folder, CameraSettings(id="gate", name="gate", stream=stream))

    secret = site.folder / "secrets" / "gate"
    assert (secret.read_text() if secret.exists() else "") == (before and f"{before}\n")
