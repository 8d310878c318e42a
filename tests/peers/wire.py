"""MQTT 5 in bytes, as little of it as ten thousand lean boxes and one center need."""

from __future__ import annotations

import struct
from collections.abc import Iterator

CONNACK, PUBLISH, PUBACK = 2, 3, 4
_SESSION_S = 3600


def connect(client_id: str, will_topic: str = "", will: bytes = b"", keepalive_s: int = 300) -> bytes:  # fmt: skip
    """Return a CONNECT with clean start off, and a retained will at QoS 1 where there is one."""
    properties = b"\x11" + struct.pack("!I", _SESSION_S)
    flags = (0x04 | 0x08 | 0x20) if will_topic else 0
    head = _text("MQTT") + bytes([5, flags]) + struct.pack("!H", keepalive_s)
    body = head + _sized(properties) + _text(client_id)
    if will_topic:
        # Will delay, content type, "this is text".
        told = b"\x18" + struct.pack("!I", 30) + b"\x03" + _text("application/json") + b"\x01\x01"
        body += _sized(told) + _text(will_topic) + struct.pack("!H", len(will)) + will
    return _packet(0x10, body)


def publish(
    topic: str,
    payload: bytes,
    packet_id: int,
    *,
    is_retained: bool = False,
    content_type: str = "application/x-ndjson",
) -> bytes:
    """Return a PUBLISH at QoS 1 with the properties of ours."""
    properties = b"\x03" + _text(content_type) + b"\x01\x01"
    body = _text(topic) + struct.pack("!H", packet_id) + _sized(properties) + payload
    return _packet(0x32 | is_retained, body)


def subscribe(topic: str) -> bytes:
    return _packet(0x82, b"\x00\x01\x00" + _text(topic) + b"\x01")


def puback(packet_id: bytes) -> bytes:
    return _packet(0x40, packet_id)


def packets(received: bytearray) -> Iterator[tuple[int, bytes]]:
    """Take every whole packet from the front: its kind and its body."""
    while len(received) >= 2:
        length = shift = 0
        at = 1
        while True:
            if at >= len(received):
                return
            byte = received[at]
            length |= (byte & 127) << shift
            shift, at = shift + 7, at + 1
            if byte < 128:
                break
        if len(received) < at + length:
            return
        kind, body = received[0] >> 4, bytes(received[at : at + length])
        del received[: at + length]
        yield kind, body


def published(body: bytes) -> tuple[str, bytes, bytes]:
    """Return topic, packet id and payload of a PUBLISH at QoS 1."""
    size = int.from_bytes(body[:2], "big")
    topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
    packet_id, rest = rest[:2], rest[2:]
    # Our properties are shorter than 128 bytes.
    return topic, packet_id, rest[1 + rest[0] :]


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + _length(len(body)) + body


def _length(size: int) -> bytes:
    digits = bytearray()
    while True:
        size, digit = divmod(size, 128)
        digits.append(digit | (128 if size else 0))
        if not size:
            return bytes(digits)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def _sized(properties: bytes) -> bytes:
    return _length(len(properties)) + properties
