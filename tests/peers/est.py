"""A certificate service as RFC 7030 wants it, on loopback: it signs with a real authority.

It insists on what the standard insists on: POST with `application/pkcs10` in base64, a signed
request, HTTP Basic for the first certificate, the present certificate and the same names for the
next one; it answers with a bag of certificates (PKCS #7) in base64.
"""

from __future__ import annotations

import base64
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs7,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.fakes.authority import Pair

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.authority import Authority

_WELL_KNOWN = "/.well-known/est"


@dataclass
class Desk:
    """Who signs what: set between questions by the test."""

    authority: Authority
    # Box by token; a token is good once.
    tokens: dict[str, str] = field(default_factory=dict)
    # From when to when a certificate that it signs is good, in seconds from now.
    begins_s: float = -60.0
    ends_s: float = 86_400.0
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH
    # Signs with another authority than the one it names.
    signs_with: Authority | None = None
    # A person has to agree first: answers 202 as often as this.
    waits: int = 0
    # Answers with this status and these words, whatever is asked of `simple…`.
    fails: tuple[int, str] | None = None
    # What was asked for, in order.
    asked: list[str] = field(default_factory=list)


def sign(desk: Desk, request: x509.CertificateSigningRequest) -> x509.Certificate:
    """Sign a request as a center's authority does: the names asked for, our own usage."""
    authority = desk.signs_with or desk.authority
    issuer = x509.load_pem_x509_certificate(authority.ca_file.read_bytes())
    now = datetime.now(UTC)  # noqa: TID251 (the authority's own clock)
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(issuer.subject)
        .public_key(request.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(seconds=desk.begins_s))
        .not_valid_after(now + timedelta(seconds=desk.ends_s))
        .add_extension(names.value, critical=False)
        .add_extension(x509.ExtendedKeyUsage([desk.usage]), critical=False)
        .sign(load_pem_private_key(authority.key.read_bytes(), None), SHA256())
    )


def a_server(desk: Desk, folder: Path) -> Pair:
    """Have the desk sign a certificate for a server on loopback."""
    private = ec.generate_private_key(ec.SECP256R1())
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True
        )
        .sign(private, SHA256())
    )
    pair = Pair(folder / "server.pem", folder / "server.key")
    pair.certificate.write_bytes(sign(desk, request).public_bytes(Encoding.PEM))
    pair.key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pair


class _Service(ThreadingHTTPServer):
    """Knows whose desk it is."""

    daemon_threads = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(("127.0.0.1", 0), _Question)
        self.desk = desk

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who hangs up, or is refused in the handshake, is what tests are about."""


class EstServer:
    """The service, and the thread that it answers on."""

    def __init__(self, desk: Desk, pair: Pair) -> None:
        self.desk = desk
        self._server = _Service(desk)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        # One may come without a certificate; a foreign one is refused in the handshake.
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(desk.authority.ca_file)
        # The handshake belongs to the connection's thread, not to the one that takes calls.
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever)  # noqa: TID251 (a peer)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}{_WELL_KNOWN}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Question(BaseHTTPRequestHandler):
    """One question."""

    server: _Service
    timeout = 10

    @property
    def _desk(self) -> Desk:
        return self.server.desk

    def do_GET(self) -> None:
        self._desk.asked.append(self.path.removeprefix(f"{_WELL_KNOWN}/"))
        if self.path != f"{_WELL_KNOWN}/cacerts":
            return self._say(404, b"no such operation")
        return self._say_certificates(
            x509.load_pem_x509_certificate(self._desk.authority.ca_file.read_bytes())
        )

    def do_POST(self) -> None:
        operation = self.path.removeprefix(f"{_WELL_KNOWN}/")
        self._desk.asked.append(operation)
        if self.headers["Content-Type"] != "application/pkcs10":
            return self._say(415, b"application/pkcs10 is wanted")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = x509.load_der_x509_csr(base64.b64decode(body, validate=False))
        if not request.is_signature_valid:
            return self._say(400, b"the request is not signed by its own key")
        box = str(request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
        asks = {"simpleenroll": self._has_token, "simplereenroll": self._has_certificate}
        if operation in asks and asks[operation](box, request):
            self._decide(request)
        return None

    def _decide(self, request: x509.CertificateSigningRequest) -> None:
        if self._desk.fails:
            return self._say(self._desk.fails[0], self._desk.fails[1].encode())
        if self._desk.waits:
            self._desk.waits -= 1
            return self._say(202, b"", **{"Retry-After": "120"})
        return self._say_certificates(sign(self._desk, request))

    def _has_token(self, box: str, _request: x509.CertificateSigningRequest) -> bool:
        kind, _, login = self.headers.get("Authorization", "").partition(" ")
        user, _, token = base64.b64decode(login).decode().partition(":")
        if kind == "Basic" and user == box and self._desk.tokens.get(token) == box:
            return True
        self._say(401, b"", **{"WWW-Authenticate": 'Basic realm="boxes"'})
        return False

    def _has_certificate(self, _box: str, request: x509.CertificateSigningRequest) -> bool:
        shown = self.connection.getpeercert(binary_form=True)
        if not shown:
            self._say(401, b"show your certificate")
            return False
        # RFC 7030, section 4.2.2: the same subject and alternative names.
        old = x509.load_der_x509_certificate(shown)
        names = [
            each.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            for each in (old, request)
        ]
        if old.subject == request.subject and names[0] == names[1]:
            return True
        self._say(400, b"the names are not those of the certificate")
        return False

    def _say_certificates(self, *certificates: x509.Certificate) -> None:
        bag = pkcs7.serialize_certificates(list(certificates), Encoding.DER)
        kind = "application/pkcs7-mime; smime-type=certs-only"
        self._say(200, base64.encodebytes(bag), **{"Content-Type": kind})

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: pytest shows what was asked."""
