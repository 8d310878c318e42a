"""What each message from a box does to the database: several of them in one durable transaction.

Nothing that a box can send makes it raise, only a database that cannot be used; what it does not
believe is set aside and raises an alarm. It keeps nothing in memory between two calls: other centers
work on the same database.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from edge_agent.center import pictures, quarantine
from edge_agent.center.alarm_texts import OF_HEAD, said
from edge_agent.center.alarms import Alarms, Kind
from edge_agent.center.alert_rows import AlertRow, keep_alert, read_alert
from edge_agent.center.condition import keep_condition, read_condition
from edge_agent.center.database import Database, Transaction, ValueRefusedError
from edge_agent.center.key import CenterKey
from edge_agent.center.post import Address, Arrival, Box, Outgoing, read_topic
from edge_agent.center.receipts import Receipts
from edge_agent.center.retention.letters import is_deleted
from edge_agent.center.stored_chain import Judged, StoredChain
from edge_agent.center.told import read_object
from edge_agent.center.updates import judge_update
from edge_agent.center.visits import Run, end_visits, present_run
from edge_agent.center.webhooks.options import WebhookOptions
from edge_agent.center.webhooks.queue import queue_alert
from edge_agent.contract import Body, Refused, Verdict, split
from edge_agent.contract.body import (
    CHAIN_RESTARTED,
    CLOCK_SET,
    DROPPED,
    HEAD,
    KEY_ROTATED,
    UPDATED,
    parse,
)
from edge_agent.runtime.clock import Clock

log = logging.getLogger(__name__)

ALERT, RECORD, HEALTH = "alert", "record", "health"
# Of what an unknown box sends only this is evidence.
_EVIDENCE = frozenset({ALERT, RECORD})
_RECORDS = frozenset({DROPPED, KEY_ROTATED, CHAIN_RESTARTED, CLOCK_SET, UPDATED})
_PLACE_IS_TAKEN = "another message with this number, or in this place, was stored before"
# How exactly we remember when a box was last heard; each step is a write.
_SEEN_STEP_S = 5.0
# `intrusion` is a word; a text is not.
_MOST_TYPE = 64

_ENDED_BY_A_KEY = (Kind.UNKNOWN_KEY, Kind.UNKNOWN_BOX, Kind.KEY_LOST)
_WAITING = """
SELECT site, box FROM quarantine WHERE why = ?
UNION SELECT site, box FROM alarms WHERE until_wall IS NULL AND kind IN (?, ?, ?)
"""
_REFUSALS = {
    Verdict.UNREADABLE: (Kind.ALTERED, "damaged"),
    Verdict.UNSIGNED: (Kind.ALTERED, "unsigned"),
    Verdict.ALTERED: (Kind.ALTERED, "altered"),
    Verdict.FOREIGN: (Kind.FOREIGN, "foreign"),
    Verdict.UNKNOWN_KEY: (Kind.UNKNOWN_KEY, "unknown_key"),
}


class Intake:
    """Stores what comes, and returns what may be told to the boxes then. Any thread may use it."""

    def __init__(
        self,
        database: Database,
        key: CenterKey,
        clock: Clock,
        webhooks: Sequence[WebhookOptions] = (),
    ) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._webhooks = webhooks

    def take(self, arrivals: Sequence[Arrival]) -> list[Outgoing]:
        """Store them, and return the receipts: everything is durable when this returns.

        Raises EdgeAgentError where the database refuses: then nothing may be acknowledged.
        """
        try:
            return self._write(lambda batch: batch.take(arrivals))
        except ValueRefusedError as failure:
            if len(arrivals) > 1:
                middle = len(arrivals) // 2
                return self.take(arrivals[:middle]) + self.take(arrivals[middle:])
            # One bad message must not come again for ever and keep all others away.
            log.error("a message on %s cannot be stored: %s", arrivals[0].topic, failure.report())  # noqa: TRY400 (told in words)
            return self._write(lambda batch: batch.set_aside(arrivals[0]))

    def take_back(self, boxes: Iterable[Box]) -> list[Outgoing]:
        """Take again what waited for a key that these boxes have now; return the receipts."""
        several = set(boxes)
        return self._write(lambda batch: batch.take_back(several)) if several else []

    def _write(self, work: Callable[["_Batch"], None]) -> list[Outgoing]:
        wall = self._clock.wall()

        def transact(transaction: Transaction) -> _Batch:
            batch = _Batch(transaction, wall, self._webhooks)
            work(batch)
            batch.finish()
            return batch

        batch = self._database.write(transact)
        for box, kind, text in batch.alarms.raised:
            log.warning("alarm %s of %s: %s", kind.value, box, text)
        return batch.receipts.write(self._key, wall)


@dataclass(slots=True)
class _Batch:
    """One transaction's work."""

    transaction: Transaction
    wall: float
    webhooks: Sequence[WebhookOptions] = ()
    receipts: Receipts = field(default_factory=Receipts)
    alarms: Alarms = field(init=False)
    # What takes the numbers of changes: they are everybody's, so they come after every box's lock.
    _last: list[Callable[[], None]] = field(default_factory=list)
    _runs: dict[Box, Run | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.alarms = Alarms(self.transaction, self.wall)

    def take(self, arrivals: Sequence[Arrival]) -> None:
        """Take what came: box by box in an order that every center keeps, so that none waits crosswise."""
        by_box: dict[Box, list[tuple[Address, Arrival]]] = {}
        for arrival in arrivals:
            if address := read_topic(arrival.topic):
                by_box.setdefault(address.box, []).append((address, arrival))
        for box in sorted(by_box):
            self._take_of(box, by_box[box])

    def set_aside(self, arrival: Arrival) -> None:
        """Keep for people what the database does not take as what it is."""
        address = read_topic(arrival.topic)
        if address is None:
            return
        chain = StoredChain(self.transaction, address.box, self.alarms)
        why = Kind.UNREADABLE
        # Boxes that somebody invents raise one alarm, of another kind, and so many at most.
        if chain.load():
            self.alarms.raise_alarm(chain.box, why, said("not_taken"))
        quarantine.set_aside(self.transaction, chain.box, arrival, why.value, self.wall)

    def take_back(self, boxes: set[Box]) -> None:
        # Of ten thousand new boxes in the list few have sent anything yet.
        rows = self.transaction.rows(_WAITING, quarantine.UNKNOWN_KEY, *_ENDED_BY_A_KEY)
        for box in sorted(boxes & {Box(*row) for row in rows}):
            chain = StoredChain(self.transaction, box, self.alarms)
            if chain.load():
                self._alarm_free(box)
                self._take_waiting(chain)
                chain.save()

    def finish(self) -> None:
        for act in self._last:
            act()
        if self.alarms.raised:
            self.alarms.forget_old()

    def _take_of(self, box: Box, several: list[tuple[Address, Arrival]]) -> None:
        chain = StoredChain(self.transaction, box, self.alarms)
        if not chain.load():
            self._refuse_unknown(box, several)
            return
        for address, arrival in several:
            self._take_one(chain, address, arrival)
        if chain.has_new_key:
            self._take_waiting(chain)
        if chain.is_heard:
            chain.see(_SEEN_STEP_S)
        chain.save()

    def _take_one(self, chain: StoredChain, address: Address, arrival: Arrival) -> None:
        match address.kind, address.rest:
            case ("alert", (_,)) | ("record", ()):
                self._take_signed(chain, address, arrival)
            case ("thumb", (_, alert_id)):
                self._take_picture(chain.box, alert_id, arrival.payload)
            case (("status" | "health"), ()):
                self._take_condition(chain, address, arrival)
            case _:
                # `check` is a trial; what is not ours to read is somebody else's.
                return

    def _take_signed(self, chain: StoredChain, address: Address, arrival: Arrival) -> None:
        judged = chain.judge(arrival.payload)
        told = judged.told
        if judged.verdict is not Verdict.GENUINE or told is None or judged.is_retired:
            self._refuse(chain.box, arrival, judged)
            return
        # A head, or a record on an alert's topic: signed, but for something else.
        if told.type == HEAD or (address.kind == ALERT and told.type in _RECORDS):
            self._refuse(chain.box, arrival, Judged(Verdict.FOREIGN))
            return
        verdict = chain.link(told, judged.sha256)
        if verdict is Verdict.FORKED:
            chain.fork(told.seq)
            quarantine.set_aside(self.transaction, chain.box, arrival, Kind.FORK, self.wall)
            self.receipts.turn_down(chain.box, Refused(told.seq, judged.sha256, _PLACE_IS_TAKEN))
            return
        # By its own word: whoever may publish chose the topic, and could hide an alert by it.
        row = None if told.type in _RECORDS else self._read(arrival)
        if verdict is Verdict.GENUINE:
            self._keep(chain, told, judged.sha256, arrival, row)
            if address.kind == ALERT and row is None:
                what = said("unreadable", number=told.seq)
                self.alarms.raise_alarm(chain.box, Kind.UNREADABLE, what)
        chain.is_heard = True
        self.receipts.store(chain.box, told.seq, judged.sha256)
        if verdict is Verdict.AGAIN and is_deleted(self.transaction, chain.box, told.seq):
            # Its picture had its term as well; the box need not send it again.
            self.receipts.picture(chain.box, [told.seq] if row and row.thumb_sha256 else [])
            return
        self._look_for_picture(chain.box, told.seq, row)

    def _keep(
        self, chain: StoredChain, told: Body, sha256: str, arrival: Arrival, row: AlertRow | None
    ) -> None:
        self.transaction.run(
            "INSERT INTO messages (site, box, seq, sha256, prev, kid, type, topic, alert_id,"
            " revision, thumb_sha256, received_wall, payload)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(told.site, told.box, told.seq, sha256, told.prev, told.kid, _printable(told.type)),
            *(arrival.topic, row and row.id, row and row.revision, row and row.thumb_sha256),
            *(self.wall, arrival.payload),
        )
        if told.type == UPDATED:
            body = split(arrival.payload)[0]
            judge_update(self.transaction, self.alarms, chain.box, told.seq, body)
        if row:
            row = self._ended(chain.box, row, told.seq)
            keep = partial(keep_alert, self.transaction, chain.box, row)
            self._last.append(partial(keep, seq=told.seq, wall=self.wall))
            queue_alert(self.transaction, self.webhooks, arrival.payload, self.wall)

    def _ended(self, box: Box, row: AlertRow, seq: int) -> AlertRow:
        """Return the row as people see it: what an earlier run of the agent saw is over."""
        if row.state == "end":
            return row
        run = self._run(box)
        is_over = run is not None and run.is_after(read_object(row.clock_json), seq)
        return replace(row, state="end") if is_over else row

    def _run(self, box: Box) -> Run | None:
        if box not in self._runs:
            self._runs[box] = present_run(self.transaction, box)
        return self._runs[box]

    def _read(self, arrival: Arrival) -> AlertRow | None:
        return read_alert(parse(split(arrival.payload)[0]) or {})

    def _look_for_picture(self, box: Box, seq: int, row: AlertRow | None) -> None:
        if row and row.thumb_sha256:
            named = (row.id, row.thumb_sha256, self.wall)
            if pictures.is_named(self.transaction, box, *named):
                self.receipts.picture(box, [seq])

    def _take_picture(self, box: Box, alert_id: str, content: bytes) -> None:
        if 0 < len(content) <= pictures.MOST_BYTES:
            seqs = pictures.arrive(self.transaction, box, alert_id, content, self.wall)
            self.receipts.picture(box, seqs)

    def _take_condition(self, chain: StoredChain, address: Address, arrival: Arrival) -> None:
        box = chain.box
        told = read_condition(arrival.payload, is_health=address.kind == HEALTH)
        if told is None:
            return
        if (told.site, told.box) != (box.site, box.box):
            self._refuse(box, arrival, Judged(Verdict.FOREIGN))
            return
        # Not the broker's word on a box that has vanished. A retained one may be old; of a box never
        # heard before it is the first word.
        chain.is_heard |= told.state != "offline" and not (arrival.is_retained and chain.was_seen)
        was = self._run(box)
        change = keep_condition(self.transaction, box, told)
        if change:
            chain.place(told.place_json)
            self._end_visits(box, was, has_begun_anew=change.has_begun_anew)
        if change and change.is_copied:
            self.alarms.raise_alarm(box, Kind.CERTIFICATE_COPIED, said("certificate_copied"))
        if told.head:
            self._take_head(chain, arrival, told.head.encode())

    def _end_visits(self, box: Box, was: Run | None, *, has_begun_anew: bool) -> None:
        """End what was open when the agent began anew, and what came after that from before it."""
        self._runs.pop(box, None)
        run = self._run(box)
        if has_begun_anew:
            self._last.append(partial(end_visits, self.transaction, box))
        elif run and not run.is_same(was):
            self._last.append(partial(end_visits, self.transaction, box, run))

    def _take_head(self, chain: StoredChain, arrival: Arrival, head: bytes) -> None:
        judged = chain.judge(head)
        told = judged.told
        if judged.verdict is not Verdict.GENUINE or told is None or told.type != HEAD:
            verdict = Verdict.FOREIGN if judged.verdict is Verdict.GENUINE else judged.verdict
            kind, word = _REFUSALS[verdict]
            self.alarms.raise_alarm(chain.box, kind, said(f"{OF_HEAD}{word}"))
        elif not judged.is_retired and chain.head(told):
            self.transaction.run(
                "UPDATE boxes SET head_sha256 = ?, head_topic = ?, head_payload = ?"
                " WHERE site = ? AND box = ?",
                *(told.sha256, arrival.topic, arrival.payload, told.site, told.box),
            )

    def _take_waiting(self, chain: StoredChain) -> None:
        """Take what came before the key that signed it was named; a key may name the next one."""
        chain.has_new_key = True
        while chain.has_new_key:
            chain.has_new_key = False
            self._alarm_free(chain.box)
            for arrival in quarantine.take_back(self.transaction, chain.box):
                if address := read_topic(arrival.topic):
                    self._take_one(chain, address, arrival)

    def _alarm_free(self, box: Box) -> None:
        self.alarms.clear(box, _ENDED_BY_A_KEY)

    def _refuse(self, box: Box, arrival: Arrival, judged: Judged) -> None:
        if judged.is_retired:
            kind, word = Kind.RETIRED_KEY, "retired_key"
        else:
            kind, word = _REFUSALS[judged.verdict]
        self.alarms.raise_alarm(box, kind, said(word))
        quarantine.set_aside(self.transaction, box, arrival, kind.value, self.wall)

    def _refuse_unknown(self, box: Box, several: list[tuple[Address, Arrival]]) -> None:
        self.alarms.raise_alarm(box, Kind.UNKNOWN_BOX, said("unknown_box"))
        for address, arrival in several:
            if address.kind in _EVIDENCE:
                why = quarantine.UNKNOWN_KEY
                quarantine.set_aside(self.transaction, box, arrival, why, self.wall)


def _printable(text: str) -> str:
    return text if text.isprintable() and len(text) <= _MOST_TYPE else ""
