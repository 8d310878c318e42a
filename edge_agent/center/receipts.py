"""The center's word to a box: these are in our database. Written only after the commit."""

from collections.abc import Iterable, Iterator
from itertools import islice

from edge_agent.center.key import CenterKey
from edge_agent.center.post import Box, Outgoing
from edge_agent.contract import Range, Receipt, Refused, Stored, write_receipt
from edge_agent.contract.receipt import MOST_RANGES
from edge_agent.runtime.clock import rfc3339


class Receipts:
    """Collects what one transaction has stored, by box."""

    def __init__(self) -> None:
        self._stored: dict[Box, dict[int, str]] = {}
        self._pictures: dict[Box, set[int]] = {}
        self._refused: dict[Box, dict[int, Refused]] = {}

    def store(self, box: Box, seq: int, sha256: str) -> None:
        """Name a message that is stored, also one that came again."""
        self._stored.setdefault(box, {})[seq] = sha256

    def picture(self, box: Box, seqs: Iterable[int]) -> None:
        """Name alerts whose picture is stored."""
        for seq in seqs:
            self._pictures.setdefault(box, set()).add(seq)

    def turn_down(self, box: Box, refused: Refused) -> None:
        """Name a message that will never be stored, so that the box need not keep it for ever."""
        self._refused.setdefault(box, {})[refused.seq] = refused

    def write(self, key: CenterKey, wall: float) -> list[Outgoing]:
        """Return the signed receipts, a few for each box."""
        return [
            Outgoing(
                topic=f"city/v1/{box.site}/{box.box}/down/receipt",
                payload=write_receipt(receipt, key.sign),
            )
            for box in sorted(self._stored.keys() | self._pictures.keys() | self._refused.keys())
            for receipt in self._of(box, key.kid, rfc3339(wall))
        ]

    def _of(self, box: Box, kid: str, time: str) -> Iterator[Receipt]:
        hashes = self._stored.get(box, {})
        stored = (Stored(one, hashes[one.last]) for one in merge(hashes))
        pictures = iter(merge(self._pictures.get(box, ())))
        refused = iter(self._refused.get(box, {}).values())
        while True:
            several = (tuple(islice(stored, MOST_RANGES)), tuple(islice(pictures, MOST_RANGES)))
            never = tuple(islice(refused, MOST_RANGES))
            if not (any(several) or never):
                return
            yield Receipt(
                site=box.site,
                box=box.box,
                time=time,
                kid=kid,
                stored=several[0],
                pictures=several[1],
                refused=never,
            )


def merge(numbers: Iterable[int]) -> list[Range]:
    """Return numbers as ranges, in order."""
    ranges: list[Range] = []
    for number in sorted(numbers):
        if ranges and ranges[-1].last == number - 1:
            ranges[-1] = Range(ranges[-1].first, number)
        else:
            ranges.append(Range(number, number))
    return ranges
