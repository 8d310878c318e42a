"""Whether a stored alert is what its box signed: asked anew, of the stored bytes, at every look.

Nothing the intake has noted is believed here. Whoever changes the database after the fact, be it
the message, the row that the page shows, or the picture, makes one of these checks fail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from edge_agent.center.told import Told, read_told
from edge_agent.contract import Verdict, read_body, split, verify_alert
from edge_agent.contract.body import NO_HASH

_VERDICTS = {
    Verdict.GENUINE: "genuine",
    Verdict.ALTERED: "altered",
    Verdict.UNKNOWN_KEY: "unknown key",
    Verdict.UNSIGNED: "unsigned",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer; `is_sound` is None for what is neither right nor wrong."""

    name: str
    is_sound: bool | None
    verdict: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """One public key of a box, and for which numbers it signs."""

    kid: str
    key: bytes
    since_seq: int
    until_seq: int | None
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message as the database has it."""

    seq: int
    sha256: str
    prev: str
    kid: str
    payload: bytes
    received_wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that speaks for one revision."""

    site: str
    box: str
    message: StoredMessage
    keys: Sequence[StoredKey]
    before: StoredMessage | None
    after: StoredMessage | None
    # The box gave up the number before this one, and said so.
    is_before_accounted: bool
    # The center deleted it after its term, before and after this one.
    is_before_deleted: bool
    is_after_deleted: bool
    # And these pictures of the alert, by their hash.
    deleted_pictures: frozenset[str]
    # By its hash, of all pictures stored with this alert.
    pictures: dict[str, bytes]
    # What the page shows as the present state; None for an older revision.
    shown: Told | None


def prove(evidence: Evidence) -> tuple[Check, ...]:
    """Return every check of one revision."""
    body, signature = split(evidence.message.payload)
    told = read_told(body)
    checks = (
        _signature(evidence, body, signature),
        _key(evidence),
        _bytes(evidence, body),
        _shown(evidence, told),
        _before(evidence, body),
        _after(evidence, body),
        _clock(told),
        _picture(evidence, told),
    )
    return tuple(check for check in checks if check)


def is_sound(checks: Sequence[Check]) -> bool:
    """Tell whether nothing is wrong."""
    return all(check.is_sound is not False for check in checks)


def _signature(evidence: Evidence, body: bytes, signature: bytes) -> Check:
    verdict = verify_alert(body, signature, [one.key for one in evidence.keys])
    told = read_body(body)
    if told and (told.site, told.box) != (evidence.site, evidence.box):
        return Check(
            "signature", is_sound=False, verdict="foreign", detail=f"{told.site}/{told.box}"
        )
    return Check("signature", verdict is Verdict.GENUINE, _VERDICTS.get(verdict, "unreadable"))


def _key(evidence: Evidence) -> Check:
    told = read_body(split(evidence.message.payload)[0])
    kid = told.kid if told else evidence.message.kid
    key = next((one for one in evidence.keys if one.kid == kid), None)
    if key is None:
        return Check("key", is_sound=False, verdict="unknown key", detail=kid)
    seq = evidence.message.seq
    if seq < key.since_seq or (key.until_seq is not None and seq > key.until_seq):
        return Check("key", is_sound=False, verdict="key retired", detail=kid)
    if not key.is_confirmed:
        return Check("key", is_sound=False, verdict="key unconfirmed", detail=kid)
    return Check("key", is_sound=True, verdict="key ok", detail=kid)


def _bytes(evidence: Evidence, body: bytes) -> Check:
    digest = sha256(body).hexdigest()
    told = read_body(body)
    message = evidence.message
    noted = (message.sha256, message.seq, message.prev)
    is_same = told is not None and noted == (digest, told.seq, told.prev)
    return Check("bytes", is_same, "fits" if is_same else "differs", digest[:16])


def _shown(evidence: Evidence, told: Told) -> Check | None:
    if evidence.shown is None:
        return None
    wrong = [
        name
        for name in (
            *("id", "site", "box", "camera", "rule", "zone", "type", "severity", "state"),
            *("revision", "time", "began", "labels", "agencies", "place"),
        )
        if getattr(evidence.shown, name) != getattr(told, name)
    ]
    # A box that began anew ends every open visit; it could not sign that (docs/reference/alert.md).
    if evidence.shown.state == "end" and "state" in wrong:
        wrong.remove("state")
    return Check("shown", not wrong, "differs" if wrong else "fits", ", ".join(wrong))


def _before(evidence: Evidence, body: bytes) -> Check:
    told = read_body(body)
    prev = told.prev if told else evidence.message.prev
    if prev == NO_HASH:
        return Check("before", is_sound=True, verdict="first")
    if evidence.before is None:
        gone = "accounted" if evidence.is_before_accounted else "not here"
        gone = "deleted" if evidence.is_before_deleted else gone
        return Check("before", None, gone, _number(evidence.message.seq - 1))
    digest = sha256(split(evidence.before.payload)[0]).hexdigest()
    is_same = digest == prev
    verdict = "fits" if is_same else "differs"
    return Check("before", is_same, verdict, f"{_number(evidence.before.seq)} · {prev[:16]}")


def _after(evidence: Evidence, body: bytes) -> Check:
    if evidence.after is None:
        return Check("after", None, "deleted" if evidence.is_after_deleted else "newest")
    told = read_body(split(evidence.after.payload)[0])
    is_same = told is not None and told.prev in {sha256(body).hexdigest(), NO_HASH}
    verdict = "fits" if is_same else "differs"
    return Check("after", is_same, verdict, _number(evidence.after.seq))


def _clock(told: Told) -> Check:
    error = "" if told.error_ms is None else f"± {told.error_ms:.0f} ms"
    if told.is_synced:
        return Check("clock", is_sound=True, verdict="synced", detail=error)
    return Check("clock", None, "not synced", error)


def _picture(evidence: Evidence, told: Told) -> Check:
    if not told.thumb_sha256:
        return Check("picture", None, "none")
    content = evidence.pictures.get(told.thumb_sha256)
    if content is None:
        is_deleted = told.thumb_sha256 in evidence.deleted_pictures
        return Check(
            "picture", None, "deleted" if is_deleted else "awaited", told.thumb_sha256[:16]
        )
    is_same = sha256(content).hexdigest() == told.thumb_sha256
    return Check("picture", is_same, "fits" if is_same else "differs", told.thumb_sha256[:16])


def _number(seq: int) -> str:
    return f"#{seq}"
