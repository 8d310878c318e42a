"""training/ is not installed with the agent: these tests read it from the tree."""

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


@pytest.fixture
def data() -> Path:
    folder = ROOT.parent / "shared" / "data"
    if not (folder / "det").is_dir():
        pytest.skip("the public data (../shared/data) is not on this machine")
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A street with one car, 300x400."""
    from training.objects import examples  # noqa: PLC0415 (from the tree, see above)
    from training.objects.labels import Truth  # noqa: PLC0415 (from the tree, see above)

    random = np.random.default_rng(6)
    street = random.integers(60, 140, (300, 400, 3), dtype=np.uint8)
    street[100:160, 100:200] = 220
    car = Truth(
        np.array([[100, 100, 200, 160]], np.float32),
        np.array([2]),
        np.ones(1, np.float32),
        np.ones(6, np.float32),
    )
    examples.save([examples.Example(street, car, "painted")], tmp_path / "corpus.npz")
    return tmp_path / "corpus.npz"
