"""The last hand on a message: its place in the box's chain, and the signature over its bytes.

What was composed is not encoded again: three members are put before its closing brace.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from edge_agent.alerts.box_key import BoxKeys, finish_rotation, open_keys
from edge_agent.alerts.position import STEP, Position
from edge_agent.contract.body import (
    CHAIN_RESTARTED,
    CLOCK_SET,
    DROPPED,
    HEAD,
    KEY_ROTATED,
    UPDATED,
    join,
)
from edge_agent.domain.chain import Dropped, Link, Sealed
from edge_agent.domain.clock import ClockStep
from edge_agent.domain.update import Update
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import rfc3339

# Of the records and the head; like the alert's (docs/reference/chain.md).
VERSION = 1
# A record stays below 2 KB.
_LONGEST_WHY = 300


class Seal:
    """Signs for one box. The spool calls it inside the transaction that keeps the message.

    Any thread may use it, one at a time.
    """

    def __init__(
        self, keys: BoxKeys, position: Position, *, site: str, box: str, wall: Callable[[], float]
    ) -> None:
        self._keys = keys
        self._position = position
        self._site = site
        self._box = box
        self._wall = wall

    @property
    def kid(self) -> str:
        """Who signs now."""
        return self._keys.signer.kid

    @property
    def next_kid(self) -> str:
        """Who is to sign from the next `rotation` on; "" where nobody waits."""
        return self._keys.following.kid if self._keys.following else ""

    @property
    def has_lost_its_key(self) -> bool:
        """Whether a person has said that the old key is gone: the new one speaks for itself."""
        return self._keys.current is None

    def lost_up_to(self, last: int, *, is_new: bool) -> int | None:
        """Return the greatest number that may have been signed, where a spool has lost some.

        That is one which is new while the key is not, or which ends too early: an old copy. Where
        the key's own memory is gone, too, the clock stands in: no box sends one alert a second.
        """
        most = self._position.most
        if most is None:
            return int(self._wall()) if is_new else None
        if is_new:
            return most or None
        return most if self._position.kept > last or most - last > STEP else None

    def note_kept(self, seq: int) -> None:
        """Remember how far the spool has come. A disk that refuses costs only that memory."""
        with suppress(OSError):
            self._position.note_kept(seq)

    def seal(self, body: bytes, link: Link) -> Sealed:
        """Return the message as it is sent. Raises EdgeAgentError where the disk refuses."""
        try:
            self._position.cover(link.seq)
        except OSError as error:
            raise EdgeAgentError(
                f"cannot keep the box's place in its chain: {(error.strerror or '').lower()}",
                hint=f"the agent must be able to write there: ls -l {self._keys.folder}",
            ) from error
        place = {"seq": link.seq, "prev": link.prev, "kid": self.kid}
        signed = body[:-1] + b"," + _encode(place)[1:]
        payload = join(signed, self._keys.signer.sign(signed))
        return Sealed(payload, Link(link.seq + 1, hashlib.sha256(signed).hexdigest()))

    def sign(self, body: bytes) -> bytes:
        """Return the signature over what is no link of the chain: an answer to the center."""
        return self._keys.signer.sign(body)

    def dropped(self, parts: Sequence[Dropped]) -> bytes:
        """Return the record of what the box gave up, to be sealed like an alert."""
        return self._record(DROPPED, ranges=[_told(part) for part in parts])

    def restarted(self, first: int, last: int) -> bytes:
        """Return the record that says which numbers nobody can account for any more."""
        told = {"first": first, "last": last} if first <= last else None
        return self._record(CHAIN_RESTARTED, unknown=told)

    def clock_set(self, step: ClockStep) -> bytes:
        """Return the record of a step of the box's clock."""
        return self._record(
            CLOCK_SET,
            boot=step.boot,
            mono_ms=step.mono_ms,
            was=rfc3339(step.was_wall),
            now=rfc3339(step.is_wall),
            synced=step.is_synced,
            error_ms=step.error_ms,
        )

    def updated(self, update: Update) -> bytes:
        """Return the record of what became of a new version on this box."""
        return self._record(
            UPDATED,
            part=update.part.value,
            result=update.phase.value,
            old=update.old,
            new=update.new,
            why=update.why[:_LONGEST_WHY],
            since=rfc3339(update.since_wall),
        )

    def rotation(self, old_kid: str) -> bytes:
        """Return the record by which the waiting key takes over."""
        following = self._keys.following
        assert following  # noqa: S101 (asked for where `next_kid` says so)
        return self._record(
            KEY_ROTATED,
            key=base64.b64encode(following.public).decode(),
            new_kid=following.kid,
            old_kid=old_kid,
            lost=self.has_lost_its_key,
        )

    def finish_rotation(self) -> None:
        """Let the waiting key sign from now on; its record is on the disk."""
        try:
            self._keys = finish_rotation(self._keys)
        except OSError as error:
            raise EdgeAgentError(
                f"cannot put the new key in place: {(error.strerror or '').lower()}",
                hint=f"the agent must be able to write there: ls -l {self._keys.folder}",
            ) from error

    def head(self, newest: Link, waits_from: int | None) -> str:
        """Return the signed head: how far the chain has come, and what may still be with us.

        `newest` is what the next message will be linked to.
        """
        body = self._record(
            HEAD,
            seq=newest.seq - 1,
            sha256=newest.prev,
            waits_from=waits_from,
            kid=self.kid,
        )
        return join(body, self._keys.signer.sign(body)).decode()

    def _record(self, kind: str, **members: object) -> bytes:
        return _encode(
            {
                "v": VERSION,
                "type": kind,
                "time": rfc3339(self._wall()),
                "site": self._site,
                "box": self._box,
                **members,
            }
        )


def open_seal(folder: Path, *, site: str, box: str, wall: Callable[[], float]) -> Seal:
    """Return the seal of this box, with the keys in that folder. Raises EdgeAgentError."""
    keys, position = open_keys(folder)
    return Seal(keys, position, site=site, box=box, wall=wall)


def _told(part: Dropped) -> dict[str, object]:
    return {
        "first": part.first,
        "last": part.last,
        "sha256": part.sha256,
        "why": part.why,
        "low": part.low,
        "medium": part.medium,
        "high": part.high,
    }


def _encode(members: dict[str, object]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
