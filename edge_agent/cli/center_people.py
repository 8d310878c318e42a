"""`edge-agent center set`, `operator` and `deliveries`: what people at the center decide."""

import argparse
import sys

from edge_agent.center.database import Database, open_database
from edge_agent.center.handling import NEXT_STEPS, Wish, change_handling
from edge_agent.center.operators import add_operator
from edge_agent.center.post import read_box
from edge_agent.center.settings import CenterSettings, load_center
from edge_agent.center.webhooks.queue import DEAD, WAITING, Queued, count, find, retry
from edge_agent.cli.console import Console
from edge_agent.cli.login import Terminal
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import SystemClock, rfc3339
from edge_agent.runtime.secret import Secret

_MOST_LISTED = 200


def set_handling(args: argparse.Namespace, console: Console) -> int:
    """Take the next step with an alert. Raises EdgeAgentError where that is none."""
    whose = read_box(args.box)
    site, box = whose.site, whose.box
    database = open_database(*load_center(args.config, "broker.").database)
    try:
        was = _handling(database, site, box, args.id)
        wish = Wish(
            site=site,
            box=box,
            alert_id=args.id,
            was=was,
            becomes=args.state,
            by_whom=args.by,
            note=args.note,
        )
        outcome = change_handling(database, wish, SystemClock().wall())
    finally:
        database.close()
    if outcome.result == "done":
        console.ok("alert", f"{args.id} is {outcome.handling}, by {outcome.by_whom}")
        return 0
    steps = " or ".join(NEXT_STEPS.get(outcome.handling, ()))
    by_whom = f", by {outcome.by_whom}" if outcome.by_whom else ""
    raise EdgeAgentError(
        f"alert {args.id} is {outcome.handling}{by_whom}: it cannot become {args.state}",
        hint=f"what can follow: {steps}",
    )


def operator(args: argparse.Namespace, console: Console) -> int:
    """Let somebody change things on the page. Raises EdgeAgentError."""
    settings = load_center(args.config, may_lack="")
    file = settings.web.operators_file
    if file is None:
        raise EdgeAgentError(
            "center.toml names no file of operators",
            hint='write operators_file = "operators" under [web]',
        )
    is_new = add_operator(file, args.name, _ask_password())
    console.ok("page", f"{args.name} {'may log in now' if is_new else 'has a new password'}")
    if is_new:
        console.next("restart the center if this is the first operator", "page")
    return 0


def deliveries(args: argparse.Namespace, console: Console) -> int:
    """List what is on its way to agencies, or try again what was given up."""
    settings = load_center(args.config, "broker.")
    database = open_database(*settings.database)
    try:
        if args.what == "retry":
            return _retry(args, database, console)
        return _list(settings, database, console)
    finally:
        database.close()


def _handling(database: Database, site: str, box: str, alert_id: str) -> str:
    sql = "SELECT handling FROM alerts WHERE site = ? AND box = ? AND id = ?"
    told = database.read(lambda transaction: transaction.row(sql, site, box, alert_id))
    if told is None:
        raise EdgeAgentError(
            f"{site}/{box} has no alert {alert_id}",
            hint="copy SITE/BOX and ID from the page or from: edge-agent center export --csv",
        )
    return str(told[0])


def _ask_password() -> Secret:
    terminal = Terminal()
    if not terminal.is_there:
        return Secret((sys.stdin.readline() if sys.stdin else "").removesuffix("\n"))
    first = terminal.ask_secret("password: ")
    if terminal.ask_secret("again: ") != first:
        raise EdgeAgentError("the two passwords differ", hint="type the same one twice")
    return first


def _retry(args: argparse.Namespace, database: Database, console: Console) -> int:
    number = retry(database, args.numbers or None, SystemClock().wall())
    console.ok("webhook", f"{number} will be tried again")
    return 0


def _list(settings: CenterSettings, database: Database, console: Console) -> int:
    """Show them; 1 where something was given up, or waits for a webhook that is no more."""
    found = [one for state in (DEAD, WAITING) for one in find(database, state, _MOST_LISTED)]
    if not found:
        console.ok("webhook", "nothing waits, and nothing was given up")
        return 0
    heading = ("number", "agency", "alert", "tries", "next", "why")
    console.table([heading, *(_row(one) for one in found)], whole={0})
    dead, waiting = sum(count(database, DEAD).values()), count(database, WAITING)
    if dead + sum(waiting.values()) > len(found):
        console.note("webhook", f"of each kind the newest {_MOST_LISTED} are shown")
    known = {(one.agency, one.url) for one in settings.webhooks}
    orphans = sum(number for whose, number in waiting.items() if whose not in known)
    if orphans:
        console.bad("webhook", f"{orphans} wait for an agency or address that center.toml lacks")
    if dead:
        hint = "when the agency takes alerts again: edge-agent center deliveries retry"
        console.bad("webhook", f"{dead} were given up", hint)
    return 1 if dead or orphans else 0


def _row(one: Queued) -> tuple[str, ...]:
    when = "given up" if one.state == DEAD else rfc3339(one.next_wall)
    alert = f"{one.alert_id} {one.revision}"
    return (str(one.number), one.agency, alert, str(one.tries), when, one.last_error)
