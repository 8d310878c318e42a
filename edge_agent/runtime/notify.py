"""Tell systemd that we are ready, how we are, and that we live (sd_notify(3)).

python3-systemd where it is installed, else the same datagram by our own hand.
"""

import os
import socket


def notify(*lines: str) -> None:
    """Send lines such as READY=1 to systemd; without a NOTIFY_SOCKET nobody asked."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    try:
        from systemd import daemon  # noqa: PLC0415 (optional, and most calls end above)
    except ImportError:
        _send(address, "\n".join(lines).encode())
    else:
        daemon.notify("\n".join(lines))


def is_supervised() -> bool:
    """Tell whether systemd started us and hears what we say."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def watchdog_s() -> float | None:
    """Return how often systemd wants a sign of life, in seconds; None if it does not."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdigit() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(
        os.getpid()
    ):
        return None
    return int(microseconds) / 1e6


def _send(address: str, message: bytes) -> None:
    # A leading @ is Linux's abstract namespace.
    place = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
        line.settimeout(1.0)
        try:
            line.sendto(message, place)
        except OSError:
            # systemd is restarting itself; it asks again with the next sign of life.
            return
