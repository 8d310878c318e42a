"""The chain of a box: every message has a number and the hash of the one before it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """Where the next message goes: its number, and the SHA-256 of the message before it, in hex."""

    seq: int
    prev: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message as it is sent, and where the one after it goes."""

    payload: bytes
    following: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Messages in a row that the center will not get, and why: the hash is the last one's.

    How many of them were of which severity; records of the box itself have none.
    """

    first: int
    last: int
    sha256: str
    why: str
    low: int = 0
    medium: int = 0
    high: int = 0
