"""From a URL to an open, encrypted connection. Every wait ends on Stop; only name look-ups do not.

The system resolves names and cannot be interrupted; with dead name servers it takes 20 s or more.
"""

import errno
import os
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from edge_agent.runtime.stop import Stop
from edge_agent.wire.answers import LinkLostError

# TCP gets three tries of its SYN within this (1 s, 3 s), TLS a slow mobile link's round trips.
_CONNECT_S = 5.0
_HANDSHAKE_S = 5.0
# How soon a wait notices Stop.
_SLICE_S = 0.2
# RFC 2606 keeps this name for examples, ours among them.
_PLACEHOLDER = ".example"
_PORTS = {"mqtt": 1883, "mqtts": 8883}
# OpenSSL's x509_vfy.h; Python hands the number over as verify_code.
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21}
_WRONG_NAME = {62, 64}

# What a name look-up finds of one address (socket.getaddrinfo).
Found = tuple[int, int, int, str, tuple[object, ...]]


class Callee(Protocol):
    """Who is called, and how, as the configuration says it."""

    @property
    def insecure(self) -> bool:
        """Whether plain MQTT is meant."""
        ...

    @property
    def ca_file(self) -> Path | None:
        """The authority that signed the other side's certificate; None: the system's list."""
        ...

    @property
    def certificate_file(self) -> Path | None:
        """Our own certificate, where the other side asks for one."""
        ...

    @property
    def key_file(self) -> Path | None:
        """Its private key."""
        ...


@dataclass(frozen=True, slots=True)
class Address:
    """Who to call. `context` is None for plain MQTT."""

    host: str
    port: int
    context: ssl.SSLContext | None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def address(options: Callee, url: str) -> Address:
    """Read one of the URLs and the certificates as they are now; a renewed one is taken at once.

    Raises LinkLostError for what cannot be used.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise LinkLostError(
            f'"{url}" is not the url of a broker',
            hint="write it as mqtts://host or mqtts://host:8883",
        )
    if parts.scheme == "mqtt" and not options.insecure:
        raise LinkLostError(
            f"{url} would send alerts for everybody to read",
            hint="use mqtts://, or set insecure = true on a loopback or in a lab",
        )
    context = _context(options) if parts.scheme == "mqtts" else None
    return Address(parts.hostname, parts.port or _PORTS[parts.scheme], context)


def dial(to: Address, stop: Stop) -> socket.socket:
    """Return a connected, non-blocking socket, over TLS where the address asks for it.

    Raises LinkLostError, also when told to stop meanwhile.
    """
    try:
        connection = connect(_look_up(to), _CONNECT_S, stop)
    except OSError as error:
        raise unreachable(to, error) from error
    try:
        if to.context is None:
            return connection
        # The socket's descriptor moves into the encrypted one.
        connection = to.context.wrap_socket(
            connection, server_hostname=to.host, do_handshake_on_connect=False
        )
        _shake_hands(connection, to, stop)
    except BaseException:
        connection.close()
        raise
    return connection


def connect(found: Iterable[Found], patience_s: float, stop: Stop) -> socket.socket:
    """Return a connected, non-blocking socket to the first address that answers in that time.

    Raises OSError, and LinkLostError when told to stop meanwhile.
    """
    failure: OSError = TimeoutError()
    for family, kind, protocol, _, where in found:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(0)
        try:
            number = connection.connect_ex(where)
            if number == errno.EINPROGRESS:
                wait(connection, select.POLLOUT, deadline(patience_s), stop)
                number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number:
                raise OSError(number, os.strerror(number))  # noqa: TRY301 (as connect() would)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure


def shake_hands(connection: ssl.SSLSocket, patience_s: float, stop: Stop) -> None:
    """Agree on the encryption. Raises OSError, and LinkLostError when told to stop meanwhile."""
    left_s = deadline(patience_s)
    while True:
        try:
            connection.do_handshake()
        except ssl.SSLWantReadError:
            wait(connection, select.POLLIN, left_s, stop)
        except ssl.SSLWantWriteError:
            wait(connection, select.POLLOUT, left_s, stop)
        else:
            return


def deadline(seconds: float) -> Callable[[], float]:
    """Return what tells how many seconds are left. The kernel's waits go by the real clock."""
    until = time.monotonic() + seconds
    return lambda: until - time.monotonic()


