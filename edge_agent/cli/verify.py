"""`edge-agent verify`: whether what a center has stored is what the boxes sent, and all of it."""

import argparse
import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from edge_agent.cli.console import Console
from edge_agent.contract import Chain, Range, Report, Verdict, read_key
from edge_agent.errors import EdgeAgentError

# city / v1 / site / box / up / kind
_LEVELS = 6
# Of a status its head is.
_SIGNED = frozenset({"alert", "record", "status"})
# Ranges named in one line; the rest are counted.
_MOST_NAMED = 8

Box = tuple[str, str]


def set_up(parser: argparse.ArgumentParser) -> None:
    """Say what it reads."""
    parser.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help="messages as a center exports them"
    )
    parser.add_argument(
        "--keys",
        metavar="FILE",
        type=Path,
        required=True,
        help="the boxes' public keys, a line each, as `edge-agent key show` prints it",
    )
    parser.add_argument(
        "--after",
        metavar="NUMBER",
        type=int,
        default=0,
        help="the files begin after this number; what came before is stored elsewhere",
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Check every box in the files; 1 where anything is wrong. Raises EdgeAgentError."""
    keys = _read_keys(args.keys)
    chains: dict[Box, Chain] = {}
    is_sound = True
    for file in args.files:
        for number, line in enumerate(_lines(file), 1):
            told = _read_line(line) if line.strip() else None
            if told and told[1]:
                box, payload = told
                chain = chains.setdefault(box, Chain(*box, keys.get(box, ()), after=args.after))
                chain.take(payload)
            elif not told and line.strip():
                is_sound = False
                console.bad(file.name, f"line {number} is not a message as we read it", _FORMAT)
    console.line_up("/".join(box) for box in chains)
    if not chains:
        console.note("verify", "no message of any box in these files", _FORMAT)
    whole = [_show(box, chains[box].report(), console) for box in sorted(chains)]
    return 0 if whole and all(whole) and is_sound else 1


_FORMAT = (
    'write each message as a line of JSON: {"topic": "city/v1/…", "payload": "…"},'
    ' or "payload_base64"'
)


def _show(box: Box, report: Report, console: Console) -> bool:
    name = "/".join(box)
    if report.is_whole:
        until = f"complete up to {report.last}" if report.last else "none was sent yet"
        again = f", {report.repeated} came again" if report.repeated else ""
        console.ok(name, f"{report.messages} messages, {until}{again}")
    _show_lost(name, report, console)
    _show_forged(name, report, console)
    if report.dropped:
        what = f"given up by the box, which says so: {_named(report.dropped)}"
        console.note(name, what, _DROPPED)
    if report.awaited:
        console.note(name, f"may still be with the box: {_named(report.awaited)}", _AWAITED)
    if report.head is None:
        what = "no signed head in these files: nobody can tell whether the end is missing"
        console.note(name, what, "export the status messages of the box, too")
    return report.is_whole


def _show_lost(name: str, report: Report, console: Console) -> None:
    if report.missing:
        console.bad(name, f"missing: {_named(report.missing)}", _LOST)
    if report.cut and report.head:
        number, time = report.head
        what = f"missing at the end: {_named(report.cut)}; at {time} the box had sent {number}"
        console.bad(name, what, _LOST)
    for restart in report.restarts:
        lost = f"{restart.unknown} cannot be accounted for" if restart.unknown else "nothing lost"
        what = f"the box lost its place and went on at {restart.seq}: {lost}"
        console.bad(name, what, "its journal says why")


def _show_forged(name: str, report: Report, console: Console) -> None:
    if report.forked:
        numbers = _named([Range(seq, seq) for seq in report.forked])
        what = f"two different messages with one number: {numbers}"
        console.bad(name, what, "a copy of its key signs, or its disk was copied or put back")
    if report.retired:
        what = f"signed by a key that was not in use then: {_named(report.retired)}"
        console.bad(name, what, "somebody has an old key of this box")
    for verdict, count in report.refused:
        console.bad(name, f"{count} messages: {verdict.value}", _MEANING[verdict])
    if report.unknown_keys:
        what = f"signed by keys that nobody vouches for: {', '.join(report.unknown_keys)}"
        console.bad(name, what, _VOUCH)


_LOST = "somebody or something lost or removed them"
_DROPPED = "its disk was full, or the broker refused them: edge-agent status, at the box"
_AWAITED = "look again when the box has been connected for a while"
_VOUCH = "ask at the box, in person: edge-agent key show; then add its line to the keys"
_MEANING = {
    Verdict.ALTERED: "somebody or something changed them after they were signed",
    Verdict.FOREIGN: "somebody sent another box's messages on this box's topic",
    Verdict.UNREADABLE: "damaged, from before messages were signed, or not of a box",
    Verdict.UNSIGNED: "the line with the signature is gone: export the whole payload",
}


def _named(ranges: Iterable[Range]) -> str:
    every = [str(one) for one in ranges]
    more = f" and {len(every) - _MOST_NAMED} more" if len(every) > _MOST_NAMED else ""
    return ", ".join(every[:_MOST_NAMED]) + more


def _read_line(line: bytes) -> tuple[Box, bytes] | None:
    """Return box and signed payload; b"" for what nobody signs; None where it is no message."""
    try:
        return _split_line(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _split_line(told: dict[str, str]) -> tuple[Box, bytes] | None:
    levels = told["topic"].split("/")
    if len(levels) < _LEVELS or levels[:2] != ["city", "v1"]:
        return None
    site, box, kind = levels[2], levels[3], levels[5]
    if kind not in _SIGNED:
        return (site, box), b""
    if "payload" in told:
        content = told["payload"].encode()
    else:
        content = base64.b64decode(told["payload_base64"], validate=True)
    return (site, box), _head_of(content) if kind == "status" else content


def _head_of(status: bytes) -> bytes:
    told = json.loads(status) if status else {}
    return str(told.get("head", "")).encode()


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as lines:
            yield from lines
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read {file}: {(error.strerror or str(error)).lower()}",
            hint="name a file with messages as the center exports them",
        ) from error


def _read_keys(file: Path) -> dict[Box, list[bytes]]:
    """Read `SITE/BOX KEY` lines; a box may have several, and # begins a remark."""
    keys: dict[Box, list[bytes]] = {}
    for number, line in enumerate(_lines(file), 1):
        text = line.decode(errors="replace").strip()
        if not text or text.startswith("#"):
            continue
        whose, _, written = text.rpartition(" ")
        site, slash, box = whose.strip().partition("/")
        key = read_key(written)
        if key is None or not slash:
            raise EdgeAgentError(
                f"line {number} of {file} is not a box and its key",
                hint="write them as `edge-agent key show` prints them: SITE/BOX KEY",
            )
        keys.setdefault((site, box), []).append(key)
    return keys
