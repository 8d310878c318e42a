"""Whatever is wrong with a pack: one clear line, the next step, and nothing on the box has changed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.packs.choice import Choice
from edge_agent.packs.head import MOST_WEIGHTS_BYTES
from edge_agent.packs.pack_file import _part, make_head
from edge_agent.packs.signature import make_key, sign
from tests.cli.desk import Desk
from tests.packs.models import SHIPPED, change_card, change_weights, packed, street

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    desk = Desk(tmp_path, capsys)
    desk.trusts(make_key(tmp_path / "fleet.key"))
    return desk


def _model(folder: Path) -> Path:
    return street(folder / "model", "2.0.0")


def _signed(folder: Path, model: Path, key: str = "fleet.key") -> Path:
    return packed(model, folder / "a.pack", sign(make_head(model), folder / key))


def _corrupt(folder: Path) -> Path:
    pack = _signed(folder, _model(folder))
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 0x10
    pack.write_bytes(content)
    return pack


def _truncated(folder: Path) -> Path:
    pack = _signed(folder, _model(folder))
    pack.write_bytes(pack.read_bytes()[:100_000])
    return pack


def _wrong_shape(folder: Path) -> Path:
    model = _model(folder)
    change_card(model, r"^height_px = .*$", "height_px = 640")
    return _signed(folder, model)


def _no_network(folder: Path) -> Path:
    return _signed(folder, change_weights(_model(folder), lambda content: content[:999]))


def _oversized(folder: Path) -> Path:
    pack = _signed(folder, _model(folder))
    content = pack.read_bytes()
    # Nobody could sign this; what comes first must refuse it before it is read.
    true = b" %d " % SHIPPED.weights.stat().st_size
    pack.write_bytes(content.replace(true, b" %d " % (MOST_WEIGHTS_BYTES + 1), 1))
    return pack


def _bad_card(folder: Path) -> Path:
    model = _model(folder)
    head = make_head(model)
    change_card(model, r"^licence = .*$", 'lizenz = "\\\\u001b[31m"')
    change_card(model, r"^width_px = .*$", "width_px = 3")
    head = replace(head, card=_part(model / "model.toml"))
    return packed(model, folder / "a.pack", sign(head, folder / "fleet.key"))


def _unsigned(folder: Path) -> Path:
    return packed(_model(folder), folder / "a.pack")


def _wrongly_signed(folder: Path) -> Path:
    make_key(folder / "stranger.key")
    return _signed(folder, _model(folder), "stranger.key")


def _stolen_signature(folder: Path) -> Path:
    model = _model(folder)
    signatures = sign(make_head(model), folder / "fleet.key").signatures
    change_card(model, r"^score = .*$", "score = 0.99")
    head = make_head(model)
    return packed(model, folder / "a.pack", type(head)(head.card, head.weights, signatures))


def _picture(folder: Path) -> Path:
    pack = folder / "a.pack"
    pack.write_bytes(b"\xff\xd8\xff\xe0 a JPEG")
    return pack


def _absent(folder: Path) -> Path:
    return folder / "a.pack"


REFUSED: dict[Callable[[Path], Path], str] = {
    _corrupt: "the pack is damaged: street.tflite does not fit its checksum",
    _truncated: "the pack is damaged: it ends in the middle of street.tflite",
    _wrong_shape: 'model "street" takes 1x320x320x3, the card says 1x640x320x3',
    _no_network: "street.tflite is no TFLite network",
    _oversized: "the pack is damaged: its first lines do not fit their checksum",
    _bad_card: "the model card model.toml cannot be used: input.width_px must be a whole number from"
    " 32 to 2048, not 3; licence is missing; lizenz is not a key",
    _unsigned: "the pack is not signed, and this site takes signed ones only",
    _wrongly_signed: "whom this site does not trust",
    _stolen_signature: "does not fit this pack",
    _picture: "this is no model pack",
    _absent: "no such file or directory",
}


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__.strip("_"))
def test_a_bad_pack_is_one_line_and_the_old_model_stays(
    desk: Desk, make: Callable[[Path], Path]
) -> None:
    chosen = Choice(wanted="street-1.0.0", good="street-1.0.0")
    desk.store.save(lambda _: chosen)
    pack = make(desk.folder)

    assert desk.model("install", pack) == 1

    what, hint = desk.err.splitlines()
    assert REFUSED[make] in what
    assert hint.startswith("  next: ")
    assert desk.store.installed() == ()
    assert desk.store.choice() == chosen
    assert {path.name for path in desk.store.folder.iterdir()} == {"choice.json"}


def test_a_dynamic_range_model_in_a_pack_is_refused_unless_somebody_says_so(
    desk: Desk, models_folder: Path
) -> None:
    desk.write()
    model = desk.folder / "yolox"
    model.mkdir()
    shutil.copy(models_folder / "yolox_nano_416_dr.tflite", model)
    shutil.copy("tests/inference/cards/yolox/model.toml", model)
    pack = packed(model, desk.folder / "a.pack")

    assert desk.model("install", pack) == 1
    assert "computes in float32, not in int8 throughout" in desk.err

    assert desk.model("verify", pack) == 0
    assert "it computes with floats, and is not installed without being asked for" in desk.out
    assert "next: edge-agent model install FILE --allow-float" in desk.out

    assert desk.model("install", pack, "--allow-float") == 0


@pytest.mark.parametrize("name", ["x" * 300, "there/is/none", "none.pack"])
def test_a_file_that_cannot_be_opened_is_no_model_that_is_missing(desk: Desk, name: str) -> None:
    assert desk.model("verify", name) == 1
    assert f"cannot read {name}: " in desk.out
