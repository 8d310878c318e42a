"""What of a box goes into a backup, and how it comes back: files with their rights, nothing else."""

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from edge_agent.daemon.commands.memory import FILE as COMMANDS
from edge_agent.daemon.starts import FILE as STARTS
from edge_agent.daemon.status import ask_status
from edge_agent.errors import EdgeAgentError
from edge_agent.spool.peek import is_in_use

CONFIG, STATE = "config", "state"
ABOUT = "about.json"
# Everything is locked up in memory, twice. A box without its spool has 20 MB at most: its models.
MOST_BYTES = 128 * 2**20
_SPOOL = "spool."
# What belongs to one start of one box: commands carry the session they are meant for, and a run that
# goes on while it is backed up would look to the next box like one that crashed.
_LEFT_OUT = (COMMANDS, STARTS, "status.sock")
_ENDS_LEFT_OUT = (".lock", ".sock", "-shm", ".before-restore")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whose backup it is, from when, and how far its numbers had gone."""

    site: str
    box: str
    # The key's short name; "" where the box had none yet.
    kid: str
    version: str
    made_wall: float
    # The greatest number that may have been signed; None where the box did not know.
    position: int | None
    # Below the configuration where it is not absolute.
    state_dir: str
    has_spool: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One file: below `config/` or `state/`."""

    name: str
    content: bytes
    mode: int
    user: str = ""
    group: str = ""


def refuse_running(state_dir: Path) -> None:
    """Raise EdgeAgentError where an agent runs, also one of another version, whose words we lack."""
    is_running = is_in_use(state_dir / "spool.sqlite")
    with suppress(EdgeAgentError):
        ask_status(state_dir)
        is_running = True
    if is_running:
        raise EdgeAgentError("an agent runs on this box", hint="sudo systemctl stop edge-agent")


def items_of(folder: Path, state_dir: Path, *, with_spool: bool) -> Iterator[Item]:
    """Yield the files of a box. Raises OSError."""
    for name, root in ((CONFIG, folder), (STATE, state_dir)):
        for file in sorted(root.rglob("*")):
            is_elsewhere = root == folder and file.is_relative_to(state_dir)
            if not is_elsewhere and _is_kept(file.relative_to(root), with_spool=with_spool):
                # What is removed meanwhile need not be kept.
                with suppress(FileNotFoundError):
                    if file.is_file():
                        yield _item(f"{name}/{file.relative_to(root)}", file)


def pack(about: About, items: Iterator[Item]) -> bytes:
    """Return all in one. Raises EdgeAgentError where that is more than a box can hold."""
    tape, size = io.BytesIO(), 0
    first = Item(ABOUT, json.dumps(asdict(about)).encode(), 0o600)
    with tarfile.open(fileobj=tape, mode="w") as archive:
        for item in (first, *items):
            size += len(item.content)
            if size > MOST_BYTES:
                raise EdgeAgentError(
                    f"this box holds more than {MOST_BYTES // 2**20} MiB",
                    hint="without --spool, or after the alerts have been delivered",
                )
            entry = tarfile.TarInfo(item.name)
            entry.size, entry.mode = len(item.content), item.mode
            entry.uname, entry.gname = item.user, item.group
            archive.addfile(entry, io.BytesIO(item.content))
    return gzip.compress(tape.getvalue(), compresslevel=6)


def unpack(content: bytes) -> tuple[About, list[Item]]:
    """Return what `pack` was given. Raises EdgeAgentError for what it did not write."""
    try:
        tape = io.BytesIO(zlib.decompressobj(wbits=31).decompress(content, 2 * MOST_BYTES))
        with tarfile.open(fileobj=tape) as archive:
            first, *items = [_read(archive, entry) for entry in archive if entry.isreg()]
        about = About(**json.loads(first.content))
    except (ValueError, TypeError, KeyError, zlib.error, tarfile.TarError) as error:
        raise EdgeAgentError(
            "the backup was written by another version",
            hint="restore it with the edge-agent that wrote it, then update",
        ) from error
    return about, [item for item in items if _is_below(item.name)]


def _item(name: str, file: Path) -> Item:
    user, group = "", ""
    # Numbers without names mean nothing on another box.
    with suppress(KeyError):
        user, group = file.owner(), file.group()
    return Item(name, file.read_bytes(), file.stat().st_mode & 0o777, user, group)


def _read(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Item:
    content = archive.extractfile(entry)
    assert content  # noqa: S101 (asked for regular files alone)
    return Item(entry.name, content.read(), entry.mode & 0o777, entry.uname, entry.gname)


def _is_kept(place: Path, *, with_spool: bool) -> bool:
    if any(part.startswith((".", "before-restore")) for part in place.parts):
        return False
    name = place.name
    if name.endswith(_ENDS_LEFT_OUT) or name.startswith(_LEFT_OUT):
        return False
    # Set aside as damaged: `spool.sqlite.damaged…`.
    is_spool = name.startswith(_SPOOL)
    return not is_spool or (with_spool and name in {"spool.sqlite", "spool.sqlite-wal"})


def _is_below(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) > 1 and parts[0] in {CONFIG, STATE} and ".." not in parts
