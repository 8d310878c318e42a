"""What goes wrong on site, and the words and the recovery it must lead to."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.peers.agent import Agent
from tests.peers.center import Center, until
from tests.peers.mosquitto import Mosquitto
from tests.peers.rtsp import RtspServer
from tests.peers.silent import SilentServer

pytestmark = pytest.mark.journey

MakeAgent = Callable[..., Agent]
StartRtsp = Callable[..., RtspServer]


def problem(agent: Agent, camera: str) -> str:
    status = agent.status()
    if status is None:
        return ""
    return next((one["problem"] for one in status["cameras"] if one["id"] == camera), "")


def test_each_broken_camera_is_named_and_the_good_one_works(
    rtsp_server: StartRtsp,
    street_h264: Path,
    broker: Mosquitto,
    center: Center,
    make_agent: MakeAgent,
) -> None:
    camera = rtsp_server(street_h264)
    with SilentServer() as silent:
        agent = make_agent(broker.url)
        agent.add_camera("good", camera.url())
        agent.add_camera("wrong-path", camera.url("/nowhere"))
        agent.add_camera("refused", "rtsp://127.0.0.1:1/main")
        agent.add_camera("silent", f"rtsp://127.0.0.1:{silent.port}/main")
        (agent.folder / "cameras.d" / "typo.toml").write_text('[strean]\nurl = "rtsp://x/y"\n')
        agent.start()

        until(center.verified, 30, agent.words)
        until(lambda: "has no stream at /nowhere" in problem(agent, "wrong-path"), 20)
        until(lambda: "refused the connection" in problem(agent, "refused"), 20)
        until(lambda: "did not answer within" in problem(agent, "silent"), 20)
        assert "strean" in problem(agent, "typo")
        assert {alert["camera"] for alert in center.alerts()} == {"good"}
        assert "camera typo does not start" in agent.words()
        assert agent.stop() == 0


def test_a_camera_killed_in_mid_stream_is_watched_again(
    rtsp_server: StartRtsp,
    street_h264: Path,
    broker: Mosquitto,
    center: Center,
    make_agent: MakeAgent,
) -> None:
    camera = rtsp_server(street_h264)
    agent = make_agent(broker.url).add_camera("gate", camera.url()).start()
    until(center.verified, 30, agent.words)

    camera.kill()
    until(lambda: "no picture" in agent.words(), 15, agent.words)
    camera.start()
    before = len(center.verified())
    until(lambda: len(center.verified()) > before, 40, agent.words)

    assert agent.stop() == 0


def test_the_center_learns_that_a_camera_went_dark_and_that_it_is_back(
    rtsp_server: StartRtsp,
    street_h264: Path,
    broker: Mosquitto,
    center: Center,
    make_agent: MakeAgent,
) -> None:
    camera = rtsp_server(street_h264)
    agent = make_agent(broker.url).add_camera("gate", camera.url())
    (agent.folder / "cameras.d" / "typo.toml").write_text('[strean]\nurl = "rtsp://x/y"\n')
    agent.start()

    def told() -> dict[str, str]:
        statuses = center.statuses()
        return statuses[-1]["cameras"] if statuses else {}

    until(lambda: told() == {"gate": "streaming", "typo": "refused"}, 30, agent.words)
    camera.kill()
    until(lambda: told() == {"gate": "no picture", "typo": "refused"}, 20, agent.words)
    camera.start()
    until(lambda: told()["gate"] == "streaming", 40, agent.words)

    assert {status["state"] for status in center.statuses()} == {"online"}
    assert len({status["session"] for status in center.statuses()}) == 1
    assert agent.stop() == 0


def test_a_typing_error_in_the_site_stops_the_agent_with_78(make_agent: MakeAgent) -> None:
    agent = make_agent("mqtt://127.0.0.1:1", more='boks = "twice"\nspool = 3')

    agent.start()

    assert agent.exit_code() == 78
    assert "boks" in agent.words()
    assert "spool" in agent.words()
    assert "Traceback" not in agent.words()


@pytest.mark.parametrize("damage", ["unreadable", "other weights", "wrong shape"])
def test_a_broken_model_is_refused_at_the_start(
    damage: str, make_agent: MakeAgent, tmp_path: Path, street_model: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(street_model, model)
    card, weights = model / "model.toml", model / "street.tflite"
    if damage == "unreadable":
        weights.unlink()
    elif damage == "other weights":
        weights.write_bytes(b"no network")
    else:
        text = card.read_text()
        card.write_text(text.replace("width_px = 320", "width_px = 256"))
    agent = make_agent("mqtt://127.0.0.1:1", more="")
    agent.add_camera("gate", "rtsp://127.0.0.1:1/main")
    with (agent.folder / "agent.toml").open("a") as file:
        file.write(f'[objects]\nmodel = "{model}"\n')

    agent.start()

    assert agent.exit_code(20) == 1
    assert "next: " in agent.words()
    assert "Traceback" not in agent.words()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A full partition of its own; needs root to mount it."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small partition needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:  # noqa: S603 (fixed words)
        pytest.skip("this machine lets nobody mount")
    yield folder
    subprocess.run(["/bin/umount", "-l", str(folder)], check=True)  # noqa: S603 (fixed words)


def test_a_full_partition_costs_no_alert_and_no_crash(
    small_disk: Path,
    rtsp_server: StartRtsp,
    street_h264: Path,
    broker: Mosquitto,
    make_agent: MakeAgent,
) -> None:
    camera = rtsp_server(street_h264)
    broker.stop()
    agent = make_agent(broker.url)
    settings = agent.folder / "agent.toml"
    text = settings.read_text().replace(f"{agent.folder}/state", f"{small_disk}/state")
    settings.write_text(text.replace("[broker]", "[spool]\nsize_mb = 8\n[broker]"))
    agent.add_camera("gate", camera.url()).start()
    until(agent.kept, 30, agent.words)

    _fill(small_disk / "ballast")
    before = len(agent.kept())
    until(lambda: len(agent.kept()) > before, 40, agent.words)
    broker.start()
    with Center(broker.port) as center:
        center.listens()
        until(lambda: agent.kept() <= center.got(), 40, agent.words)

    assert agent.stop() == 0
    assert "Traceback" not in agent.words()


def _fill(path: Path) -> None:
    """Write until the partition refuses."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
