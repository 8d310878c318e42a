"""`edge-agent center run`: what systemd starts at the center."""

import argparse
import logging
import os
import signal

from edge_agent.center import extra
from edge_agent.center.settings import load_center
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.logs import set_up_logs
from edge_agent.runtime.stop import Stop


def run_center(args: argparse.Namespace) -> int:
    """Run until told to stop. Raises EdgeAgentError when the center cannot begin."""
    set_up_logs(level=logging.INFO, for_journal="JOURNAL_STREAM" in os.environ)
    settings = load_center(args.config)
    with extra.needed():
        from edge_agent.center.service import Service  # noqa: PLC0415 (needs what no box has)
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.tell())
    return Service(settings, SystemClock(), stop).run()
