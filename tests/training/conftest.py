"""training/ is not installed with the agent: these tests read it from the tree."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


@pytest.fixture
def data() -> Path:
    folder = ROOT.parent / "shared" / "data"
    if not (folder / "det").is_dir():
        pytest.skip("the public data (../shared/data) is not on this machine")
    return folder
