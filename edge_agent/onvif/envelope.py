"""SOAP as cameras send it: read with distrust, and read for refusals before anything else.

Python's own parser, in strict mode: a reply that is cut off or has raw ampersands is refused
aloud; what may be repaired is in `quirks`. A forgiving parser turned "A & B" into "A  B" without
a word (notes: onvif-zeep's default). What could make a small reply large in memory is counted
before the parser sees it: expat reads a whole buffer to its end, whatever we object.
"""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from itertools import islice

from edge_agent.errors import EdgeAgentError

# A UDP answer cannot be larger; the longest list of profiles we know of has 40 KB.
LARGEST_ANSWER_BYTES = 64 * 1024
LARGEST_REPLY_BYTES = 1024 * 1024
# 128 profiles with analytics have some 12,000 elements and 30,000 attributes.
MOST_ELEMENTS = 20_000
MOST_ATTRIBUTES = 40_000
# Schemas of ONVIF nest 20 deep; zeep walks a tree by calling itself.
DEEPEST = 64
# The longest in use has 81 letters. The parser writes it out for each attribute that it governs.
LONGEST_NAMESPACE = 256
# Whole sentences of firmwares have 100 letters; a terminal need not hold more.
_LONGEST_REASON = 300
# A code and its subcodes.
_MOST_CODES = 8
# All scopes of a camera together have some 1,500 letters; nothing else comes near.
_LONGEST_TEXT = 8192

# ONVIF Core, "Fault codes", and WS-Security 1.0 section 12. OperationProhibited and the like are
# other troubles: the password was right.
_REFUSALS = frozenset({
    "NotAuthorized", "FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken",
})  # fmt: skip
# ipycam 1.3.0 (source read) sends the code Receiver and only this sentence.
_REFUSING_WORDS = ("not authorized", "unauthorized", "requires authorization")
# Of the names that a document may give its charset these need no codec of Python's, some of which
# warn, take time by the square of what they read, or mean something else.
_CHARSETS = frozenset({b"utf-8", b"us-ascii", b"iso-8859-1"})
_ENCODING = re.compile(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)""")
_LONG_VALUE = re.compile(rb"""=\s*(?:"[^"]{%(n)d}|'[^']{%(n)d})""" % {b"n": LONGEST_NAMESPACE})


class _Builder(ET.TreeBuilder):
    """A tree builder that ends the reading where a DOCTYPE begins, or below what is sensible."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, *_: object) -> None:
        """Refuse: no camera needs one."""
        raise ValueError("it has a DOCTYPE")

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        """Go down one level."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError(f"it nests deeper than {DEEPEST} levels")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        """Come up again."""
        self._depth -= 1
        return super().end(tag)


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
    """Return the root of a reply that is well-formed as it stands.

    Raise EdgeAgentError for a reply that is too large, too deep, is not well-formed or has a
    DOCTYPE.
    """
    if len(content) > largest_bytes:
        raise EdgeAgentError(
            f"the reply is larger than {largest_bytes // 1024} KB",
            hint="make sure that this address is a camera",
        )
    parser = ET.XMLParser(target=_Builder())  # noqa: S314 (see the builder)
    try:
        _weigh(content)
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
    codes = [*fault.iterfind(".//{*}Value"), *fault.iterfind("{*}faultcode")]
    reason = first_text(fault, "{*}Reason/{*}Text") or first_text(fault, "{*}faultstring")
    names = (shown(code.text or "")[:_LONGEST_REASON].rpartition(":")[2] for code in codes)
    return Fault(tuple(islice(names, _MOST_CODES)), reason[:_LONGEST_REASON])


def first_text(parent: ET.Element, path: str) -> str:
    """Return the text at a path, fit for a terminal and not endless; "" where there is none."""
    return shown((parent.findtext(path) or "")[:_LONGEST_TEXT])


def shown(text: str) -> str:
    """Return a stranger's text fit for a terminal and one line: nothing that steers either."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def local(tag: object) -> str:
    """Return a tag's name without its namespace."""
    return str(tag).rpartition("}")[2]


def _weigh(content: bytes) -> None:
    """Refuse what the parser would blow up; its syntax is ASCII in each charset without NULs."""
    if b"\0" in content:
        raise ValueError("it has NUL bytes")
    if b"<!DOCTYPE" in content:
        raise ValueError("it has a DOCTYPE")
    declared = _ENCODING.match(content)
    if declared and declared[1].lower() not in _CHARSETS:
        raise ValueError("it declares a charset that we do not know")
    # Each element has a "<" and each attribute a "="; an end tag has a "<", too.
    if content.count(b"<") > 2 * MOST_ELEMENTS or content.count(b"=") > MOST_ATTRIBUTES:
        raise ValueError("it has too many elements or attributes")
    for value in _LONG_VALUE.finditer(content):
        before = content[max(0, value.start() - 2 * LONGEST_NAMESPACE) : value.start()].split()
        name = before[-1] if before else b""
        if name.startswith(b"xmlns") or len(name) > LONGEST_NAMESPACE:
            raise ValueError("it has a namespace without end")
