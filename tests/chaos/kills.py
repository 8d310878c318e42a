"""Kill a box again and again on a line that goes up and down, and count what became of its alerts."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.alerts.box_key import find_keys
from edge_agent.contract import Report
from tests.fakes.box import BOX, SITE
from tests.peers.center import until
from tests.peers.durable_center import DurableCenter
from tests.peers.flaky import FlakyLine, Line

if TYPE_CHECKING:
    from tests.peers.mosquitto import Mosquitto

_ROOT = Path(__file__).resolve().parents[2]
# From the first promise to the kill, as in the study before.
_LIFE_S = 0.45
_DRAIN_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kills:
    """What one contender came to."""

    who: str
    kills: int
    promised: int
    lost: int
    # Came again from the box; the center threw these away.
    repeated: int
    # What people would see twice.
    visible_twice: int
    # Pairs in the database that stand in another order than they were made.
    out_of_order: int
    chain: Report | None = None


@dataclass(frozen=True, slots=True)
class Contender:
    """Who is killed: a module that takes FOLDER URL LIFE MOST and prints what it promises."""

    who: str
    module: str
    waits_for_receipts: bool = False
    is_signed: bool = True


RECEIPT = Contender("edge-agent, confirm = receipt", "tests.chaos.box", waits_for_receipts=True)
BROKER = Contender("edge-agent, confirm = broker", "tests.chaos.box")
PAHO = Contender("paho's queue in memory", "tests.chaos.paho_box", is_signed=False)


def kill_again_and_again(
    who: Contender, kills: int, broker: Mosquitto, folder: Path, seed: int = 9
) -> Kills:
    """Kill it so many times, let it end in peace once, and compare both ends."""
    source = random.Random(seed)
    promised: list[str] = []
    with (
        DurableCenter(folder / "center.db", broker.port, says_receipts=who.waits_for_receipts) as center,
        FlakyLine(broker.port) as line,
    ):  # fmt: skip
        keys = [center.key.text] if who.waits_for_receipts else []
        for life in range(kills):
            line.flap(source)
            promised += _live_and_die(_start(who, folder, line, life, 100_000, keys), source)
        line.set(Line.UP)
        last = _start(who, folder, line, kills, 1, keys)
        words, _ = last.communicate(timeout=_DRAIN_S)
        promised += words.decode().split()
        assert last.returncode == 0, (folder / "box.log").read_text(errors="replace")[-2000:]
        _settle(center)
        return _judge(who, kills, promised, center, folder)


def _start(
    who: Contender, folder: Path, line: FlakyLine, life: int, most: int, keys: list[str]
) -> subprocess.Popen[bytes]:
    words = [str(folder), line.url, str(life), str(most), *keys]
    with (folder / "box.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 (ourselves)
            [sys.executable, "-m", who.module, *words],
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=_ROOT,
        )


def _live_and_die(box: subprocess.Popen[bytes], source: random.Random) -> list[str]:
    assert box.stdout is not None
    first = box.stdout.readline()
    time.sleep(source.uniform(0, _LIFE_S))  # noqa: TID251 (the kill must come at any moment)
    box.kill()
    words = first + box.stdout.read()
    box.stdout.close()
    box.wait()
    # A name cut short was not promised yet.
    return words[: words.rfind(b"\n") + 1].decode().split()


def _settle(center: DurableCenter) -> None:
    """Wait until nothing has come for half a second."""
    seen = [-1, time.monotonic()]

    def is_quiet() -> bool:
        if center.came.alerts != seen[0]:
            seen[:] = [center.came.alerts, time.monotonic()]
        return time.monotonic() - seen[1] > 0.5

    until(is_quiet, 30)


def _judge(
    who: Contender, kills: int, promised: list[str], center: DurableCenter, folder: Path
) -> Kills:
    names = center.names()
    keys = find_keys(folder / "keys") if who.is_signed else None
    return Kills(
        who=who.who,
        kills=kills,
        promised=len(promised),
        lost=len(set(promised) - set(names)),
        repeated=center.came.repeats,
        visible_twice=center.visible_twice(),
        out_of_order=sum(_age(one) > _age(after) for one, after in pairwise(names)),
        chain=center.report(SITE, BOX, [keys.signer.public]) if keys else None,
    )


def _age(name: str) -> tuple[int, int]:
    life, _, count = name.removeprefix("life").partition("-")
    return int(life), int(count)
