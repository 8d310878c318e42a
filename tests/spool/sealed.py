"""A box's sealed spool, opened again and again, and the center that reads its chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_agent.contract import Chain, Report, Verdict, read_body, split
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import Kept, Spool, open_spool
from tests.fakes.box import BOX, SITE, a_seal, public_key
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.alerts.seal import Seal


class Center:
    """Takes what is waiting, as the publisher would deliver it, and keeps the chain."""

    def __init__(self, key: bytes) -> None:
        self.chain = Chain(SITE, BOX, [key])
        self.types: list[str] = []

    def take(self, payload: bytes) -> None:
        told = read_body(split(payload)[0])
        assert told
        self.types.append(told.type)
        # By a key whose record comes later, at worst.
        assert self.chain.take(payload) in {Verdict.GENUINE, Verdict.AGAIN, Verdict.UNKNOWN_KEY}

    def drain(self, spool: Spool) -> Report:
        while batch := spool.oldest(100):
            for kept in batch:
                self.take(kept.alert.body)
            spool.done([kept.number for kept in batch])
        return self.report(spool)

    def take_all(self, kept: list[Kept]) -> Report:
        for one in kept:
            self.take(one.alert.body)
        return self.chain.report()

    def report(self, spool: Spool) -> Report:
        self.chain.take(spool.head().encode())
        return self.chain.report()


class Opened:
    """One box's spool, opened again and again with its own keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "spool.db"
        self.clock = FakeClock()
        self.spool: Spool | None = None

    def seal(self) -> Seal:
        return a_seal(self.folder, clock=self.clock)

    def again(self, *, is_sealed: bool = True) -> Spool:
        self.close()
        sealer = self.seal() if is_sealed else None
        self.spool = open_spool(self.path, SpoolOptions(size_mb=8), sealer)
        return self.spool

    def close(self) -> None:
        if self.spool:
            self.spool.close()
        self.spool = None

    def center(self) -> Center:
        return Center(public_key(self.seal()))


def seqs(kept: list[Kept]) -> list[int]:
    bodies = [read_body(split(one.alert.body)[0]) for one in kept]
    return [body.seq for body in bodies if body]
