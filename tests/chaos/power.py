"""Cut the power of a box at many moments, start it again each time, and see what is left."""

from __future__ import annotations

import base64
import json
import logging
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.alerts.seal import open_seal
from edge_agent.contract import Chain, Report, split
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import SystemClock
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.chaos.careful_life import SIZE_MB
from tests.chaos.disk import cuts, listen
from tests.fakes.alerts import an_alert
from tests.fakes.box import BOX, SITE


@dataclass(slots=True)
class PowerCuts:
    """What all cuts together did."""

    synchronous: str
    cuts: int = 0
    # Messages that had been promised and not handed on, over all cuts.
    promised: int = 0
    lost: int = 0
    # Cuts that lost something.
    losing: int = 0
    # Cuts after which a file had to be set aside as damaged, or the agent did not start.
    damaged: int = 0
    stuck: list[str] = field(default_factory=list)
    # Numbers that were given to two messages.
    forked: int = 0
    # Cuts after which the chain is neither whole nor says itself where it begins again.
    broken: list[Report] = field(default_factory=list)
    restarted: int = 0


@dataclass(slots=True)
class Told:
    """What the box had said before a cut."""

    keys: list[bytes] = field(default_factory=list)
    kept: dict[int, bytes] = field(default_factory=dict)
    leaving: set[int] = field(default_factory=set)


def cut_the_power(
    folder: Path, count: int, *, synchronous: str = "", seed: int = 5, loses_spool: bool = False
) -> PowerCuts:
    """Cut it `count` times within one life of a box; the spool may be gone altogether after it."""
    home = folder / "life"
    home.mkdir()
    calls = listen("tests.chaos.careful_life", home, *([synchronous] if synchronous else []))
    source = random.Random(seed)
    result = PowerCuts(synchronous or "FULL")
    logging.getLogger("edge_agent").setLevel(logging.CRITICAL)
    try:
        for number, (disk, said) in enumerate(cuts(calls, home, count, source)):
            after = folder / f"cut-{number}"
            after.mkdir()
            disk.cut(source, after)
            if loses_spool:
                for file in after.glob("spool.db*"):
                    file.unlink()
            _judge(after, _listen_to(said), result)
            shutil.rmtree(after)
    finally:
        logging.getLogger("edge_agent").setLevel(logging.NOTSET)
    return result


def _listen_to(said: list[str]) -> Told:
    told = Told()
    for line in said:
        word, *rest = line.split(" ")
        if word == "key":
            told.keys.append(base64.b64decode(rest[0]))
        elif word == "kept":
            told.kept[int(rest[0])] = base64.b64decode(rest[1])
        else:
            told.leaving.update(map(int, rest))
    return told


def _judge(folder: Path, told: Told, result: PowerCuts) -> None:
    result.cuts += 1
    promised = {n: payload for n, payload in told.kept.items() if n not in told.leaving}
    result.promised += len(promised)
    try:
        keys, left, head = _start_again(folder)
    except EdgeAgentError as error:
        result.stuck.append(error.report())
        return
    result.damaged += any(folder.glob("*.corrupt-*"))
    there = set(left)
    lost = sum(payload not in there for payload in promised.values())
    result.lost += lost
    result.losing += bool(lost)
    # The center has everything that was ever promised (it may have been sent), and what comes now.
    chain = Chain(SITE, BOX, told.keys[:1] or [keys])
    for payload in (*told.kept.values(), *left, head):
        chain.take(payload)
    report = chain.report()
    result.forked += len(report.forked)
    result.restarted += bool(report.restarts)
    odd = (report.missing, report.cut, report.forked, report.retired, report.refused)
    if any(odd) or report.unknown_keys or not _goes_on(told, left):
        result.broken.append(report)


def _start_again(folder: Path) -> tuple[bytes, list[bytes], bytes]:
    """Start the box and let it see two more; return its key, what waits, and its head."""
    seal = open_seal(folder / "keys", site=SITE, box=BOX, wall=SystemClock().wall)
    key = seal._keys.signer.public
    spool = open_spool(folder / "spool.db", SpoolOptions(size_mb=SIZE_MB), seal)
    try:
        for name in ("after-1", "after-2"):
            spool.append(an_alert(name, picture_bytes=500))
        left = [kept.alert.body for kept in spool.oldest(10_000)]
        return key, left, spool.head().encode()
    finally:
        spool.close()


def _goes_on(told: Told, left: list[bytes]) -> bool:
    """Tell whether what came after the cut has greater numbers than all that was promised."""
    numbers = [json.loads(split(payload)[0])["seq"] for payload in told.kept.values()]
    return int(json.loads(split(left[-1])[0])["seq"]) > max(numbers, default=0)
