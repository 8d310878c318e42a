"""`edge-agent-updates`: switch updates on and off, see how they stand; and what apt and dpkg call.

Runs with Debian's Python alone, and is apart from everything that a new version exchanges.
"""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from edge_agent.domain.update import TRIAL_FILE
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.logs import set_up_logs
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.usage import Parser
from edge_agent.update import unit
from edge_agent.update.arm import arm, keep
from edge_agent.update.condition import ask
from edge_agent.update.dpkg import Dpkg
from edge_agent.update.limits import told_limits
from edge_agent.update.places import TIMERS, UNIT, Places
from edge_agent.update.reach import broker_answers, camera_answers
from edge_agent.update.refused import forgive
from edge_agent.update.source import RINGS, release_of, switch_off, switch_on, told_source
from edge_agent.update.standing import standing
from edge_agent.update.watch import Agent, Watch

_VERBS = {
    "on": "get new versions from an update server",
    "off": "get no new versions any more",
    "status": "where they come from, and what became of the last one",
    "accept": "keep the version that is being watched, however it does",
    "forgive": "let the versions come again that this box went back from",
    "keep": "keep packages of ours, named on standard input, to go back to (apt calls it)",
    "arm": "watch a version that is about to come (the package calls it)",
    "watch": "watch until it has proven itself (systemd calls it)",
}
_FINE, _WRONG_ON_SITE, _INTERRUPTED = 0, 1, 130


def main(argv: Sequence[str] | None = None, places: Places | None = None) -> int:
    """Do one thing and return the exit code: 0, or 1 or 2 with one line and the next step."""
    try:
        args = parser().parse_args(argv)
        for line in _do(args, places or Places()):
            print(line, flush=True)  # noqa: T201 (a command line speaks by printing)
    except SystemExit as leaving:  # argparse, after --help or a wrong usage
        return int(leaving.code or _FINE)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except EdgeAgentError as failure:
        print(failure.report(), file=sys.stderr)  # noqa: T201 (as above)
        return _WRONG_ON_SITE
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        said = f"edge-agent-updates: {(error.strerror or str(error)).lower()}{where}"
        print(f"{said}\n  next: run it with sudo, and see  df -h /", file=sys.stderr)  # noqa: T201 (as above)
        return _WRONG_ON_SITE
    return _FINE


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say; the man page is written from it, too."""
    words = "get new versions of edge-agent, and go back from one that does not do"
    whole = Parser(prog="edge-agent-updates", description=words)
    verbs = whole.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, text in _VERBS.items():
        verbs.add_parser(verb, help=text, description=text)
    on = verbs.choices["on"]
    on.add_argument("url", metavar="URL", help="of the server's folder, https://updates.example")
    on.add_argument("--key", metavar="FILE", type=Path, required=True, help="its edge-agent.asc")
    on.add_argument("--ring", choices=RINGS, default="stable", help="who comes first: canary")
    verbs.choices["arm"].add_argument("version", metavar="VERSION", help="as dpkg names it")
    return whole


def _do(args: argparse.Namespace, places: Places) -> Sequence[str]:
    dpkg = Dpkg(places.root)
    program = Path(sys.argv[0]).resolve()
    verbs: dict[str, Callable[[], Sequence[str]]] = {
        "on": lambda: _switch(args, places),
        "off": lambda: _switch(args, places),
        "status": lambda: standing(places, dpkg),
        "accept": lambda: _accept(places),
        "forgive": lambda: _forgive(places),
        "keep": lambda: keep(places, dpkg, [Path(line.strip()) for line in sys.stdin]),
        "arm": lambda: arm(
            places,
            dpkg,
            args.version,
            program=program,
            now=ask(unit.agent_start(), places.settings),
            wall=SystemClock().wall,
        ),
        "watch": lambda: _watch(places, dpkg),
    }
    return verbs[args.verb]()


def _switch(args: argparse.Namespace, places: Places) -> Sequence[str]:
    if args.verb == "on":
        switch_on(places, args.url, args.key, release_of(places), args.ring)
        said = [f"new versions come from {told_source(places)}"]
        if not (places.root / "usr/bin/unattended-upgrade").exists():
            said += ["nobody installs them", "  next: sudo apt install unattended-upgrades"]
    else:
        switch_off(places)
        said = ["new versions do not come any more"]
    if places.root == Path("/"):
        unit.systemctl("daemon-reload")
        unit.systemctl("try-restart", *TIMERS)
    return said


def _accept(places: Places) -> Sequence[str]:
    (places.folder / TRIAL_FILE).unlink(missing_ok=True)
    if places.root == Path("/"):
        unit.systemctl("stop", UNIT)
        unit.remove(places)
    return ["nobody watches any more"]


def _forgive(places: Places) -> Sequence[str]:
    versions = forgive(places.refused)
    return [f"may come again: {', '.join(versions) or 'none was refused'}"]


def _watch(places: Places, dpkg: Dpkg) -> Sequence[str]:
    set_up_logs(level=logging.INFO, for_journal="JOURNAL_STREAM" in os.environ)
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.tell())
    settings = places.settings
    watch = Watch(
        places=places,
        dpkg=dpkg,
        agent=Agent(
            condition=lambda: ask(unit.agent_start(), settings),
            camera_answers=lambda: camera_answers(settings),
            broker_answers=lambda: broker_answers(settings),
        ),
        clock=SystemClock(),
        stop=stop,
        limits=told_limits(),
    )
    if watch.run():
        unit.remove(places)
    return ()
