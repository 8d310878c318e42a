"""One box's chain in the database: what `edge_agent.contract.Chain` is in memory, for many centers.

Whoever has loaded it is alone with that box until the end of the transaction. Everything that
anybody signed about the hash of a number must agree; the first word stays, another one is a fork.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from edge_agent.center import numbers
from edge_agent.center.alarm_texts import said
from edge_agent.center.alarms import Alarms, Kind
from edge_agent.center.database import Transaction
from edge_agent.center.post import Box
from edge_agent.center.retention.letters import is_deleted
from edge_agent.contract import Body, Range, Verdict, key_id, read_body, split
from edge_agent.contract.body import CHAIN_RESTARTED, DROPPED, KEY_ROTATED, NO_HASH
from edge_agent.contract.signature import signed_by

# Two centers that share the messages take the numbers of a box out of order for a moment.
GRACE_S = 30.0
# What both databases call a whole number.
_MOST_SEQ = 2**63 - 1
_BOX = (
    "SELECT last_seq, left_below, head_seq, head_time, gap_since_wall, seen_wall, place_json,"
    " whole_upto"
    " FROM boxes WHERE site = ? AND box = ? AND registered = 1"
)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that is believed, for numbers after `since` up to `until`."""

    public: bytes
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """One signed payload: what it is, and its body and hash where they can be read."""

    verdict: Verdict
    told: Body | None = None
    sha256: str = ""
    # Genuine, but by a key that was not in use at that number.
    is_retired: bool = False


