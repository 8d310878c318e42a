"""The center's certificate service: EST, RFC 7030, with the corrections of RFC 8951.

Three questions: who signs (`cacerts`), a first certificate for a token (`simpleenroll`), and a new
one for the old (`simplereenroll`). Every wait has a deadline and ends on Stop, but for the system's
name look-ups; nothing is sent to a server that we cannot verify.
"""

import base64
import binascii
import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.certificates.certificate import MOST_BYTES, Certificate, parse_certificates
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.wire.dial import bad_certificate
from edge_agent.wire.web_line import Patience, WebLine

WELL_KNOWN = "/.well-known/est"
# How much of a server's own words a technician is shown.
_MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    retry_after: str


@dataclass(frozen=True, slots=True)
class EstServer:
    """One service; each question is a connection of its own."""

    url: str
    # None: the authorities that the system trusts.
    ca_file: Path | None
    # How long each step may take: connecting, encrypting, the whole answer.
    patience_s: float
    stop: Stop = field(default_factory=Stop)
    host: str = field(init=False)
    _port: int = field(init=False)
    _path: str = field(init=False)

    def __post_init__(self) -> None:
        """Read the address. Raises EdgeAgentError."""
        try:
            parts = urlsplit(self.url)
            port = parts.port or 443
        except ValueError:
            parts, port = urlsplit(""), 0
        if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
            raise EdgeAgentError(
                f'"{self.url}" is not the address of a certificate service',
                hint=f"write it like https://center.example{WELL_KNOWN}",
            )
        object.__setattr__(self, "host", parts.hostname)
        object.__setattr__(self, "_port", port)
        object.__setattr__(self, "_path", parts.path.rstrip("/") or WELL_KNOWN)

    def authorities(self) -> tuple[Certificate, ...]:
        """Return who signs the center's certificates, as the verified server says."""
        answer = self._ask("cacerts")
        if answer.status != HTTPStatus.OK:
            raise self._refusal(answer, "the list of authorities")
        return self._certificates(answer)

    def enroll(self, request_der: bytes, box: str, token: Secret) -> tuple[Certificate, ...]:
        """Return what the center signed for a token that it gave to a person."""
        login = base64.b64encode(f"{box}:{token.reveal()}".encode()).decode()
        headers = {"Authorization": f"Basic {login}"}
        return self._signed(self._ask("simpleenroll", request_der, headers))

    def renew(self, request_der: bytes, pair: Path) -> tuple[Certificate, ...]:
        """Return what the center signed for the present certificate."""
        return self._signed(self._ask("simplereenroll", request_der, pair=pair))

    def _signed(self, answer: _Answer) -> tuple[Certificate, ...]:
        if answer.status == HTTPStatus.OK:
            return self._certificates(answer)
        if answer.status == HTTPStatus.ACCEPTED:
            # A person there has to agree first (RFC 7030, section 4.2.3).
            raise EdgeAgentError(
                f"{self.host} has our request, but has not signed it yet",
                hint=f"run the same again in {_span(answer.retry_after)}; the key waits here",
            )
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise EdgeAgentError(
                f"{self.host} does not accept this token for this box",
                hint="ask the center for a new one: a token is for one box, once, and not for long",
            )
        raise self._refusal(answer, "our request")

    def _refusal(self, answer: _Answer, what: str) -> EdgeAgentError:
        if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
            return EdgeAgentError(
                f"there is no certificate service at {self.host}{self._path}",
                hint=f"ask the center for the url, it ends in {WELL_KNOWN} or a label behind it",
            )
        words = " ".join(answer.body[:_MOST_WORDS].decode("utf-8", "replace").split())
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return EdgeAgentError(
                f"{self.host} cannot answer now ({answer.status}): {words}",
                hint="run the same again later; the key waits here",
            )
        return EdgeAgentError(
            f"{self.host} refused {what} ({answer.status}): {words}",
            hint="show this to the center; its log says more",
        )

    def _certificates(self, answer: _Answer) -> tuple[Certificate, ...]:
        # RFC 8951, section 3.1: base64 whatever the header says, with or without line ends.
        try:
            found = parse_certificates(base64.b64decode(b"".join(answer.body.split())))
        except (binascii.Error, ValueError):
            found = ()
        if not found:
            raise EdgeAgentError(
                f"{self.host} answered with something that is no certificate",
                hint="see that the url is the one of the certificate service, and nothing between",
            )
        return found

    def _ask(
        self,
        operation: str,
        request_der: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        pair: Path | None = None,
    ) -> _Answer:
        context, patience = self._context(pair), Patience(self.patience_s, self.patience_s)
        method, body, kind = "GET", None, {}
        if request_der is not None:
            method, body = "POST", base64.encodebytes(request_der)
            kind = {"Content-Type": "application/pkcs10", "Content-Transfer-Encoding": "base64"}
        try:
            with closing(WebLine(self.host, self._port, context, patience, self.stop)) as line:
                line.request(method, f"{self._path}/{operation}", body, {**kind, **(headers or {})})
                with line.getresponse() as told:
                    words = told.read(MOST_BYTES)
                return _Answer(told.status, words, told.headers.get("Retry-After", ""))
        except ssl.SSLCertVerificationError as error:
            raise bad_certificate(
                self.host,
                error,
                server="the service",
                ca_option="--ca-file FILE",
                url="the url",
            ) from error
        except OSError as error:
            raise self._unreachable(error) from error
        except http.client.HTTPException as error:
            raise EdgeAgentError(
                f"{self.host} does not speak HTTP ({type(error).__name__})",
                hint="check the port of the url",
            ) from error

    def _context(self, pair: Path | None) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if pair:
                context.load_cert_chain(pair, password=lambda: "")
        except OSError as error:  # ssl.SSLError is one
            raise EdgeAgentError(
                f"{pair or self.ca_file} cannot be used for TLS",
                hint="it must be a PEM file that the agent's user can read",
            ) from error
        return context

    def _unreachable(self, error: OSError) -> EdgeAgentError:
        if isinstance(error, socket.gaierror):
            what = f'the name "{self.host}" cannot be found'
            hint = f"check the spelling, and the name server of this box: getent hosts {self.host}"
        elif isinstance(error, ssl.SSLError) and "ALERT" in str(error.reason):
            what = f"{self.host} refused our certificate"
            hint = "it is expired, revoked or another center's: enroll again with a token"
        elif isinstance(error, ConnectionRefusedError):
            what = f"{self.host}:{self._port} refused the connection"
            hint = "check the port, and that the certificate service runs"
        elif isinstance(error, TimeoutError):
            what = f"{self.host} did not answer within {self.patience_s:g} s"
            hint = "check the address, the network and the firewalls on the way"
        else:
            what = f"{self.host} cannot be reached: {(error.strerror or str(error)).lower()}"
            hint = "check the port, the cable and the address"
        return EdgeAgentError(what, hint=hint)


def _span(retry_after: str) -> str:
    """Return what Retry-After says, in words; a date is as good as nothing."""
    return f"{int(retry_after)} s" if retry_after.isdigit() else "some minutes"
