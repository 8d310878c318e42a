"""Ten thousand lean boxes against one mosquitto with TLS, and their return after it was killed."""

from __future__ import annotations

import os
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from edge_agent.runtime.backoff import Backoff
from tests.fakes.authority import Authority
from tests.fakes.box import SealedBox
from tests.peers.fleet import Fleet, Peer, raise_limit
from tests.peers.mosquitto import Mosquitto

RATES = (200, 1000, 3000, 6000)
_RATE_S = 8.0
# Handshakes under way at once: more than the 100 that mosquitto lets wait cost a second each.
_AT_ONCE = 50
# How long the broker is away in the storm: an administrator's restart that went wrong.
AWAY_S = 12.0
_STORM_S = 150.0
# Of the boxes; the last few sit in their longest wait.
_ENOUGH = 0.99


@dataclass(slots=True)
class Rate:
    """One offered rate of alerts."""

    offered: int
    sent: int
    arrived: int
    acknowledged: int
    seconds: float
    p50_ms: float
    p99_ms: float
    broker_cpu: float


@dataclass(slots=True)
class Storm:
    """How boxes came back after the broker was killed and started again."""

    policy: str
    tries: int
    most_tries_in_a_tenth: int
    refused: int
    timed_out: int
    # From the broker's start until so many were in; None: not within the time we watched.
    half_s: float | None
    enough_s: float | None
    back: int
    # Tries and boxes online by tenths of a second, from the kill on.
    tries_by_tenth: dict[int, int] = field(default_factory=dict)
    online_by_tenth: dict[int, int] = field(default_factory=dict)


class _PahoWaits:
    """1, 2, 4 … 120 s, as paho 2.2 waits by itself."""

    def __init__(self) -> None:
        self._next_s = 1.0

    def next_s(self) -> float:
        wait, self._next_s = self._next_s, min(120.0, self._next_s * 2)
        return wait


def measure(size: int) -> dict[str, Any]:
    """Return all figures of a fleet of that size."""
    limit = raise_limit()
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as name, _stage(Path(name)) as stage:
        broker, context, alert, head = stage
        figures: dict[str, Any] = {"boxes": size, "open_files": limit, "alert_bytes": len(alert)}
        with broker, Fleet(size, broker.port, context, alert=alert, head=head) as fleet:
            figures |= _calm(fleet, broker)
        storms = []
        for policy in ("ours: full jitter", "paho: 1, 2, 4 s"):
            with broker, Fleet(size, broker.port, context, alert=alert, head=head) as fleet:
                fleet.connect_all(_AT_ONCE, 300)
                storms.append(asdict(_storm(fleet, broker, policy)))
        return figures | {"storms": storms}


@contextmanager
def _stage(folder: Path) -> Iterator[tuple[Mosquitto, ssl.SSLContext, bytes, str]]:
    authority = Authority(folder / "ca")
    pair = authority.issue("127.0.0.1")
    tls = (f"cafile {authority.ca_file}", f"certfile {pair.certificate}", f"keyfile {pair.key}")
    broker = Mosquitto(folder / "broker", settings=(*tls, "log_type none", "max_connections -1"))
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    box = SealedBox(folder)
    # 886 bytes and its second line: what an alert with one object weighs (docs/design/0012).
    alert = box.say(b'{"padding":"' + b"x" * 700 + b'"}')
    yield broker, context, alert, box.head().decode()


def _calm(fleet: Fleet, broker: Mosquitto) -> dict[str, Any]:
    empty = _rss(broker.pid)
    fleet.connect_center()
    cpu = _cpu(broker.pid)
    seconds = fleet.connect_all(_AT_ONCE, 300)
    connected = {
        "connected": fleet.online,
        "connect_s": seconds,
        "connects_a_second": fleet.online / seconds,
        "connect_broker_cpu": (_cpu(broker.pid) - cpu) / seconds,
        "broker_rss_empty": empty,
        "broker_rss_connected": _rss(broker.pid),
    }
    fleet.run_until(lambda: False, 1)
    rates = [asdict(_at_rate(fleet, broker, rate)) for rate in RATES]
    return connected | {"rates": rates, "broker_rss_after": _rss(broker.pid)}


def _at_rate(fleet: Fleet, broker: Mosquitto, offered: int) -> Rate:
    record = fleet.record
    record.delays_s, record.acknowledged = [], 0
    cpu, began = _cpu(broker.pid), time.monotonic()
    sent = fleet.publish(offered, _RATE_S)
    fleet.run_until(lambda: len(record.delays_s) >= sent, 20)
    seconds = time.monotonic() - began
    delays = sorted(record.delays_s) or [0.0]
    return Rate(
        offered=offered,
        sent=sent,
        arrived=len(record.delays_s),
        acknowledged=record.acknowledged,
        seconds=seconds,
        p50_ms=1000 * delays[len(delays) // 2],
        p99_ms=1000 * delays[int(len(delays) * 0.99)],
        broker_cpu=(_cpu(broker.pid) - cpu) / seconds,
    )


def _storm(fleet: Fleet, broker: Mosquitto, policy: str) -> Storm:
    source = Random(7)  # noqa: S311 (spreads load, keeps no secret)
    ours = policy.startswith("ours")
    waits: dict[Peer, Backoff | _PahoWaits] = {
        box: Backoff(1.0, 120.0, source) if ours else _PahoWaits() for box in fleet.boxes
    }

    def try_again(box: Peer) -> None:
        fleet.later(waits[box].next_s(), lambda: fleet.dial(box))

    size = len(fleet.boxes)
    fleet.record.tries.clear()
    fleet.record.online_mono.clear()
    fleet.on_lost = try_again
    broker.kill()
    killed = time.monotonic()
    fleet.run_until(lambda: time.monotonic() - killed > AWAY_S, AWAY_S + 5)
    broker.start()
    started = time.monotonic()
    fleet.run_until(_looked_seldom(lambda: fleet.online >= size * _ENOUGH), _STORM_S)
    fleet.on_lost = lambda _: None
    return _told(fleet, policy, killed, started)


def _looked_seldom(is_so: Callable[[], bool]) -> Callable[[], bool]:
    """Look five times a second: counting the boxes at each turn would be the bench's own load."""
    looked = 0.0

    def look() -> bool:
        nonlocal looked
        if time.monotonic() - looked < 0.2:  # noqa: PLR2004 (five times a second)
            return False
        looked = time.monotonic()
        return is_so()

    return look


def _told(fleet: Fleet, policy: str, killed: float, started: float) -> Storm:
    record, size = fleet.record, len(fleet.boxes)
    ins = sorted(one - started for one in record.online_mono)
    zero = int(killed * 10)
    tries = {tenth - zero: number for tenth, number in sorted(record.tries.items())}
    online: dict[int, int] = {}
    for number, at in enumerate(sorted(record.online_mono), 1):
        online[int(at * 10) - zero] = number
    return Storm(
        policy=policy,
        tries=sum(tries.values()),
        most_tries_in_a_tenth=max(tries.values()),
        refused=record.refused,
        timed_out=record.timed_out,
        half_s=_nth(ins, size // 2),
        enough_s=_nth(ins, int(size * _ENOUGH)),
        back=fleet.online,
        tries_by_tenth=tries,
        online_by_tenth=online,
    )


def _nth(values: list[float], number: int) -> float | None:
    return values[number - 1] if len(values) >= number else None


def _rss(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


def _cpu(pid: int) -> float:
    """Return seconds of processor, user and system (proc(5))."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
