"""Replies of a megabyte that are made to grow in memory or to take for ever, each in one line.

    python -m tests.soak.hostile

Prints one JSON line for each: what became of it, seconds of CPU, and by how much the process grew.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from random import Random

from edge_agent.errors import EdgeAgentError
from tests.soak.fuzz import peak_kb
from tests.soak.parsers import Medium, Tape

_SIZE = 1024 * 1024 - 400
_OPEN = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    b'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema">'
    b"<s:Body><trt:GetProfilesResponse>"
)
_CLOSE = b"</trt:GetProfilesResponse></s:Body></s:Envelope>"
# Repeated as often as a megabyte holds; {n} is a number that makes each different.
_UNITS: dict[str, str] = {
    "ampersands": "&",
    "CDATA without end": "<![CDATA[",
    "comments without end": "<!--",
    "forbidden references": "&#1;",
    "undeclared entities": "&lol;",
    "undeclared prefixes": "<p{n}:a/>",
    "elements": "<trt:Profiles/>",
    "attributes": ' a{n}="{n}"',
    "deep": "<tt:a>",
    "Latin-1": "\xe9 ",
    "one long text": "a",
    "processing instructions": "<?a b?>",
    "ends": "</s:Envelope >",
}


def replies() -> Iterator[tuple[str, bytes]]:
    for name, unit in _UNITS.items():
        yield name, _body(_filled(unit))
    # As many as are allowed.
    yield "different elements", _body(_numbered("<e{n}/>", 39_000))
    yield (
        "profiles",
        _body(_numbered('<trt:Profiles token="{n}"><tt:Name>{n}</tt:Name></trt:Profiles>', 9_900)),
    )
    yield (
        "attributes that are just allowed",
        _body(b"<tt:a" + _numbered(' a{n}=""', 39_000) + b"/>"),
    )
    long = b'<a xmlns:q="%s"' % (b"u" * 400_000)
    yield "a long namespace on attributes", _body(long + _numbered(' q:a{n}=""', 39_000) + b"/>")
    yield (
        "a long namespace on elements",
        _body(long + b">" + _numbered("<q:a{n}/>", 15_000) + b"</a>"),
    )
    short = b'<a xmlns:q="%s"' % (b"u" * 255)
    yield "a namespace that is just allowed", _body(short + _numbered(' q:a{n}=""', 39_000) + b"/>")
    lol = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(9))
    laughs = b'<!DOCTYPE l [<!ENTITY l0 "lol">' + lol + b"]>" + _body(b"&l9;")
    yield "a billion laughs", laughs
    yield "a billion laughs in UTF-16", laughs.decode().encode("utf-16")


def _body(content: bytes) -> bytes:
    return _OPEN + content + _CLOSE


def _numbered(unit: str, count: int) -> bytes:
    return b"".join(unit.format(n=number).encode() for number in range(count))


def _filled(unit: str) -> bytes:
    if "{n}" in unit:
        return _numbered(unit, _SIZE // len(unit.format(n=99_999)))
    content = unit.encode("latin-1")
    return content * (_SIZE // len(content))


def main() -> int:
    medium, quiet = Medium(Tape()), Random(1)
    quiet.random = lambda: 1.0  # type: ignore[method-assign]  # status 200, always
    healthy = _OPEN + b'<trt:Profiles token="a"/>' + _CLOSE
    for name, content in [("healthy", healthy), *replies()]:
        before_kb, began = peak_kb(), time.process_time()
        try:
            medium.profiles(content, quiet)
            became = "read"
        except EdgeAgentError as error:
            became = error.what
        told = {
            "reply": name,
            "became": became[:120],
            "seconds": round(time.process_time() - began, 2),
            "growth_mb": round((peak_kb() - before_kb) / 1024, 1),
        }
        sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
