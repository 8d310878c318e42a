"""`edge-agent center hold` and `retention`: what is kept beyond its term, and what was deleted."""

import argparse

from edge_agent.center.database import Database, open_database
from edge_agent.center.key import load_key
from edge_agent.center.post import read_box
from edge_agent.center.retention import holds
from edge_agent.center.retention.deletion import Deletion
from edge_agent.center.retention.holds import HOLD, RELEASE, Hold, change_hold
from edge_agent.center.retention.options import terms
from edge_agent.center.settings import CenterSettings, load_center
from edge_agent.cli.console import Console
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import SystemClock, rfc3339
from edge_agent.runtime.stop import Stop

_MOST_SHOWN = 200
_RUNS = """
SELECT at_wall, alerts, pictures, messages, others, size_bytes FROM deletions
ORDER BY number DESC LIMIT ?
"""
_A_MIB = 1_048_576


def hold(args: argparse.Namespace, console: Console) -> int:
    """List them; or hold an alert, or release it. Raises EdgeAgentError."""
    database = open_database(*load_center(args.config, "broker.").database)
    try:
        return _list(database, console) if args.what == "list" else _change(database, args, console)
    finally:
        database.close()


def retention(args: argparse.Namespace, console: Console) -> int:
    """Show the terms and what was deleted; or delete now what is due. Raises EdgeAgentError."""
    settings = load_center(args.config, "broker.")
    database = open_database(*settings.database)
    try:
        return (_run if args.what == "run" else _show)(settings, database, console)
    finally:
        database.close()


def _list(database: Database, console: Console) -> int:
    found = holds.find(database, _MOST_SHOWN)
    for one in found:
        _tell(one, console)
    if not found:
        console.ok("holds", "no alert is held")
    return 0


def _tell(one: Hold, console: Console) -> None:
    name = f"{one.site}/{one.box}"
    if one.until_wall is None:
        since = rfc3339(one.since_wall)
        console.note(name, f"{one.alert_id} is held since {since} by {one.by_whom}: {one.why}")
        return
    until = rfc3339(one.until_wall)
    what = f"{one.alert_id} was released {until} by {one.released_by}: {one.released_why}"
    console.ok(name, what)
    console.next(f"held since {rfc3339(one.since_wall)} by {one.by_whom}: {one.why}", name)


def _change(database: Database, args: argparse.Namespace, console: Console) -> int:
    if not args.box or not args.id:
        raise EdgeAgentError(
            "which alert is meant was not said", hint=f"center hold {args.what} SITE/BOX ID"
        )
    whose = read_box(args.box)
    wish = holds.Wish(
        site=whose.site,
        box=whose.box,
        alert_id=args.id,
        act=HOLD if args.what == "add" else RELEASE,
        by_whom=args.by,
        why=args.why,
    )
    result = change_hold(database, wish, SystemClock().wall())
    if result == "unknown":
        raise EdgeAgentError(
            f"{whose} has no alert {args.id}",
            hint="copy SITE/BOX and ID from the page or from: edge-agent center export --csv",
        )
    is_held = "is held" if wish.act == HOLD else "is not held"
    if result == "same":
        raise EdgeAgentError(
            f"alert {args.id} {is_held} already", hint="see them: edge-agent center hold list"
        )
    console.ok("alert", f"{args.id} {is_held} from now on, by {args.by}")
    return 0


def _show(settings: CenterSettings, database: Database, console: Console) -> int:
    console.note("terms", terms(settings.store))
    lasting = sum(one.until_wall is None for one in holds.find(database, _MOST_SHOWN))
    console.note("holds", f"{lasting} alerts are held")
    rows = database.read(lambda transaction: transaction.rows(_RUNS, _MOST_SHOWN))
    if not rows:
        console.ok("runs", "nothing was deleted yet")
        return 0
    heading = ("WHEN", "ALERTS", "PICTURES", "MESSAGES", "OTHERS", "MIB")
    table = [
        (rfc3339(wall), *map(str, counts), f"{size / _A_MIB:.1f}") for wall, *counts, size in rows
    ]
    console.table([heading, *table], whole=(0,))
    return 0


def _run(settings: CenterSettings, database: Database, console: Console) -> int:
    if not settings.store.is_anything_deleted:
        raise EdgeAgentError(
            "center.toml names no term: everything is kept for ever",
            hint="write keep_pictures_days or keep_alerts_days under [store]",
        )
    key = load_key(settings.key_file)
    tally = Deletion(database, key, SystemClock(), settings.store).run_once(Stop())
    console.ok("deleted", f"{tally.alerts} alerts, {tally.pictures} pictures after their term")
    if tally.held:
        console.note("holds", f"{tally.held} alerts past their term are held")
    if tally.not_closed:
        what = f"{tally.not_closed} alerts are past their term, and nobody has closed them"
        console.note("open", what, "close them, or say only_closed = false under [store]")
    return 0
