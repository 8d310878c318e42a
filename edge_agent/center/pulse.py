"""Whether the center goes round, as systemd's watchdog is told, and how it is, in one line.

A database or a broker that is away is no hang: each wait for it ends, is logged and begun anew. What
is meant is a thread that has not come back at all.
"""

# The longest rounds that we know end by themselves before: 30 s between two tries of a broker, 20 s
# and more in a dead name server, 30 s in PostgreSQL for a statement, twice.
STALE_S = 120.0


def line(url: str, problem: str | None, stored: int) -> str:
    """Return what `systemctl status` shows; `problem` is None while the broker is connected."""
    broker = f"connected to {url}" if problem is None else f"not connected: {problem or 'not yet'}"
    return f"{broker}; {stored} messages stored since the start"
