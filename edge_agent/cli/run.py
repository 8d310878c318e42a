"""Run the agent: what systemd starts."""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from edge_agent.cli.console import Console
from edge_agent.config.load import load_settings
from edge_agent.config.settings import Settings
from edge_agent.daemon.proposal import Proposal
from edge_agent.daemon.service import Service
from edge_agent.daemon.signals import stop_on_signals
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.logs import set_up_logs
from edge_agent.runtime.notify import is_supervised
from edge_agent.runtime.stop import Stop

log = logging.getLogger(__name__)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the service is started as a technician would start it."""


def run(args: argparse.Namespace, console: Console) -> int:  # noqa: ARG001 (every verb has one)
    """Run until told to stop. Raises EdgeAgentError when the agent cannot begin."""
    set_up_logs(level=logging.INFO, for_journal="JOURNAL_STREAM" in os.environ)
    proposal = Proposal(args.config)
    # Before a file is read: what the center tried and did not confirm is not ours to read.
    proposal.start()
    try:
        settings = load_settings(args.config)
        _name_the_refused(settings)
        _make_state_dir(settings.state_dir)
        stop, ended = Stop(), Stop()
        service = Service(settings, SystemClock(), stop, proposal)
        stop_on_signals(stop, ended, service.reload)
        code = service.run()
    except EdgeAgentError as failure:
        if proposal.on_trial is None:
            raise
        proposal.roll_back(f"the agent cannot begin with it: {failure.report()}")
        _begin_anew()
    if service.wants_restart and not ended.is_told:
        log.info("starting anew")
        _begin_anew()
    if service.is_stuck:
        # What was promised is on disk. Python would wait for the thread, systemd for us.
        logging.shutdown()
        os._exit(code)
    return code


def _begin_anew() -> NoReturn:
    """Become a fresh agent, with the same number: whoever supervises us sees no end.

    Everything that is open closes by itself, threads that hang included.
    """
    logging.shutdown()
    sys.stdout.flush()
    if is_supervised():
        # Kept over the change: a `systemctl reload` meanwhile must not end who begins.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (ourselves, as we were started)


def _make_state_dir(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EdgeAgentError(
            f"the agent's folder {folder} cannot be made: {error.strerror}",
            hint="name a folder of your own as state_dir in agent.toml, or run this with sudo",
        ) from error


def _name_the_refused(settings: Settings) -> None:
    """Say loudly which cameras do not start, and why; the others do."""
    for camera in settings.refused:
        for problem in camera.problems:
            log.error("camera %s does not start: %s", camera.id, problem)
    if not settings.cameras and settings.refused:
        count = len(settings.refused)
        log.error("none of %s can be used", "1 camera" if count == 1 else f"{count} cameras")
    elif not settings.cameras:
        log.warning("no camera is watched; add one with `edge-agent add`")
