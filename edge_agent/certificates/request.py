"""The TLS key of this box and the request for a certificate. Not the key that signs alerts.

The key never leaves the box: what travels is the request, which holds the public part only.
"""

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DIGITAL_SIGNATURE_ONLY = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class Request:
    """A private key and the request for its certificate."""

    key_pem: bytes
    public_der: bytes
    # PKCS #10.
    der: bytes
    pem: bytes


def make_key() -> bytes:
    """Return a new private key, PEM: P-256, whose handshakes take half the bytes of RSA's."""
    private = ec.generate_private_key(ec.SECP256R1())
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_request(key_pem: bytes, box: str) -> Request:
    """Ask for a certificate for this box. Raises ValueError for what is no key of ours."""
    private = _load(key_pem)
    asked = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, box)]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(box)]), critical=False)
        .add_extension(_DIGITAL_SIGNATURE_ONLY, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(private, SHA256())
    )
    return Request(
        key_pem=key_pem,
        public_der=public_of(key_pem),
        der=asked.public_bytes(Encoding.DER),
        pem=asked.public_bytes(Encoding.PEM),
    )


def public_of(key_pem: bytes) -> bytes:
    """Return the public part of a private key. Raises ValueError for what is no key of ours."""
    public = _load(key_pem).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _load(key_pem: bytes) -> ec.EllipticCurvePrivateKey:
    private = load_pem_private_key(key_pem, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise ValueError("not a key on an elliptic curve")  # noqa: TRY004 (callers know one kind)
    return private
