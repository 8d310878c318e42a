"""`edge-agent verify`: whether what a center has stored is what the boxes sent, and all of it."""

import argparse
import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge_agent.cli.console import Console
from edge_agent.cli.verify_deleted import Deleted, read_center_key
from edge_agent.cli.verify_pictures import Pictures
from edge_agent.contract import RETENTION, Chain, Range, Report, Verdict, read_key
from edge_agent.errors import EdgeAgentError

# city / v1 / site / box / up / kind
_LEVELS = 6
_RECORD = "record"
# Of these the head is.
_WITH_HEAD = frozenset({"status", "health"})
_ALERT, _PICTURE = "alert", "thumb"
_WANTED = _WITH_HEAD | {_ALERT, _RECORD, _PICTURE, RETENTION}
# Ranges, or lines of a file, named in one line; the rest are counted.
_MOST_NAMED = 8
# A clip in base64, say; nobody's line may eat our memory.
_MOST_LINE = 8_388_608
# Of a site or a box; nobody's name may push all others to the right.
_MOST_NAME = 128

Box = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Message:
    """Whose, of which kind, and what is signed, or shown; b"" where that is nothing to us."""

    box: Box
    kind: str
    payload: bytes = b""
    # The last level of the topic: of a picture its alert's id.
    name: str = ""