def wait(connection: socket.socket, event: int, left_s: Callable[[], float], stop: Stop) -> None:
    """Wait for `select.POLLIN` or the like. Raises TimeoutError, and LinkLostError on a stop."""
    poller = select.poll()
    poller.register(connection, event)
    while not poller.poll(1000 * max(0.0, min(_SLICE_S, left_s()))):
        if stop.is_told:
            raise told_to_stop()
        if left_s() <= 0:
            raise TimeoutError


def told_to_stop() -> LinkLostError:
    """Return the end of a wait that nobody wants any more."""
    return LinkLostError("told to stop while connecting", hint="none needed")


def _look_up(to: Address) -> Iterable[Found]:
    try:
        return socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        if to.host.lower().endswith(_PLACEHOLDER):
            raise LinkLostError(
                f'the broker "{to.host}" is only an example, nobody has that name',
                hint="write the broker's own address into url under [broker]",
            ) from error
        raise LinkLostError(
            f'the name "{to.host}" cannot be found',
            hint=f"check the spelling, and the name server of this box: getent hosts {to.host}",
        ) from error


def _shake_hands(connection: ssl.SSLSocket, to: Address, stop: Stop) -> None:
    try:
        shake_hands(connection, _HANDSHAKE_S, stop)
    except ssl.SSLCertVerificationError as error:
        raise bad_certificate(
            to.host,
            error,
            server="the broker",
            ca_option="[broker] ca_file",
            url="the url of [broker]",
        ) from error
    except OSError as error:  # ssl.SSLError is one
        raise unreachable(to, error) from error


def _context(options: Callee) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.ca_file)
    except (ssl.SSLError, OSError) as error:
        raise LinkLostError(
            f"{options.ca_file} is no list of authorities",
            hint="ca_file must be a PEM file: -----BEGIN CERTIFICATE-----",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if options.certificate_file:
        try:
            # Without a password of ours OpenSSL would ask the terminal for one, and wait.
            context.load_cert_chain(options.certificate_file, options.key_file, lambda: "")
        except (ssl.SSLError, OSError) as error:
            raise LinkLostError(
                f"{options.certificate_file} and {options.key_file} cannot be used",
                hint="both must be readable PEM files of one pair, the key without a password",
            ) from error
    return context


def unreachable(to: Address, error: OSError) -> LinkLostError:
    """Return why the other side cannot be reached, from what the system said."""
    if isinstance(error, ssl.SSLError) and "ALERT" in str(error.reason):
        return LinkLostError(
            f"{to} refused our certificate",
            hint="check certificate_file and key_file: missing, expired, or another center's?",
        )
    match error:
        case ssl.SSLError():
            what = f"{to} does not speak TLS ({error.reason or 'no answer'})"
            hint = "check the port: brokers take TLS on 8883, plain MQTT on 1883"
        case ConnectionRefusedError():
            what = f"{to} refused the connection"
            hint = "check the port, and that the broker runs"
        case TimeoutError():
            what = f"{to} did not answer within {_CONNECT_S:g} s"
            hint = "check the address, the network and the firewalls on the way"
        case ConnectionResetError():
            what = f"{to} closed the connection without an answer"
            hint = "check the port: 8883 is for mqtts://, 1883 for mqtt://"
        case _:
            what = f"{to} cannot be reached: {(error.strerror or str(error)).lower()}"
            hint = "check the cable, the route and the address"
    return LinkLostError(what, hint=hint)


def bad_certificate(
    host: str, error: ssl.SSLCertVerificationError, *, server: str, ca_option: str, url: str
) -> LinkLostError:
    """Return what is wrong with a server's certificate, and what to do next.

    `server` is what it is called, `ca_option` and `url` are where a person names the authority and
    the address.
    """
    code = error.verify_code
    if code == _EXPIRED:
        what = f"the certificate of {host} has expired"
        hint = f"check the clock of this box with `date`; else {server} needs a new one"
    elif code == _NOT_YET_VALID:
        what = f"the certificate of {host} is not valid yet"
        hint = "the clock of this box is probably wrong: sudo timedatectl set-ntp true"
    elif code in _UNKNOWN_AUTHORITY:
        what = f"the certificate of {host} is signed by an authority that we do not know"
        hint = f"ask the center for its CA file and name it: {ca_option}"
    elif code in _WRONG_NAME:
        what = f"the certificate is not for {host} but for another name"
        hint = f"write the name of the certificate into {url}"
    else:
        what = f"the certificate of {host} is not good: {error.verify_message}"
        hint = f"ask the center about the certificate of {server}"
    return LinkLostError(what, hint=hint)
