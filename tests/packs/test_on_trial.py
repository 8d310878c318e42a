"""A change of model is on the disk from its choice to its end, and a power cut between two steps costs nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.domain.update import TRIAL_FILE, Part, Phase
from edge_agent.packs.choice import Choice
from edge_agent.packs.on_trial import MOST_REFUSED, Before, OnTrial, refuse, refused
from tests.packs.models import SHIPPED, packed, street

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.packs.store import Store

BEFORE = Before(cameras=("gate",), is_connected=True)


def installed(store: Store, folder: Path, version: str) -> str:
    pack = packed(street(folder / version, version), folder / "a.pack")
    return str(store.install(pack, (), lambda _: None).name)


@pytest.fixture
def model(store: Store, tmp_path: Path) -> str:
    name = installed(store, tmp_path, "2.0")
    store.choose(name, name, BEFORE, 7.0)
    return name


def ended(store: Store) -> tuple[Phase, str, str, str]:
    trial = store.on_trial()
    assert trial
    return trial.update.phase, trial.update.old, trial.update.new, trial.update.why


def test_a_choice_begins_a_trial_that_remembers_how_the_box_did(store: Store, model: str) -> None:
    trial = store.on_trial()

    assert trial
    assert (trial.wanted, trial.before, trial.is_going_on) == (model, BEFORE, True)
    assert trial.update.part is Part.MODEL
    assert (trial.update.old, trial.update.new) == (f"street-{SHIPPED.version}", "street-2.0")
    assert trial.update.since_wall == 7.0


def test_a_proven_model_ends_its_trial(store: Store, model: str) -> None:
    store.save(Choice.prove)

    store.settle(9.0)

    assert ended(store) == (Phase.KEPT, f"street-{SHIPPED.version}", model, "")
    assert store.refused() == ()


def test_one_that_was_given_up_ends_it_too_and_is_refused(store: Store, model: str) -> None:
    store.save(lambda choice: choice.give_up("it hangs"))

    store.settle(9.0)
    store.settle(10.0)

    assert ended(store) == (Phase.ROLLED_BACK, f"street-{SHIPPED.version}", model, "it hangs")
    assert store.refused() == (model,)


def test_who_chooses_the_last_good_one_is_not_watched(
    store: Store, model: str, tmp_path: Path
) -> None:
    store.save(Choice.prove)
    newer = installed(store, tmp_path, "3.0")
    store.choose(newer, newer, BEFORE, 8.0)

    store.choose(model, model, BEFORE, 9.0)

    assert store.on_trial() is None


def test_a_second_model_before_the_first_is_proven_is_asked_for_what_the_first_was(
    store: Store, model: str, tmp_path: Path
) -> None:
    newer = installed(store, tmp_path, "3.0")

    # The box is blind by now: that is the first new model's doing.
    store.choose(newer, newer, Before(), 9.0)

    trial = store.on_trial()
    assert trial
    assert (trial.wanted, trial.before) == (newer, BEFORE)
    assert trial.update.old == f"street-{SHIPPED.version}"
    assert model != newer


def test_power_that_fails_before_the_choice_leaves_no_trial(
    store: Store, model: str, tmp_path: Path
) -> None:
    store.save(Choice.prove)
    store.settle(8.0)
    newer = installed(store, tmp_path, "3.0")
    kept = store.choice()
    store.choose(newer, newer, BEFORE, 9.0)
    store.save(lambda _: kept)

    store.settle(10.0)

    assert store.on_trial() is None
    assert store.refused() == ()
    assert store.choice().wanted == model


def test_a_proven_model_that_fails_years_later_is_told_once(store: Store, model: str) -> None:
    store.save(Choice.prove)
    store.settle(8.0)
    store.save(lambda choice: choice.give_up("its files are damaged"))

    store.settle(9.0)
    first = store.on_trial()
    store.settle(10.0)

    assert ended(store) == (
        Phase.ROLLED_BACK,
        f"street-{SHIPPED.version}",
        model,
        "its files are damaged",
    )
    assert store.on_trial() == first


def test_a_choice_of_before_there_were_trials_gets_one(store: Store, model: str) -> None:
    (store.folder / TRIAL_FILE).unlink()

    store.settle(8.0)

    trial = store.on_trial()
    assert trial
    assert (trial.wanted, trial.before, trial.is_going_on) == (model, Before(), True)


def test_a_box_that_never_changed_its_model_has_nothing_to_settle(store: Store) -> None:
    store.settle(8.0)

    assert store.on_trial() is None
    assert not store.folder.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"phase": "watched"}', '{"phase": 1, "part": 2}'])
def test_a_file_that_says_nothing_of_ours_is_no_trial(store: Store, model: str, text: str) -> None:
    assert store.on_trial()
    (store.folder / TRIAL_FILE).write_text(text)

    assert store.on_trial() is None
    assert store.choice().wanted == model


def test_what_was_spent_is_there_after_a_power_cut(store: Store, model: str) -> None:
    trial = store.on_trial()
    assert trial
    assert trial.wanted == model

    store.note_trial(replace(trial, spent_s=300.0))

    again = store.on_trial()
    assert isinstance(again, OnTrial)
    assert again == replace(trial, spent_s=300.0)


def test_no_more_refused_models_are_remembered_than_anybody_needs(tmp_path: Path) -> None:
    for number in range(MOST_REFUSED + 5):
        refuse(tmp_path, f"street-{number}")
    refuse(tmp_path, "street-7")

    kept = refused(tmp_path)

    assert len(kept) == MOST_REFUSED
    assert kept[-1] == "street-7"
    assert len(set(kept)) == MOST_REFUSED
