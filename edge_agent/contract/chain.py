"""One box's chain as the center sees it: messages in any order and any number of times.

Everything that anybody signed about the hash of a number (the message itself, the next one's
`prev`, a head, a record of drops) must agree; a second opinion is a fork.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from edge_agent.contract.body import (
    CHAIN_RESTARTED,
    DROPPED,
    HEAD,
    KEY_ROTATED,
    NO_HASH,
    Body,
    Range,
    read_body,
    split,
)
from edge_agent.contract.ranges import Ranges
from edge_agent.contract.receipt import Stored
from edge_agent.contract.signature import Verdict, key_id, verify_alert

# Messages by a key that no `key_rotated` has named yet; the record may come later.
_MOST_HELD = 1_000
# Hashes remembered, up to twice as many for a while, 250 MB at most; of older numbers only that
# they came.
_MOST_HASHES = 500_000


@dataclass(frozen=True, slots=True)
class Restart:
    """The box lost its place, and says so: which numbers nobody can account for."""

    seq: int
    unknown: Range | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is known of one box's chain.

    Everything but `dropped`, `deleted`, `awaited` and `repeated` is wrong.
    """

    # Genuine ones, each counted once.
    messages: int
    repeated: int
    last: int
    # The newest signed head: its number and time; None where none came.
    head: tuple[int, str] | None
    # Given up by the box, by a signed record.
    dropped: tuple[Range, ...]
    # Stored, and deleted after their term, by the center's signed word.
    deleted: tuple[Range, ...]
    # The box says itself that these may not have left it yet.
    awaited: tuple[Range, ...]
    missing: tuple[Range, ...]
    # Missing at the end: only a head tells.
    cut: tuple[Range, ...]
    forked: tuple[int, ...]
    # Signed by a key after its successor took over, or by that before.
    retired: tuple[Range, ...]
    restarts: tuple[Restart, ...]
    unknown_keys: tuple[str, ...]
    # How many messages were refused, and why.
    refused: tuple[tuple[Verdict, int], ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was altered, forged, lost or cut."""
        wrong = (self.missing, self.cut, self.forked, self.retired, self.restarts, self.refused)
        return not any(wrong) and not self.unknown_keys


class Chain:
    """Takes what came from one box. Used by one thread; nothing it is given makes it raise."""

    def __init__(self, site: str, box: str, keys: Iterable[bytes], *, after: int = 0) -> None:
        """Trust these public keys, and those that they name; numbers up to `after` are elsewhere."""
        self._whose = (site, box)
        self._keys = {key_id(key): key for key in keys}
        self._after = after
        self._seen = Ranges()
        self._accounted = Ranges()
        self._dropped = Ranges()
        self._deleted = Ranges()
        self._hashes: dict[int, str] = {}
        self._forked: set[int] = set()
        self._by_key: dict[str, Ranges] = {}
        # Where a key began, and where it ended, by the records of rotation.
        self._since: dict[str, int] = {}
        self._until: dict[str, int] = {}
        self._restarts: dict[int, Restart] = {}
        # By the name of their key.
        self._held: list[tuple[str, bytes]] = []
        # Keys named since the held ones were last looked at.
        self._new_keys: list[str] = []
        self._unknown_keys: dict[str, None] = {}
        self._refused: dict[Verdict, int] = {}
        self._repeated = 0
        self._head: Body | None = None
        # Of what is below it all heads together say that it has left the box.
        self._left_below = 0

    def take(self, payload: bytes) -> Verdict:
        """Take one message, or one head, as it came; tell what it is.

        One by an unknown key is held: a `key_rotated` that comes later may name the key.
        """
        verdict = self._count(payload)
        while self._new_keys:
            new = self._new_keys.pop()
            waited = [one for kid, one in self._held if kid == new]
            self._held = [(kid, one) for kid, one in self._held if kid != new]
            for one in waited:
                self._count(one)
        return verdict

    def delete(self, several: Iterable[Stored]) -> None:
        """Take the center's word, already verified, that it has deleted these after their term."""
        for one in several:
            self._verdict(self._agrees(one.range.last, one.sha256), one.range.last)
            self._deleted.add(one.range)
            self._accounted.add(one.range)

    def report(self) -> Report:
        """Return what is known up to now."""
        newest = max(self._seen.last, self._deleted.last)
        missing, awaited = self._gaps(Range(self._after + 1, newest))
        end = self._head.seq if self._head else 0
        cut, late = self._gaps(Range(max(self._after, newest) + 1, end))
        held = [kid for kid, _ in self._held]
        return Report(
            messages=self._seen.count,
            repeated=self._repeated,
            last=newest,
            head=(self._head.seq, self._head.time) if self._head else None,
            dropped=tuple(self._dropped),
            deleted=tuple(self._deleted),
            awaited=(*awaited, *late),
            missing=missing,
            cut=cut,
            forked=tuple(sorted(self._forked)),
            retired=self._retired(),
            restarts=tuple(self._restarts.values()),
            unknown_keys=tuple(dict.fromkeys([*self._unknown_keys, *held])),
            refused=tuple(self._refused.items()),
        )

    def _count(self, payload: bytes) -> Verdict:
        verdict = self._judge(payload)
        if verdict is Verdict.UNKNOWN_KEY:
            self._hold(payload)
        elif verdict is Verdict.AGAIN:
            self._repeated += 1
        elif verdict not in {Verdict.GENUINE, Verdict.FORKED}:
            self._refused[verdict] = self._refused.get(verdict, 0) + 1
        return verdict

    def _judge(self, payload: bytes) -> Verdict:
        body, signature = split(payload)
        told = read_body(body)
        if told and (told.site, told.box) != self._whose:
            return Verdict.FOREIGN
        key = self._keys.get(told.kid) if told else None
        verdict = verify_alert(body, signature, [key] if key else ())
        if told is None or verdict is not Verdict.GENUINE:
            return verdict
        if told.type == HEAD:
            return self._take_head(told)
        return self._take_link(told, sha256(body).hexdigest())

    def _take_head(self, told: Body) -> Verdict:
        if self._head is None or (told.seq, told.time) > (self._head.seq, self._head.time):
            self._head = told
        # What has left never comes back: neither an old head nor a wrong clock unsays it.
        self._left_below = max(self._left_below, told.waits_from or told.seq + 1)
        return self._verdict(self._agrees(told.seq, told.sha256), told.seq)

    def _take_link(self, told: Body, digest: str) -> Verdict:
        if told.seq in self._seen and self._hashes.get(told.seq, digest) == digest:
            return Verdict.AGAIN
        is_sound = self._agrees(told.seq, digest)
        if told.prev != NO_HASH:
            is_sound &= self._agrees(told.seq - 1, told.prev)
        elif told.seq > 1 and told.type != CHAIN_RESTARTED:
            is_sound = False  # only the first, and one after a loss, has nothing before it
        self._seen.add(Range(told.seq, told.seq))
        self._by_key.setdefault(told.kid, Ranges()).add(Range(told.seq, told.seq))
        if is_sound:
            is_sound = self._take_record(told)
        return self._verdict(is_sound, told.seq)

    def _take_record(self, told: Body) -> bool:
        is_sound = True
        if told.type == DROPPED:
            for gone in told.gone:
                is_sound &= self._agrees(gone.range.last, gone.sha256)
                self._dropped.add(gone.range)
                self._accounted.add(gone.range)
        elif told.type == CHAIN_RESTARTED:
            self._restarts[told.seq] = Restart(told.seq, told.unknown)
            if told.unknown:
                self._accounted.add(told.unknown)
        elif told.type == KEY_ROTATED:
            self._follow(told)
        return is_sound

    def _follow(self, told: Body) -> None:
        """Trust the new key from here on, unless the one that names it had ended before."""
        new = key_id(told.key)
        if told.seq > self._until.get(told.kid, told.seq):
            return
        self._keys.setdefault(new, told.key)
        self._since[new] = told.seq
        if told.old_kid != new:
            self._until[told.old_kid] = told.seq
        self._new_keys.append(new)

    def _agrees(self, seq: int, digest: str) -> bool:
        if len(self._hashes) > 2 * _MOST_HASHES:
            newest = sorted(self._hashes)[-_MOST_HASHES:]
            self._hashes = {one: self._hashes[one] for one in newest}
        return self._hashes.setdefault(seq, digest) == digest

    def _verdict(self, is_sound: bool, seq: int) -> Verdict:  # noqa: FBT001 (the one fact it is about)
        if is_sound:
            return Verdict.GENUINE
        self._forked.add(seq)
        return Verdict.FORKED

    def _hold(self, payload: bytes) -> None:
        told = read_body(split(payload)[0])
        if told is None:
            return
        # Where no key is known, nobody can ever name another.
        if self._keys and len(self._held) < _MOST_HELD:
            self._held.append((told.kid, payload))
        elif len(self._unknown_keys) < _MOST_HELD:
            self._unknown_keys[told.kid] = None

    def _gaps(self, within: Range) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
        """Return what nobody accounts for, and what the box says may still be with it."""
        here = Ranges(sorted([*self._seen, *self._accounted]))
        # A head speaks of numbers up to its own: a gap that newer messages leave is one.
        first = max(within.first, self._left_below)
        last = min(within.last, self._head.seq if self._head else 0)
        awaited = here.missing(Range(first, last)) if first <= last else ()
        return Ranges([*here, *awaited]).missing(within), awaited

    def _retired(self) -> tuple[Range, ...]:
        wrong = Ranges()
        for kid, seqs in self._by_key.items():
            since, until = self._since.get(kid, 0), self._until.get(kid, self._seen.last)
            for one in seqs:
                if one.first < since:
                    wrong.add(Range(one.first, min(one.last, since - 1)))
                if one.last > until:
                    wrong.add(Range(max(one.first, until + 1), one.last))
        return tuple(wrong)
