"""`edge-agent center boxes`, `alarms` and `export`: questions to the database, while it is in use."""

import argparse
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from edge_agent.center.alarms import Alarms
from edge_agent.center.closing import close_alarm, is_reason
from edge_agent.center.database import Database, Row, Transaction, open_database
from edge_agent.center.export import (
    Wanted,
    alarm_lines,
    csv_lines,
    json_lines,
    picture_lines,
    step_lines,
)
from edge_agent.center.intake import Intake
from edge_agent.center.key import load_key
from edge_agent.center.post import Box, read_box
from edge_agent.center.settings import CenterSettings, load_center
from edge_agent.center.sheet import PLAIN, for_excel
from edge_agent.center.stored_chain import StoredChain
from edge_agent.center.web.local_time import find_zone
from edge_agent.cli.console import Console
from edge_agent.contract import Range
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import SystemClock, rfc3339

_BOXES = """
SELECT site, box, state, seen_wall, version, whole_upto, last_seq, head_seq FROM boxes
WHERE registered = 1 ORDER BY site, box
"""
_OF_AN_ALARM = (
    *("number", "site", "box", "kind", "text", "since_wall", "until_wall"),
    *("closed_by", "closed_why"),
)
_ALARMS = f"""
SELECT {", ".join(_OF_AN_ALARM)} FROM alarms
WHERE until_wall IS NULL OR ? = 1 ORDER BY until_wall IS NOT NULL, number DESC LIMIT ?
"""  # noqa: S608 (words of this file)
_MOST_SHOWN = 500
_RANGE = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?")
# Ranges in one line.
_MOST_NAMED = 8


def boxes(args: argparse.Namespace, console: Console) -> int:
    """List them; or believe a key, or miss some numbers no more."""
    with _opened(args) as (settings, database):
        if args.confirm:
            return _confirm(settings, database, read_box(args.confirm[0]), args.confirm[1], console)
        if args.account:
            return _account(database, args, console)
        rows = database.read(lambda transaction: transaction.rows(_BOXES))
    names = ("site", "box", "state", "seen_wall", "version", "whole_upto", "last_seq", "head_seq")
    if args.json:
        _print_json(names, rows, console)
        return 0
    table = [("BOX", "STATE", "HEARD", "VERSION", "WHOLE UP TO", "OF")]
    for site, box, state, seen, version, whole, last, head in rows:
        heard = rfc3339(seen) if seen is not None else "never"
        of = str(max(last, head))
        table.append((f"{site}/{box}", state or "-", heard, version or "-", str(whole), of))
    console.table(table, whole=(0,))
    return 0


def alarms(args: argparse.Namespace, console: Console) -> int:
    """List what is wrong, newest first; or close one."""
    with _opened(args) as (_, database):
        if args.close is not None:
            return _close(database, args, console)
        values = (int(args.all), _MOST_SHOWN)
        rows = database.read(lambda transaction: transaction.rows(_ALARMS, *values))
    if args.json:
        _print_json(_OF_AN_ALARM, rows, console)
        return 0
    for number, site, box, kind, text, since, until, who, why in rows:
        line = f"{kind}: {text} ({rfc3339(since)}, number {number})"
        if until is None:
            console.bad(f"{site}/{box}", line)
        else:
            console.ok(f"{site}/{box}", f"over since {rfc3339(until)}: {line}")
            if who:
                console.next(f"closed by {who}: {why}", f"{site}/{box}")
    if len(rows) == _MOST_SHOWN:
        what = f"only {_MOST_SHOWN} are listed, the newest open ones first"
        console.note("alarms", what, "all of them: edge-agent center export --table alarms")
    if not rows:
        console.ok("alarms", "none")
    return 0


def export(args: argparse.Namespace, console: Console) -> int:
    """Print what is stored: JSON lines, or CSV."""
    wanted = Wanted(
        site=args.site,
        box=args.box,
        severity=args.severity,
        since_wall=_wall(args.since, 0.0),
        until_wall=_wall(args.until, Wanted().until_wall),
    )
    tables = {"alarms": alarm_lines, "handling": step_lines}
    is_table = args.csv or args.excel or args.table
    with _opened(args) as (settings, database):
        if is_table:
            sheet = for_excel(find_zone(settings.web.time_zone)) if args.excel else PLAIN
            lines = tables.get(args.table, csv_lines)(database, wanted, sheet)
        else:
            lines = json_lines(database, wanted)
        for line in lines:
            console.plain(line)
        if args.pictures and not is_table:
            for line in picture_lines(database, wanted):
                console.plain(line)
    return 0


