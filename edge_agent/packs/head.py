"""The first lines of a pack: its parts with size and SHA-256, who signed them, and a checksum.

Strict on purpose: what does not read exactly as we would have written it is refused, so that
there is one way to write a pack and no bit of it can change unnoticed.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import BinaryIO

from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import CARD

_FIRST_LINE = b"edge-agent model pack 1\n"
_ANY_PACK = b"edge-agent model pack "
_WEIGHTS_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,56}\.tflite")
_PART = re.compile(rb"part ([A-Za-z0-9][A-Za-z0-9._-]{0,63}) ([1-9][0-9]{0,8}) ([0-9a-f]{64})\n")
_SIGNATURE = re.compile(rb"signature ([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)\n")
_END = re.compile(rb"end [0-9a-f]{64}\n")
# Longer than any line of ours.
_LONGEST_LINE = 256
# A fleet that changes its key has two, and perhaps a maker's beside them.
MOST_SIGNATURES = 4
# A card of ours has 2 KB. A detector for these boxes has 0.4 to 4 MB, and they have 512 MB.
MOST_CARD_BYTES = 64 * 1024
MOST_WEIGHTS_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One file in a pack."""

    name: str
    size_bytes: int
    sha256: str

    def line(self) -> bytes:
        """Return how the head tells it."""
        return f"part {self.name} {self.size_bytes} {self.sha256}\n".encode()


@dataclass(frozen=True, slots=True)
class Signature:
    """Whose key signed, by its id (the start of its SHA-256), and the 64 bytes of Ed25519."""

    key_id: str
    content: bytes

    def line(self) -> bytes:
        """Return how the head tells it."""
        return f"signature {self.key_id} {base64.b64encode(self.content).decode()}\n".encode()


@dataclass(frozen=True, slots=True)
class PackHead:
    """What a pack says of itself: the card, the weights, and who vouches for both."""

    card: Part
    weights: Part
    signatures: tuple[Signature, ...] = ()

    @property
    def signed(self) -> bytes:
        """The bytes that a signature is over: by their digests, all of the pack's content."""
        return _FIRST_LINE + self.card.line() + self.weights.line()

    def content(self) -> bytes:
        """Return the head as it is written."""
        lines = self.signed + b"".join(signature.line() for signature in self.signatures)
        return lines + f"end {hashlib.sha256(lines).hexdigest()}\n".encode()


def read_head(file: BinaryIO) -> PackHead:
    """Read a head, and leave the file at the first part.

    Raises EdgeAgentError where it is none, is damaged, or promises more than a box can hold.
    """
    first = file.readline(_LONGEST_LINE)
    if first != _FIRST_LINE:
        raise _no_pack(first)
    card, weights = (_part(file.readline(_LONGEST_LINE)) for _ in range(2))
    signatures: list[Signature] = []
    line = file.readline(_LONGEST_LINE)
    while (found := _SIGNATURE.fullmatch(line)) and len(signatures) < MOST_SIGNATURES:
        signature = Signature(found[1].decode(), base64.b64decode(found[2]))
        if signature.line() != line:
            # The last letter of base64 has bits that say nothing: one spelling alone is lawful.
            raise damaged("a signature is not written as we write it")
        signatures.append(signature)
        line = file.readline(_LONGEST_LINE)
    head = PackHead(card, weights, tuple(signatures))
    if not _END.fullmatch(line) or not head.content().endswith(line):
        raise damaged("its first lines do not fit their checksum")
    _check_parts(head)
    return head


def damaged(why: str) -> EdgeAgentError:
    """Return the failure for a pack that changed on its way."""
    return EdgeAgentError(
        f"the pack is damaged: {why}",
        hint="copy it to this box again, and compare its sha256sum with the original's",
    )


def check_size(name: str, size_bytes: int, most_bytes: int) -> None:
    """Raise EdgeAgentError for a part that is larger than a box should hold."""
    if size_bytes > most_bytes:
        raise EdgeAgentError(
            f"{name} is too large for a pack: {size_bytes} bytes, at most {most_bytes}",
            hint="take a smaller model: these boxes have little memory",
        )


def check_weights_name(name: str) -> None:
    """Raise EdgeAgentError where no pack could hold weights of this name."""
    if not _WEIGHTS_NAME.fullmatch(name):
        raise EdgeAgentError(
            f"a pack cannot hold weights called {name}",
            hint="rename them to letters, digits, ., - and _, ending in .tflite, in the card too",
        )


def _part(line: bytes) -> Part:
    found = _PART.fullmatch(line)
    if found is None:
        raise damaged("its first lines cannot be read")
    return Part(found[1].decode(), int(found[2]), found[3].decode())


def _check_parts(head: PackHead) -> None:
    if head.card.name != CARD or not head.weights.name.endswith(".tflite"):
        raise EdgeAgentError(
            f"the pack holds {head.card.name} and {head.weights.name}, not a card and its weights",
            hint="make it with `edge-agent model pack`",
        )
    check_size(head.card.name, head.card.size_bytes, MOST_CARD_BYTES)
    check_size(head.weights.name, head.weights.size_bytes, MOST_WEIGHTS_BYTES)


def _no_pack(first: bytes) -> EdgeAgentError:
    if first.startswith(_ANY_PACK):
        return EdgeAgentError(
            "the pack is of a newer kind, which this edge-agent does not read",
            hint="update edge-agent on this box, or take an older pack",
        )
    return EdgeAgentError(
        "this is no model pack", hint="name a file that `edge-agent model pack` made"
    )
