"""A center's intake without a broker: messages go in, receipts come out, people ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_agent.center.intake import Intake
from edge_agent.center.registry import Registry
from edge_agent.center.watch import Watch
from edge_agent.contract import open_letter, read_key, read_receipt
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.center.database import Database
    from edge_agent.center.key import CenterKey
    from edge_agent.center.post import Arrival, Outgoing
    from tests.center.boxes import Sender


# A center that has heard boxes without a break.
LONG_S = 3600.0


class Desk:
    def __init__(self, folder: Path, database: Database, key: CenterKey) -> None:
        self.clock = FakeClock()
        self.database = database
        self.key = key
        # What the center has said that it will never take: numbers and hashes.
        self.refused: list[tuple[int, str]] = []
        self.list = folder / "boxes"
        self.list.write_text("")
        self.intake = Intake(database, key, self.clock)
        self.registry = Registry(self.list, database)
        self.watch = Watch(database, self.clock, silent_s=180, name="one")

    def register(self, *senders: Sender) -> list[Outgoing]:
        self.list.write_text("".join(f"{one.line}\n" for one in senders))
        return self.intake.take_back(self.registry.refresh())

    def take(self, *arrivals: Arrival) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return which numbers were receipted: messages, and pictures."""
        return self.opened(self.intake.take(arrivals))

    def opened(
        self, letters: list[Outgoing]
    ) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        key = read_key(self.key.public_base64)
        assert key
        stored: list[tuple[int, int]] = []
        shown: list[tuple[int, int]] = []
        for letter in letters:
            _, _, site, box, *_ = letter.topic.split("/")
            opened = open_letter(letter.payload, [key], kind="receipt", site=site, box=box)
            receipt = read_receipt(opened.members)
            assert receipt, opened.verdict
            for one in receipt.stored:
                assert self.hash_of(site, box, one.range.last) == one.sha256
            self.refused += [(one.seq, one.sha256) for one in receipt.refused]
            stored += [(one.range.first, one.range.last) for one in receipt.stored]
            shown += [(one.first, one.last) for one in receipt.pictures]
        return stored, shown

    def hash_of(self, site: str, box: str, seq: int) -> str | None:
        question = "SELECT sha256 FROM messages WHERE site = ? AND box = ? AND seq = ?"
        # Of what was deleted after its term only the hash is left.
        term = (
            "SELECT hashes.sha256 FROM hashes JOIN deleted ON deleted.site = hashes.site"
            " AND deleted.box = hashes.box AND seq BETWEEN first AND last"
            " WHERE hashes.site = ? AND hashes.box = ? AND seq = ?"
        )
        found = self.database.read(
            lambda t: t.row(question, site, box, seq) or t.row(term, site, box, seq)
        )
        return found and found[0]

    def ask(self, question: str, *values: object) -> list[tuple[object, ...]]:
        return self.database.read(lambda t: t.rows(question, *values))

    def alarms(self) -> set[str]:
        """Return the kinds that are open."""
        return {
            str(kind) for (kind,) in self.ask("SELECT kind FROM alarms WHERE until_wall IS NULL")
        }

    def count(self, table: str) -> int:
        return int(str(self.ask(f"SELECT count(*) FROM {table}")[0][0]))  # noqa: S608 (our own word)
