"""What a signed message says about its place in the chain, read from its bytes and never written.

A payload is two lines: the body, and a line with the signature over exactly these bytes.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

# Before the first message there is none.
NO_HASH = "0" * 64
# Names and numbers go into what signs and what checks alike.
DROPPED = "dropped"
KEY_ROTATED = "key_rotated"
CHAIN_RESTARTED = "chain_restarted"
CLOCK_SET = "clock_set"
UPDATED = "updated"
HEAD = "head"
# Ours stay below 2 KB; more is nobody's alert.
MOST_BYTES = 65_536
# Ours are four deep. How much deeper a reader comes depends on its language, and in Python on who
# called it: what one could read and the next could not write again.
_MOST_DEPTH = 64
_MOST_SEQ = 2**64 - 1
# RFC 8032: 64 bytes, which base64 writes in 88 characters.
_SIGNATURE_LINE = re.compile(rb'\{"sig":"([A-Za-z0-9+/]{86}==)"\}')
_HASH = re.compile(r"[0-9a-f]{64}")
_KEY_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """Numbers from `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        """Return it as people write it."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Gone:
    """Messages that the box gave up, and the hash of the last of them."""

    range: Range
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The members that the chain is made of. `prev` is "" in a head, which is no link of it."""

    site: str
    box: str
    type: str
    time: str
    seq: int
    kid: str
    prev: str = ""
    # Of a head: the hash of its newest message, and the oldest that may not have arrived yet.
    sha256: str = ""
    waits_from: int | None = None
    # Of `dropped`.
    gone: tuple[Gone, ...] = ()
    # Of `key_rotated`: the new key, and whom it replaces.
    key: bytes = b""
    old_kid: str = ""
    # Of `chain_restarted`: which numbers nobody can account for; None where there is none.
    unknown: Range | None = None


def split(payload: bytes) -> tuple[bytes, bytes]:
    """Return body and signature; b"" for a signature that is not there or not written our way."""
    body, _, line = payload.partition(b"\n")
    found = _SIGNATURE_LINE.fullmatch(line)
    signature = base64.b64decode(found[1]) if found else b""
    # One lawful spelling: base64 has spare bits at its end.
    if found is None or base64.b64encode(signature) != found[1]:
        return body, b""
    return body, signature


def join(body: bytes, signature: bytes) -> bytes:
    """Return the payload: what `split` takes apart."""
    return b'%s\n{"sig":"%s"}' % (body, base64.b64encode(signature))


def read_body(body: bytes) -> Body | None:
    """Return what it says; None where it is not a body of ours. It may still be forged."""
    told = parse(body)
    if told is None:
        return None
    try:
        return _read(told)
    except (ValueError, TypeError, KeyError):
        return None


def parse(body: bytes) -> dict[str, object] | None:
    """Return the members of a body; None where it is not one, or could be read in two ways.

    A name that stands twice, numbers that JSON does not have, and a hundred lists in each other mean
    one thing to one reader and another to the next (RFC 8259, sections 4 and 9): what was signed must
    mean the same to everybody.
    """
    if len(body) > MOST_BYTES:
        return None
    try:
        told = json.loads(
            body, object_pairs_hook=_members, parse_constant=_refuse, parse_float=_float
        )
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) and not _is_deep(told) else None


def _is_deep(told: object) -> bool:
    level = [told]
    for _ in range(_MOST_DEPTH):
        level = [inner for one in level for inner in _inside(one)]
    return bool(level)


def _inside(told: object) -> list[object]:
    """Return the tables and lists that stand in a table or a list."""
    several = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    return [one for one in several if isinstance(one, dict | list)]


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands twice")
    return members


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):  # 1e999
        raise ValueError(digits)
    return number


def _refuse(word: str) -> object:
    raise ValueError(word)


def _read(told: Mapping[str, object]) -> Body:
    kind = _text(told["type"])
    reading = {
        HEAD: _of_head,
        DROPPED: _of_dropped,
        KEY_ROTATED: _of_rotation,
        CHAIN_RESTARTED: _of_restart,
    }.get(kind)
    return Body(
        site=_text(told["site"]),
        box=_text(told["box"]),
        type=kind,
        time=_text(told["time"]),
        seq=read_number(told["seq"], 0 if kind == HEAD else 1),
        kid=_like(_KEY_ID, told["kid"]),
        prev="" if kind == HEAD else read_hash(told["prev"]),
        **(reading(told) if reading else {}),  # type: ignore[arg-type]  # each reads its own members
    )


def _of_head(told: Mapping[str, object]) -> dict[str, object]:
    waits_from = told["waits_from"]
    return {
        "sha256": read_hash(told["sha256"]),
        "waits_from": None if waits_from is None else read_number(waits_from),
    }


def _of_dropped(told: Mapping[str, object]) -> dict[str, object]:
    parts = told["ranges"]
    if not isinstance(parts, list):
        raise TypeError(parts)
    return {"gone": tuple(Gone(_range(part, told), read_hash(part["sha256"])) for part in parts)}


def _of_rotation(told: Mapping[str, object]) -> dict[str, object]:
    try:
        key = base64.b64decode(_text(told["key"]), validate=True)
    except binascii.Error as error:
        raise ValueError(told["key"]) from error
    return {"key": key, "old_kid": _like(_KEY_ID, told["old_kid"])}


def _of_restart(told: Mapping[str, object]) -> dict[str, object]:
    unknown = told["unknown"]
    return {"unknown": None if unknown is None else _range(unknown, told)}


def _range(told: object, record: Mapping[str, object]) -> Range:
    if not isinstance(told, dict):
        raise TypeError(told)
    read = Range(read_number(told["first"]), read_number(told["last"]))
    # Nobody can have given up what comes later: that would excuse a theft in advance.
    if not read.first <= read.last < read_number(record["seq"]):
        raise ValueError(read)
    return read


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError(told)
    return told


def read_number(told: object, least: int = 1) -> int:
    """Return a number of the chain. Raises ValueError."""
    if not isinstance(told, int) or isinstance(told, bool) or not least <= told <= _MOST_SEQ:
        raise ValueError(told)
    return told


def read_hash(told: object) -> str:
    """Return a SHA-256 in hex. Raises ValueError, TypeError."""
    return _like(_HASH, told)


def _like(pattern: re.Pattern[str], told: object) -> str:
    text = _text(told)
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text
