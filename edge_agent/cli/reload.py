"""Have the running agent read its files again, and wait until it has: what `systemctl reload` does."""

import argparse
import os
import signal
from pathlib import Path

from edge_agent.cli.console import Console
from edge_agent.cli.folder import RESTART, with_folder
from edge_agent.config.load import load_settings
from edge_agent.daemon.status import FOR_A_START, AgentStatus, ask_status
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop

# A round of the agent is half a second; a camera that is added opens networks.
_PATIENCE_S = 30.0
_POLL_S = 0.2
_BY_HAND = (
    "end it (Ctrl-C) and run it again; or let systemd run it: sudo systemctl start edge-agent"
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: all files are read."""


def run(args: argparse.Namespace, console: Console) -> int:
    """Return 0 where the agent has taken the files in, 1 where it has not.

    Raises BadConfiguration before the agent is asked, where `agent.toml` is wrong.
    """
    state_dir = load_settings(args.config).state_dir
    before = ask_status(state_dir)
    if not before.can_reload:
        raise EdgeAgentError(
            "this agent was not started by systemd: a hangup would end it", hint=_BY_HAND
        )
    _hang_up(before.pid)
    after = _wait(state_dir, before)
    if not after.files_problem:
        console.ok("files", "taken in")
    elif after.files_problem.startswith(FOR_A_START):
        console.note("files", f"taken in; {after.files_problem}", RESTART)
    else:
        console.bad("files", after.files_problem, with_folder("edge-agent check", args.config))
        return 1
    return 0


def _hang_up(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGHUP)
    except OSError as error:
        raise EdgeAgentError(
            f"the agent (process {pid}) cannot be told: {(error.strerror or 'it is gone').lower()}",
            hint="sudo systemctl reload edge-agent",
        ) from error


def _wait(state_dir: Path, before: AgentStatus) -> AgentStatus:
    clock, stop = SystemClock(), Stop()
    until = clock.mono() + _PATIENCE_S
    while clock.mono() < until:
        after = ask_status(state_dir)
        if after.files_read > before.files_read or after.pid != before.pid:
            return after
        stop.wait(_POLL_S)
    raise EdgeAgentError(
        f"the agent has not read its files within {_PATIENCE_S:.0f} s",
        hint="see what it does:  journalctl -u edge-agent",
    )
