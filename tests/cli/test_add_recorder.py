"""Adding recorders: one login, a camera of its own for each channel."""

from pathlib import Path

import pytest

from edge_agent.config.load import camera_ids, load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera
from edge_agent.runtime.secret import Secret
from edge_agent.video.options import StreamOptions
from tests.cli.sites import RIGHT, Person, Site
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream

_DARK = "rtsp://127.0.0.1:1/x"


def _recorder(first: str, second: str, third: str = "") -> Firmware:
    """A recorder with two or three inputs, and nothing behind number 2 of its sockets."""
    uris = {"V1": first, "V3": second, "V4": third}
    return Firmware(
        has_services=True,
        sources=("V1", "V2", "V3", "V4"),
        streams=tuple(
            Stream(token=f"t{source}", uri=uri, source=source)
            for source, uri in uris.items()
            if uri
        ),
    )


def test_all_channels_are_added_where_nobody_is_there_to_choose(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    main, sub = (stream.uri for stream in streams)
    with OnvifCamera(_recorder(main, sub)) as recorder:
        assert site.with_password(recorder, "--name", "yard") == 0, site.out

    assert camera_ids(site.folder) == ("yard-1", "yard-3")
    first, third = (load_camera(site.folder, each) for each in ("yard-1", "yard-3"))
    assert (first.stream.url, first.onvif_source) == (main, "V1")
    assert (third.stream.url, third.onvif_source) == (sub, "V3")
    assert first.stream.password == third.stream.password == Secret(RIGHT)
    assert (site.folder / "secrets" / "yard-3").exists()


def test_a_person_chooses_from_a_table(site: Site, streams: tuple[Stream, ...]) -> None:
    person = Person(answers=["2", "one", "1, 3", "Yard", "yard"])
    main, sub = (stream.uri for stream in streams)
    with OnvifCamera(_recorder(main, sub, _DARK)) as recorder:
        assert site.with_password(recorder, person=person) == 0, site.out

    assert camera_ids(site.folder) == ("yard-1", "yard-3")
    assert "CHANNEL  NAME  KNOWN AS  STREAMS" in site.out
    assert "it has no channel 2" in site.out
    assert '"one" names no channels' in site.out
    assert "'Yard' cannot be a camera's id" in site.out
    assert person.answers == []


def test_a_channel_without_a_picture_is_left_out(site: Site, streams: tuple[Stream, ...]) -> None:
    with OnvifCamera(_recorder(_DARK, streams[1].uri)) as recorder:
        assert site.with_password(recorder, "--name", "yard") == 0, site.out

    assert camera_ids(site.folder) == ("yard-3",)
    assert "channel 1 is left out: stream to analyse: 127.0.0.1:1 refused" in site.out


def test_a_channel_that_was_asked_for_and_is_dark_fails_the_command(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    with OnvifCamera(_recorder(_DARK, streams[1].uri)) as recorder:
        assert site.with_password(recorder, "--name", "yard", "--channels", "1,3") == 1

    assert camera_ids(site.folder) == ("yard-3",)


def test_a_recorder_that_shows_nothing_at_all_fails_the_command(site: Site) -> None:
    with OnvifCamera(_recorder(_DARK, _DARK)) as recorder:
        assert site.with_password(recorder, "--channels", "all") == 1

    assert camera_ids(site.folder) == ()


def test_a_single_channel_gets_the_name_alone(site: Site, streams: tuple[Stream, ...]) -> None:
    with OnvifCamera(_recorder(_DARK, streams[1].uri)) as recorder:
        assert site.with_password(recorder, "--name", "yard", "--channels", "3") == 0, site.out

    assert camera_ids(site.folder) == ("yard",)


def test_a_channel_that_is_not_there_is_named(site: Site) -> None:
    with OnvifCamera(_recorder(_DARK, _DARK)) as recorder:
        assert site.with_password(recorder, "--channels", "2-3") == 1

    assert "it has no channel 2" in site.out
    assert "it has 1, 3" in site.out


def test_a_stream_s_token_names_its_channel(site: Site, streams: tuple[Stream, ...]) -> None:
    with OnvifCamera(_recorder(_DARK, streams[1].uri)) as recorder:
        assert site.with_password(recorder, "--name", "yard", "--stream", "tV3") == 0, site.out

    assert load_camera(site.folder, "yard").onvif_source == "V3"


def test_a_channel_keeps_the_id_it_has(site: Site, streams: tuple[Stream, ...]) -> None:
    main, sub = (stream.uri for stream in streams)
    with OnvifCamera(_recorder(main, sub)) as recorder:
        assert site.with_password(recorder, "--name", "gate", "--channels", "3") == 0, site.out
        # Its stream may have another address by now.
        recorder.firmware = _recorder(main, f"{sub}?again")

        assert site.with_password(recorder, "--name", "yard") == 0, site.out

    assert camera_ids(site.folder) == ("gate", "yard-1")
    assert load_camera(site.folder, "gate").stream.url == f"{sub}?again"


def test_the_channels_of_a_recorder_do_not_take_the_place_of_one_camera_of_it(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    """Saved by an edge-agent that did not write down which channel it was."""
    main, sub = (stream.uri for stream in streams)
    with OnvifCamera(_recorder(main, sub)) as recorder:
        old = CameraSettings(
            id="old",
            name="old",
            stream=StreamOptions(url=_DARK),
            onvif_url=f"http://127.0.0.1:{recorder.port}/onvif/device_service",
            onvif_endpoint=recorder.firmware.endpoint,
        )
        save_camera(site.folder, old)

        assert site.with_password(recorder, "--name", "yard") == 0, site.out

    assert load_camera(site.folder, "old") == old
    assert camera_ids(site.folder) == ("old", "yard-1", "yard-3")


def test_names_that_are_taken_are_not_suggested(site: Site, streams: tuple[Stream, ...]) -> None:
    taken = CameraSettings(
        id="front-door-1", name="x", stream=StreamOptions(url="rtsp://10.0.0.9/s")
    )
    save_camera(site.folder, taken)
    main, sub = (stream.uri for stream in streams)
    with OnvifCamera(_recorder(main, sub)) as recorder:
        assert site.with_password(recorder) == 0, site.out

    assert camera_ids(site.folder) == ("front-door-1", "front-door-2-1", "front-door-2-3")


def test_a_login_that_the_streams_refuse_is_not_tried_on_each_channel(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    """ONVIF lets anybody in; RTSP does not, and counts."""
    main, sub = (stream.uri for stream in streams)
    firmware = _recorder(main, sub)
    site.password_file.write_text("wrong")
    with OnvifCamera(
        Firmware(password="", has_services=True, sources=firmware.sources, streams=firmware.streams)
    ) as recorder:
        assert site.with_password(recorder, "--name", "yard") == 1

    assert camera_ids(site.folder) == ()
    assert site.out.count("refused our user name or password") == 1


def test_a_person_is_asked_once_for_the_login_of_all_streams(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    main, sub = (stream.uri for stream in streams)
    firmware = _recorder(main, sub)
    person = Person(answers=["all", "yard", "admin"], secrets=[RIGHT])
    with OnvifCamera(
        Firmware(password="", has_services=True, sources=firmware.sources, streams=firmware.streams)
    ) as recorder:
        assert site.add_camera(recorder, person=person) == 0, site.out

    assert load_camera(site.folder, "yard-3").stream.password == Secret(RIGHT)


def test_each_channel_leaves_its_own_picture(
    site: Site, streams: tuple[Stream, ...], tmp_path: Path
) -> None:
    main, sub = (stream.uri for stream in streams)
    with OnvifCamera(_recorder(main, sub)) as recorder:
        assert site.with_password(recorder, "--name", "yard", "--snapshot", "seen.jpg") == 0

    assert sorted(file.name for file in tmp_path.glob("*.jpg")) == [
        "seen-yard-1.jpg",
        "seen-yard-3.jpg",
    ]


@pytest.mark.parametrize("words", [("--channels", "all"), ("--yes",)])
def test_all_can_be_asked_for_without_a_question(
    site: Site, streams: tuple[Stream, ...], words: tuple[str, ...]
) -> None:
    main, sub = (stream.uri for stream in streams)
    with OnvifCamera(_recorder(main, sub)) as recorder:
        assert site.with_password(recorder, "--name", "yard", *words) == 0, site.out

    assert camera_ids(site.folder) == ("yard-1", "yard-3")
