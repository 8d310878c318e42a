"""What the center signs for a box, opened: two lines like the box's own, by one of the center's keys.

Only what is genuine, addressed and well formed comes out; a mistake in it is a forged letter's.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from edge_agent.contract.body import join, parse, split
from edge_agent.contract.signature import Verdict, key_id, signed_by


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter and what it is. Its members are there only where it is genuine."""

    verdict: Verdict
    members: Mapping[str, object] = field(default_factory=dict)


def open_letter(payload: bytes, keys: Iterable[bytes], *, kind: str, site: str, box: str) -> Letter:
    """Return a letter of that type to that box, if one of these public keys signed it."""
    body, signature = split(payload)
    told = parse(body)
    if told is None or told.get("v") != 1 or told.get("type") != kind:
        return Letter(Verdict.UNREADABLE)
    if not signature:
        return Letter(Verdict.UNSIGNED)
    key = next((one for one in keys if key_id(one) == told.get("kid")), None)
    if key is None:
        return Letter(Verdict.UNKNOWN_KEY)
    if not signed_by(key, signature, body):
        return Letter(Verdict.ALTERED)
    if (told.get("site"), told.get("box")) != (site, box):
        return Letter(Verdict.FOREIGN)
    return Letter(Verdict.GENUINE, told)


def write_letter(members: Mapping[str, object], sign: Callable[[bytes], bytes]) -> bytes:
    """Return the two lines of a letter; `sign` returns the 64 bytes for its body."""
    body = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
    return join(body, sign(body))
