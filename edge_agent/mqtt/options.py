"""What a site may say about the broker."""

from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.runtime.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """Where alerts go: `mqtts://host[:8883]`, or `mqtt://host[:1883]` with `insecure = true`."""

    url: str
    username: str = ""
    password: Secret = field(default=Secret(""))
    password_file: Path | None = None
    # The authority that signed the broker's certificate; None: the system's list.
    ca_file: Path | None = None
    # The box's own certificate and key, where the broker asks for one.
    certificate_file: Path | None = None
    key_file: Path | None = None
    # Plain MQTT shows every alert to whoever shares the network. Meant for a loopback and a lab.
    insecure: bool = False
    # A dead link is noticed after twice this (measured with paho 2.2).
    keepalive_s: int = 30
    # An alert that the broker has not acknowledged by then means a link that only looks alive.
    acknowledge_s: float = 30.0
    # Alerts under way at once; the broker's Receive Maximum may lower it.
    in_flight: int = 20