class _Desk:
    """Sorts messages by their box."""

    def __init__(self, keys: dict[Box, list[bytes]], after: int, center: list[bytes]) -> None:
        self.chains: dict[Box, Chain] = {}
        self.pictures = Pictures()
        self.deleted = Deleted(center)
        self._keys = keys
        self._after = after

    def take(self, told: _Message) -> None:
        if told.kind == _PICTURE:
            self.pictures.take(told.box, told.name, told.payload)
        elif told.kind == RETENTION:
            self.deleted.take(told.box, told.payload)
        elif told.payload:
            verdict = self.chain_of(told.box).take(told.payload)
            if told.kind == _ALERT:
                self.pictures.expect(told.box, told.payload, verdict)

    def chain_of(self, box: Box) -> Chain:
        """Return the chain of a box, a new one where there was none."""
        if box not in self.chains:
            self.chains[box] = Chain(*box, self._keys.get(box, ()), after=self._after)
        return self.chains[box]


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
        type=_number,
        default=0,
        help="the files begin after this number; what came before is stored elsewhere",
    )
    parser.add_argument(
        "--center",
        metavar="KEY",
        type=read_center_key,
        action="append",
        default=[],
        help="the center's public key: it signs what it has deleted after its term",
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Check every box in the files; 1 where anything is wrong. Raises EdgeAgentError."""
    desk = _Desk(_read_keys(args.keys), args.after, args.center)
    # The records first: they name the keys, and a center may export the newest message first.
    for file in filter(Path.is_file, args.files):
        for told in _messages(file):
            if told and told.kind == _RECORD:
                desk.take(told)
    bad = sum(_take_rest(file, desk.take, console) for file in args.files)
    desk.deleted.hand_over(desk.chain_of)
    chains = desk.chains
    console.line_up("/".join(box) for box in chains)
    if not chains:
        console.note("verify", "no message of any box in these files", _FORMAT)
    reports = {box: chains[box].report() for box in sorted(chains)}
    whole = [_show(box, report, args.after, console) for box, report in reports.items()]
    whole += [
        desk.deleted.show(box, _named(report.deleted), console) for box, report in reports.items()
    ]
    whole += [desk.pictures.show(box, console) for box in sorted(chains)]
    return 0 if whole and all(whole) and not bad else 1


def _take_rest(file: Path, take: Callable[["_Message"], None], console: Console) -> int:
    """Take all but the records taken before; return how many lines are not messages."""
    bad, is_twice = 0, file.is_file()
    for number, told in enumerate(_messages(file), 1):
        if told is None:
            bad += 1
            if bad <= _MOST_NAMED:
                console.bad(file.name, f"line {number} is not a message as we read it", _FORMAT)
        elif told.kind != _RECORD or not is_twice:
            take(told)
    if bad > _MOST_NAMED:
        console.bad(file.name, f"{bad - _MOST_NAMED} more lines are not messages as we read them")
    return bad


_FORMAT = (
    'write each message as a line of JSON: {"topic": "city/v1/…", "payload": "…"},'
    ' or "payload_base64"'
)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise argparse.ArgumentTypeError(f'"{text}" must be the number of a message: 0 or more')
    return int(text)


def _show(box: Box, report: Report, after: int, console: Console) -> bool:
    name = "/".join(box)
    if after > report.last:
        console.bad(
            name,
            f"nothing after {after} is here: the newest message is {report.last}",
            "name with --after the last number that is stored elsewhere",
        )
        return False
    if report.is_whole:
        since = f"from {after + 1} " if 0 < after < report.last else ""
        until = f"complete {since}up to {report.last}" if report.last else "none was sent yet"
        again = f", {report.repeated} came again" if report.repeated else ""
        messages = "1 message" if report.messages == 1 else f"{report.messages} messages"
        console.ok(name, f"{messages}, {until}{again}")
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
        time = time if time.isprintable() else "no time"
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
        one, many = f"1 message: {verdict.value}", f"{count} messages: {verdict.value}"
        what = one if count == 1 else many
        console.bad(name, what, _MEANING[verdict])
    if report.unknown_keys:
        what = f"signed by keys that nobody vouches for: {_named(report.unknown_keys)}"
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


def _named(several: Iterable[object]) -> str:
    every = [str(one) for one in several]
    more = f" and {len(every) - _MOST_NAMED} more" if len(every) > _MOST_NAMED else ""
    return ", ".join(every[:_MOST_NAMED]) + more


def _messages(file: Path) -> Iterator[_Message | None]:
    """Read a file line by line; None where one is no message. Raises EdgeAgentError."""
    for line in _lines(file, "name a file with messages as the center exports them"):
        if not line.strip():
            yield _NOTHING
            continue
        try:
            yield _split_line(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            yield None


_NOTHING = _Message(("", ""), "")


def _split_line(told: dict[str, str]) -> _Message | None:
    levels = told["topic"].split("/")
    if len(levels) < _LEVELS or levels[:2] != ["city", "v1"]:
        return None
    site, box, kind = levels[2], levels[3], levels[5]
    # Whoever may publish chooses the topic, but not what stands in our lines.
    if not (site + box).isprintable() or max(len(site), len(box)) > _MOST_NAME:
        return None
    if kind not in _WANTED:
        return _Message((site, box), kind)
    if "payload" in told:
        content = told["payload"].encode()
    else:
        content = base64.b64decode(told["payload_base64"], validate=True)
    content = _head_of(content) if kind in _WITH_HEAD else content
    return _Message((site, box), kind, content, levels[-1])


def _head_of(status: bytes) -> bytes:
    told = json.loads(status) if status else {}
    return str(told.get("head", "")).encode()


def _lines(file: Path, hint: str) -> Iterator[bytes]:
    try:
        if file.is_char_device():
            raise EdgeAgentError(f"cannot read {file}: it is a device", hint=hint)
        with file.open("rb") as source:
            while line := source.readline(_MOST_LINE):
                yield line if _is_whole(line) else _pass_over(source)
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read {file}: {(error.strerror or str(error)).lower()}", hint=hint
        ) from error


def _is_whole(line: bytes) -> bool:
    return len(line) < _MOST_LINE or line.endswith(b"\n")


def _pass_over(source: BinaryIO) -> bytes:
    """Read the rest of a line that is too long, without keeping it; return what is no message."""
    while not _is_whole(source.readline(_MOST_LINE)):
        pass
    return b"too long"


def _read_keys(file: Path) -> dict[Box, list[bytes]]:
    """Read `SITE/BOX KEY` lines; a box may have several, and # begins a remark."""
    keys: dict[Box, list[bytes]] = {}
    hint = "write the boxes' public keys into a file, a line each: edge-agent key show, at the box"
    for number, line in enumerate(_lines(file, hint), 1):
        text = line.decode(errors="replace").strip()
        # What `key show` says besides, in a file that it was led into.
        if not text or text.startswith(("#", "✓", "•", "ok ", "-- ", "next:")):
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
