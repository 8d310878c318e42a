"""Read certificates, however they come: PEM, DER, or a bag of them (PKCS #7).

Only this package and the signing code may import `cryptography`. Dates are Unix seconds.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7
from cryptography.x509.oid import NameOID

from edge_agent.errors import EdgeAgentError

# A certificate is 1 KB; a bag of a whole chain ten of them. More is another kind of file.
MOST_BYTES = 262_144
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_PEM_BAG = b"-----BEGIN PKCS7-----"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What we need to know of one certificate."""

    # The common name: whom it is for.
    name: str
    begins_wall: float
    ends_wall: float
    # The key that it vouches for, and itself.
    public_der: bytes
    pem: bytes
    is_self_signed: bool


def parse_certificates(content: bytes) -> tuple[Certificate, ...]:
    """Return all certificates of a file, in its order; empty for what is none."""
    try:
        return tuple(map(_read, _parse(content)))
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        return ()


def read_certificates(file: Path) -> tuple[Certificate, ...]:
    """Return all certificates of a file, at least one. Raises EdgeAgentError."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES)
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read {file}: {(error.strerror or str(error)).lower()}",
            hint="correct the path, or run this with sudo",
        ) from error
    found = parse_certificates(content)
    if not found:
        raise EdgeAgentError(
            f"{file} holds no certificate",
            hint="a PEM file begins with -----BEGIN CERTIFICATE-----; DER and PKCS #7 do, too",
        )
    return found


def day(wall: float) -> str:
    """Return the date, as people read it."""
    return datetime.fromtimestamp(wall, UTC).date().isoformat()


def _parse(content: bytes) -> list[x509.Certificate]:
    if _PEM_BAG in content:
        return pkcs7.load_pem_pkcs7_certificates(content)
    if found := _PEM.findall(content):
        return [x509.load_pem_x509_certificate(each) for each in found]
    try:
        return [x509.load_der_x509_certificate(content)]
    except ValueError:
        return pkcs7.load_der_pkcs7_certificates(content)


def _read(found: x509.Certificate) -> Certificate:
    names = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    public = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    begins, ends = _dates(found)
    return Certificate(
        name=str(names[0].value) if names else "",
        begins_wall=begins.timestamp(),
        ends_wall=ends.timestamp(),
        public_der=public,
        pem=found.public_bytes(Encoding.PEM),
        is_self_signed=found.issuer == found.subject,
    )


def _dates(found: x509.Certificate) -> tuple[datetime, datetime]:
    """Return from when to when; Debian 12's cryptography (38) has no dates with a time zone."""
    if hasattr(found, "not_valid_before_utc"):
        return found.not_valid_before_utc, found.not_valid_after_utc
    begins, ends = found.not_valid_before, found.not_valid_after
    return begins.replace(tzinfo=UTC), ends.replace(tzinfo=UTC)
