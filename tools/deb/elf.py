"""Read what a shared library needs and offers, whatever processor it is for (elf(5))."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"\x7fELF"
_DYNAMIC, _DYNSYM = 6, 11
_NEEDED, _SONAME = 1, 14
_GLIBC = re.compile(rb"\0GLIBC_2\.(\d+)\0")


def is_elf(path: Path) -> bool:
    """Tell whether a file is a program or a library."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == MAGIC


@dataclass(frozen=True)
class Library:
    """A 64-bit little-endian library with its section table, as wheels have them."""

    path: Path

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The names of the libraries that must be loaded with it."""
        return tuple(self._named(_NEEDED))

    @cached_property
    def soname(self) -> str:
        """Its own name."""
        return next(self._named(_SONAME), self.path.name)

    @cached_property
    def machine(self) -> int:
        """The kind of processor, by the number ELF has for it."""
        return int(struct.unpack_from("<H", self._content, 18)[0])

    @cached_property
    def offers(self) -> frozenset[str]:
        """The symbols that others may use."""
        return frozenset(name for name, section in self._symbols() if section)

    @cached_property
    def wants(self) -> frozenset[str]:
        """The symbols that somebody else must have."""
        return frozenset(name for name, section in self._symbols() if not section)

    @cached_property
    def glibc_minor(self) -> int:
        """The newest version 2.x of the C library that it names."""
        return max((int(minor) for minor in _GLIBC.findall(self._content)), default=0)

    @cached_property
    def _content(self) -> bytes:
        return self.path.read_bytes()

    def _sections(self) -> list[tuple[int, ...]]:
        offset, size, count = (
            struct.unpack_from("<Q", self._content, 40)[0],
            *struct.unpack_from("<HH", self._content, 58),
        )
        return [
            struct.unpack_from("<IIQQQQIIQQ", self._content, offset + size * number)
            for number in range(count)
        ]

    def _named(self, tag: int):  # noqa: ANN202 (an iterator of names, private)
        sections = self._sections()
        for section in sections:
            if section[1] != _DYNAMIC:
                continue
            for entry in range(section[4], section[4] + section[5], 16):
                kind, value = struct.unpack_from("<qQ", self._content, entry)
                if kind == tag:
                    yield self._text(sections[section[6]][4] + value)

    def _symbols(self) -> list[tuple[str, int]]:
        sections = self._sections()
        found = []
        for section in sections:
            if section[1] != _DYNSYM:
                continue
            names = sections[section[6]][4]
            for entry in range(section[4] + 24, section[4] + section[5], 24):
                name, _info, _other, index = struct.unpack_from("<IBBH", self._content, entry)
                found.append((self._text(names + name), index))
        return found

    def _text(self, offset: int) -> str:
        return self._content[offset : self._content.index(b"\0", offset)].decode()
