"""A pack arrives exactly as it was made, or not at all."""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.errors import EdgeAgentError
from edge_agent.packs.head import (
    MOST_WEIGHTS_BYTES,
    PackHead,
    Part,
    Signature,
    read_head,
)
from edge_agent.packs.pack_file import (
    check_folder,
    make_head,
    open_pack,
    read_parts,
    unpack,
)
from edge_agent.packs.signature import sign
from tests.packs.models import packed, street

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packs.conftest import Key

CARD, WEIGHTS = b'name = "small"\n', bytes(range(256))


def part(name: str, content: bytes) -> Part:
    return Part(name, len(content), hashlib.sha256(content).hexdigest())


SMALL = PackHead(
    part("model.toml", CARD), part("small.tflite", WEIGHTS), (Signature("ab" * 8, bytes(64)),)
)
PACK = SMALL.content() + CARD + WEIGHTS


def read(content: bytes) -> tuple[PackHead, tuple[bytes, bytes]]:
    file = io.BytesIO(content)
    head = read_head(file)
    return head, read_parts(file, head)


def with_end(lines: bytes) -> bytes:
    """Give changed first lines a right checksum, as somebody would who knows the format."""
    return lines + f"end {hashlib.sha256(lines).hexdigest()}\n".encode()


def test_a_pack_reads_as_it_was_written() -> None:
    assert read(PACK) == (SMALL, (CARD, WEIGHTS))


def test_a_pack_can_be_looked_at_with_head() -> None:
    assert PACK.decode("latin-1").splitlines()[:3] == [
        "edge-agent model pack 1",
        f"part model.toml 15 {hashlib.sha256(CARD).hexdigest()}",
        f"part small.tflite 256 {hashlib.sha256(WEIGHTS).hexdigest()}",
    ]


def test_the_same_folder_makes_the_same_bytes(tmp_path: Path, key: Key) -> None:
    folder = street(tmp_path / "street")

    one, other = (
        packed(folder, tmp_path / name, sign(make_head(folder), key.file)) for name in "ab"
    )

    assert one.read_bytes() == other.read_bytes()


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(0, 8 * len(PACK) - 1))
def test_a_bit_that_flips_anywhere_is_noticed(bit: int) -> None:
    flipped = bytearray(PACK)
    flipped[bit // 8] ^= 1 << bit % 8

    with pytest.raises(EdgeAgentError):
        read(bytes(flipped))


def test_the_bits_that_say_nothing_in_a_signature_s_last_letter_are_noticed_too() -> None:
    """Four bits of it belong to no byte: base64 reads sixteen letters there as the same."""
    last = PACK.index(b"==\n") - 1

    for bit in range(8):
        flipped = bytearray(PACK)
        flipped[last] ^= 1 << bit
        with pytest.raises(EdgeAgentError):
            read(bytes(flipped))


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(0, len(PACK) - 1))
def test_a_pack_that_ends_early_is_noticed(length: int) -> None:
    with pytest.raises(EdgeAgentError):
        read(PACK[:length])


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(0, len(PACK)), st.binary(min_size=1, max_size=300))
def test_a_pack_with_something_put_in_is_noticed(place: int, more: bytes) -> None:
    longer = PACK[:place] + more + PACK[place:]

    with pytest.raises(EdgeAgentError):
        read(longer)


@settings(deadline=None)  # a busy machine is no failure
@given(st.binary(max_size=2000) | st.binary(max_size=500).map(SMALL.signed.__add__))
def test_what_is_no_pack_is_refused_in_our_words(content: bytes) -> None:
    with pytest.raises(EdgeAgentError) as caught:
        read(content)

    assert caught.value.hint


def test_a_pack_of_a_newer_kind_asks_for_a_newer_agent() -> None:
    with pytest.raises(EdgeAgentError, match="a newer kind") as caught:
        read(PACK.replace(b"pack 1", b"pack 2", 1))

    assert "update edge-agent" in caught.value.hint