def _print_json(names: Sequence[str], rows: Iterable[Row], console: Console) -> None:
    """Print a list; beside each time in Unix seconds one that people read."""
    several = [dict(zip(names, row, strict=True)) for row in rows]
    for told in several:
        for name in [name for name in told if name.endswith("_wall")]:
            wall = told[name]
            told[name.removesuffix("_wall")] = None if wall is None else rfc3339(wall)
    console.plain(json.dumps(several, indent=2))


def _confirm(
    settings: CenterSettings, database: Database, box: Box, kid: str, console: Console
) -> int:
    changed = database.write(
        lambda transaction: transaction.run(
            "UPDATE keys SET confirmed = 1 WHERE site = ? AND box = ? AND kid = ?",
            *(box.site, box.box, kid),
        )
    )
    if not changed:
        raise EdgeAgentError(
            f"{box} has sent no key {kid}", hint="compare with the box: edge-agent key show"
        )
    Intake(database, load_key(settings.key_file), SystemClock()).take_back([box])
    console.ok(str(box), f"the key {kid} is believed from now on")
    console.next("what came before it will be confirmed when the box sends it again", str(box))
    return 0


def _account(database: Database, args: argparse.Namespace, console: Console) -> int:
    box, whole = read_box(args.account[0]), _range(args.account[1])
    if not is_reason(args.why):
        raise EdgeAgentError(
            "numbers are given up for a reason only", hint='write it down: --why "…"'
        )

    def work(transaction: Transaction) -> None:
        chain = StoredChain(transaction, box, Alarms(transaction, SystemClock().wall()))
        if not chain.load():
            raise _unknown(box)
        inside, cut = chain.gaps()
        # A slip of the finger must not excuse what somebody takes away tomorrow.
        if not any(one.first <= whole.first and whole.last <= one.last for one in (*inside, *cut)):
            missing = ", ".join(map(str, (*inside, *cut)[:_MOST_NAMED])) or "nothing"
            raise EdgeAgentError(f"{whole} is not missing of {box}", hint=f"missing is: {missing}")
        chain.account(whole, f"by a person: {args.why}", 0)
        chain.save()

    database.write(work)
    console.ok(str(box), f"{whole} are not missed any more")
    return 0


def _close(database: Database, args: argparse.Namespace, console: Console) -> int:
    now = SystemClock().wall()
    outcome = close_alarm(database, args.close, by_whom=args.by, why=args.why, now_wall=now)
    if outcome.result != "done":
        who = f": {outcome.by_whom} has closed it" if outcome.by_whom else ""
        raise EdgeAgentError(
            f"no alarm with number {args.close} is open{who}",
            hint="see them: edge-agent center alarms",
        )
    console.ok("alarms", f"{args.close} is closed, by {args.by}")
    return 0


@contextmanager
def _opened(args: argparse.Namespace) -> Iterator[tuple[CenterSettings, Database]]:
    settings = load_center(args.config, "broker.")
    database = open_database(*settings.database)
    try:
        yield settings, database
    finally:
        database.close()


def _range(text: str) -> Range:
    found = _RANGE.fullmatch(text)
    whole = Range(int(found[1]), int(found[2] or found[1])) if found else None
    if whole is None or not 0 < whole.first <= whole.last:
        raise EdgeAgentError(f'"{text}" is no range of numbers', hint="write it as 17 or 17-20")
    return whole


def _unknown(box: Box) -> EdgeAgentError:
    return EdgeAgentError(
        f"{box} is not in the list of boxes", hint="see them: edge-agent center boxes"
    )


def _wall(text: str | None, default: float) -> float:
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise EdgeAgentError(
            f'"{text}" is no time', hint="write it as 2026-11-18 or 2026-11-18T08:00, in UTC"
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
