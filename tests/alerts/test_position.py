"""No number is signed before the disk knows that it may have been."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.box_key import prepare_rotation
from edge_agent.alerts.position import STEP, Position
from edge_agent.alerts.seal import Seal
from edge_agent.domain.chain import Link
from edge_agent.errors import EdgeAgentError
from tests.fakes.box import SealedBox, a_seal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "position"


def test_every_number_signed_is_covered_and_the_disk_is_asked_once_in_a_while(path: Path) -> None:
    position, writes = Position(path), set()
    position.begin()
    for seq in range(1, 4 * STEP):
        position.cover(seq)
        most = Position(path).most
        assert most is not None
        assert seq <= most < seq + STEP
        writes.add(path.read_bytes())

    assert len(writes) == 4


@pytest.mark.parametrize("cut", [0, 1, 20, 29, 511])
def test_power_cut_in_the_middle_of_a_write_leaves_the_number_before(path: Path, cut: int) -> None:
    position = Position(path)
    position.begin()
    position.cover(1)
    before = path.read_bytes()
    position.cover(STEP + 1)
    after = path.read_bytes()
    [slot] = [n for n in range(2) if before[n * 512 :][:512] != after[n * 512 :][:512]]
    torn = bytearray(before)
    torn[slot * 512 : slot * 512 + cut] = after[slot * 512 : slot * 512 + cut]
    path.write_bytes(torn)

    # It was asked to cover the next ones: none of those was signed, for `cover` had not returned.
    assert Position(path).most in {STEP, 2 * STEP}


def test_the_file_never_grows_so_a_full_disk_does_not_matter(path: Path) -> None:
    position = Position(path)
    position.begin()
    sizes = set()
    for seq in (1, 1000, 10**15):
        position.cover(seq)
        sizes.add(path.stat().st_size)

    assert sizes == {1536}


def test_what_was_kept_is_remembered_without_waiting_for_the_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = Position(path)
    position.begin()
    position.cover(1)
    monkeypatch.setattr("os.fdatasync", lambda _: pytest.fail("it waited"))

    position.note_kept(3)
    position.note_kept(2)

    again = Position(path)
    assert (again.most, again.kept) == (STEP, 3)
    assert path.stat().st_size == 1536


def test_a_position_of_an_older_edge_agent_is_believed(path: Path) -> None:
    position = Position(path)
    position.begin()
    position.cover(1)
    path.write_bytes(path.read_bytes()[:1024])

    again = Position(path)
    before = (again.most, again.kept)
    again.note_kept(9)

    assert before == (STEP, 0)
    assert Position(path).kept == 9


@pytest.mark.parametrize("content", [None, b"", b"x" * 1024, b"0" * 1024])
def test_what_cannot_be_believed_is_not_known(path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)

    assert Position(path).most is None


def test_a_position_that_cannot_be_kept_stops_the_signing(tmp_path: Path) -> None:
    seal: Seal = SealedBox(tmp_path).seal
    (tmp_path / "keys" / "position").unlink()

    with pytest.raises(EdgeAgentError, match="cannot keep the box's place") as refusal:
        seal.seal(b'{"a":1}', Link(1, "0" * 64))

    assert "ls -l" in refusal.value.hint


def test_a_new_key_that_cannot_be_put_in_place_is_named(tmp_path: Path) -> None:
    SealedBox(tmp_path)
    prepare_rotation(tmp_path / "keys", is_lost=False)
    seal = a_seal(tmp_path)
    (tmp_path / "keys" / "next.pem").unlink()

    with pytest.raises(EdgeAgentError, match="cannot put the new key in place") as refusal:
        seal.finish_rotation()

    assert "ls -l" in refusal.value.hint


def test_a_memory_made_anew_never_says_that_nothing_was_signed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between making the file and writing the number, the box would begin at 1 again."""
    position = Position(path)

    def killed(*_: object) -> None:
        raise OSError(5, "power cut")

    monkeypatch.setattr("os.pwrite", killed)
    with suppress(OSError):
        position.cover(1_795_000_001)

    assert Position(path).most != 0
