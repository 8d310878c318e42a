"""What one camera costs on the mobile link in a day, beside the stream that it makes unnecessary.

The real agent watches a real stream and sends to a real mosquitto over TLS, in receipt mode; both
lines go through a proxy that counts. A day is what was counted times 86,400 s over its seconds.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.scenes import Scene, all_scenes
from tests.fakes.authority import Authority, Pair
from tests.fakes.center_key import CenterKey
from tests.peers import process
from tests.peers.agent import Agent
from tests.peers.center import until
from tests.peers.durable_center import DurableCenter
from tests.peers.flaky import Counts, FlakyLine
from tests.peers.mosquitto import Mosquitto
from tests.peers.rtsp import RtspServer

SCENES = ("idle", "busy")
# IPv4, TCP, and the time stamps that Linux puts into each segment; a mobile link adds its own.
HEADER_BYTES = 52
_START_S, _SETTLE_S = 60.0, 20.0
_DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One camera, in bytes a day; headers included."""

    scene: str
    seconds: float
    alerts: int
    alerts_a_day: float
    to_center: float
    from_center: float
    stream: float


@dataclass(slots=True)
class _Site:
    scene: str
    agent: Agent
    broker_line: FlakyLine
    camera_line: FlakyLine
    center: DurableCenter
    began: tuple[Counts, Counts, int] | None = None

    def look(self) -> tuple[Counts, Counts, int]:
        return self.broker_line.look(), self.camera_line.look(), self.center.came.alerts


def measure(seconds: float) -> list[Day]:
    """Watch each scene for that long, both at the same time; whole turns of the clips are best."""
    clips = {scene.name: scene for scene in all_scenes().values()}
    with (
        tempfile.TemporaryDirectory(prefix="bench-bandwidth-") as name,
        ExitStack() as running,
    ):
        folder = Path(name)
        authority = Authority(folder / "ca")
        pair = authority.issue("127.0.0.1")
        sites = [
            _start(folder / scene, clips[scene], authority.ca_file, pair, running)
            for scene in SCENES
        ]
        for site in sites:
            until(lambda site=site: site.camera_line.counts.down_bytes > 10**6, _START_S)
        time.sleep(_SETTLE_S)
        for site in sites:
            site.began = site.look()
        began = time.monotonic()
        time.sleep(seconds)
        return [_day(site, time.monotonic() - began) for site in sites]


def _start(folder: Path, scene: Scene, authority: Path, pair: Pair, running: ExitStack) -> _Site:
    folder.mkdir()
    port = process.free_port()
    tls = (
        f"listener {port} 127.0.0.1",
        f"cafile {authority}",
        f"certfile {pair.certificate}",
        f"keyfile {pair.key}",
    )
    broker = running.enter_context(Mosquitto(folder / "broker", settings=tls))
    center = running.enter_context(DurableCenter(folder / "center.db", broker.port, CenterKey()))
    camera = running.enter_context(RtspServer(folder / "rtsp", scene.clip))
    broker_line = running.enter_context(FlakyLine(port))
    camera_line = running.enter_context(FlakyLine(camera.port))
    agent = Agent(folder / "agent", broker_line.url.replace("mqtt:", "mqtts:"))
    with (folder / "agent" / "agent.toml").open("a") as file:
        file.write(f'ca_file = "{authority}"\n[center]\nkeys = ["{center.key.text}"]\n')
    agent.add_camera("gate", f"rtsp://127.0.0.1:{camera_line.port}/main")
    running.enter_context(agent.start())
    return _Site(scene.name, agent, broker_line, camera_line, center)


def _day(site: _Site, seconds: float) -> Day:
    if site.began is None:
        raise RuntimeError("it was not looked at when it began")
    before_broker, before_camera, before_alerts = site.began
    broker, camera, alerts = site.look()
    scale = _DAY_S / seconds
    # Segments of both directions; each side is charged half of them.
    headers = (broker.segments - before_broker.segments) * HEADER_BYTES / 2
    stream_headers = (camera.segments - before_camera.segments) * HEADER_BYTES / 2
    return Day(
        scene=site.scene,
        seconds=seconds,
        alerts=alerts - before_alerts,
        alerts_a_day=(alerts - before_alerts) * scale,
        to_center=(broker.up_bytes - before_broker.up_bytes + headers) * scale,
        from_center=(broker.down_bytes - before_broker.down_bytes + headers) * scale,
        stream=(camera.down_bytes - before_camera.down_bytes + stream_headers) * scale,
    )
