"""How ONVIF logs in: a digest of password, nonce and time (WS-Security UsernameToken 1.0).

The time is written by the camera's clock and ends in Z. onvif-zeep writes "+00:00", which says
the same and which some firmwares refuse (a comment in onvif-zeep-async names Hikvision).
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass
from xml.sax.saxutils import escape

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


def security_header(credentials: Credentials, camera_wall: float) -> str:
    """Return the header that signs one envelope, with a nonce of its own."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    created = zulu(camera_wall)
    secret = digest(nonce, created, credentials.password)
    return (
        f'<wsse:Security xmlns:wsse="{_WSSE}" xmlns:wsu="{_WSU}" xmlns:env="{_SOAP}" '
        'env:mustUnderstand="1"><wsse:UsernameToken>'
        f"<wsse:Username>{escape(credentials.username)}</wsse:Username>"
        f'<wsse:Password Type="{_DIGEST}">{secret}</wsse:Password>'
        f'<wsse:Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</wsse:Nonce>'
        f"<wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"
    )
