"""How much memory the center's process takes: idle, under load, with readers, and when it is flooded.

    .venv/bin/python -m bench.center.memory        # writes bench/results/center-memory.md

The process that the service runs, on a mosquitto with its sample's limits, SQLite or PostgreSQL.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.center.database import open_database
from tests.center.boxes import Sender
from tests.center.street import Street
from tests.peers.center import until
from tests.peers.mosquitto import Mosquitto
from tests.peers.postgres import Postgres
from tests.peers.process import free_port
from tests.peers.reference_center import ReferenceCenter

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.center.post import Arrival

BOXES = 100
ALERTS_EACH = 200
PICTURE_BYTES = 15_000
READERS = 6
# As docs/deploy/mosquitto/mosquitto.conf has it.
_SETTINGS = (
    *("max_packet_size 589824", "max_inflight_messages 200"),
    *("max_queued_messages 100000", "max_queued_bytes 268435456"),
)
_FLOOD_BYTES = 500_000
_FLOOD = 1_000
RESULT = Path(__file__).parents[1] / "results" / "center-memory.md"


def measure(where: str, folder: Path) -> list[float]:
    """Return the greatest size so far, in MiB, after each step."""
    folder.mkdir()
    (folder / "broker").mkdir()
    boxes = [Sender(folder, box=f"box-{n}") for n in range(BOXES)]
    port = free_port()
    web = f'[web]\nlisten = "127.0.0.1:{port}"\n'
    with Mosquitto(folder / "broker", settings=_SETTINGS) as broker:
        center = ReferenceCenter(folder / "center", broker.url, where, more=web)
        (folder / "center" / "boxes").write_text("".join(f"{one.line}\n" for one in boxes))
        public = center.ask("key").stdout.split('"')[1]
        with center, Street(broker.port, public) as street:
            until(lambda: "connected to" in center.words(), 30, center.words)
            found = [_most_mib(center)]
            _send(street, boxes)
            until(lambda: _stored(where) == BOXES * ALERTS_EACH, 600, center.words)
            found.append(_most_mib(center))
            _read(f"http://127.0.0.1:{port}")
            found.append(_most_mib(center))
            _flood(street, boxes[0], center)
            found.append(_most_mib(center))
    return found


def _send(street: Street, boxes: list[Sender]) -> None:
    for turn in range(ALERTS_EACH):
        several: list[Arrival] = []
        for box in boxes:
            picture = b"\xff\xd8" + os.urandom(PICTURE_BYTES) + b"\xff\xd9"
            several += [box.alert(f"{turn}", picture=picture), box.picture(f"{turn}", picture)]
        street.send(*several)


def _read(url: str) -> None:
    """Let people look at the lists and take everything home, at once."""
    pages = [f"{url}/", f"{url}/boxes", f"{url}/alarms", *_exports(url)]
    with ThreadPoolExecutor(READERS) as crowd:
        sizes = list(crowd.map(_size_of, pages * READERS))
    print(f"read {sum(sizes) / 1e6:.0f} MB", flush=True)


def _exports(url: str) -> list[str]:
    with urllib.request.urlopen(f"{url}/", timeout=60) as answer:  # noqa: S310 (our own page)
        found = re.findall(r'href="(/export[^"]+)"', answer.read().decode())
    return [url + one.replace("&amp;", "&") for one in found]


def _size_of(url: str) -> int:
    size = 0
    with urllib.request.urlopen(url, timeout=300) as answer:  # noqa: S310 (our own page)
        while part := answer.read(65_536):
            size += len(part)
    return size


def _flood(street: Street, box: Sender, center: ReferenceCenter) -> None:
    """Let a box pour out what is no message, as fast as the broker takes it."""
    told = box.status()
    rubbish = type(told)(told.topic, b"x" * _FLOOD_BYTES, is_retained=False)
    for _ in range(_FLOOD // 50):
        street.send(*([rubbish] * 50), qos=0)
    street.send(box.alert("last"))
    until(lambda: len(street.receipted(box)) > ALERTS_EACH, 120, center.words)


def _stored(where: str) -> int:
    time.sleep(1.0)
    with closing(open_database(where)) as database:
        told = database.read(lambda t: t.row("SELECT count(*) FROM pictures"))
    return int(told[0]) if told else 0


def _most_mib(center: ReferenceCenter) -> float:
    status = Path(f"/proc/{center.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    """Measure each engine and write the table."""
    lines = []
    server = Postgres()
    places: dict[str, Callable[[Path], str]] = {
        "SQLite": lambda folder: str(folder / "center.db"),
        "PostgreSQL": lambda _: server.url,
    }
    try:
        server.start()
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
            for engine, place in places.items():
                folder = Path(name)
                sizes = " | ".join(f"{one:.0f}" for one in measure(place(folder), folder / engine))
                lines.append(f"| {engine} | {sizes} |")
                print(lines[-1], flush=True)
    finally:
        server.remove()
    RESULT.write_text(
        "# Memory of the center's process\n\n"
        f"The greatest resident size so far, in MiB, after each step. {BOXES} boxes, {BOXES * ALERTS_EACH:,} alerts "
        f"with a picture of {PICTURE_BYTES // 1000} KB each, as fast as the broker lets them; {READERS} readers at once, each list and "
        f"each export of the page six times; then {_FLOOD:,} messages of {_FLOOD_BYTES // 1000} KB without acknowledgement "
        "that nobody has signed. Made by `bench/center/memory.py`.\n\n"
        "| engine | idle | all stored | all read | flooded |\n|---|---|---|---|---|\n"
        + "\n".join(lines)
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
