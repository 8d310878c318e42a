"""`python -m bench.run` says in a line what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import run

if TYPE_CHECKING:
    import pytest


def test_without_what_draws_its_plots_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "find_spec", lambda _: None)
    monkeypatch.setattr("sys.argv", ["bench.run", "--only", "visits"])

    assert run.main() == 1

    assert capsys.readouterr().err.splitlines() == [
        "bench: matplotlib draws the plots, and is not installed",
        "next: python -m tools.setup bench",
    ]
