"""`replay` as a technician runs it."""

import json
import signal
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from edge_agent.cli.main import main
from edge_agent.video.clip import read_clip
from tests.peers import clips, process
from tests.peers.center import until

_STREAM = """\
[stream]
url = "rtsp://127.0.0.1:1/main"
"""
_CAMERA = f"""\
{_STREAM}[[zones]]
name = "street"
outline = [[0.0, 0.2], [1.0, 0.2], [1.0, 1.0], [0.0, 1.0]]
[[rules]]
kind = "intrusion"
zone = "street"
labels = ["person"]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    (folder / "cameras.d").mkdir(parents=True)
    (folder / "agent.toml").write_text(
        f'site = "test"\nbox = "box"\nstate_dir = "{tmp_path}/state"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
    )
    (folder / "cameras.d" / "gate.toml").write_text(_CAMERA)
    return folder


@pytest.fixture(scope="module")
def short_street() -> Path:
    return clips.encode(
        clips.vtest(), clips.Encoding(width_px=640, height_px=480, kbps=600, seconds=6)
    )


def test_a_replay_prints_writes_and_draws_its_alerts(
    site: Path, short_street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video, alerts = tmp_path / "seen.mp4", tmp_path / "alerts"
    words = ["replay", str(short_street), "--config", str(site)]

    code = main([*words, "--video", str(video), "--alerts", str(alerts)])

    printed = capsys.readouterr().out
    told = [json.loads(file.read_bytes()) for file in alerts.glob("*.json")]
    assert code == 0
    assert printed.rstrip().splitlines()[-2].endswith(" in 30 analysed frames, 5.8 s of the clip")
    assert told
    assert all(alert["id"] in printed for alert in told)
    for alert in told:
        if alert["thumb"]:
            jpeg = alerts / f"{alert['id']}-{alert['revision']}.jpg"
            assert sha256(jpeg.read_bytes()).hexdigest() == alert["thumb"]["sha256"]
    assert len(list(read_clip(video))) == 30


def test_a_replay_told_to_end_leaves_a_video_that_plays(
    site: Path, street_h264: Path, tmp_path: Path
) -> None:
    video = tmp_path / "seen.mp4"
    endless = clips.looped(street_h264)
    words = ["replay", str(endless), "--config", str(site), "--video", str(video)]
    replay = process.spawn([sys.executable, "-m", "edge_agent", *words], tmp_path / "log")

    until(lambda: video.exists() and video.stat().st_size > 0, 30)
    replay.send_signal(signal.SIGTERM)

    assert replay.wait(10) == 130
    assert len(list(read_clip(video))) > 0


def test_among_several_cameras_one_must_be_named(
    site: Path, short_street: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "cameras.d" / "yard.toml").write_text(_CAMERA)

    code = main(["replay", str(short_street), "--config", str(site)])

    assert code == 1
    assert "--camera ID, one of: gate, yard" in capsys.readouterr().err


def test_without_a_camera_the_first_step_is_said(
    site: Path, short_street: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "cameras.d" / "gate.toml").unlink()

    code = main(["replay", str(short_street), "--config", str(site)])

    error = capsys.readouterr().err
    assert code == 1
    assert "there is no camera whose zones and rules could be used" in error
    assert f"next: add one:  edge-agent add ADDRESS --config {site}" in error
    assert f"edge-agent check --config {site}" in error


def test_a_camera_that_cannot_be_used_says_why(
    site: Path, short_street: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "cameras.d" / "yard.toml").write_text(f"{_STREAM}colour = 3\n")

    code = main(["replay", str(short_street), "--config", str(site), "--camera", "yard"])

    assert code == 1
    file = site / "cameras.d" / "yard.toml"
    assert f"camera yard cannot be used: {file}, line 3: stream.colour: " in capsys.readouterr().err


def test_where_the_only_camera_cannot_be_used_it_says_why(
    site: Path, short_street: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "cameras.d" / "gate.toml").write_text(f"{_STREAM}colour = 3\n")

    code = main(["replay", str(short_street), "--config", str(site)])

    assert code == 1
    file = site / "cameras.d" / "gate.toml"
    assert f"camera gate cannot be used: {file}, line 3: stream.colour: " in capsys.readouterr().err


def test_a_folder_is_no_clip(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(site), "--config", str(site)]) == 1
    assert capsys.readouterr().err == f"{site} is a folder\n  next: name a video file in it\n"


def test_a_text_is_no_clip(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(site / "agent.toml"), "--config", str(site)]) == 1
    assert f"{site}/agent.toml is no video" in capsys.readouterr().err


def test_a_camera_without_a_rule_says_that_nothing_can_come_of_it(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "cameras.d" / "gate.toml").write_text('[stream]\nurl = "rtsp://127.0.0.1:1/main"\n')

    main(["replay", str(site / "agent.toml"), "--config", str(site)])

    printed = capsys.readouterr().out
    assert "gate   has no rule: there can be no alert" in printed
    assert f"--alert-on person --config {site}" in printed


def test_a_folder_nobody_may_write_to_is_named(
    site: Path, short_street: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["replay", str(short_street), "--config", str(site)]

    code = main([*words, "--video", "/proc/seen.mp4"])

    assert code == 1
    assert "cannot write /proc/seen.mp4" in capsys.readouterr().err
