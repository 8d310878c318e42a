"""A camera's firmware on loopback that holds us to the contract, and may have one defect.

It checks what real firmwares check: the digest, a Created in Zulu form within five seconds of
its own clock, a nonce never seen before. What we do wrong as a client is kept in `violations`
and fails the test when the camera is switched off.
"""

import base64
import hashlib
import re
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from xml.etree import ElementTree as ET

from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.fakes.onvif_replies import SOAP, body_of, envelope, fault, probe_match

# WS-Security tells receivers to refuse what is older; five seconds is what strict firmwares take.
TOLERANCE_S = 5.0
_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_GROUP = "239.255.255.250"
_TYPES = {
    "{http://www.onvif.org/ver10/network/wsdl}NetworkVideoTransmitter",
    "{http://www.onvif.org/ver10/device/wsdl}Device",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One profile of the camera."""

    token: str
    uri: str
    codec: str = "H264"
    width_px: int = 640
    height_px: int = 360
    # A word where a firmware writes nonsense.
    frames_per_second: int | str = 10
    source: str = "VS_1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """How this camera is made. The defaults are a camera that does all as it should."""

    username: str = "admin"
    # Empty: it lets anybody in.
    password: str = "a & b <c>"
    endpoint: str = "urn:uuid:11112222-3333-4444-5555-666677778888"
    name: str = "Front Door"
    skew_s: float = 0.0
    # What it answers to strangers.
    open_to_all: frozenset[str] = frozenset({"GetSystemDateAndTime"})
    # The host it believes to have.
    claimed_host: str = "127.0.0.1"
    # The port it announces; 0: the right one.
    claimed_port: int = 0
    streams: tuple[Stream, ...] = (
        Stream(
            token="main",
            uri="rtsp://127.0.0.1:554/main",
            width_px=1920,
            height_px=1080,
            frames_per_second=25,
        ),
        Stream(token="sub", uri="rtsp://127.0.0.1:554/sub"),
    )
    # Defects.
    tells_the_time: bool = True
    refuses_with_a_page: bool = False
    is_a_web_server: bool = False
    hangs: bool = False
    drips: bool = False
    cuts_replies_short: bool = False
    starts_replies_with_empty_lines: bool = False
    writes_raw_ampersands: bool = False
    sends_entities: bool = False
    extra_scopes: str = ""


@dataclass(slots=True)
class Seen:
    """What the camera noticed."""

    operations: list[str] = field(default_factory=list)
    refused: int = 0
    violations: list[str] = field(default_factory=list)
    probes: list[str] = field(default_factory=list)


class OnvifCamera:
    """Switched on inside `with`; `port` is HTTP's, `discovery_port` UDP's."""

    def __init__(self, firmware: Firmware | None = None) -> None:
        self.firmware = firmware or Firmware()
        self.seen = Seen()
        # What a test does to each reply on its way out.
        self.spoil: Callable[[bytes], bytes] = lambda content: content
        self._clock = SystemClock()
        self._nonces: set[str] = set()
        self._stop = Stop()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.bind(("", 0))
        self._ear.settimeout(0.05)
        member = struct.pack("4s4s", socket.inet_aton(_GROUP), socket.inet_aton("127.0.0.1"))
        self._ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        self._workers = [
            Worker("fake camera http", self._serve, on_failure=self._stop.tell),
            Worker("fake camera udp", self._listen, on_failure=self._stop.tell),
        ]

    def __enter__(self) -> Self:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.tell()
        self._server.shutdown()
        self._server.server_close()
        for worker in self._workers:
            assert worker.join(5), f"{worker.name} does not end"
            assert worker.failure is None or kind is not None, worker.failure
        self._ear.close()
        if kind is None:
            assert not self.seen.violations, self.seen.violations

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def discovery_port(self) -> int:
        return int(self._ear.getsockname()[1])

    @property
    def url(self) -> str:
        port = self.firmware.claimed_port or self.port
        return f"http://{self.firmware.claimed_host}:{port}/onvif/device_service"

    def wall(self) -> float:
        """What the camera believes the time to be."""
        return self._clock.wall() + self.firmware.skew_s

    def answer(self, content: bytes, path: str, kind: str) -> tuple[int, str, bytes]:
        """Return status, content type and body for one POST."""
        if self.firmware.is_a_web_server:
            return 200, "text/html", b"<html><body><br>Welcome</body></html>"
        request = ET.fromstring(content)  # noqa: S314 (our own client's words)
        operation = self._operation(request, kind)
        self.seen.operations.append(operation)
        if path not in {"/onvif/device_service", "/onvif/media"}:
            self.seen.violations.append(f"POST to {path}")
        if operation not in self.firmware.open_to_all and not self._is_known(request):
            return self._refusal()
        body = body_of(operation, self, request)
        if body is None:
            return 400, "application/soap+xml", fault("Sender", "ter:ActionNotSupported", "no")
        return 200, "application/soap+xml; charset=utf-8", self.spoil(self._spoiled(envelope(body)))

    def wait_out_a_hang(self) -> None:
        """Stay silent until the camera is switched off."""
        self._stop.wait(30)

    def drip(self, content: bytes, write: Any) -> None:
        """Send a byte at a time, for as long as anybody listens."""
        for byte in content:
            write(bytes([byte]))
            if self._stop.wait(0.05):
                return

    def _operation(self, request: ET.Element, kind: str) -> str:
        body = request.find(f"{{{SOAP}}}Body")
        if body is None or len(body) != 1:
            self.seen.violations.append("no SOAP 1.2 body with one operation")
            return ""
        namespace, _, operation = body[0].tag[1:].partition("}")
        if f'action="{namespace}/{operation}"' not in kind:
            self.seen.violations.append(f"{operation} with content type {kind}")
        return operation

    def _is_known(self, request: ET.Element) -> bool:
        if not self.firmware.password:
            return True
        token = request.find(f".//{{{_WSS}wssecurity-secext-1.0.xsd}}UsernameToken")
        is_right = token is not None and self._is_right(token)
        self.seen.refused += not is_right and token is not None
        return is_right

    def _is_right(self, token: ET.Element) -> bool:
        name, digest, nonce, created = (
            token.findtext(f"{{*}}{part}") or ""
            for part in ("Username", "Password", "Nonce", "Created")
        )
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", created):
            self.seen.violations.append(f"Created is {created}")
            return False
        if nonce in self._nonces:
            self.seen.violations.append(f"nonce {nonce} came twice")
        self._nonces.add(nonce)
        content = base64.b64decode(nonce) + (created + self.firmware.password).encode()
        wanted = base64.b64encode(hashlib.sha1(content).digest()).decode()  # noqa: S324 (the standard's)
        age_s = abs(datetime.fromisoformat(created).timestamp() - self.wall())
        return name == self.firmware.username and digest == wanted and age_s <= TOLERANCE_S

    def _refusal(self) -> tuple[int, str, bytes]:
        if self.firmware.refuses_with_a_page:
            return 401, "text/html", b"<html><body><p>Access denied<br></body></html>"
        return 400, "application/soap+xml", fault("Sender", "ter:NotAuthorized", "no right")

    def _spoiled(self, content: bytes) -> bytes:
        if self.firmware.cuts_replies_short:
            return content[: len(content) * 2 // 3]
        if self.firmware.starts_replies_with_empty_lines:
            return b"\r\n\r\n" + content
        if self.firmware.writes_raw_ampersands:
            return content.replace(b"Acme", b"Acme & Sons")
        if self.firmware.sends_entities:
            doctype = b'<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa">]>'
            return content.replace(b"?>", b"?>" + doctype, 1).replace(b"Acme", b"&a;")
        return content

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)

    def _listen(self) -> None:
        while not self._stop.is_told:
            try:
                content, asker = self._ear.recvfrom(65536)
            except TimeoutError:
                continue
            message_id = self._read_probe(content)
            if message_id and not self.firmware.hangs:
                self._ear.sendto(probe_match(self, message_id), asker)

    def _read_probe(self, content: bytes) -> str:
        root = ET.fromstring(content)  # noqa: S314 (our own client's words)
        message_id = root.findtext(".//{*}MessageID") or ""
        types = root.find(".//{*}Probe/{*}Types")
        if not message_id.startswith("urn:uuid:") or message_id in self.seen.probes:
            self.seen.violations.append(f"probe with message id '{message_id}'")
        if types is None or not _expanded(types.text or "", content) <= _TYPES:
            self.seen.violations.append(f"probe for {types}")
        self.seen.probes.append(message_id)
        return message_id


def _expanded(types: str, content: bytes) -> set[str]:
    """Return the QNames with their namespaces, which ElementTree forgets in texts."""
    names = set()
    for name in types.split():
        prefix, _, local = name.partition(":")
        bound = re.search(rf'xmlns:{prefix}="([^"]+)"', content.decode())
        names.add(f"{{{bound[1] if bound else ''}}}{local}")
    return names


def _handler(camera: OnvifCamera) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            status, kind, body = camera.answer(content, self.path, self.headers["Content-Type"])
            if camera.firmware.hangs:
                camera.wait_out_a_hang()
                return
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if camera.firmware.drips:
                camera.drip(body, self._write)
            else:
                self._write(body)

        def _write(self, content: bytes) -> None:
            try:
                self.wfile.write(content)
            except OSError:
                # We hung up first, as we should.
                return

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            return time.strftime(
                "%a, %d %b %Y %H:%M:%S GMT", time.gmtime(timestamp or camera.wall())
            )

    return Handler
