"""Kill box, broker and the real center in turn, and count what the center's database has in the end."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.center.database import open_database
from tests.fakes.box import BOX, SITE, a_seal, public_key
from tests.peers.center import until
from tests.peers.reference_center import ReferenceCenter

if TYPE_CHECKING:
    from tests.peers.mosquitto import Mosquitto

_ROOT = Path(__file__).resolve().parents[2]
# Until the kill, and until the one that was killed is started again.
_LIFE_S, _PAUSE_S = 1.2, 0.5
_DRAIN_S = 180.0
_VICTIMS = ("box", "broker", "center")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kills:
    """What it came to."""

    kills: Counter[str]
    promised: int
    # Promised, and not in the table that people see; or in it without its own picture.
    lost: int
    without_picture: int
    # Alerts with two messages, and numbers with two.
    twice: int
    # As `edge-agent center boxes` and `alarms` tell it, and `edge-agent verify` of the export.
    whole_upto: int
    newest: int
    alarms: str
    verified: str


class Box:
    """A box in a process of its own; what it promises goes into a file."""

    def __init__(self, folder: Path, url: str, key: str) -> None:
        self._folder, self._url, self._key = folder, url, key
        self._life = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, most: int = 100_000) -> None:
        self._life += 1
        words = [str(self._folder), self._url, str(self._life), str(most), self._key]
        with self._file.open("ab") as promises, (self._folder / "box.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (ourselves)
                [sys.executable, "-m", "tests.chaos.box", *words],
                stdout=promises,
                stderr=log,
                cwd=_ROOT,
            )

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def ends(self) -> None:
        """Wait until it has nothing left to deliver."""
        assert self._process is not None
        assert self._process.wait(_DRAIN_S) == 0, self.words()

    def words(self) -> str:
        return (self._folder / "box.log").read_text(errors="replace")[-2000:]

    def promised(self) -> set[str]:
        """Return the names that it wrote out whole, life by life."""
        names: set[str] = set()
        for life in range(1, self._life + 1):
            told = self._folder / f"promised-{life}"
            # A name cut short was not promised yet.
            names |= {line for line in told.read_text().split("\n")[:-1] if line}
        return names

    @property
    def _file(self) -> Path:
        return self._folder / f"promised-{self._life}"


def kill_each_in_turn(
    broker: Mosquitto, folder: Path, database: str, rounds: int, seed: int = 7
) -> Kills:
    """Kill each of the three so many times, in an order by chance, let all end in peace, and compare."""
    source = random.Random(seed)
    (folder / "box").mkdir()
    center = ReferenceCenter(folder / "center", broker.url, database)
    line = f"{SITE}/{BOX} {base64.b64encode(public_key(a_seal(folder / 'box'))).decode()}\n"
    (folder / "center" / "boxes").write_text(line)
    box = Box(folder / "box", broker.url, center.ask("key").stdout.split('"')[1])
    kills: Counter[str] = Counter()
    with center:
        box.start()
        try:
            for _ in range(rounds):
                for victim in source.sample(_VICTIMS, len(_VICTIMS)):
                    _sleep(source.uniform(0.1, _LIFE_S))
                    {"box": box, "broker": broker, "center": center}[victim].kill()
                    kills[victim] += 1
                    _sleep(source.uniform(0, _PAUSE_S))
                    {"box": box.start, "broker": broker.start, "center": center.start}[victim]()
        finally:
            box.kill()
        # A center that was thrown out again and again waits half a minute by now; that is no news.
        center.kill()
        center.log_path.unlink()
        center.start()
        until(lambda: "connected to" in center.words(), 30, center.words)
        box.start(1)
        box.ends()
        return _judge(kills, box, center, database, folder)


def _judge(
    kills: Counter[str], box: Box, center: ReferenceCenter, where: str, folder: Path
) -> Kills:
    database = open_database(where)
    ids = {one for (one,) in database.read(lambda t: t.rows("SELECT id FROM alerts"))}
    pictured = {one for (one,) in database.read(lambda t: t.rows(_PICTURED))}
    messages = database.read(lambda t: t.rows("SELECT alert_id, seq FROM messages"))
    database.close()
    promised = box.promised()
    names = Counter(name for name, _ in messages if name)
    seqs = Counter(seq for _, seq in messages)
    (told,) = json.loads(center.ask("boxes", "--json").stdout)
    return Kills(
        kills=kills,
        promised=len(promised),
        lost=len(promised - ids),
        without_picture=len(promised - pictured),
        twice=sum(count > 1 for count in (*names.values(), *seqs.values())),
        whole_upto=told["whole_upto"],
        newest=max(told["last_seq"], told["head_seq"]),
        alarms=center.ask("alarms").stdout,
        verified=_verify(center, folder),
    )


_PICTURED = """
SELECT alerts.id FROM alerts JOIN pictures ON pictures.site = alerts.site
  AND pictures.box = alerts.box AND alert_id = alerts.id AND sha256 = thumb_sha256
"""


def _verify(center: ReferenceCenter, folder: Path) -> str:
    export = folder / "export.jsonl"
    export.write_text(center.ask("export", "--pictures").stdout)
    words = ["verify", "--keys", str(folder / "center" / "boxes"), str(export)]
    done = subprocess.run(  # noqa: S603 (our own command line)
        [sys.executable, "-m", "edge_agent", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=_ROOT,
    )
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


def _sleep(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251 (the kill must come at any moment)
