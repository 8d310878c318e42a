"""When a visit is over although its box has not said so: neither a power cut nor a kill tells it.

When an alert was written its signed clock says: which boot, and how long after it. When the present run of
the agent began, the box's health says, unsigned: a hint, as is the end that people are shown for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.center.database import Transaction
from edge_agent.center.post import Box
from edge_agent.center.told import read_object
from edge_agent.contract import read_body, split
from edge_agent.contract.body import HEAD


@dataclass(frozen=True, slots=True)
class Run:
    """The present run of an agent, and the number of its newest message when it told of it."""

    boot: str
    # None: an agent that does not say it.
    began_mono_ms: int | None
    seq: int

    def is_after(self, clock: Mapping[str, object], seq: int) -> bool:
        """Tell whether a message with this clock and number is of an earlier run."""
        boot, mono_ms = clock.get("boot"), clock.get("mono_ms")
        if not isinstance(boot, str) or not boot:
            return False
        if boot != self.boot:
            # With a greater number it is of a later boot, of which we have not heard.
            return seq <= self.seq
        if self.began_mono_ms is None or not isinstance(mono_ms, int):
            return False
        return mono_ms < self.began_mono_ms

    def is_same(self, other: "Run | None") -> bool:
        """Tell whether this is that run."""
        began = (self.boot, self.began_mono_ms)
        return other is not None and began == (other.boot, other.began_mono_ms)


def present_run(transaction: Transaction, box: Box) -> Run | None:
    """Return what the box last told; None where it has told nothing since its agent began anew."""
    row = transaction.row(
        "SELECT session, health_json FROM boxes WHERE site = ? AND box = ?", box.site, box.box
    )
    session, told = (row[0], read_object(row[1])) if row else (0, {})
    boot, head, began = (told.get(name) for name in ("boot", "head", "began_mono_ms"))
    if told.get("session") != session or not isinstance(boot, str) or not isinstance(head, str):
        return None
    read = read_body(split(head.encode())[0])
    if not boot or read is None or read.type != HEAD:
        return None
    return Run(boot, began if isinstance(began, int) else None, read.seq)


def end_visits(transaction: Transaction, box: Box, run: Run | None = None) -> None:
    """End what is open, or of that what is of earlier runs. It takes changes: call it last."""
    found = transaction.rows(
        "SELECT id, clock_json, seq FROM alerts WHERE site = ? AND box = ? AND state <> 'end'",
        *(box.site, box.box),
    )
    for id_, clock_json, seq in found:
        if run and not run.is_after(read_object(clock_json), seq):
            continue
        transaction.run(
            "UPDATE alerts SET state = 'end', change = ? WHERE site = ? AND box = ? AND id = ?",
            *(transaction.take_changes(1), box.site, box.box, id_),
        )
