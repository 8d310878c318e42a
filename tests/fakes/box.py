"""A box that seals what it is given: the real seal with a real key, and a chain in memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge_agent.alerts.box_key import prepare_rotation
from edge_agent.alerts.seal import Seal, open_seal
from edge_agent.domain.chain import Dropped, Link
from edge_agent.spool.chain import NO_HASH
from tests.fakes.alerts import an_alert
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

SITE, BOX = "kota", "box-7"


def a_seal(folder: Path, box: str = BOX, clock: FakeClock | None = None) -> Seal:
    return open_seal(folder / "keys", site=SITE, box=box, wall=(clock or FakeClock()).wall)


def public_key(seal: Seal) -> bytes:
    return seal._keys.signer.public


class SealedBox:
    """Says alerts and records one after the other."""

    def __init__(self, folder: Path, box: str = BOX) -> None:
        self.folder = folder
        self.box = box
        self.clock = FakeClock()
        self.seal = a_seal(folder, box, self.clock)
        self.key = public_key(self.seal)
        self.link = Link(1, NO_HASH)
        # By number: what was sealed as what.
        self.hashes = {0: NO_HASH}

    def say(self, body: bytes) -> bytes:
        sealed = self.seal.seal(body, self.link)
        self.link = sealed.following
        self.hashes[self.link.seq - 1] = self.link.prev
        return sealed.payload

    def alert(self, name: str = "visit") -> bytes:
        told = json.loads(an_alert(name).body) | {"box": self.box, "padding": ""}
        return self.say(json.dumps(told, separators=(",", ":")).encode())

    def alerts(self, count: int) -> list[bytes]:
        return [self.alert(f"visit-{n}") for n in range(count)]

    def record_dropped(self, first: int, last: int) -> bytes:
        part = Dropped(first=first, last=last, sha256=self.hashes[last], why="full", low=1)
        return self.say(self.seal.dropped([part]))

    def rotate(self) -> bytes:
        """Give the box a new key; return the record that says so."""
        old = self.seal.kid
        prepare_rotation(self.folder / "keys", is_lost=False)
        self.seal = a_seal(self.folder, self.box, self.clock)
        told = self.say(self.seal.rotation(old))
        self.seal.finish_rotation()
        return told

    def head(self, waits_from: int | None = None) -> bytes:
        self.clock.advance(1)
        return self.seal.head(self.link, waits_from).encode()


def a_known_seal(folder: Path) -> Seal:
    """The seal of a box whose key is the same in every test, for examples."""
    private = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "keys").mkdir()
    (folder / "keys" / "box.pem").write_bytes(text)
    return open_seal(folder / "keys", site="palembang", box="plaju-01", wall=FakeClock().wall)
