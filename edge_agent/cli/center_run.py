"""`edge-agent center run`: what systemd starts at the center."""

import argparse
import logging
import os
import signal

from edge_agent.center.settings import load_center
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.logs import set_up_logs
from edge_agent.runtime.stop import Stop

_EXTRA = {"flask", "waitress", "werkzeug", "requests"}


def run_center(args: argparse.Namespace) -> int:
    """Run until told to stop. Raises EdgeAgentError when the center cannot begin."""
    set_up_logs(level=logging.INFO, for_journal="JOURNAL_STREAM" in os.environ)
    settings = load_center(args.config)
    try:
        from edge_agent.center.service import Service  # noqa: PLC0415 (needs what no box has)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise EdgeAgentError(
            f"the center needs {error.name}, which is not installed",
            hint="pip install 'edge-agent[center]'",
        ) from error
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.tell())
    return Service(settings, SystemClock(), stop).run()
