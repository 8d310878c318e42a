"""`enroll` where people carry the files, and what is judged before any of them counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID

from edge_agent.certificates.certificate import read_certificates
from edge_agent.errors import EdgeAgentError
from tests.certificates.town import BOX
from tests.fakes.authority import Authority

if TYPE_CHECKING:
    from pathlib import Path

    from tests.certificates.town import Town


def test_files_go_to_the_center_and_back(town: Town, tmp_path: Path) -> None:
    assert town.enroll() == 0
    assert f"the request of {BOX} is {town.files.request}" in town.out
    request = x509.load_pem_x509_csr(town.files.request.read_bytes())
    assert request.is_signature_valid
    answer = town.signs(tmp_path / "answer.pem")

    assert town.enroll("--install", answer, "--ca-file", town.authority.ca_file) == 0, town.err

    assert not town.files.request.exists()
    assert town.enroll("--install", answer) == 0
    assert f"{BOX} has a certificate until" in town.out


def test_a_wrong_authority_costs_an_enrolled_box_nothing(town: Town, tmp_path: Path) -> None:
    town.enroll_with_token()
    before = {file.name: file.read_bytes() for file in town.files.folder.iterdir()}
    foreign = Authority(tmp_path / "foreign").ca_file

    installed = town.enroll("--install", town.files.pair, "--ca-file", foreign)
    said = town.err
    town.enroll_with_token("--again", token="guessed")

    assert installed == 1
    assert f"the certificate is not signed by the authority in {foreign}" in said
    after = {file.name: file.read_bytes() for file in town.files.folder.iterdir()}
    assert {name: after[name] for name in before} == before
    assert "center.next.pem" not in after


def test_a_certificate_that_is_refused_leaves_the_known_authority(
    town: Town, tmp_path: Path
) -> None:
    town.enroll_with_token()
    known = town.files.authority.read_bytes()
    newer = Authority(tmp_path / "newer", "Newer authority")
    town.enroll("--again")
    town.desk.signs_with, town.desk.usage = newer, ExtendedKeyUsageOID.SERVER_AUTH
    answer = town.signs(tmp_path / "answer.pem")

    assert town.enroll("--install", answer, "--ca-file", newer.ca_file) == 1

    assert "is not for logging in at a broker" in town.err
    assert town.files.authority.read_bytes() == known


def test_the_authority_before_is_kept_beside_the_new_one(town: Town, tmp_path: Path) -> None:
    town.enroll_with_token()
    known = town.files.authority.read_bytes()
    newer = Authority(tmp_path / "newer", "Newer authority")
    town.enroll("--again")
    town.desk.signs_with = newer
    answer = town.signs(tmp_path / "answer.pem")

    assert town.enroll("--install", answer, "--ca-file", newer.ca_file) == 0, town.err

    assert town.files.authority.read_bytes() == newer.ca_file.read_bytes()
    assert (town.files.folder / "center.previous.pem").read_bytes() == known


def test_the_power_may_go_between_the_certificate_and_its_authority(
    town: Town, tmp_path: Path
) -> None:
    newer = Authority(tmp_path / "newer", "Newer authority")
    town.enroll_with_token()
    town.enroll("--again")
    town.desk.signs_with = newer
    signed = read_certificates(town.signs(tmp_path / "answer.pem"))
    town.files.put_together(signed)
    town.files.offer(newer.ca_file.read_bytes())
    town.files.install()

    assert town.enroll() == 0

    assert town.files.authority.read_bytes() == newer.ca_file.read_bytes()
    assert not town.files.offered_authority.exists()


def test_the_request_is_the_same_until_it_is_answered(town: Town) -> None:
    town.enroll()
    key = (town.files.folder / "next.key").read_bytes()

    town.enroll()

    assert (town.files.folder / "next.key").read_bytes() == key


@pytest.mark.parametrize("kind", ["der", "bag", "pem bag", "chain"])
def test_whatever_the_center_hands_out_is_read(town: Town, tmp_path: Path, kind: str) -> None:
    town.enroll()
    signed = x509.load_pem_x509_certificate(town.signs(tmp_path / "answer").read_bytes())
    authority = x509.load_pem_x509_certificate(town.authority.ca_file.read_bytes())
    content = {
        "der": signed.public_bytes(Encoding.DER),
        "bag": pkcs7.serialize_certificates([authority, signed], Encoding.DER),
        "pem bag": pkcs7.serialize_certificates([authority, signed], Encoding.PEM),
        "chain": authority.public_bytes(Encoding.PEM) + signed.public_bytes(Encoding.PEM),
    }[kind]
    (tmp_path / "answer").write_bytes(content)

    done = town.enroll("--install", tmp_path / "answer", "--ca-file", town.authority.ca_file)

    assert done == 0, town.err
    assert [one.name for one in read_certificates(town.files.pair)] == [BOX]


def test_another_boxs_certificate_is_refused(town: Town) -> None:
    town.enroll()
    other = town.authority.issue("box-8")

    assert town.enroll("--install", other.certificate, "--ca-file", town.authority.ca_file) == 1

    assert "the certificate does not belong to a key of this box" in town.err


def test_a_request_that_was_signed_under_another_name_is_refused(
    town: Town, tmp_path: Path
) -> None:
    town.enroll()
    answer = town.signs(tmp_path / "answer.pem")
    text = (town.folder / "agent.toml").read_text().replace(BOX, "box-8")
    (town.folder / "agent.toml").write_text(text)

    assert town.enroll("--install", answer, "--ca-file", town.authority.ca_file) == 1

    assert f'the certificate is for "{BOX}", this box is "box-8"' in town.err


def test_a_file_that_is_no_certificate_is_named(town: Town) -> None:
    assert town.enroll("--install", town.folder / "agent.toml") == 1

    assert "agent.toml holds no certificate" in town.err


def test_who_signs_has_to_be_known(town: Town, tmp_path: Path) -> None:
    town.enroll()

    assert town.enroll("--install", town.signs(tmp_path / "answer.pem")) == 1

    assert "nobody has told this box who signs" in town.err


def test_a_damaged_key_that_waits_is_named(town: Town) -> None:
    town.enroll()
    (town.files.folder / "next.key").write_text("rotten")

    assert town.enroll() == 1

    assert "next.key is damaged\n  next: it was never used, remove it: rm " in town.err


def test_a_folder_that_cannot_be_used_is_named(town: Town) -> None:
    town.files.folder.write_text("not a folder")

    with pytest.raises(EdgeAgentError, match="cannot use"):
        town.files.ask()
