"""One command to one box, and what the box says to it, over a connection of its own.

The running center is not asked: whoever has its key and its login may command a box, also while it
is down. Answers count only where a key of that box has signed them.
"""

import base64
import os
import socket
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from edge_agent.center.broker import Broker, try_broker
from edge_agent.center.database import Database
from edge_agent.center.key import CenterKey
from edge_agent.center.post import Arrival, Box, Outgoing
from edge_agent.center.settings import BrokerOptions
from edge_agent.contract import (
    Command,
    Response,
    Result,
    Verdict,
    open_letter,
    read_response,
    write_command,
)
from edge_agent.contract.command import RESPONSE
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop

# Between two looks at whether the time is over.
_TURN_S = 0.5
# The broker need not pass a command on for longer; the box judges by `expires` besides.
_EXPIRY_S = 60
# A picture comes before the answer that names it, perhaps twice, and one command has one. Whoever may
# publish as the box could send others for a day (docs/reference/topics.md has the size).
_MOST_PICTURES = 2
_MOST_PICTURE_BYTES = 524_288
_KEYS = "SELECT key_base64 FROM keys WHERE site = ? AND box = ? AND confirmed = 1"
_SESSION = "SELECT session FROM boxes WHERE site = ? AND box = ? AND registered = 1"


@dataclass(frozen=True, slots=True)
class Known:
    """What the center knows of a box: its public keys, and its present start where it has heard."""

    box: Box
    keys: tuple[bytes, ...]
    session: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to ask, and for how many seconds it counts."""

    verb: str
    args: Mapping[str, object] = field(default_factory=dict)
    within_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, and the picture that came before it, where its hash is the one it names."""

    response: Response
    picture: bytes = b""


def know(database: Database, box: Box) -> Known:
    """Return what is stored of a box. Raises EdgeAgentError for one that is not in the list."""
    row = database.read(lambda transaction: transaction.row(_SESSION, box.site, box.box))
    if row is None:
        raise EdgeAgentError(
            f"{box} is not in the list of boxes", hint="see them: edge-agent center boxes"
        )
    keys = database.read(lambda transaction: transaction.rows(_KEYS, box.site, box.box))
    return Known(box, tuple(base64.b64decode(key) for (key,) in keys), row[0])


def ask(
    options: BrokerOptions, key: CenterKey, known: Known, question: Question, clock: Clock
) -> Iterator[Said]:
    """Send the command and give each answer as it comes, until the last one or the time is over.

    Raises EdgeAgentError where the broker cannot be reached, or no answer came.
    """
    command_id, now = str(uuid.uuid4()), clock.wall()
    command = Command(
        id=command_id,
        verb=question.verb,
        args=question.args,
        time=now,
        expires=now + question.within_s,
        site=known.box.site,
        box=known.box.box,
        session=known.session,
        kid=key.kid,
    )
    base = f"city/v1/{known.box.site}/{known.box.box}"
    outgoing = Outgoing(
        topic=f"{base}/down/cmd",
        payload=write_command(command, key.sign),
        expiry_s=min(_EXPIRY_S, int(question.within_s)),
    )
    awake, wake = socket.socketpair()
    awake.settimeout(0)
    with awake, wake:
        broker = _connect(options, awake, (f"{base}/up/res", f"{base}/up/snapshot/#"))
        try:
            broker.post(outgoing)
            yield from _answers(
                broker, awake, known, command_id, clock.mono() + question.within_s, clock
            )
        finally:
            broker.close(is_polite=True)


def _answers(
    broker: Broker,
    wake: socket.socket,
    known: Known,
    command_id: str,
    until_mono: float,
    clock: Clock,
) -> Iterator[Said]:
    pictures: dict[str, bytes] = {}
    heard = 0
    while clock.mono() < until_mono:
        arrived = broker.turn(_TURN_S, wake)
        broker.acknowledge([packet_id for packet_id, _ in arrived])
        for response in _genuine([one for _, one in arrived], pictures, known, command_id):
            heard += 1
            yield Said(response, pictures.get(str(response.data.get("sha256")), b""))
            if response.result is not Result.ACCEPTED:
                return
    if heard:
        raise EdgeAgentError(
            f"{known.box} began, but did not end within the time",
            hint="it goes on; wait longer next time: --within SECONDS",
        )
    raise EdgeAgentError(
        f"{known.box} did not answer within the time",
        hint="see whether it is there, and knows our key: edge-agent center boxes",
    )


def _genuine(
    arrived: Sequence[Arrival], pictures: dict[str, bytes], known: Known, command_id: str
) -> Iterator[Response]:
    """Give the answers to this command that a key of the box has signed; keep its pictures."""
    whose = {"site": known.box.site, "box": known.box.box}
    for one in arrived:
        if "/up/snapshot/" in one.topic:
            # Only of this command: the topic ends in its id.
            if one.topic.endswith(f"/{command_id}"):
                _hold(pictures, one.payload)
            continue
        letter = open_letter(one.payload, known.keys, kind=RESPONSE, **whose)
        response = read_response(letter.members) if letter.verdict is Verdict.GENUINE else None
        if response and response.id == command_id:
            yield response


def _hold(pictures: dict[str, bytes], content: bytes) -> None:
    """Keep a picture by its hash; of several the newest."""
    if len(content) > _MOST_PICTURE_BYTES:
        return
    digest = sha256(content).hexdigest()
    pictures.pop(digest, None)
    pictures[digest] = content
    while len(pictures) > _MOST_PICTURES:
        del pictures[next(iter(pictures))]


def _connect(options: BrokerOptions, wake: socket.socket, topics: Sequence[str]) -> Broker:
    # A name that nobody else has: the running center must not be thrown out.
    mine = replace(options, client_id=f"center-asks-{os.urandom(4).hex()}", session_s=0)
    return try_broker(mine, Stop(), wake, topics)[0]
