"""The center's receipt: which messages and pictures of a box are durably in its database.

Only on this word a box forgets an alert, where it is told to wait for it. So it is signed, and
names the hash of what was stored: a receipt for somebody else's message frees nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from edge_agent.contract.body import Range, read_hash, read_number
from edge_agent.contract.letter import write_letter

RECEIPT = "receipt"
# In each list: a receipt stays below 20 KB.
MOST_RANGES = 100
# It goes into the box's journal and its status.
_LONGEST_WHY = 200


@dataclass(frozen=True, slots=True)
class Stored:
    """Messages in a row that are stored, and the hash of the last one's body."""

    range: Range
    sha256: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that the center will never take: another one has its number, or its place."""

    seq: int
    sha256: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one receipt says. A picture goes by the number of its alert."""

    site: str
    box: str
    time: str
    kid: str
    stored: tuple[Stored, ...] = ()
    pictures: tuple[Range, ...] = ()
    refused: tuple[Refused, ...] = ()


def write_receipt(receipt: Receipt, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the body of a receipt and its signature, as `…/down/receipt` carries them.

    `sign` returns the 64 bytes for a body. Raises ValueError for more than MOST_RANGES.
    """
    if max(map(len, (receipt.stored, receipt.pictures, receipt.refused))) > MOST_RANGES:
        raise ValueError("too many ranges for one receipt")
    return write_letter(
        {
            "v": 1,
            "type": RECEIPT,
            "time": receipt.time,
            "site": receipt.site,
            "box": receipt.box,
            "stored": write_stored(receipt.stored),
            "pictures": [_told(one) for one in receipt.pictures],
            "refused": [
                {"seq": one.seq, "sha256": one.sha256, "why": one.why} for one in receipt.refused
            ],
            "kid": receipt.kid,
        },
        sign,
    )


def read_receipt(members: Mapping[str, object]) -> Receipt | None:
    """Return what the members of a genuine letter say; None where it is no receipt of ours."""
    try:
        return Receipt(
            site=str(members["site"]),
            box=str(members["box"]),
            time=str(members["time"]),
            kid=str(members["kid"]),
            stored=read_stored(members["stored"]),
            pictures=tuple(_range(one) for one in _list(members["pictures"])),
            refused=tuple(_refused(one) for one in _list(members.get("refused", []))),
        )
    except (ValueError, TypeError, KeyError):
        return None


def write_stored(several: Iterable[Stored]) -> list[dict[str, object]]:
    """Return ranges and their hashes as a letter has them."""
    return [{**_told(one.range), "sha256": one.sha256} for one in several]


def read_stored(told: object) -> tuple[Stored, ...]:
    """Return the ranges and hashes of a letter. Raises ValueError, TypeError or KeyError."""
    return tuple(Stored(_range(one), read_hash(one["sha256"])) for one in _list(told))


def _list(told: object) -> list[dict[str, object]]:
    if not isinstance(told, list) or len(told) > MOST_RANGES:
        raise TypeError(told)
    if not all(isinstance(one, dict) for one in told):
        raise TypeError(told)
    return told


def _range(told: Mapping[str, object]) -> Range:
    read = Range(read_number(told["first"]), read_number(told["last"]))
    if read.first > read.last:
        raise ValueError(read)
    return read


def _refused(told: Mapping[str, object]) -> Refused:
    why = told["why"]
    if not isinstance(why, str) or not why.isprintable() or len(why) > _LONGEST_WHY:
        raise ValueError(why)
    return Refused(read_number(told["seq"]), read_hash(told["sha256"]), why)


def _told(one: Range) -> dict[str, int]:
    return {"first": one.first, "last": one.last}
