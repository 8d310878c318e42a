"""What a site may say about the broker."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from edge_agent.runtime.secret import Secret


class Confirm(StrEnum):
    """Whose word counts."""

    BROKER = "broker"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """Where alerts go: `mqtts://host[:8883]`, or `mqtt://host[:1883]` with `insecure = true`."""

    url: str
    # Brokers of the same center. Each box begins with one of all by chance, and goes on with the
    # next one where that does not answer.
    other_urls: tuple[str, ...] = ()
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
    # Which word lets an alert leave the disk. A broker that acknowledges may forget (measured: 18 %
    # lost over broker crashes); the center's receipt comes after its database has it. None: the
    # center's where its key is known.
    confirm: Confirm | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        """Every broker, in the order of the file."""
        return (self.url, *self.other_urls)


class Permission(StrEnum):
    """What a site may let its center do: the verbs, and two words that widen one of them."""

    PING = "ping"
    HEALTH = "health"
    SNAPSHOT = "snapshot"
    # Faces, too.
    SNAPSHOT_UNBLURRED = "snapshot_unblurred"
    CONFIG_GET = "config_get"
    CONFIG_PROPOSE = "config_propose"
    # Also whom this box obeys and trusts, and files outside its folder.
    CONFIG_CENTER = "config_center"
    RULE = "rule"
    MASK = "mask"
    MODEL_INSTALL = "model_install"
    RESTART = "restart"
    PURGE = "purge"


@dataclass(frozen=True, slots=True, kw_only=True)
class CenterOptions:
    """Whose letters this box believes: receipts, and what else the center sends it."""

    # Ed25519 public keys in base64. Several, while the center changes from one to the next.
    keys: tuple[str, ...] = ()
    # These two change nothing and show nobody.
    commands: frozenset[Permission] = frozenset({Permission.PING, Permission.HEALTH})
