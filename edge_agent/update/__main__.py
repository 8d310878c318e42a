"""`edge-agent-updates`: switch updates on and off, and see how they stand. Runs with Debian's Python alone."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from edge_agent.errors import EdgeAgentError
from edge_agent.update.places import Places
from edge_agent.update.source import RINGS, release_of, switch_off, switch_on, told_source

_VERBS = {
    "on": "get new versions from an update server",
    "off": "get no new versions any more",
    "status": "where they come from, and what became of the last one",
}
_FINE, _WRONG_ON_SITE = 0, 1


def main(argv: Sequence[str] | None = None, places: Places | None = None) -> int:
    """Do one thing and return the exit code: 0, or 1 with one line and the next step."""
    args = parser().parse_args(argv)
    try:
        for line in _do(args, places or Places()):
            print(line)  # noqa: T201 (a command line speaks by printing)
    except EdgeAgentError as failure:
        print(failure.report(), file=sys.stderr)  # noqa: T201 (as above)
        return _WRONG_ON_SITE
    return _FINE


def _do(args: argparse.Namespace, places: Places) -> list[str]:
    match args.verb:
        case "on":
            switch_on(places, args.url, args.key, release_of(places), args.ring)
            return [
                f"new versions come from {told_source(places)}",
                "next: sudo systemctl daemon-reload && sudo apt-get update",
            ]
        case "off":
            switch_off(places)
            return ["new versions do not come any more", "next: sudo systemctl daemon-reload"]
        case _:
            return [f"source   {told_source(places) or 'none'}"]


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say; the man page is written from it, too."""
    words = "get new versions of edge-agent, and go back from one that does not do"
    whole = argparse.ArgumentParser(
        prog="edge-agent-updates", description=words, allow_abbrev=False
    )
    verbs = whole.add_subparsers(dest="verb", required=True)
    for verb, text in _VERBS.items():
        verbs.add_parser(verb, help=text, description=text)
    on = verbs.choices["on"]
    on.add_argument("url", metavar="URL", help="of the server's folder, https://updates.example")
    on.add_argument("--key", metavar="FILE", type=Path, required=True, help="its edge-agent.asc")
    on.add_argument("--ring", choices=RINGS, default="stable", help="who comes first: canary")
    return whole
