"""The disk as a power cut leaves it: what was synced, and any torn part of what was not.

A real process is listened to with strace; its writes, syncs, renames and removals are the disk's
whole life. At a cut each file has what its last sync promised; of each later write all, nothing, or
some of its sectors; and of later names (made, renamed, removed) a beginning in their order, as a
journal keeps them.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers import process

_CALLS = (
    "openat,close,dup,write,pwrite64,fsync,fdatasync,ftruncate,fallocate,rename,renameat,unlink,"
    "unlinkat,mkdir,lseek"
)
_SECTOR = 512
_CALL = re.compile(rb"^\d+ +(\w+)\((.*)\) += (-?\d+)")
_TEXT = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that worked."""

    name: str
    words: tuple[int | bytes | str, ...]
    result: int


def listen(module: str, folder: Path, *words: str) -> list[Call]:
    """Run a module on that folder and return what it asked of the kernel, in order."""
    strace = process.required_program("strace")
    tape = folder.parent / f"{folder.name}.strace"
    # One string may be a whole picture; `-z` leaves out what failed.
    command = [strace, "-f", "-xx", "-z", "-s", "2000000", "-e", f"trace={_CALLS}", "-o", tape]
    subprocess.run(  # noqa: S603 (ourselves)
        [*command, sys.executable, "-m", module, str(folder), *words],
        check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).resolve().parents[2],
        env={**process.debian.environment(), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    with tape.open("rb") as lines:
        return [call for line in lines if (call := _read(line))]


def _read(line: bytes) -> Call | None:
    found = _CALL.match(line)
    if not found:
        assert b"unfinished" not in line, "two threads: their calls cannot be put in order"
        return None
    name, words, result = found[1].decode(), found[2], int(found[3])
    texts = [bytes.fromhex(text.replace(b"\\x", b"").decode()) for text in _TEXT.findall(words)]
    rest = [part.strip() for part in _TEXT.sub(b"\0", words).split(b",")]
    read: list[int | bytes | str] = []
    for part in rest:
        if part == b"\0":
            read.append(texts.pop(0))
        elif re.fullmatch(rb"-?\d+", part):
            read.append(int(part))
        else:
            read.append(part.decode())
    return Call(name, tuple(read), result)


@dataclass(eq=False, slots=True)
class _File:
    content: bytearray = field(default_factory=bytearray)
    # Since the last sync: (offset, data), or (size, None) for a truncation.
    unsynced: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.unsynced:
            _apply(self.content, *change)
        self.unsynced.clear()

    @property
    def size(self) -> int:
        size = len(self.content)
        for at, data in self.unsynced:
            size = at if data is None else max(size, at + len(data))
        return size

    def after_cut(self, source: random.Random) -> bytearray:
        content = bytearray(self.content)
        for at, data in self.unsynced:
            fate = source.random()
            if fate < 0.4:
                _apply(content, at, data)
            elif fate < 0.7 and data is not None:
                _tear(content, at, data, source)
        return content


@dataclass(slots=True)
class _Open:
    file: _File | None
    path: str
    at: int = 0


class Disk:
    """Follows the calls, and tells what a cut would leave. Names are paths below one folder."""

    def __init__(self, folder: Path) -> None:
        self._root = str(folder)
        self._now: dict[str, _File] = {}
        self._synced: dict[str, _File] = {}
        # Changes of names that no folder's sync has settled: (name, the file or None).
        self._unsynced: list[list[tuple[str, _File | None]]] = []
        self._open: dict[int, _Open] = {}

    def take(self, call: Call) -> bytes:  # noqa: C901, PLR0912 (one case for each system call)
        """Follow one call; return what it said on stdout."""
        words = call.words
        match call.name:
            case "openat":
                self._take_open(_path(words[1]), str(words[2]), call.result)
            case "close":
                self._open.pop(_number(words[0]), None)
            case "lseek":
                if opened := self._open.get(_number(words[0])):
                    opened.at = call.result
            case "write" | "pwrite64":
                return self._write(call)
            case "fsync" | "fdatasync":
                self._sync(_number(words[0]))
            case "ftruncate" | "fallocate":
                self._resize(call)
            case "rename":
                self._rename(_path(words[0]), _path(words[1]))
            case "unlink":
                self._name((_path(words[0]), None))
            case "renameat" | "unlinkat" | "dup":
                assert self._root not in str(words), call.name
        return b""

    def cut(self, source: random.Random, target: Path) -> None:
        """Write what the power leaves into an empty folder."""
        names = dict(self._synced)
        kept = source.randint(0, len(self._unsynced))
        for changes in self._unsynced[:kept]:
            for name, file in changes:
                if file is None:
                    names.pop(name, None)
                else:
                    names[name] = file
        for name, file in names.items():
            path = target / Path(name).relative_to(self._root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.after_cut(source))

    def _take_open(self, path: str, flags: str, handle: int) -> None:
        if not path.startswith(self._root):
            self._open.pop(handle, None)
            return
        file = self._now.get(path)
        # Else it is a folder: SQLite opens those without O_DIRECTORY.
        if file is None and "O_CREAT" in flags:
            file = _File()
            self._name((path, file))
        if file and "O_TRUNC" in flags and file.size:
            file.unsynced.append((0, None))
        at = file.size if file and "O_APPEND" in flags else 0
        self._open[handle] = _Open(file, path, at)

    def _write(self, call: Call) -> bytes:
        handle, data = _number(call.words[0]), call.words[1]
        assert isinstance(data, bytes)
        opened = self._open.get(handle)
        if opened is None or opened.file is None:
            return data if handle == 1 else b""
        at = opened.at
        if call.name == "pwrite64":
            at = _number(call.words[3])
        else:
            opened.at += len(data)
        opened.file.unsynced.append((at, data[: call.result]))
        return b""

    def _sync(self, handle: int) -> None:
        opened = self._open.get(handle)
        if opened is None:
            return
        if opened.file:
            opened.file.sync()
            return
        # A folder: ext4's journal takes every earlier change of names with it.
        for changes in self._unsynced:
            for name, file in changes:
                if file is None:
                    self._synced.pop(name, None)
                else:
                    self._synced[name] = file
        self._unsynced.clear()

    def _resize(self, call: Call) -> None:
        opened = self._open.get(_number(call.words[0]))
        if opened is None or opened.file is None:
            return
        if call.name == "ftruncate":
            opened.file.unsynced.append((_number(call.words[1]), None))
            return
        end = _number(call.words[2]) + _number(call.words[3])
        if end > opened.file.size:
            opened.file.unsynced.append((end, None))

    def _rename(self, old: str, new: str) -> None:
        file = self._now.get(old)
        if file:
            self._name((old, None), (new, file))

    def _name(self, *changes: tuple[str, _File | None]) -> None:
        mine = [one for one in changes if one[0].startswith(self._root)]
        for name, file in mine:
            if file is None:
                self._now.pop(name, None)
            else:
                self._now[name] = file
        if mine:
            self._unsynced.append(mine)


def cuts(
    calls: list[Call], folder: Path, count: int, source: random.Random
) -> Iterator[tuple[Disk, list[str]]]:
    """Return the disk at so many moments, each with what the process had said by then."""
    disk, said = Disk(folder), b""
    changes = [n for n, call in enumerate(calls) if call.name not in {"close", "lseek", "openat"}]
    moments = set(source.sample(changes, min(count, len(changes))))
    for number, call in enumerate(calls):
        said += disk.take(call)
        if number in moments:
            yield disk, said[: said.rfind(b"\n") + 1].decode().splitlines()


def _apply(content: bytearray, at: int, data: bytes | None) -> None:
    size = at if data is None else at + len(data)
    if len(content) < size:
        content.extend(bytes(size - len(content)))
    if data is None:
        del content[at:]
    else:
        content[at : at + len(data)] = data


def _tear(content: bytearray, at: int, data: bytes, source: random.Random) -> None:
    """Let some of its sectors reach the disk."""
    for start in range(0, len(data), _SECTOR):
        if source.random() < 0.5:
            _apply(content, at + start, data[start : start + _SECTOR])


def _number(word: object) -> int:
    assert isinstance(word, int), word
    return word


def _path(word: object) -> str:
    assert isinstance(word, bytes), word
    return word.decode()
