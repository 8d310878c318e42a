"""A login is tried once for each device: a recorder's channels share it and do not guess together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.cli.check_login import FirstTry, Turn
from edge_agent.cli.main import main
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera, save_password
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.exchange import StoppedError
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.video.options import StreamOptions
from tests.fakes.onvif_camera import OnvifCamera
from tests.peers.rtsp_door import RtspDoor

if TYPE_CHECKING:
    from pathlib import Path


def _save_channels(folder: Path, recorder: RtspDoor, onvif_url: str = "", **passwords: str) -> None:
    for name, password in passwords.items():
        stream = StreamOptions(
            url=f"rtsp://127.0.0.1:{recorder.port}/{name}",
            username="admin",
            password=Secret(password),
            password_file=save_password(folder, name, Secret(password)),
        )
        save_camera(folder, CameraSettings(id=name, name=name, stream=stream, onvif_url=onvif_url))


def test_a_recorder_is_sent_a_wrong_password_by_one_channel_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"nvr-{number}" for number in range(1, 9)]
    with RtspDoor() as recorder, OnvifCamera() as onvif:
        _save_channels(tmp_path, recorder, onvif.url, **dict.fromkeys(names, "wr0ng"))

        code = main(["check", *names, "--config", str(tmp_path)])

        assert (recorder.logins, onvif.seen.refused) == (1, 1)
    lines = capsys.readouterr().out.splitlines()
    skipped = "stream: was not tried: the same login was refused to nvr-1"
    assert code == 1
    assert [line for line in lines if skipped in line] == [
        f"✗ {name}  {skipped}" for name in names[1:]
    ]


def test_another_login_of_the_same_device_is_tried_for_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RtspDoor() as recorder:
        _save_channels(tmp_path, recorder, one="wr0ng", two="0ther", three="wr0ng")

        main(["check", "one", "two", "three", "--config", str(tmp_path)])

        assert recorder.logins == 2
    assert "the same login was refused to one" in capsys.readouterr().out


def test_a_stream_is_asked_after_the_onvif_of_its_device(tmp_path: Path) -> None:
    logins: list[int] = []
    with OnvifCamera() as onvif, RtspDoor() as recorder:
        # Of each answer but a refusal: how many had tried the stream by then.
        onvif.spoil = lambda content: (logins.append(recorder.logins), content)[1]
        _save_channels(tmp_path, recorder, onvif.url, gate="a & b <c>")

        main(["check", "gate", "--config", str(tmp_path)])

        assert recorder.logins == 1
    assert logins == [0, 0]


def test_who_waits_for_a_try_hears_of_the_end() -> None:
    stop, turn = Stop(), Turn(tried=FirstTry("yard"), first=FirstTry("gate"))
    stop.tell()

    with pytest.raises(StoppedError):
        turn.wait(stop)


def test_who_was_not_tried_is_told_whom_to_mend() -> None:
    first = FirstTry("gate", is_refused=True)
    first.end()

    with pytest.raises(EdgeAgentError, match="refused to gate") as caught:
        Turn(tried=FirstTry("yard"), first=first).wait(Stop())

    assert "check this camera alone" in caught.value.hint
