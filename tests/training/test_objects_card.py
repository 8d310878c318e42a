"""A card says what its file owes, and how it is read."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from training.objects.card import FROM_NOTHING, LENT, Origin, card

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("origin", "decoding", "lenders"), [(LENT, "nanodet", 1), (FROM_NOTHING, "ltrb", 0)]
)
def test_a_card_tells_how_its_network_began(
    origin: Origin, decoding: str, lenders: int, tmp_path: Path
) -> None:
    file = tmp_path / "street.tflite"
    file.write_bytes(b"weights")

    read = tomllib.loads(card(file, origin, 320, 0.55, {"idn_tidar/test person": 0.8}))

    assert read["output"]["decoding"] == decoding
    assert sum("the weights of NanoDet-m" in one for one in read["made_from"]) == lenders
    assert (read["version"], read["thresholds"]["score"]) == (origin.version, 0.55)
    assert read["quality"] == {"idn_tidar/test person": 0.8}


def test_two_networks_never_have_one_name() -> None:
    assert LENT.version != FROM_NOTHING.version
