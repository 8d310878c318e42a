"""A site with keys takes what its fleet signed, and nothing else."""

from __future__ import annotations

import base64
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge_agent.errors import EdgeAgentError
from edge_agent.packs.head import PackHead, Part, Signature
from edge_agent.packs.signature import check_signature, make_key, read_key, sign

if TYPE_CHECKING:
    from tests.packs.conftest import Key

HEAD = PackHead(Part("model.toml", 10, "ab" * 32), Part("a.tflite", 20, "cd" * 32))


def test_a_pack_that_the_fleet_signed_is_taken(key: Key) -> None:
    assert check_signature(sign(HEAD, key.file), (key.public,)) == key.id


def test_an_unsigned_pack_is_refused_where_the_site_has_keys(key: Key) -> None:
    with pytest.raises(EdgeAgentError, match="not signed, and this site takes signed ones only"):
        check_signature(HEAD, (key.public,))


def test_an_unsigned_pack_is_taken_where_the_site_has_none() -> None:
    assert check_signature(HEAD, ()) == ""


def test_a_stranger_s_pack_is_refused_by_name(key: Key, other_key: Key) -> None:
    with pytest.raises(EdgeAgentError, match=f"signed by {other_key.id}.*does not trust"):
        check_signature(sign(HEAD, other_key.file), (key.public,))


@pytest.mark.parametrize(
    "changed",
    [
        replace(HEAD, card=replace(HEAD.card, sha256="00" * 32)),
        replace(HEAD, weights=replace(HEAD.weights, sha256="00" * 32)),
        replace(HEAD, weights=replace(HEAD.weights, size_bytes=21)),
        replace(HEAD, weights=replace(HEAD.weights, name="b.tflite")),
    ],
)
def test_a_pack_that_was_changed_after_it_was_signed_is_refused(
    key: Key, changed: PackHead
) -> None:
    stolen = replace(changed, signatures=sign(HEAD, key.file).signatures)

    with pytest.raises(EdgeAgentError, match="does not fit this pack"):
        check_signature(stolen, (key.public,))


def test_somebody_who_writes_the_fleet_s_name_below_is_refused(key: Key, other_key: Key) -> None:
    forged = Signature(key.id, sign(HEAD, other_key.file).signatures[0].content)

    with pytest.raises(EdgeAgentError, match="does not fit this pack"):
        check_signature(replace(HEAD, signatures=(forged,)), (key.public,))


def test_while_the_key_changes_old_and_new_boxes_take_the_same_pack(
    key: Key, other_key: Key
) -> None:
    both = sign(sign(HEAD, key.file), other_key.file)

    assert check_signature(both, (key.public,)) == key.id
    assert check_signature(both, (other_key.public,)) == other_key.id
    assert check_signature(sign(HEAD, key.file), (other_key.public, key.public)) == key.id


def test_signing_twice_with_one_key_changes_nothing(key: Key) -> None:
    once = sign(HEAD, key.file)

    assert sign(once, key.file) == once


def test_a_fifth_signature_finds_no_room(key: Key) -> None:
    full = replace(HEAD, signatures=tuple(Signature(f"{n:016x}", bytes(64)) for n in range(4)))

    with pytest.raises(EdgeAgentError, match="4 signatures already"):
        sign(full, key.file)


def test_a_private_key_is_for_its_owner_s_eyes_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "fleet.key"
    make_key(file)
    before = file.read_bytes()

    with pytest.raises(EdgeAgentError, match=r"cannot write .*file exists"):
        make_key(file)

    assert file.stat().st_mode & 0o077 == 0
    assert file.read_bytes() == before


@pytest.mark.parametrize("text", ["", "key", base64.b64encode(bytes(31)).decode(), "ä" * 44])
def test_what_is_no_public_key_is_not_taken_for_one(text: str) -> None:
    assert read_key(text) is None


def test_a_private_key_that_is_none_says_which_file_to_name(tmp_path: Path) -> None:
    file = tmp_path / "fleet.key"
    file.write_text("secret")

    with pytest.raises(EdgeAgentError, match="is no private key") as caught:
        sign(HEAD, file)

    assert "model key" in caught.value.hint


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.key"
    key = generate_private_key(SECP256R1())
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    with pytest.raises(EdgeAgentError, match="is no private key for Ed25519"):
        sign(HEAD, file)


@pytest.mark.parametrize("module", ["daemon.model_start", "config.load", "cli.status"])
def test_nobody_who_checks_no_signature_loads_the_library(module: str) -> None:
    listing = f"import edge_agent.{module}, sys; print(*sys.modules)"

    done = subprocess.run(  # noqa: S603 (a program we name)
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True, timeout=60
    )

    assert "cryptography" not in done.stdout.split()


def test_half_a_key_is_not_left_where_the_disk_was_full(tmp_path: Path) -> None:
    file, (soft, hard) = tmp_path / "fleet.key", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(EdgeAgentError, match="cannot write"):
            make_key(file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert read_key(make_key(file))


def test_a_key_without_end_is_no_key() -> None:
    with pytest.raises(EdgeAgentError, match="/dev/zero is no private key"):
        sign(HEAD, Path("/dev/zero"))
