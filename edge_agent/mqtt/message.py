"""What goes to the broker, and what comes from it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What to publish. QoS 0 is for what is old news a minute later."""

    topic: str
    payload: bytes
    content_type: str
    is_text: bool = True
    is_retained: bool = False
    qos: int = 1
    # Which revision of an alert a picture belongs to, for MQTT 5 receivers.
    revision: int | None = None
    # After so many seconds the broker need not pass it on any more (MQTT 5); None: never.
    expiry_s: int | None = None
    # What a request gave for its answer (MQTT 5).
    correlation: bytes = b""

    @property
    def most_bytes(self) -> int:
        """An upper bound of the packet's size on the wire."""
        # Fixed header 5, lengths and packet id 6, our properties under 64 beside what is counted.
        counted = (self.topic.encode(), self.payload, self.content_type, self.correlation)
        return sum(map(len, counted)) + 75


@dataclass(frozen=True, slots=True)
class Heard:
    """What the center sent to this box: the topic's last level, and the payload as it came."""

    kind: str
    payload: bytes
    correlation: bytes = b""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The broker's word on one message."""

    packet_id: int
    code: int
    words: str
