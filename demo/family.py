"""Leave no process behind: children, and children of children whose parents are gone."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make us the parent of every orphan among our descendants (prctl(2))."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def see_everybody_off(patience_s: float = 3.0) -> list[str]:
    """Wait until no descendant is left; return the names of those that had to be killed.

    The kernel's word for it: waiting for any child fails when there is none.
    """
    killed: list[str] = []
    deadline = time.monotonic() + patience_s
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return killed
        if ended:
            continue
        if time.monotonic() > deadline:
            killed += _kill_children()
            deadline = time.monotonic() + patience_s
        time.sleep(0.05)


def _kill_children() -> list[str]:
    names = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except OSError:  # it ended while we looked
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        if int(rest.split()[1]) == os.getpid():
            names.append(name)
            os.kill(int(folder.name), signal.SIGKILL)
    return names
