"""A hundred thousand spoiled replies for each reader: `make soak`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.watched import fuzzed

COUNT = 100_000
SEED = 7


@pytest.mark.soak
def test_each_reader_survives_a_hundred_thousand_spoiled_replies(tmp_path: Path) -> None:
    told = fuzzed(tmp_path, COUNT, SEED, within_s=7200)

    assert all(one["count"] == COUNT for one in told)
    assert max(one["growth_mb"] for one in told) < 50, told
