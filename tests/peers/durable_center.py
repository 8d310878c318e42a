"""A small center that keeps its word: SQLite FULL first, then the broker's acknowledgement and the receipt.

What the real one (`edge-agent center run`) promises a box, and nothing else, so that a test which
leans on it can lean on the real one as well. It can lie on purpose: see `Faults`.
"""

from __future__ import annotations

import json
import random
import select
import sqlite3
from collections import defaultdict, deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_agent.contract import Chain, Report, split
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.fakes.center_key import CenterKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SESSION_S = 3600
_TURN_S = 0.05
# Messages in one transaction.
_BATCH = 100
_RETRY_S = 0.2
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS messages (
  box TEXT, seq INTEGER, sha256 TEXT, name TEXT, revision INTEGER, payload BLOB,
  PRIMARY KEY (box, seq));
CREATE TABLE IF NOT EXISTS pictures (sha256 TEXT, content BLOB, PRIMARY KEY (sha256));
CREATE TABLE IF NOT EXISTS heads (box TEXT, head TEXT);
"""


@dataclass(slots=True)
class Faults:
    """How often a receipt goes wrong on its way, and what a stranger adds."""

    lost: float = 0.0
    doubled: float = 0.0
    # Held back until the next one has gone.
    reordered: float = 0.0
    # Before the true one comes one that says the same, signed with another key.
    forged: float = 0.0
    source: random.Random = field(default_factory=lambda: random.Random(11))


@dataclass(slots=True)
class Arrivals:
    """What came, repeats included."""

    alerts: int = 0
    repeats: int = 0
    receipts: int = 0
    forged: int = 0


@dataclass(frozen=True, slots=True)
class _Said:
    """One receipt, and what a forger would say in its place."""

    topic: str
    true: bytes
    forged: bytes


class DurableCenter:
    """Subscribes with a session of its own; what it has acknowledged is on its disk."""

    def __init__(
        self,
        path: Path,
        port: int,
        key: CenterKey | None = None,
        *,
        faults: Faults | None = None,
        says_receipts: bool = True,
    ) -> None:
        self.key = key or CenterKey()
        self.faults = faults or Faults()
        self.came = Arrivals()
        self._says_receipts = says_receipts
        self._forger = CenterKey()
        self._path = path
        self._port = port
        self._stop = Stop()
        self._is_away = False
        self._waiting: list[paho.MQTTMessage] = []
        self._held: deque[_Said] = deque()
        self._subscribed = Stop()
        self._worker = Worker("center", self._run, on_failure=self._stop.tell)

    def __enter__(self) -> Self:
        with sqlite3.connect(self._path) as database:
            database.executescript(_SCHEMA)
        database.close()
        self._worker.start()
        assert self._subscribed.wait(10), "the center could not subscribe"
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.tell()
        assert self._worker.join(10)
        assert self._worker.failure is None, self._worker.failure

    def go_away(self) -> None:
        """Leave the broker without a word; its session stays there."""
        self._is_away = True

    def come_back(self) -> None:
        self._is_away = False

    def rows(self, question: str, *given: object) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(self._path, timeout=10)
        try:
            return database.execute(question, given).fetchall()
        finally:
            database.close()

    def names(self) -> list[str]:
        """Return the alerts of the database in the order of their numbers, as people see them."""
        return [name for (name,) in self.rows("SELECT name FROM messages WHERE name != '' ORDER BY box, seq")]  # fmt: skip

    def visible_twice(self) -> int:
        """Return how many alerts people would see more than once."""
        names = self.rows("SELECT box, name, revision FROM messages WHERE name != ''")
        return len(names) - len(set(names))

    def pictures(self) -> set[str]:
        """Return the alerts whose own picture is in the database."""
        known = {one for (one,) in self.rows("SELECT sha256 FROM pictures")}
        told = self.rows("SELECT name, payload FROM messages WHERE name != ''")
        return {name for name, payload in told if _picture_of(payload) in known}

    def report(self, site: str, box: str, keys: Sequence[bytes]) -> Report:
        """Return what the signatures say of everything in the database."""
        chain = Chain(site, box, keys)
        for (payload,) in self.rows("SELECT payload FROM messages WHERE box = ? ORDER BY seq", box):
            chain.take(payload)
        for (head,) in self.rows("SELECT head FROM heads WHERE box = ?", box):
            chain.take(head.encode())
        return chain.report()

    def _run(self) -> None:
        self._database = sqlite3.connect(self._path, isolation_level=None, timeout=10)
        self._database.execute("PRAGMA synchronous = FULL")
        client: paho.Client | None = None
        while not self._stop.is_told:
            if self._is_away and client:
                _hang_up(client)
                client = None
            if client is None and (self._is_away or (client := self._connect()) is None):
                self._stop.wait(_RETRY_S)
                continue
            assert client
            if not self._turn(client):
                client = None
        if client:
            client.disconnect()
            client.loop(0)
        self._database.close()

    def _connect(self) -> paho.Client | None:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id="center",
            protocol=paho.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.on_connect = lambda one, *_: one.subscribe("city/v1/+/+/up/#", qos=1)
        client.on_subscribe = lambda *_: self._subscribed.tell()
        client.on_message = lambda _client, _data, message: self._waiting.append(message)
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = _SESSION_S
        properties.ReceiveMaximum = _BATCH
        try:
            client.connect("127.0.0.1", self._port, clean_start=False, properties=properties)
        except OSError:
            return None
        return client

    def _turn(self, client: paho.Client) -> bool:
        """Take what came, keep it, then say so; False where the connection has ended."""
        self._waiting.clear()
        wait_s = _TURN_S
        while len(self._waiting) < _BATCH and _is_readable(client, wait_s):
            if client.loop_read() != paho.MQTT_ERR_SUCCESS:
                return False
            wait_s = 0.0
        if self._waiting:
            receipts = self._keep(self._waiting)
            for message in self._waiting:
                client.ack(message.mid, message.qos)
            for said in receipts:
                self._send(client, said)
        while client.want_write():
            if client.loop_write() != paho.MQTT_ERR_SUCCESS:
                return False
        return client.loop_misc() == paho.MQTT_ERR_SUCCESS

    def _keep(self, messages: Sequence[paho.MQTTMessage]) -> list[_Said]:
        """Put all into the database; return the receipts that may be sent now."""
        self._database.execute("BEGIN IMMEDIATE")
        stored: dict[tuple[str, str], dict[int, str]] = {}
        pictures: dict[tuple[str, str], set[int]] = defaultdict(set)
        for message in messages:
            _, _, site, box, _, kind, *_rest = message.topic.split("/")
            whose = (site, box)
            if kind in {"alert", "record"}:
                seq, digest = self._keep_message(box, kind, message.payload)
                stored.setdefault(whose, {})[seq] = digest
            elif kind == "thumb":
                pictures[whose].update(self._keep_picture(box, message))
            elif kind in {"status", "health"} and (head := _head_of(message.payload)):
                self._database.execute("INSERT INTO heads VALUES (?, ?)", (box, head))
        self._database.execute("COMMIT")
        return [
            _Said(
                f"city/v1/{site}/{box}/down/receipt",
                *(
                    _receipt(key, site, box, stored.get((site, box), {}), pictures[site, box])
                    for key in (self.key, self._forger)
                ),
            )
            for site, box in stored.keys() | pictures.keys()
        ]

    def _keep_message(self, box: str, kind: str, payload: bytes) -> tuple[int, str]:
        body, _ = split(payload)
        told = json.loads(body)
        seq, digest = int(told["seq"]), sha256(body).hexdigest()
        name = told["id"] if kind == "alert" else ""
        row = (box, seq, digest, name, told.get("revision", 0), payload)
        fresh = self._database.execute("INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?, ?)", row)  # fmt: skip
        self.came.alerts += 1
        self.came.repeats += not fresh.rowcount
        return seq, digest

    def _keep_picture(self, box: str, message: paho.MQTTMessage) -> list[int]:
        """Return the numbers of the alerts that name this picture."""
        digest = sha256(message.payload).hexdigest()
        name = message.topic.rpartition("/")[2]
        rows = self._database.execute("SELECT seq, payload FROM messages WHERE box = ? AND name = ?", (box, name))  # fmt: skip
        mine = [seq for seq, payload in rows if _picture_of(payload) == digest]
        if mine:
            self._database.execute("INSERT OR IGNORE INTO pictures VALUES (?, ?)", (digest, message.payload))  # fmt: skip
        return mine

    def _send(self, client: paho.Client, said: _Said) -> None:
        if not self._says_receipts:
            return
        faults, chance = self.faults, self.faults.source.random
        self.came.receipts += 1
        if chance() < faults.forged:
            self.came.forged += 1
            client.publish(said.topic, said.forged, qos=1)
        if chance() < faults.lost:
            return
        if chance() < faults.reordered:
            self._held.append(said)
            return
        for _ in range(1 + (chance() < faults.doubled)):
            client.publish(said.topic, said.true, qos=1)
        while self._held:
            late = self._held.pop()
            client.publish(late.topic, late.true, qos=1)


def _receipt(
    key: CenterKey, site: str, box: str, stored: dict[int, str], pictures: set[int]
) -> bytes:
    ranges = [(seq, seq, stored[seq]) for seq in sorted(stored)]
    seen = tuple((seq, seq) for seq in sorted(pictures))
    return key.receipt(*ranges, pictures=seen, site=site, box=box)


def _head_of(payload: bytes) -> str:
    """Return the head of a status; a will has none, for it cannot be signed freshly."""
    return str(json.loads(payload).get("head", "")) if payload else ""


def _picture_of(payload: bytes) -> str:
    told = json.loads(split(payload)[0])
    return str((told.get("thumb") or {}).get("sha256", ""))


def _is_readable(client: paho.Client, seconds: float) -> bool:
    connection = client.socket()
    return connection is not None and bool(select.select([connection], [], [], seconds)[0])


def _hang_up(client: paho.Client) -> None:
    connection = client.socket()
    if connection is not None:
        connection.close()
