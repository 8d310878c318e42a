"""A command center's key: signs receipts and commands like the real one."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge_agent.contract import (
    Command,
    Range,
    Receipt,
    Refused,
    Stored,
    key_id,
    write_command,
    write_receipt,
)
from edge_agent.contract.letter import write_letter

WHEN = "2026-11-18T11:15:17.200Z"


class CenterKey:
    """`public` is what a box is told to trust."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        # As a box's configuration has it.
        self.text = base64.b64encode(self.public).decode()
        self.kid = key_id(self.public)
        self.sign = self._private.sign

    def receipt(
        self,
        *stored: tuple[int, int, str],
        pictures: tuple[tuple[int, int], ...] = (),
        refused: tuple[tuple[int, str, str], ...] = (),
        site: str = "palembang",
        box: str = "plaju-01",
    ) -> bytes:
        """Return a receipt for ranges of numbers, each with the hash of its last message."""
        receipt = Receipt(
            site=site,
            box=box,
            time=WHEN,
            kid=self.kid,
            stored=tuple(Stored(Range(first, last), sha256) for first, last, sha256 in stored),
            pictures=tuple(Range(*one) for one in pictures),
            refused=tuple(Refused(*one) for one in refused),
        )
        return write_receipt(receipt, self.sign)

    def command(self, verb: str = "ping", **other: Any) -> bytes:
        """Return a command to a box, at the time of tests/fakes/clock.py; any member may be another."""
        told = {
            "id": str(uuid.uuid4()),
            "verb": verb,
            "args": {},
            "time": 1_795_000_000.0,
            "expires": 1_795_000_060.0,
            "site": "palembang",
            "box": "plaju-01",
            "session": None,
            "kid": self.kid,
        }
        return write_command(Command(**(told | other)), self.sign)

    def letter(self, **members: Any) -> bytes:
        """Return any other letter."""
        return write_letter({"v": 1, "kid": self.kid} | members, self.sign)