class StoredChain:
    """What is known of one registered box, within one transaction."""

    def __init__(self, transaction: Transaction, box: Box, alarms: Alarms) -> None:
        self.transaction = transaction
        self.box = box
        self.alarms = alarms
        # A key was named: what waited for it may be taken now.
        self.has_new_key = False
        # The box itself has said something, just now.
        self.is_heard = False
        self.last = self.left_below = self.head_seq = 0
        self.head_time = ""
        self._gap_since_wall: float | None = None
        self._seen_wall: float | None = None
        self._place_json: str | None = None
        self._is_changed = False
        self._has_holes = False
        self._whose = (box.site, box.box)
        self._keys: dict[str, Key] = {}

    def load(self) -> bool:
        """Read it and keep others away; return whether this box is registered."""
        told = self.transaction.row(
            _BOX + self.transaction.row_lock,
            *self._whose,
        )
        if told is None:
            return False
        self.last, self.left_below, self.head_seq, self.head_time = told[:4]
        self._gap_since_wall, self._seen_wall, self._place_json = told[4:7]
        self._has_holes = told[7] < self.last
        found = self.transaction.rows(
            "SELECT kid, key_base64, since_seq, until_seq FROM keys"
            " WHERE site = ? AND box = ? AND confirmed = 1",
            *self._whose,
        )
        self._keys = {kid: Key(base64.b64decode(key), *span) for kid, key, *span in found}
        return True

    def judge(self, payload: bytes) -> Judged:
        """Tell whether a key of this box signed it for this box; nothing is kept."""
        body, signature = split(payload)
        told = read_body(body)
        if told is None or max(told.seq, told.waits_from or 0) > _MOST_SEQ:
            return Judged(Verdict.UNREADABLE)
        if not signature:
            return Judged(Verdict.UNSIGNED)
        if (told.site, told.box) != self._whose:
            return Judged(Verdict.FOREIGN)
        digest = sha256(body).hexdigest()
        key = self._keys.get(told.kid)
        if key is None:
            vouches = told.type == KEY_ROTATED and key_id(told.key) == told.kid
            if vouches and signed_by(told.key, signature, body):
                self._remember_lost(told)
            return Judged(Verdict.UNKNOWN_KEY, told, digest)
        if not signed_by(key.public, signature, body):
            return Judged(Verdict.ALTERED)
        is_retired = not key.since <= told.seq <= (key.until or _MOST_SEQ)
        return Judged(Verdict.GENUINE, told, digest, is_retired=is_retired)

    def link(self, told: Body, digest: str) -> Verdict:
        """Take the place of a genuine message: GENUINE, AGAIN, or FORKED, which changes nothing."""
        known = self._hashes(told.seq - 1, told.seq)
        # A number that nobody has spoken of cannot be stored.
        has_it = told.seq in known and self.transaction.row(
            "SELECT sha256 FROM messages WHERE site = ? AND box = ? AND seq = ?",
            *(*self._whose, told.seq),
        )
        if has_it:
            return Verdict.AGAIN if has_it[0] == digest else Verdict.FORKED
        # Deleted after its term, and somebody sends it again: it was stored, and stays deleted.
        if known.get(told.seq) == digest and is_deleted(self.transaction, self.box, told.seq):
            return Verdict.AGAIN
        if not _is_free(told, digest, known):
            return Verdict.FORKED
        # A record keeps its own place even where it contradicts another's: that one is the fork.
        ends = [(one.range.last, one.sha256) for one in told.gone]
        for seq, end in ends:
            if self._hashes(seq, seq).get(seq, end) != end:
                self.fork(seq)
        before = [(told.seq - 1, told.prev)] if told.prev != NO_HASH else []
        self._remember([(told.seq, digest), *before, *ends])
        self._has_holes |= told.seq > self.last + 1
        if told.seq == self.last + 1:
            self.last = told.seq
        else:
            self.last = numbers.arrive(self.transaction, self.box, told.seq, self.last)
        self._take_record(told)
        self._is_changed = True
        return Verdict.GENUINE

    def head(self, told: Body) -> bool:
        """Take a genuine head; return whether it is the newest. A fork raises its alarm."""
        if self._hashes(told.seq, told.seq).get(told.seq, told.sha256) != told.sha256:
            self.fork(told.seq)
            return False
        if told.seq:
            self._remember([(told.seq, told.sha256)])
        is_newest = (told.seq, told.time) > (self.head_seq, self.head_time)
        # What has left never comes back: neither an old head nor a wrong clock unsays it.
        left_below = max(self.left_below, told.waits_from or told.seq + 1)
        if is_newest:
            self.head_seq, self.head_time = told.seq, told.time
        self._is_changed |= is_newest or left_below != self.left_below
        self.left_below = left_below
        return is_newest

    def fork(self, seq: int) -> None:
        """Say that two messages have this number."""
        self.alarms.raise_alarm(self.box, Kind.FORK, said("fork", number=seq))

    def save(self) -> None:
        """Keep what has changed, and when the first hole was seen."""
        if not self._is_changed:
            return
        told, whole_upto = self.gaps(), self.last
        if self._has_holes:
            whole_upto = numbers.whole_up_to(self.transaction, self.box, self.last)
        self.transaction.run(
            "UPDATE boxes SET last_seq = ?, left_below = ?, head_seq = ?, head_time = ?,"
            " whole_upto = ?,"
            " gap_since_wall = CASE WHEN ? = 1 THEN COALESCE(gap_since_wall, ?) ELSE NULL END"
            " WHERE site = ? AND box = ?",
            *(self.last, self.left_below, self.head_seq, self.head_time, whole_upto),
            *(int(any(told)), self.alarms.wall, *self._whose),
        )
        if self._gap_since_wall is None:
            return
        over = zip((Kind.GAP, Kind.CUT), told, strict=True)
        self.alarms.clear(self.box, [kind for kind, ranges in over if not ranges])
        if self.alarms.wall - self._gap_since_wall >= GRACE_S:
            self.tell_gaps(*told)

    @property
    def was_seen(self) -> bool:
        """Whether the box was ever heard."""
        return self._seen_wall is not None

    def see(self, step_s: float) -> None:
        """Remember that the box was heard, about as exactly as `step_s`."""
        if self._seen_wall is not None and 0 <= self.alarms.wall - self._seen_wall < step_s:
            return
        self.transaction.run(
            "UPDATE boxes SET seen_wall = ? WHERE site = ? AND box = ?",
            *(self.alarms.wall, *self._whose),
        )
        self.alarms.clear(self.box, [Kind.SILENT])

    def place(self, place_json: str | None) -> None:
        """Remember where the box says it is."""
        if place_json and place_json != self._place_json:
            self._place_json = place_json
            self.transaction.run(
                "UPDATE boxes SET place_json = ? WHERE site = ? AND box = ?",
                *(place_json, *self._whose),
            )

    def gaps(self) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
        """Return what is missing, and what is cut off at the end."""
        inside: tuple[Range, ...] = ()
        if self._has_holes:
            inside = numbers.gaps(
                self.transaction, self.box, left_below=self.left_below, head_seq=self.head_seq
            )
        end = min(self.left_below - 1, self.head_seq)
        return inside, (Range(self.last + 1, end),) if end > self.last else ()

    def tell_gaps(self, inside: tuple[Range, ...], cut: tuple[Range, ...]) -> None:
        """Raise the alarms for what stays missing, or let them tell the latest."""
        if inside:
            first, is_more = numbers.name(inside)
            what = said("gap_more" if is_more else "gap", numbers=first)
            self.alarms.raise_alarm(self.box, Kind.GAP, what)
        if cut:
            what = said("cut", numbers=numbers.name(cut)[0], time=self.head_time)
            self.alarms.raise_alarm(self.box, Kind.CUT, what)

    def account(self, whole: Range, why: str, by_seq: int) -> None:
        """Miss these numbers no more; remember who has accounted for them."""
        self.transaction.run(
            "INSERT INTO accounted (site, box, first, last, why, by_seq) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (site, box, by_seq, first) DO NOTHING",
            *(*self._whose, whole.first, whole.last, why, by_seq),
        )
        numbers.fill(self.transaction, self.box, whole)
        self._is_changed = True

    def _take_record(self, told: Body) -> None:
        if told.type == DROPPED:
            for gone in told.gone:
                self.account(gone.range, DROPPED, told.seq)
        elif told.type == CHAIN_RESTARTED:
            if told.unknown:
                self.account(told.unknown, CHAIN_RESTARTED, told.seq)
            word = "restarted_lost" if told.unknown else "restarted"
            what = said(word, number=told.seq, numbers=told.unknown or "")
            self.alarms.raise_alarm(self.box, Kind.RESTARTED, what)
        elif told.type == KEY_ROTATED:
            self._follow(told)

    def _follow(self, told: Body) -> None:
        """Believe the new key from here on, and the old one no longer."""
        new = key_id(told.key)
        self.transaction.run(
            "INSERT INTO keys (site, box, kid, key_base64, since_seq, confirmed)"
            " VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (site, box, kid)"
            " DO UPDATE SET confirmed = 1, since_seq = excluded.since_seq",
            *(*self._whose, new, base64.b64encode(told.key).decode(), told.seq),
        )
        self._keys[new] = Key(told.key, told.seq, None)
        if told.old_kid != new:
            self.transaction.run(
                "UPDATE keys SET until_seq = ? WHERE site = ? AND box = ? AND kid = ?",
                *(told.seq, *self._whose, told.old_kid),
            )
            if old := self._keys.get(told.old_kid):
                self._keys[told.old_kid] = Key(old.public, old.since, told.seq)
        self.has_new_key = True

    def _remember_lost(self, told: Body) -> None:
        """Keep a key that vouches for itself until a person has confirmed it."""
        self.transaction.run(
            "INSERT INTO keys (site, box, kid, key_base64, since_seq, confirmed)"
            " VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (site, box, kid) DO NOTHING",
            *(*self._whose, told.kid, base64.b64encode(told.key).decode(), told.seq),
        )
        self.alarms.raise_alarm(self.box, Kind.KEY_LOST, said("key_lost", kid=told.kid))

    def _hashes(self, first: int, last: int) -> dict[int, str]:
        found = self.transaction.rows(
            "SELECT seq, sha256 FROM hashes WHERE site = ? AND box = ? AND seq BETWEEN ? AND ?",
            *(*self._whose, first, last),
        )
        return {int(seq): str(digest) for seq, digest in found}

    def _remember(self, words: list[tuple[int, str]]) -> None:
        self.transaction.run_each(
            "INSERT INTO hashes (site, box, seq, sha256) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (site, box, seq) DO NOTHING",
            [(*self._whose, seq, digest) for seq, digest in words],
        )


def _is_free(told: Body, digest: str, known: Mapping[int, str]) -> bool:
    """Tell whether nobody has signed another word about this number, or the one before it."""
    if known.get(told.seq, digest) != digest:
        return False
    if told.prev == NO_HASH:
        # Only the first, and one after a loss, has nothing before it.
        return told.seq == 1 or told.type == CHAIN_RESTARTED
    return known.get(told.seq - 1, told.prev) == told.prev
