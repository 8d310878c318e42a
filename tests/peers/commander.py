"""The command center as a box hears it: sends signed commands and waits for the signed answers."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_agent.contract import (
    Command,
    Response,
    Verdict,
    open_letter,
    read_response,
    write_command,
)
from tests.fakes.center_key import CenterKey

if TYPE_CHECKING:
    from tests.peers.listener import Listener

SITE, BOX = "test", "box"


@dataclass(frozen=True)
class Sent:
    """A command and the bytes it went in."""

    id: str
    payload: bytes


class Commander:
    """Asks one box, by the ear and the mouth of a listener."""

    def __init__(self, listener: Listener, key: CenterKey, box_key: bytes) -> None:
        self.listener = listener
        self.key = key
        self.box_key = box_key

    def session(self) -> int:
        """Return the box's present session, as its status says."""
        told = [json.loads(one.payload) for one in self.listener.of("status") if one.payload]
        return max(one["session"] for one in told if one["state"] == "online")

    def write(self, verb: str, args: dict[str, Any] | None = None, **other: Any) -> Sent:
        """Write a command for now and for this start of the box, unless told otherwise."""
        now = time.time()  # noqa: TID251 (the center's clock is the real one)
        key: CenterKey = other.pop("key", self.key)
        told = {
            "id": str(uuid.uuid4()),
            "verb": verb,
            "args": args or {},
            "time": now,
            "expires": now + 60,
            "site": SITE,
            "box": BOX,
            "kid": key.kid,
        } | other
        if "session" not in other:
            told["session"] = self.session()
        return Sent(told["id"], write_command(Command(**told), key.sign))

    def post(self, payload: bytes, **more: Any) -> None:
        self.listener.publish(f"city/v1/{SITE}/{BOX}/down/cmd", payload, **more)

    def send(self, verb: str, args: dict[str, Any] | None = None, **other: Any) -> Sent:
        sent = self.write(verb, args, **other)
        self.post(sent.payload)
        return sent

    def answers(self, command_id: str | None = None) -> list[Response]:
        """Return the genuine responses, to one command or to all, in order."""
        letters = [
            open_letter(one.payload, [self.box_key], kind="response", site=SITE, box=BOX)
            for one in self.listener.of("res")
        ]
        assert all(letter.verdict is Verdict.GENUINE for letter in letters)
        read = [read_response(letter.members) for letter in letters]
        return [one for one in read if one and command_id in {None, one.id}]

    def last(self, sent: Sent, seconds: float = 15.0) -> Response:
        """Wait for the response that is not `accepted`."""

        def final() -> list[Response]:
            return [one for one in self.answers(sent.id) if one.result != "accepted"]

        self.listener.wait_for(lambda _: bool(final()), seconds)
        return final()[-1]

    def ask(
        self, verb: str, args: dict[str, Any] | None = None, *, seconds: float = 15.0, **other: Any
    ) -> Response:
        """Send it and wait for the end of it."""
        return self.last(self.send(verb, args, **other), seconds)
