"""What a new run begins with: NanoDet-m's weights, a checkpoint's averages, or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is only in the training's venv")

from training.objects import designs, nanodet
from training.objects.recipe import Recipe, TrainingError, Widths
from training.objects.stages import Plan, averages, shares, start
from training.objects.training import Run


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(tmp_path, tmp_path, tmp_path, Recipe().from_nothing())


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    weights = designs.network(Widths()).get_weights()
    named = {f"average_{n}": one for n, one in enumerate(weights)}
    named |= {f"echo_{n}": one for n, one in enumerate(designs.echo(Widths()).get_weights())}
    np.savez(tmp_path / "state.npz", step=7, **named)
    return tmp_path / "state.npz"


def test_a_run_from_a_checkpoint_goes_on_gently_with_all_that_was_learned(
    plan: Plan, checkpoint: Path
) -> None:
    first, recipe = start(replace(plan, start=checkpoint))

    assert first.weights is not None
    assert first.echo is not None
    with np.load(checkpoint) as kept:
        assert all(np.array_equal(one, kept[f"average_{n}"]) for n, one in enumerate(first.weights))
        assert all(np.array_equal(one, kept[f"echo_{n}"]) for n, one in enumerate(first.echo))
    assert recipe.widths == Widths()
    assert recipe.learning_rate < plan.recipe.learning_rate


def test_a_checkpoint_of_the_other_network_is_refused(plan: Plan, checkpoint: Path) -> None:
    with pytest.raises(TrainingError, match="the other network") as refused:
        start(replace(plan, recipe=Recipe(), start=checkpoint))

    assert refused.value.hint == "run this with --from-nothing"


def test_a_run_from_nothing_begins_with_random_weights_and_keeps_none(
    plan: Plan, checkpoint: Path
) -> None:
    first, _ = start(plan)

    assert first == designs.NOTHING
    trained = averages(checkpoint)
    assert designs.mixed(trained, 0.25, plan.models) is trained
    with pytest.raises(TrainingError, match="from nothing"):
        shares(plan)


def test_without_nanodet_s_file_the_next_step_is_told(plan: Plan) -> None:
    with pytest.raises(TrainingError, match=nanodet.FILE) as refused:
        start(replace(plan, recipe=Recipe()))

    assert nanodet.FILE in refused.value.hint


def test_a_run_does_not_go_on_with_another_network_s_state(checkpoint: Path) -> None:
    run = Run(Recipe(), checkpoint.parent)

    with pytest.raises(TrainingError, match="another network") as refused:
        run.go([])

    assert "--work" in refused.value.hint


def test_a_missing_checkpoint_is_told_in_a_line(plan: Plan) -> None:
    with pytest.raises(TrainingError, match="no checkpoint"):
        start(replace(plan, start=plan.work / "none.npz"))
