"""`edge-agent center`: the other end, where the alerts of many boxes are stored and worked on."""

import argparse
import os
from pathlib import Path

from edge_agent.cli.console import Console
from edge_agent.cli.owner import become_owner

# Where systemd keeps the secrets of the center's unit while it runs; the unit itself is told.
_CREDENTIALS = "/run/credentials/edge-agent-center.service"
_STATES = ("acknowledged", "dispatched", "closed")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add what one can do at the center, in the order of setting it up."""
    verbs = parser.add_subparsers(
        metavar="key|check|run|boxes|alarms|quarantine|hold|retention|set|command|operator|deliveries|export",
        dest="act",
        required=True,
    )
    verbs.add_parser("key", help="make the key that signs receipts, or show its public part")
    verbs.add_parser("check", help="check everything the center needs")
    verbs.add_parser("run", help="receive, store and confirm (what the service does)")
    boxes = verbs.add_parser("boxes", help="list the boxes and how they are")
    boxes.add_argument("--json", action="store_true", help="print a JSON list")
    boxes.add_argument(
        "--confirm",
        nargs=2,
        metavar=("SITE/BOX", "KID"),
        help="believe this key of a box that has lost its old one: you were there and saw it",
    )
    boxes.add_argument(
        "--account",
        nargs=2,
        metavar=("SITE/BOX", "FIRST-LAST"),
        help="these numbers will never come: miss them no more",
    )
    boxes.add_argument("--why", default="", metavar="TEXT", help="why they will never come")
    alarms = verbs.add_parser("alarms", help="list what is wrong, or close it")
    alarms.add_argument("--all", action="store_true", help="also the newest 500 that are over")
    alarms.add_argument("--json", action="store_true", help="print a JSON list")
    alarms.add_argument("--close", type=int, metavar="NUMBER", help="you have found out why")
    alarms.add_argument("--by", default="", metavar="NAME", help="who closes it; it is kept")
    alarms.add_argument("--why", default="", metavar="TEXT", help="what was found; it is kept")
    _set_up_quarantine(verbs.add_parser("quarantine", help="look at what was not believed"))
    _set_up_retention(verbs)
    _set_up_people(verbs)
    _set_up_export(verbs.add_parser("export", help="print what is stored"))


def _set_up_people(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    handled = verbs.add_parser("set", help="take the next step with an alert")
    handled.add_argument("box", metavar="SITE/BOX")
    handled.add_argument("id", metavar="ID", help="the alert's")
    handled.add_argument("state", metavar="STATE", choices=_STATES, help=", ".join(_STATES))
    handled.add_argument("--by", metavar="NAME", required=True, help="who decided it")
    handled.add_argument("--note", metavar="TEXT", default="", help="what to keep with it")
    asked = verbs.add_parser("command", help="ask a box for something, and wait for its answer")
    asked.add_argument("box", metavar="SITE/BOX")
    asked.add_argument("verb", metavar="VERB", help="ping, health, snapshot, config_get, rule …")
    asked.add_argument("args", metavar="NAME=VALUE", nargs="*", help="camera=gate, on=false …")
    asked.add_argument(
        "--within", metavar="SECONDS", type=float, default=60.0, help="how long it counts (60)"
    )
    asked.add_argument("--out", metavar="FILE", type=Path, help="where a picture goes")
    operator = verbs.add_parser("operator", help="let somebody change things on the page")
    operator.add_argument("what", metavar="add", choices=["add"])
    operator.add_argument("name", metavar="NAME", help="a new one, or one who needs a new password")
    deliveries = verbs.add_parser("deliveries", help="alerts on their way to agencies")
    deliveries.add_argument("what", metavar="list|retry", choices=["list", "retry"])
    deliveries.add_argument(
        "numbers",
        metavar="NUMBER",
        type=int,
        nargs="*",
        help="which to retry; without: all given up",
    )


def _set_up_quarantine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="list|show", choices=["list", "show"])
    parser.add_argument("number", metavar="NUMBER", type=int, nargs="?", help="which to show")
    parser.add_argument("--of", metavar="SITE/BOX", help="list what came under this name only")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write its bytes, as they came")


def _set_up_retention(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    hold = verbs.add_parser("hold", help="keep an alert beyond its term, or no more")
    hold.add_argument("what", metavar="list|add|release", choices=["list", "add", "release"])
    hold.add_argument("box", metavar="SITE/BOX", nargs="?")
    hold.add_argument("id", metavar="ID", nargs="?", help="the alert's")
    hold.add_argument("--by", default="", metavar="NAME", help="who decided it; it is kept")
    hold.add_argument("--why", default="", metavar="TEXT", help="why; it is kept")
    retention = verbs.add_parser("retention", help="what is deleted when, and what was")
    retention.add_argument("what", metavar="show|run", choices=["show", "run"])


def _set_up_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--csv", action="store_true", help="alerts as a table; without: JSON lines, for verify"
    )
    parser.add_argument(
        "--excel",
        action="store_true",
        help="tables as Excel opens them with a click: semicolons, decimal commas, local times",
    )
    parser.add_argument(
        "--table",
        choices=["alarms", "handling"],
        help="another table: every alarm, or every step of the handling",
    )
    parser.add_argument(
        "--pictures", action="store_true", help="the pictures, too, as JSON lines in base64"
    )
    parser.add_argument("--site", default="", help="of this site only")
    parser.add_argument("--box", default="", help="of this box only")
    parser.add_argument("--severity", default="", help="low, medium or high only")
    parser.add_argument("--since", metavar="TIME", help="received from then on: 2026-11-18, UTC")
    parser.add_argument("--until", metavar="TIME", help="received before then")


def run(args: argparse.Namespace, console: Console) -> int:
    """Do what was asked. Raises EdgeAgentError."""
    become_owner(args.config)
    os.environ.setdefault("CREDENTIALS_DIRECTORY", _CREDENTIALS)
    if args.act == "run":
        from edge_agent.cli import center_run  # noqa: PLC0415 (only where it is asked)

        return center_run.run_center(args)
    if args.act in {"key", "check"}:
        from edge_agent.cli import center_check  # noqa: PLC0415 (as above)

        return (center_check.key if args.act == "key" else center_check.check)(args, console)
    if args.act == "command":
        from edge_agent.cli import center_command  # noqa: PLC0415 (as above)

        return center_command.command(args, console)
    if args.act in {"set", "operator", "deliveries"}:
        from edge_agent.cli import center_people  # noqa: PLC0415 (as above)

        people = {"set": center_people.set_handling, "operator": center_people.operator}
        return people.get(args.act, center_people.deliveries)(args, console)
    return _ask_database(args, console)


def _ask_database(args: argparse.Namespace, console: Console) -> int:
    if args.act in {"hold", "retention"}:
        from edge_agent.cli import center_retention  # noqa: PLC0415 (as above)

        act = center_retention.hold if args.act == "hold" else center_retention.retention
        return act(args, console)
    if args.act == "quarantine":
        from edge_agent.cli import center_quarantine  # noqa: PLC0415 (as above)

        return center_quarantine.run(args, console)
    from edge_agent.cli import center_desk  # noqa: PLC0415 (as above)

    acts = {
        "boxes": center_desk.boxes,
        "alarms": center_desk.alarms,
        "export": center_desk.export,
    }
    return acts[args.act](args, console)
