"""What may happen to a reply between a camera's author and us; seeded, so that it happens again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from xml.etree import ElementTree as ET

_TEXTS = (
    "", "-1", "many", "9" * 40, "9" * 5000, "1e999", "NaN", "http://[", "\u202e\u200b", "A & B",
    "rtsp://x:y@z:99999/", "true", "0", "2026-13-45T99:99:99Z", "PT-9999999999S", "\N{BELL}" * 3,
    "x" * 10_000, "urn:uuid:", "::1", "%00%0a", "摄像机",
)  # fmt: skip
_BYTES = (
    b"&", b"&amp;", b"&#0;", b"&bomb;", b"<", b"</", b">", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"\0",
    b"\r\n\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\xce\xc4", b'<?xml version="1.1"?>', b'"', b"=", b"\x1b[2J",
    b'<!DOCTYPE a [<!ENTITY b "c">]>', b' xmlns:a="b"', b"HTTP/1.1 200 OK\r\n\r\n", b"99999999999999999999",
)  # fmt: skip
_CHARSETS = (
    b"utf-8", b"utf-16", b"gb2312", b"big5", b"punycode", b"idna", b"unicode_escape", b"utf-7", b"x", b"undefined",
)  # fmt: skip


def mutate(content: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    """Return the reply with one to four defects; half of the time it stays well-formed."""
    for _ in range(random.choice((1, 1, 2, 4))):
        change = random.choice(_CHANGES)
        # A cut may leave nothing, and nothing can have no defect.
        content = change(content or b"\n", corpus, random)
    return content


def _flip(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    spoiled = bytearray(content)
    for _ in range(random.randint(1, 4)):
        spoiled[random.randrange(len(spoiled))] = random.randrange(256)
    return bytes(spoiled)


def _cut(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    return content[: random.randrange(len(content))]


def _drop(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    at = random.randrange(len(content))
    return content[:at] + content[at + random.randint(1, 200) :]


def _double(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    at = random.randrange(len(content))
    part = content[at : at + random.randint(1, 2000)]
    return content[:at] + part * random.choice((2, 3, 50)) + content[at:]


def _insert(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    at = random.choice((0, len(content), random.randrange(len(content))))
    return content[:at] + random.choice(_BYTES) * random.choice((1, 1, 40)) + content[at:]


def _swap(content: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    other = random.choice(corpus) or b"\n"
    return content[: random.randrange(len(content))] + other[random.randrange(len(other)) :]


def _redeclare(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    return content.replace(b"UTF-8", random.choice(_CHARSETS), 1)


def _reencode(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    text = content.decode(errors="replace").replace("e", random.choice("eé中"))
    return text.encode(random.choice(("utf-16", "latin-1", "gb18030", "utf-8")), errors="replace")


def _nest(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    deep = random.choice((30, 70, 5000))
    at = content.find(b">", random.randrange(len(content))) + 1
    return content[:at] + b"<a>" * deep + b"</a>" * deep + content[at:]


def _retell(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    """Change the tree: drop, rename, double, move or retell; what comes out is well-formed."""
    head, empty, body = content.rpartition(b"\r\n\r\n")
    try:
        root = ET.fromstring(body)  # noqa: S314 (our own corpus)
        for _ in range(random.randint(1, 3)):
            parents = [element for element in root.iter() if len(element)]
            if parents:
                _retell_one(random.choice(parents), random)
        return head + empty + ET.tostring(root)
    # It was spoiled before, perhaps too deep to be written again.
    except (ET.ParseError, ValueError, LookupError, RecursionError):
        return content


def _retell_one(parent: ET.Element, random: Random) -> None:
    child = random.choice(list(parent))
    match random.randrange(6):
        case 0:
            parent.remove(child)
        case 1:
            child.tag = random.choice(["{http://www.onvif.org/ver10/schema}Other", "other"])
        case 2:
            parent.append(child)
        case 3:
            child.text = random.choice(_TEXTS)
        case 4:
            for name in list(child.attrib) or ["token"]:
                child.set(name, random.choice(_TEXTS))
        case _:
            child.attrib.clear()


_Change = Callable[[bytes, Sequence[bytes], Random], bytes]
# Well-formed ones come as often as all others together: they reach the code behind the parser.
_CHANGES: tuple[_Change, ...] = (
    _flip, _cut, _drop, _double, _insert, _swap, _redeclare, _reencode, _nest, *([_retell] * 9),
)  # fmt: skip
