"""`edge-agent center quarantine`: what the center did not believe, and set aside for people."""

import argparse
import json
from pathlib import Path

from edge_agent.center import quarantine
from edge_agent.center.database import Database, open_database
from edge_agent.center.post import read_box
from edge_agent.center.quarantine import SetAside
from edge_agent.center.settings import load_center
from edge_agent.cli.console import Console
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import rfc3339
from edge_agent.runtime.files import write_whole

_MOST_SHOWN = 500
# Of bytes that are no text: sixteen lines of sixteen.
_MOST_DUMPED, _A_LINE = 256, 16
# What both databases call a whole number.
_MOST_NUMBER = 2**63 - 1


def run(args: argparse.Namespace, console: Console) -> int:
    """List them, newest first; or show one. Raises EdgeAgentError."""
    if args.what == "show" and args.number is None:
        raise EdgeAgentError(
            "which message to show was not said", hint="edge-agent center quarantine show NUMBER"
        )
    database = open_database(*load_center(args.config, "broker.").database)
    try:
        return (_show if args.what == "show" else _list)(database, args, console)
    finally:
        database.close()


def _list(database: Database, args: argparse.Namespace, console: Console) -> int:
    found = quarantine.find(database, read_box(args.of) if args.of else None, _MOST_SHOWN)
    if args.json:
        console.plain(json.dumps([_told(one) for one in found], indent=2))
        return 0
    if not found:
        console.ok("quarantine", "nothing is set aside")
        return 0
    table = [("NUMBER", "BOX", "WHAT", "WHY", "BYTES", "RECEIVED (UTC)"), *map(_row, found)]
    console.table(table, whole=(0, 5))
    if len(found) == _MOST_SHOWN:
        console.note("quarantine", f"these are the newest {_MOST_SHOWN}; there may be more")
    return 0


def _show(database: Database, args: argparse.Namespace, console: Console) -> int:
    found = quarantine.get(database, args.number) if abs(args.number) <= _MOST_NUMBER else None
    if found is None:
        raise EdgeAgentError(
            f"no message {args.number} is set aside",
            hint="see them: edge-agent center quarantine list",
        )
    one, payload = found
    if args.json:
        console.plain(json.dumps(_told(one), indent=2))
    else:
        _say(one, console)
    if args.out:
        _write(args.out, payload, console)
    elif not args.json:
        for line in _lines(payload):
            console.plain(line)
    return 0


def _row(one: SetAside) -> tuple[str, ...]:
    # Its topic without what stands in the column before.
    what = one.topic.split("/up/", 1)[-1]
    size = str(one.came_bytes or one.kept_bytes)
    received = rfc3339(one.received_wall).partition(".")[0].replace("T", " ")
    return (str(one.number), str(one.box), what, one.why, size, received)


def _say(one: SetAside, console: Console) -> None:
    console.note("box", f"{one.box}")
    console.note("why", one.why)
    console.note("topic", one.topic)
    console.note("came", rfc3339(one.received_wall))
    console.note("bytes", _size(one))
    console.note("sha256", one.sha256)


def _write(file: Path, payload: bytes, console: Console) -> None:
    try:
        write_whole(file, payload, mode=0o600)
    except OSError as error:
        raise EdgeAgentError(
            f"cannot write the message to {file}: {(error.strerror or str(error)).lower()}",
            hint="name another file: --out FILE",
        ) from error
    console.ok("bytes", f"{len(payload)} are in {file}, as they came")


def _told(one: SetAside) -> dict[str, object]:
    return {
        "number": one.number,
        "received": rfc3339(one.received_wall),
        "site": one.box.site,
        "box": one.box.box,
        "topic": one.topic,
        "why": one.why,
        "bytes": one.came_bytes,
        "kept_bytes": one.kept_bytes,
        "sha256": one.sha256,
    }


def _size(one: SetAside) -> str:
    if not one.is_cut:
        return str(one.kept_bytes)
    return f"{one.kept_bytes} of {one.came_bytes or 'more'}"


def _lines(payload: bytes) -> list[str]:
    """Return what a person can read: text, or the first bytes as numbers and letters."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        text = "\0"
    lines = text.split("\n")
    if all(line.isprintable() for line in lines):
        return lines
    head = payload[:_MOST_DUMPED]
    dump = [_dump(head[at : at + _A_LINE], at) for at in range(0, len(head), _A_LINE)]
    return [*dump, *(["…"] if len(payload) > len(head) else [])]


def _dump(part: bytes, at: int) -> str:
    letters = "".join(chr(one) if 0x20 <= one < 0x7F else "." for one in part)  # noqa: PLR2004 (ASCII)
    return f"{at:06x}  {part.hex(' '):<{3 * _A_LINE - 1}}  {letters}"
