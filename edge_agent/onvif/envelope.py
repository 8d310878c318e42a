"""SOAP as cameras send it: read with distrust, and read for refusals before anything else.

Python's own parser, in strict mode: a reply that is cut off or has raw ampersands is refused
aloud. A forgiving parser turned "A & B" into "A  B" without a word (notes: onvif-zeep's default).
"""

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from edge_agent.errors import EdgeAgentError

# A UDP answer cannot be larger; the longest list of profiles we know of has 40 KB.
LARGEST_ANSWER_BYTES = 64 * 1024
LARGEST_REPLY_BYTES = 1024 * 1024

# ONVIF Core, "Fault codes", and WS-Security 1.0 section 12. OperationProhibited and the like are
# other troubles: the password was right.
_REFUSALS = frozenset({
    "NotAuthorized", "FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken",
})  # fmt: skip
# ipycam 1.3.0 (source read) sends the code Receiver and only this sentence.
_REFUSING_WORDS = ("not authorized", "unauthorized", "requires authorization")


class _NoDoctype(ET.TreeBuilder):
    """A tree builder that ends the reading where a DOCTYPE begins: no camera needs one."""

    def doctype(self, *_: object) -> None:
        """Refuse."""
        raise ValueError("it has a DOCTYPE")


@dataclass(frozen=True, slots=True)
class Fault:
    """A camera's "no", with the local names of its codes and its own words."""

    codes: tuple[str, ...]
    reason: str

    @property
    def is_refusal(self) -> bool:
        """Whether user name, password or clock were the trouble, not the question."""
        words = self.reason.lower()
        return not _REFUSALS.isdisjoint(self.codes) or any(w in words for w in _REFUSING_WORDS)


def parse(content: bytes, *, largest_bytes: int = LARGEST_REPLY_BYTES) -> ET.Element:
    """Return the root of a reply.

    Raise EdgeAgentError for a reply that is too large, is not well-formed or has a DOCTYPE.
    """
    if len(content) > largest_bytes:
        raise EdgeAgentError(
            f"the reply is larger than {largest_bytes // 1024} KB",
            hint="make sure that this address is a camera",
        )
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 (see the builder)
    try:
        parser.feed(content)
        root = parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:
        raise EdgeAgentError(
            f"the reply is not XML as ONVIF wants it ({error})",
            hint="make sure that this address is a camera; restart it or update its firmware",
        ) from error
    if not isinstance(root, ET.Element):
        raise EdgeAgentError("the reply is empty", hint="restart the camera and try again")
    return root


def is_envelope(root: ET.Element) -> bool:
    """Return whether that is SOAP at all, and not a web page."""
    return local(root.tag) == "Envelope"


def find_fault(root: ET.Element) -> Fault | None:
    """Return the fault in an envelope, SOAP 1.2's or 1.1's."""
    fault = root.find("{*}Body/{*}Fault")
    if fault is None:
        return None
    codes = [*fault.iterfind(".//{*}Value"), *fault.iterfind("faultcode")]
    reason = first_text(fault, "{*}Reason/{*}Text") or first_text(fault, "faultstring")
    return Fault(tuple((code.text or "").strip().rpartition(":")[2] for code in codes), reason)


def first_text(parent: ET.Element, path: str) -> str:
    """Return the text at a path, fit for a terminal; "" where there is none."""
    return shown(parent.findtext(path) or "")


def shown(text: str) -> str:
    """Return a stranger's text fit for a terminal and one line: nothing that steers either."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def local(tag: object) -> str:
    """Return a tag's name without its namespace."""
    return str(tag).rpartition("}")[2]
