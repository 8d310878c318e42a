"""What the center says it has deleted after its term: believed with its key, told apart without."""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence

from edge_agent.cli.console import Console
from edge_agent.contract import (
    RETENTION,
    Chain,
    Stored,
    Verdict,
    open_letter,
    read_key,
    read_retention,
    split,
)
from edge_agent.contract.body import parse

# Letters in a file; a box has one for each hundred gaps.
_MOST = 100_000
_Box = tuple[str, str]


class Deleted:
    """Collects the center's letters, by box."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys
        self._count = 0
        self._told: dict[_Box, list[Stored]] = {}
        self._unchecked: set[_Box] = set()
        self._refused: dict[_Box, Counter[Verdict]] = {}

    def take(self, box: _Box, payload: bytes) -> None:
        """Take one letter."""
        self._count += 1
        if self._count > _MOST:
            return
        site, name = box
        letter = open_letter(payload, self._keys, kind=RETENTION, site=site, box=name)
        members = letter.members
        if letter.verdict is Verdict.UNKNOWN_KEY and not self._keys:
            members = parse(split(payload)[0]) or {}
            self._unchecked.add(box)
        told = read_retention(members) if members else None
        if told and (told.site, told.box) == box:
            self._told.setdefault(box, []).extend(told.deleted)
        else:
            self._refused.setdefault(box, Counter())[letter.verdict] += 1

    def hand_over(self, chain_of: Callable[[_Box], Chain]) -> None:
        """Let each box's chain know what is not missing."""
        for box, several in self._told.items():
            chain_of(box).delete(several)

    def show(self, box: _Box, named: str, console: Console) -> bool:
        """Say which numbers were deleted; tell whether that is proved."""
        name = "/".join(box)
        if named and box in self._unchecked:
            what = f"deleted by retention, says a letter that nobody has checked: {named}"
            console.bad(name, what, _NAME_KEY)
        elif named:
            console.note(name, f"deleted by retention, which the center has signed: {named}", _KEPT)
        for verdict, count in self._refused.get(box, Counter[Verdict]()).items():
            what = f"{count} letters about deleted messages that the center did not sign"
            console.bad(name, f"{what}: {verdict.value}", _NAME_KEY)
        return box not in self._unchecked and not self._refused.get(box)


_NAME_KEY = "name the center's key, which `edge-agent center key` prints there: --center KEY"
_KEPT = "they were stored before: ask the center for its list of deletions"


def read_center_key(text: str) -> bytes:
    """Return the public key that somebody wrote; for argparse."""
    key = read_key(text.strip().strip('"'))
    if key is None:
        raise argparse.ArgumentTypeError("that is no key: edge-agent center key prints it")
    return key
