"""Write a library that stands in for an encoder we never use: every function returns 0.

FFmpeg cannot be loaded without the encoders that it was linked with. It asks them which formats
they know, takes "none" for an answer, and would crash if anybody opened one; nothing here can.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tools.deb import elf

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tools.deb.target import Processor

_SEGMENTS = 4
_HEADER = 64 + 56 * _SEGMENTS
# Pages of arm64 kernels are up to 64 KiB.
_PAGE = 0x10000
_READ_RUN, _READ_WRITE = 5, 6
_LOAD, _DYNAMIC, _STACK = 1, 2, 0x6474E551
_HASH, _STRTAB, _SYMTAB, _STRSZ, _SYMENT, _SONAME = 4, 5, 6, 10, 11, 14


def stand_in(real: Path, users: Iterable[Path], processor: Processor) -> bytes:
    """Return the library to put in place of `real`, with what its users want of it."""
    library = elf.Library(real)
    wanted = frozenset[str]().union(*(elf.Library(user).wants for user in users))
    return write(library.soname, sorted(wanted & library.offers), processor)


def write(soname: str, functions: list[str], processor: Processor) -> bytes:
    """Return a shared library with these functions."""
    texts, places = _texts([soname, *functions])
    code_at = _HEADER
    code = processor.returns_nothing.ljust(16, b"\0")
    hashes_at = code_at + len(code)
    hashes = _chain(len(functions) + 1)
    symbols_at = _aligned(hashes_at + len(hashes))
    symbols = bytes(24) + b"".join(
        # A global function (0x12) in some section, as long as none is 0.
        struct.pack("<IBBHQQ", places[name], 0x12, 0, 1, code_at, len(code))
        for name in functions
    )
    texts_at = symbols_at + len(symbols)
    dynamic_at = _aligned(texts_at + len(texts))
    entries = [
        (_SONAME, places[soname]),
        (_HASH, hashes_at),
        (_STRTAB, texts_at),
        (_SYMTAB, symbols_at),
        (_STRSZ, len(texts)),
        (_SYMENT, 24),
        (0, 0),
    ]
    dynamic = b"".join(struct.pack("<qQ", *entry) for entry in entries)
    content = _head(processor.elf_machine, dynamic_at, len(dynamic)) + code + hashes
    content = content.ljust(symbols_at, b"\0") + symbols + texts
    return content.ljust(dynamic_at, b"\0") + dynamic


def _head(machine: int, dynamic_at: int, dynamic_size: int) -> bytes:
    ident = elf.MAGIC + bytes([2, 1, 1]).ljust(12, b"\0")
    head = struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, _SEGMENTS, 64, 0, 0)
    # In a page of its own, for the loader writes into it.
    there = dynamic_at + _PAGE
    whole = (dynamic_at, there, there, dynamic_size, dynamic_size)
    segments = (
        struct.pack("<IIQQQQQQ", _LOAD, _READ_RUN, 0, 0, 0, dynamic_at, dynamic_at, _PAGE)
        + struct.pack("<IIQQQQQQ", _LOAD, _READ_WRITE, *whole, _PAGE)
        + struct.pack("<IIQQQQQQ", _DYNAMIC, _READ_WRITE, *whole, 8)
        + struct.pack("<IIQQQQQQ", _STACK, _READ_WRITE, 0, 0, 0, 0, 0, 16)
    )
    return ident + head + segments


def _texts(names: list[str]) -> tuple[bytes, dict[str, int]]:
    content, places = b"\0", {}
    for name in names:
        places[name] = len(content)
        content += name.encode() + b"\0"
    return content, places


def _chain(count: int) -> bytes:
    """Return a hash table with one bucket, whose chain leads through all symbols."""
    following = [0, *range(2, count), 0][:count]
    return struct.pack(f"<{4 + count - 1}I", 1, count, min(1, count - 1), *following)


def _aligned(offset: int) -> int:
    return -(-offset // 8) * 8
