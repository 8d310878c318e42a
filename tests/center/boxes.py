"""A box as the center sees it: it signs with the agent's own hand, and loses what it is told to."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import TYPE_CHECKING

from edge_agent.alerts.box_key import prepare_rotation
from edge_agent.alerts.seal import Seal, open_seal
from edge_agent.center.post import Arrival, Box
from edge_agent.contract.body import NO_HASH, split
from edge_agent.domain.chain import Dropped, Link
from edge_agent.domain.update import Phase, Update

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = b"\xff\xd8 a picture \xff\xd9"


class Sender:
    """Composes messages as arrivals; `arrived` has all that were signed, by number."""

    def __init__(self, folder: Path, site: str = "palembang", box: str = "plaju-01") -> None:
        self.box = Box(site, box)
        self.folder = folder / f"{site}-{box}"
        self.now = 1_795_000_000.0
        self.seal: Seal
        self._open()
        self.next = Link(1, NO_HASH)
        self.signed: dict[int, Arrival] = {}

    @property
    def up(self) -> str:
        return f"city/v1/{self.box.site}/{self.box.box}/up"

    @property
    def line(self) -> str:
        """What `edge-agent key show` prints."""
        public = self.seal._keys.signer.public
        return f"{self.box} {base64.b64encode(public).decode()}"

    def alert(
        self,
        id_: str = "a",
        revision: int = 0,
        *,
        picture: bytes = b"",
        written: dict[str, str] | None = None,
        **members: object,
    ) -> Arrival:
        """Compose one; `written` puts JSON that Python would not write in the place of words."""
        told: dict[str, object] = {
            "v": 1,
            "type": "intrusion",
            "state": "new",
            "severity": "medium",
            "time": "2026-11-18T11:15:17.200Z",
            "site": self.box.site,
            "box": self.box.box,
            "camera": "gate",
            "rule": "walkway",
            "zone": "walkway",
            "objects": [{"label": "person", "score": 0.8}],
            "visit": {"began": "2026-11-18T11:15:15.100Z", "lasted_s": 2.1},
            "clock": {"synced": True},
            "thumb": {"sha256": sha256(picture).hexdigest()} if picture else None,
            "id": id_,
            "revision": revision,
            **members,
        }
        body = json.dumps(told)
        for word, text in (written or {}).items():
            body = body.replace(f'"{word}"', text)
        return self._sign("alert/gate", body.encode())

    def dropped(self, first: int, last: int) -> Arrival:
        digest = sha256(split(self.signed[last].payload)[0]).hexdigest()
        part = Dropped(first=first, last=last, sha256=digest, why="full", medium=last - first + 1)
        return self._sign("record", self.seal.dropped([part]))

    def record(self, kind: str) -> Arrival:
        told = {"v": 1, "type": kind, "time": "2026-11-18T11:15:17.200Z"}
        told |= {"site": self.box.site, "box": self.box.box}
        return self._sign("record", json.dumps(told).encode())

    def updated(
        self, phase: Phase = Phase.ROLLED_BACK, new: str = "0.2.0+deb12", **other: object
    ) -> Arrival:
        """Say what became of a new version; any member may be another, and None is missing."""
        update = Update(phase=phase, old="0.1.0+deb12", new=new, why="the broker is not reached")
        told = json.loads(self.seal.updated(update)) | other
        told = {name: value for name, value in told.items() if value is not None}
        return self._sign("record", json.dumps(told, ensure_ascii=False).encode())

    def restarted(self, first: int, last: int) -> Arrival:
        self.next = Link(last + 1, NO_HASH)
        return self._sign("record", self.seal.restarted(first, last))

    def rotate(self, *, is_lost: bool = False) -> Arrival:
        """Let a new key take over, as `edge-agent key rotate` and a restart do."""
        old = self.seal.kid
        prepare_rotation(self.folder, is_lost=is_lost)
        self._open()
        record = self.seal.rotation(old)
        announced = self._sign("record", record)
        self.seal.finish_rotation()
        return announced

    def status(self, state: str = "online", session: int = 1, *, waits_from: int | None = None,
               is_retained: bool = False) -> Arrival:  # fmt: skip
        told = {
            "state": state,
            "session": session,
            "version": "0.1.0",
            "time": "2026-11-18T11:15:17.200Z",
            "site": self.box.site,
            "box": self.box.box,
            "cameras": {"gate": "streaming"},
            "head": self.head(waits_from),
        }
        return Arrival(f"{self.up}/status", json.dumps(told).encode(), is_retained)

    def health(
        self, *, takeovers: int = 0, session: int = 1, boot: str = "", began_mono_ms: int = 0
    ) -> Arrival:
        told = {
            "v": 1,
            "type": "health",
            "time": "2026-11-18T11:15:17.200Z",
            "session": session,
            "site": self.box.site,
            "box": self.box.box,
            "version": "0.1.0",
            "boot": boot,
            "began_mono_ms": began_mono_ms,
            "broker": {"takeovers": takeovers},
            "head": self.head(),
            "place": {"name": "Simpang Plaju", "latitude": -2.99, "longitude": 104.79},
        }
        return Arrival(f"{self.up}/health", json.dumps(told).encode())

    def head(self, waits_from: int | None = None) -> str:
        return self.seal.head(self.next, waits_from)

    def picture(self, id_: str = "a", content: bytes = PICTURE) -> Arrival:
        return Arrival(f"{self.up}/thumb/gate/{id_}", content)

    def _open(self) -> None:
        whose = {"site": self.box.site, "box": self.box.box}
        self.seal = open_seal(self.folder, **whose, wall=lambda: self.now)

    def _sign(self, kind: str, body: bytes) -> Arrival:
        sealed = self.seal.seal(body, self.next)
        arrival = Arrival(f"{self.up}/{kind}", sealed.payload)
        self.signed[self.next.seq] = arrival
        self.next = sealed.following
        return arrival
