"""How ONVIF logs in: a digest of password, nonce and time (WS-Security UsernameToken 1.0).

The time is written by the camera's clock and ends in Z. onvif-zeep writes "+00:00", which says
the same and which some firmwares refuse (a comment in onvif-zeep-async names Hikvision).
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from edge_agent.runtime.clock import Clock
from edge_agent.runtime.secret import Secret

_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_WSSE = f"{_WSS}wssecurity-secext-1.0.xsd"
_WSU = f"{_WSS}wssecurity-utility-1.0.xsd"
_DIGEST = f"{_WSS}username-token-profile-1.0#PasswordDigest"
_BASE64 = f"{_WSS}soap-message-security-1.0#Base64Binary"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
# Enough against replay; a firmware that refuses longer ones is known (onvif-rs issue 114).
_NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we say we are to a camera."""

    username: str
    password: Secret


def digest(nonce: bytes, created: str, password: Secret) -> str:
    """Return Base64(SHA-1(nonce + created + password)), UsernameToken Profile 1.0 section 3.1."""
    content = nonce + created.encode() + password.reveal().encode()
    return base64.b64encode(hashlib.sha1(content).digest()).decode()  # noqa: S324 (the standard's)


def zulu(wall: float) -> str:
    """Return Unix seconds as `2010-09-16T07:50:45Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(wall))


@dataclass(frozen=True, slots=True)
class Login:
    """Signs each envelope anew; what zeep calls a wsse plug-in."""

    credentials: Credentials
    clock: Clock
    # The camera's clock minus ours.
    clock_offset_s: float = field(default=0.0)

    def apply(self, envelope: Any, headers: Any) -> tuple[Any, Any]:
        """Add the security header to an envelope that is about to be sent."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        created = zulu(self.clock.wall() + self.clock_offset_s)
        header = envelope.find(f"{{{_SOAP}}}Header")
        if header is None:
            header = etree.Element(f"{{{_SOAP}}}Header")
            envelope.insert(0, header)
        security = etree.SubElement(
            header, f"{{{_WSSE}}}Security", nsmap={"wsse": _WSSE, "wsu": _WSU}
        )
        security.set(f"{{{_SOAP}}}mustUnderstand", "1")
        token = etree.SubElement(security, f"{{{_WSSE}}}UsernameToken")
        _add(token, f"{{{_WSSE}}}Username", self.credentials.username)
        secret = digest(nonce, created, self.credentials.password)
        _add(token, f"{{{_WSSE}}}Password", secret, Type=_DIGEST)
        _add(token, f"{{{_WSSE}}}Nonce", base64.b64encode(nonce).decode(), EncodingType=_BASE64)
        _add(token, f"{{{_WSU}}}Created", created)
        return envelope, headers

    def verify(self, envelope: Any) -> None:
        """Ask nothing of the reply: cameras do not sign."""


def _add(parent: Any, tag: str, text: str, **attributes: str) -> None:
    child = etree.SubElement(parent, tag, **attributes)
    child.text = text
