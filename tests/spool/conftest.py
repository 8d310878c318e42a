"""A spool of the smallest size, closed after the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import Spool, open_spool
from tests.spool.sealed import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def spool_path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "spool.db"


@pytest.fixture
def open_it(spool_path: Path) -> Iterator[Callable[..., Spool]]:
    """Open the spool again and again, as restarts do; what is open at the end is closed."""
    opened: list[Spool] = []

    def open_again(size_mb: int = 8) -> Spool:
        if opened:
            opened.pop().close()
        opened.append(open_spool(spool_path, SpoolOptions(size_mb=size_mb)))
        return opened[-1]

    yield open_again
    for spool in opened:
        spool.close()


@pytest.fixture
def spool(open_it: Callable[..., Spool]) -> Spool:
    return open_it()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Opened]:
    """A box that signs what it keeps."""
    opened = Opened(tmp_path)
    yield opened
    opened.close()