@pytest.mark.parametrize(
    "name", [b"../../etc/passwd", b"/etc/passwd", b".hidden", b"a b", b"a" * 65, b"caf\xc3\xa9"]
)
def test_a_name_that_leads_elsewhere_is_no_part(name: bytes) -> None:
    lines = SMALL.signed.replace(b"small.tflite", name)

    with pytest.raises(EdgeAgentError, match="damaged"):
        read(with_end(lines) + CARD + WEIGHTS)


def test_a_part_larger_than_a_box_should_hold_is_refused_before_it_is_read() -> None:
    lines = SMALL.signed.replace(b"tflite 256 ", f"tflite {MOST_WEIGHTS_BYTES + 1} ".encode())

    with pytest.raises(EdgeAgentError, match="too large for a pack"):
        read_head(io.BytesIO(with_end(lines)))


def test_a_size_with_leading_zeros_is_not_how_we_write_it() -> None:
    lines = SMALL.signed.replace(b"tflite 256 ", b"tflite 0256 ")

    with pytest.raises(EdgeAgentError, match="damaged"):
        read(with_end(lines) + CARD + WEIGHTS)


def test_more_signatures_than_anybody_needs_are_refused() -> None:
    line = Signature("cd" * 8, bytes(64)).line()

    with pytest.raises(EdgeAgentError, match="damaged"):
        read(with_end(SMALL.signed + 5 * line) + CARD + WEIGHTS)


@pytest.mark.parametrize(("old", "new"), [(b"model.toml", b"other.toml"), (b".tflite", b".onnx")])
def test_a_pack_holds_a_card_and_weights_and_nothing_else(old: bytes, new: bytes) -> None:
    with pytest.raises(EdgeAgentError, match="not a card and its weights"):
        read(with_end(SMALL.signed.replace(old, new)) + CARD + WEIGHTS)


def test_a_card_about_other_weights_is_noticed(tmp_path: Path) -> None:
    folder = street(tmp_path / "street")
    head = make_head(folder)
    (folder / "other.tflite").write_bytes((folder / "street.tflite").read_bytes())
    other = PackHead(head.card, Part("other.tflite", *_rest(head.weights)))

    with pytest.raises(
        EdgeAgentError, match=re.escape("about street.tflite, the pack holds other")
    ):
        check_folder(folder, other)


def _rest(weights: Part) -> tuple[int, str]:
    return weights.size_bytes, weights.sha256


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("Street", "1.0"),
        ("street", "1.0-rc1"),
        ("street", "01"),
        ("../street", "1"),
        ("street", "v1"),
    ],
)
def test_a_name_that_cannot_be_a_folder_is_refused_when_it_is_packed(
    tmp_path: Path, name: str, version: str
) -> None:
    folder = street(tmp_path / "street", version, name)

    with pytest.raises(EdgeAgentError, match="cannot be the name of a pack"):
        make_head(folder)


def test_a_failure_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "street.pack"
    file.write_bytes(PACK[:-1])

    with pytest.raises(EdgeAgentError) as caught, open_pack(file) as (opened, head):
        read_parts(opened, head)

    assert caught.value.report().startswith(f"{file}: the pack is damaged: it ends in the middle")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(EdgeAgentError, match=r"cannot read .*no such file"),
        open_pack(tmp_path / "absent.pack"),
    ):
        pass


def test_what_is_unpacked_is_what_was_packed(tmp_path: Path, street_pack: Path) -> None:
    with open_pack(street_pack) as (file, head):
        unpack(tmp_path, head, read_parts(file, head), tmp_path)

    assert str(check_folder(tmp_path, head)) == "street-9.9.9"
    assert {file.name for file in tmp_path.iterdir()} == {
        "model.toml",
        "street.tflite",
        "pack.head",
    }


@pytest.mark.parametrize(
    "name", ["my street.tflite", "street.bin", "-.tflite", "x" * 60 + ".tflite"]
)
def test_weights_that_no_pack_could_hold_are_refused_when_they_are_packed(
    tmp_path: Path, name: str
) -> None:
    folder = street(tmp_path / "street", file=f'"{name}"')
    (folder / "street.tflite").rename(folder / name)

    with pytest.raises(EdgeAgentError, match="a pack cannot hold weights called"):
        make_head(folder)
