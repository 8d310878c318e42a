"""The box's key is made once, kept to ourselves, and never replaced behind anybody's back."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge_agent.alerts.box_key import (
    find_keys,
    finish_rotation,
    open_keys,
    prepare_rotation,
)
from edge_agent.errors import EdgeAgentError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "keys"


def test_the_first_start_makes_a_key_and_the_next_ones_keep_it(folder: Path) -> None:
    assert find_keys(folder) is None

    first, _ = open_keys(folder)
    second, _ = open_keys(folder)

    assert first.signer.kid == second.signer.kid
    assert second.following is None


def test_nobody_else_on_the_box_can_read_the_key(folder: Path) -> None:
    open_keys(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_a_power_cut_before_the_key_was_written_is_a_first_start_again(folder: Path) -> None:
    keys, _ = open_keys(folder)
    (folder / "box.pem").unlink()

    again, position = open_keys(folder)

    assert again.signer.kid != keys.signer.kid
    assert position.most == 0


def test_a_key_that_is_gone_after_it_signed_is_not_replaced(folder: Path) -> None:
    _, position = open_keys(folder)
    position.cover(1)
    (folder / "box.pem").unlink()

    with pytest.raises(EdgeAgentError, match="is gone") as refusal:
        open_keys(folder)

    assert "rotate --lost" in refusal.value.hint
    assert not (folder / "box.pem").exists()


def test_a_memory_that_cannot_be_read_counts_as_a_use(folder: Path) -> None:
    open_keys(folder)
    (folder / "box.pem").unlink()
    (folder / "position").write_bytes(b"\0" * 1024)

    with pytest.raises(EdgeAgentError, match="is gone"):
        open_keys(folder)


def another_kind() -> bytes:
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("content", [b"", b"rotten", another_kind()])
def test_a_damaged_key_is_named_and_left_as_it_is(folder: Path, content: bytes) -> None:
    open_keys(folder)
    (folder / "box.pem").write_bytes(content)

    with pytest.raises(EdgeAgentError, match=r"box\.pem is damaged") as refusal:
        open_keys(folder)

    assert "rotate --lost" in refusal.value.hint
    assert (folder / "box.pem").read_bytes() == content


def test_a_key_that_cannot_be_read_is_named(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "box.pem").mkdir()

    with pytest.raises(EdgeAgentError, match="cannot use the box's key") as refusal:
        open_keys(folder)

    assert "ls -l" in refusal.value.hint


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(EdgeAgentError, match="cannot use the box's key"):
        open_keys(tmp_path / "file" / "keys")


def test_a_waiting_key_takes_over_and_nothing_of_the_old_one_is_left(folder: Path) -> None:
    open_keys(folder)
    old, new = prepare_rotation(folder, is_lost=False)
    keys, _ = open_keys(folder)
    assert old
    assert (keys.signer.kid, keys.following and keys.following.kid) == (old.kid, new.kid)

    finish_rotation(keys)

    keys, _ = open_keys(folder)
    assert (keys.signer.kid, keys.following) == (new.kid, None)
    assert sorted(file.name for file in folder.iterdir()) == ["box.pem", "position"]


def test_there_is_nothing_to_rotate_before_the_first_start(folder: Path) -> None:
    with pytest.raises(EdgeAgentError, match="no key") as refusal:
        prepare_rotation(folder, is_lost=False)

    assert "edge-agent run" in refusal.value.hint


def test_a_key_that_waits_is_not_replaced_for_the_center_may_know_it(folder: Path) -> None:
    open_keys(folder)
    _, waiting = prepare_rotation(folder, is_lost=False)

    with pytest.raises(EdgeAgentError, match=f"{waiting.kid} waits already") as refusal:
        prepare_rotation(folder, is_lost=False)

    assert "restart" in refusal.value.hint


def test_a_waiting_key_takes_the_place_of_a_lost_one(folder: Path) -> None:
    open_keys(folder)
    _, waiting = prepare_rotation(folder, is_lost=False)
    (folder / "box.pem").write_bytes(b"rotten")

    _, new = prepare_rotation(folder, is_lost=True)

    assert new.kid == waiting.kid


def test_a_damaged_new_key_can_be_removed(folder: Path) -> None:
    open_keys(folder)
    (folder / "next.pem").write_bytes(b"rotten")

    with pytest.raises(EdgeAgentError, match="before it was used") as refusal:
        open_keys(folder)

    assert f"rm {folder}/next.pem" in refusal.value.hint


def test_a_damaged_new_key_does_not_keep_the_box_from_a_new_one(folder: Path) -> None:
    open_keys(folder)
    (folder / "box.pem").write_bytes(b"rotten")
    (folder / "next.pem").write_bytes(b"rotten, too")

    _, new = prepare_rotation(folder, is_lost=True)

    keys, _ = open_keys(folder)
    assert keys.signer.kid == new.kid
    assert (folder / "next.pem.lost").read_bytes() == b"rotten, too"


def test_a_lost_key_is_set_aside_for_whoever_may_mend_it(folder: Path) -> None:
    open_keys(folder)
    (folder / "box.pem").write_bytes(b"rotten")

    old, new = prepare_rotation(folder, is_lost=True)
    keys, _ = open_keys(folder)

    assert old is None
    assert (keys.current, keys.signer.kid) == (None, new.kid)
    assert (folder / "box.pem.lost").read_bytes() == b"rotten"


def test_a_key_made_with_sudo_belongs_to_the_agent(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving files away needs root")
    open_keys(folder)
    os.chown(folder, 1234, 1235)

    prepare_rotation(folder, is_lost=False)

    made = (folder / "next.pem").stat()
    assert (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) == (1234, 1235, 0o600)
