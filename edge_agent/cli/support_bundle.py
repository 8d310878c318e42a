"""`edge-agent support-bundle`: one file for whoever helps from afar, without a secret in it.

A part that is missing is said inside; it never costs the others.
"""

import argparse
import gzip
import io
import subprocess
import tarfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge_agent.cli.bundle_parts import Source, sources
from edge_agent.cli.console import Console
from edge_agent.config.load import load_settings
from edge_agent.config.redaction import Redaction, secrets_in
from edge_agent.config.settings import Settings
from edge_agent.config.site import STATE_DIR
from edge_agent.config.store import not_written
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import SystemClock, rfc3339
from edge_agent.runtime.files import write_whole

# What every mail and every phone carries. Texts count before they are compressed: gzip cannot make
# them larger than that.
_MOST_BYTES = 5_000_000
# Of the tape's blocks and names.
_ROOM_BYTES = 500_000
# For each part but the journal, which gets the rest.
_MOST_PART_BYTES = 256_000
_LAST = "journal.txt"
_MISSING = (EdgeAgentError, OSError, ValueError, subprocess.SubprocessError)


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    what: str
    content: bytes
    # Why it is not there.
    missing: str = ""


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="where to (edge-agent-BOX-TIME.tar.gz here)"
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Gather, clean and write. Raises EdgeAgentError where the file cannot be written."""
    settings = _settings(args.config)
    made = rfc3339(SystemClock().wall())
    file = args.out or Path(
        f"edge-agent-{settings.box if settings else 'box'}-{_word(made)}.tar.gz"
    )
    if file.exists():
        raise EdgeAgentError(f"{file} is there already", hint="name another with --out FILE")
    state_dir = settings.state_dir if settings else STATE_DIR
    redaction = Redaction(secrets_in(args.config, _secret_files(settings)))
    parts = _gather(sources(args.config, state_dir), redaction, console)
    try:
        write_whole(file, _pack([_contents(parts, made), *parts]), mode=0o600)
    except OSError as error:
        raise not_written(file, error) from error
    for part in parts:
        if part.missing:
            console.note(part.name, f"is not in it: {part.missing.partition(chr(10))[0]}")
        else:
            console.ok(part.name, part.what)
    console.plain(
        f"written: {file}, {file.stat().st_size / 1000:.0f} KB; passwords and keys are not in it"
    )
    console.next("look through it if you like, and send it to whoever helps")
    return 0


def _settings(folder: Path) -> Settings | None:
    try:
        return load_settings(folder)
    except EdgeAgentError:
        return None


def _secret_files(settings: Settings | None) -> list[Path]:
    if settings is None:
        return []
    broker = settings.broker
    streams = [one for each in settings.cameras for one in (each.stream, each.main_stream) if one]
    named = [broker.password_file, broker.key_file, *(one.password_file for one in streams)]
    keys: list[Path] = []
    # Who may not read the keys has not read them into anything here either.
    with suppress(PermissionError):
        keys = list((settings.state_dir / "keys").glob("*.pem*"))
    return [*(file for file in named if file), *keys]


def _gather(all_sources: Iterable[Source], redaction: Redaction, console: Console) -> list[_Part]:
    left = _MOST_BYTES - _ROOM_BYTES
    parts = []
    for source in all_sources:
        console.progress(f"gathering {source.name} …")
        missing = ""
        try:
            text = source.ask()
        except _MISSING as error:
            missing = redaction.clean(_reason(error))
            text = f"not here: {missing}\n"
        clean = redaction.clean_toml if source.name.endswith(".toml") else redaction.clean
        limit = left if source.name == _LAST else min(left, _MOST_PART_BYTES)
        content = _cut(clean(text).encode(), limit)
        left -= len(content)
        parts.append(_Part(source.name, source.what, content, missing))
    console.line_up(part.name for part in parts)
    return parts


def _reason(error: Exception) -> str:
    if isinstance(error, EdgeAgentError):
        return error.report()
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror.lower()}: {error.filename or 'no name'}"
    return f"{type(error).__name__}: {error}"


def _cut(content: bytes, limit: int) -> bytes:
    """Return the end, which is the newest, where all is too much."""
    if len(content) <= limit:
        return content
    remark = b"(the beginning is left out)\n"
    return remark + content[len(remark) - limit :] if limit > len(remark) else b""


def _contents(parts: list[_Part], made: str) -> _Part:
    lines = [f"{part.name:<32} {part.what}" for part in parts]
    head = (
        f"edge-agent support bundle of {made}. Passwords, keys and tokens were taken out: ****\n\n"
    )
    return _Part("README.txt", "", (head + "\n".join(lines) + "\n").encode())


def _pack(parts: list[_Part]) -> bytes:
    tape = io.BytesIO()
    with tarfile.open(fileobj=tape, mode="w") as archive:
        for part in parts:
            about = tarfile.TarInfo(f"edge-agent-support/{part.name}")
            about.size, about.mode = len(part.content), 0o600
            archive.addfile(about, io.BytesIO(part.content))
    return gzip.compress(tape.getvalue(), mtime=0)


def _word(made: str) -> str:
    """Return a time as a part of a file's name: 20261128-070112."""
    return made.partition(".")[0].replace("-", "").replace(":", "").replace("T", "-")
