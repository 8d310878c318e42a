"""Read a spool that no agent works with now, and leave it as it is: no lock, no log, no new file."""

import fcntl
import sqlite3
from contextlib import closing
from pathlib import Path

from edge_agent.errors import EdgeAgentError
from edge_agent.spool import file, rows


def peek(path: Path) -> tuple[int, int, int]:
    """Return how many alerts wait, are parked, and were dropped; zeros where there is no spool yet.

    After a power cut the latest may be missing: they stand in SQLite's log, which only the agent
    takes in. Raises EdgeAgentError for a file that is damaged, another program's or in use.
    """
    # First: who may not look into the folder must not hear that nothing waits there.
    if is_in_use(path):
        raise EdgeAgentError(
            f"an edge-agent that does not answer works with the spool {path}",
            hint="ask it as its own user:  sudo edge-agent check",
        )
    if not path.exists():
        return 0, 0, 0
    try:
        # `immutable`: without it even a reader makes files, and as root they would be root's.
        source = f"{path.absolute().as_uri()}?immutable=1"
        with closing(sqlite3.connect(source, uri=True)) as spool:
            counters = rows.counters(spool)
            return (
                rows.count(spool, "alerts"),
                rows.count(spool, "parked"),
                counters["dropped_alerts"],
            )
    except sqlite3.Error as error:
        raise file.complain(path, error) from error


def is_in_use(path: Path) -> bool:
    """Tell whether an agent works with the spool. Raises EdgeAgentError where nobody can tell."""
    try:
        with path.with_name(path.name + ".lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise EdgeAgentError(f"cannot read {path}: {why}", hint="run this with sudo") from error
    return False
