"""A look at the spool from beside: it counts, and leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.peek import peek
from edge_agent.spool.spool import open_spool
from tests.fakes.alerts import an_alert

if TYPE_CHECKING:
    from pathlib import Path


def test_a_box_that_never_ran_has_nothing_to_tell(tmp_path: Path) -> None:
    assert peek(tmp_path / "spool.sqlite") == (0, 0, 0)
    assert not list(tmp_path.iterdir())


def test_what_waits_and_what_was_refused_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    spool = open_spool(path, SpoolOptions())
    for number in range(3):
        spool.append(an_alert(f"a{number}"))
    spool.park(spool.oldest(1)[0].number, "not authorised")
    spool.close()
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}

    assert peek(path) == (2, 1, 0)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_spool_in_use_is_left_to_its_agent(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    spool = open_spool(path, SpoolOptions())
    try:
        with pytest.raises(EdgeAgentError, match="that does not answer works with the spool"):
            peek(path)
    finally:
        spool.close()


def test_a_damaged_spool_is_told(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    path.write_bytes(b"no database" * 500)

    with pytest.raises(EdgeAgentError, match="is damaged"):
        peek(path)
