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
from tests.fakes.http_login import HttpLogin
from tests.fakes.onvif_box import PICTURE
from tests.fakes.onvif_encoders import Encoders
from tests.fakes.onvif_firmware import Firmware, Stream
from tests.fakes.onvif_replies import SOAP, body_of, envelope, fault, probe_match

# WS-Security tells receivers to refuse what is older; five seconds is what strict firmwares take.
TOLERANCE_S = 5.0
__all__ = ["Firmware", "OnvifCamera", "Stream"]

_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_GROUP = "239.255.255.250"
_TYPES = {
    "{http://www.onvif.org/ver10/network/wsdl}NetworkVideoTransmitter",
    "{http://www.onvif.org/ver10/device/wsdl}Device",
}


@dataclass(slots=True)
class Seen:
    """What the camera noticed."""

    operations: list[str] = field(default_factory=list)
    refused: int = 0
    violations: list[str] = field(default_factory=list)
    probes: list[str] = field(default_factory=list)


class OnvifCamera:
    """Switched on inside `with`; `port` is HTTP's, `discovery_port` UDP's.

    Cameras with one `discovery_port` hear the same questions; each answers from its own `host`.
    """

    def __init__(
        self,
        firmware: Firmware | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        discovery_port: int = 0,
    ) -> None:
        self.firmware = firmware or Firmware()
        self.seen = Seen()
        # What a test does to each reply on its way out.
        self.spoil: Callable[[bytes], bytes] = lambda content: content
        self.skew_s = self.firmware.skew_s
        self.time_zone, self.time_source, self.ntp_server = "WIB-7", "Manual", ""
        self.encoders = Encoders(self)
        self.door = self._door(self.firmware.http_logins)
        self.picture_door = self._door(self.firmware.picture_logins)
        self._clock = SystemClock()
        self._nonces: set[str] = set()
        self._stop = Stop()
        self._server = ThreadingHTTPServer((host, port), _handler(self))
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if discovery_port:
            self._ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._ear.bind(("", discovery_port))
        # Not before: Linux would give a port of another test run, whose cameras say the same.
        self._ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._ear.settimeout(0.05)
        member = struct.pack("4s4s", socket.inet_aton(_GROUP), socket.inet_aton("127.0.0.1"))
        self._ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        self._mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._mouth.bind((host, 0))
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
        self._mouth.close()
        if kind is None:
            violations = self.seen.violations + self.door.violations + self.picture_door.violations
            assert not violations, violations

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

    @property
    def snapshot_url(self) -> str:
        return f"http://{self.firmware.claimed_host}:{self.port}/snap.jpg?channel=1"

    def wall(self) -> float:
        """What the camera believes the time to be."""
        return self._clock.wall() + self.skew_s

    def answer(
        self, content: bytes, path: str, kind: str, authorization: str = ""
    ) -> tuple[int, str, bytes]:
        """Return status, content type and body for one POST."""
        if self.firmware.is_a_web_server:
            return 200, "text/html", b"<html><body><br>Welcome</body></html>"
        request = ET.fromstring(content)  # noqa: S314 (our own client's words)
        operation = self._operation(request, kind)
        self.seen.operations.append(operation)
        if path not in {"/onvif/device_service", "/onvif/media", "/onvif/media2"}:
            self.seen.violations.append(f"POST to {path}")
        if operation not in self.firmware.open_to_all:
            is_known = (
                self.door.lets_in(authorization, "POST", path)
                if self.firmware.http_logins
                else self._is_known(request)
            )
            if not is_known or operation in self.firmware.forbidden:
                return self._refusal()
        body = body_of(operation, self, request)
        if body is None:
            return 400, "application/soap+xml", fault("Sender", "ter:ActionNotSupported", "no")
        return 200, "application/soap+xml; charset=utf-8", self.spoil(self._spoiled(envelope(body)))

    def picture(self, path: str, authorization: str) -> tuple[int, str, bytes]:
        """Return status, content type and body for one GET."""
        if not path.startswith("/snap.jpg"):
            return 404, "text/html", b"<html></html>"
        door = self.picture_door
        if door.ways and not door.lets_in(authorization, "GET", path):
            return 401, "text/html", b"<html><body>Login<br></body></html>"
        return 200, "image/jpeg", PICTURE

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

    def _door(self, ways: tuple[str, ...]) -> HttpLogin:
        made = self.firmware
        return HttpLogin(made.username, made.password, ways, made.nonce_uses, made.says_stale)

    def _refusal(self) -> tuple[int, str, bytes]:
        if self.firmware.refuses_with_a_page or self.firmware.http_logins:
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
                self._mouth.sendto(probe_match(self, message_id), asker)

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
    return type("Handler", (_Handler,), {"camera": camera})


class _Handler(BaseHTTPRequestHandler):
    camera: OnvifCamera

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        status, kind, body = self.camera.answer(
            content,
            self.path,
            self.headers["Content-Type"],
            self.headers.get("Authorization", ""),
        )
        if self.camera.firmware.hangs:
            self.camera.wait_out_a_hang()
            return
        self._begin(status, kind, len(body), self.camera.door)
        if self.camera.firmware.drips:
            self.camera.drip(body, self._write)
        else:
            self._write(body)

    def do_GET(self) -> None:
        authorization = self.headers.get("Authorization", "")
        status, kind, body = self.camera.picture(self.path, authorization)
        self._begin(status, kind, len(body), self.camera.picture_door)
        self._write(body)

    def _begin(self, status: int, kind: str, size_bytes: int, door: HttpLogin) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size_bytes))
        for challenge in door.challenges() if status == 401 else ():
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()

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
            "%a, %d %b %Y %H:%M:%S GMT", time.gmtime(timestamp or self.camera.wall())
        )
