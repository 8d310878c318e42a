"""Boxes of a city whose alerts are in a center's database: really signed, really chained."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge_agent.center.webhooks.queue import queue_alert
from edge_agent.contract import key_id
from edge_agent.contract.body import NO_HASH, join
from edge_agent.runtime.clock import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_agent.center.database import Database, Transaction
    from edge_agent.center.webhooks.options import WebhookOptions

PLAJU = {
    "name": "Simpang Plaju",
    "latitude": -2.9935,
    "longitude": 104.7981,
    "area": {"kecamatan": "Plaju", "kelurahan": "Plaju Ulu"},
}


def a_picture(seed: int = 0) -> bytes:
    """Return a small street at dusk, as JPEG."""
    noise = np.random.default_rng(seed).normal(0, 6, (270, 480, 3))
    scene = np.linspace(40, 150, 270)[:, None, None] + noise
    scene = cv2.rectangle(
        scene.clip(0, 255).astype(np.uint8), (200, 90), (240, 200), (0, 80, 255), 3
    )
    return bytes(cv2.imencode(".jpg", scene)[1])


class CityBox:
    """One box: puts what it signs where the center keeps it."""

    def __init__(self, database: Database, name: str = "plaju-01", site: str = "palembang") -> None:
        self._database = database
        self.site, self.box = site, name
        self._key = Ed25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.kid = key_id(self.public)
        self._seq, self._last = 0, NO_HASH
        self._first_seqs: dict[str, int] = {}
        self.wall = 1_795_000_000.0
        base64_key = base64.b64encode(self.public).decode()
        database.write(
            lambda transaction: transaction.run(
                "INSERT INTO keys (site, box, kid, key_base64, since_seq, confirmed)"
                " VALUES (?, ?, ?, ?, 1, 1)",
                *(site, name, self.kid, base64_key),
            )
        )

    def is_seen(self, wall: float, **columns: object) -> None:
        """Be known, and heard of at that time."""
        named = {"state": "online", "version": "0.1.0", "place_json": json.dumps(PLAJU)} | columns
        told = {"site": self.site, "box": self.box, "seen_wall": wall, **named}
        sql = f"INSERT INTO boxes ({', '.join(told)}) VALUES ({', '.join('?' * len(told))})"  # noqa: S608 (names of this file)
        self._database.write(lambda transaction: transaction.run(sql, *told.values()))

    def alarms(self, wall: float, kind: str, text: str, until: float | None = None) -> None:
        self._database.write(
            lambda transaction: transaction.run(
                "INSERT INTO alarms (site, box, kind, text, since_wall, until_wall)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                *(self.site, self.box, kind, text, wall, until),
            )
        )

    def raises(
        self,
        alert_id: str,
        wall: float,
        picture: bytes | None = None,
        *,
        queued_for: Sequence[WebhookOptions] = (),
        **members: Any,
    ) -> dict[str, Any]:
        """Raise an alert, or its next revision, and return its body."""
        self._seq += 1
        body = self._body(alert_id, wall, picture) | members
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        payload = join(text, self._key.sign(text))
        self._last = sha256(text).hexdigest()
        first = self._first_seqs.setdefault(alert_id, self._seq)

        def store(transaction: Transaction) -> None:
            self._store_message(transaction, body, payload, wall)
            self._store_alert(transaction, body, wall, first)
            if picture is not None:
                self._store_picture(transaction, alert_id, picture, wall)
            queue_alert(transaction, queued_for, payload, wall)

        self._database.write(store)
        return body

    def _body(self, alert_id: str, wall: float, picture: bytes | None) -> dict[str, Any]:
        thumb = None
        if picture is not None:
            digest = sha256(picture).hexdigest()
            thumb = {"sha256": digest, "bytes": len(picture), "type": "image/jpeg"}
        return {
            "v": 1,
            "type": "intrusion",
            "state": "new",
            "severity": "medium",
            "time": rfc3339(wall),
            "clock": {"synced": True, "error_ms": 12.5, "boot": "b", "mono_ms": 1},
            "site": self.site,
            "box": self.box,
            "camera": "gate",
            "rule": "walkway",
            "zone": "walkway",
            "place": PLAJU,
            "agencies": ["satpol-pp"],
            "objects": [{"label": "person", "score": 0.8, "box": [0.4, 0.3, 0.5, 0.7], "track": 1}],
            "visit": {"began": rfc3339(wall - 2), "lasted_s": 2.1},
            "thumb": thumb,
            "id": alert_id,
            "revision": 0,
            "seq": self._seq,
            "prev": self._last,
            "kid": self.kid,
        }

    def _store_message(
        self, transaction: Transaction, body: dict[str, Any], payload: bytes, wall: float
    ) -> None:
        transaction.run(
            "INSERT INTO messages (site, box, seq, sha256, prev, kid, type, topic, alert_id,"
            " revision, received_wall, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(self.site, self.box, self._seq, self._last, body["prev"], self.kid, body["type"]),
            *(f"up/alert/{body['camera']}", body["id"], body["revision"], wall, payload),
        )

    def _store_alert(
        self, transaction: Transaction, body: dict[str, Any], wall: float, first: int
    ) -> None:
        told = {
            **{name: body[name] for name in ("id", "site", "box", "camera", "rule", "zone")},
            **{name: body[name] for name in ("type", "severity", "state", "revision", "time")},
            "began": body["visit"]["began"],
            **{f"{name}_json": json.dumps(body[name]) for name in ("place", "agencies", "objects")},
            "clock_json": json.dumps(body["clock"]),
            "first_seq": first,
            "seq": self._seq,
            "thumb_sha256": body["thumb"] and body["thumb"]["sha256"],
            "received_wall": wall,
        }
        told["change"] = transaction.take_changes(1)
        kept = {"id", "site", "box", "first_seq", "received_wall"}
        news = ", ".join(f"{name} = excluded.{name}" for name in told if name not in kept)
        # The best picture of a visit is sent once; later revisions may name none.
        news = news.replace(
            "excluded.thumb_sha256", "COALESCE(excluded.thumb_sha256, alerts.thumb_sha256)"
        )
        transaction.run(
            f"INSERT INTO alerts ({', '.join(told)}) VALUES ({', '.join('?' * len(told))})"  # noqa: S608 (names of this file)
            f" ON CONFLICT (site, box, id) DO UPDATE SET {news}",
            *told.values(),
        )

    def _store_picture(
        self, transaction: Transaction, alert_id: str, picture: bytes, wall: float
    ) -> None:
        transaction.run(
            "INSERT INTO pictures (site, box, alert_id, sha256, content, received_wall)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(self.site, self.box, alert_id, sha256(picture).hexdigest(), picture, wall),
        )
