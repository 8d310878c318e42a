"""Whatever somebody hands us as a certificate is read, or is none."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.certificates.certificate import parse_certificates
from tests.fakes.authority import Authority


@cache
def _whole() -> tuple[bytes, ...]:
    """A certificate as PEM, DER, and as bags of each."""
    with TemporaryDirectory() as folder:
        pem = Authority(Path(folder) / "authority").ca_file.read_bytes()
    found = x509.load_pem_x509_certificate(pem)
    bags = (pkcs7.serialize_certificates([found], kind) for kind in (Encoding.PEM, Encoding.DER))
    return (pem, found.public_bytes(Encoding.DER), *bags)


def test_each_kind_is_the_same_certificate() -> None:
    names = [[one.name for one in parse_certificates(content)] for content in _whole()]

    assert names == [["Test authority"]] * 4


def test_a_version_that_does_not_exist_is_none() -> None:
    spoiled = bytearray(_whole()[1])
    version = spoiled.index(b"\xa0\x03\x02\x01\x02") + 4
    spoiled[version] = 47

    assert parse_certificates(bytes(spoiled)) == ()


@given(st.binary(max_size=300))
def test_noise_is_no_certificate(noise: bytes) -> None:
    assert parse_certificates(noise) == ()


@given(
    st.integers(0, 3),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 200),
)
def test_a_spoiled_one_is_read_or_is_none(
    kind: int, changes: list[tuple[int, int]], cut: int
) -> None:
    spoiled = bytearray(_whole()[kind])
    for place, byte in changes:
        spoiled[place % len(spoiled)] = byte

    with warnings.catch_warnings():
        # cryptography wonders about odd numbers and encodings; in a service that is a line in a log.
        warnings.simplefilter("ignore")
        parse_certificates(bytes(spoiled[: len(spoiled) - cut]))
