"""A model that came with a package is tried and chosen by the agent itself; a bad one changes nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from edge_agent.config.load import load_settings
from edge_agent.daemon.model_offer import ModelOffer
from edge_agent.errors import EdgeAgentError
from edge_agent.packs.choice import Choice
from edge_agent.packs.on_trial import Before
from edge_agent.packs.pack_file import make_head
from edge_agent.packs.signature import make_key, sign
from edge_agent.packs.store import Store
from tests.fakes.clock import FakeClock
from tests.packs.models import packed, street

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = Before(cameras=("gate",), is_connected=True)


class Box:
    """A box, and the folder that packages write to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.store = Store(folder / "state")
        self.offers = folder / "offers"
        self.offers.mkdir()
        self.tried: list[str] = []
        self.failure: EdgeAgentError | None = None
        self.write()
        self.offer = self.begin()

    def write(self, more: str = "") -> None:
        (self.folder / "agent.toml").write_text(
            f'site = "s"\nbox = "b"\nstate_dir = "{self.folder}/state"\n'
            f'[broker]\nurl = "mqtts://10.0.0.1"\n{more}\n'
        )

    def begin(self) -> ModelOffer:
        """As at each start of the agent."""

        def examine(folder: Path) -> None:
            self.tried.append(folder.name)
            if self.failure:
                raise self.failure

        settings = load_settings(self.folder)
        return ModelOffer(settings, self.store, self.clock, self.offers, examine)

    def comes(self, version: str, key: Path | None = None) -> Path:
        """A package with this model, instead of the one before."""
        for old in self.offers.iterdir():
            old.unlink()
        folder = street(self.folder / f"model-{version}", version)
        head = make_head(folder)
        file = self.offers / f"street-{version}.pack"
        return packed(folder, file, sign(head, key) if key else head)

    def looks(self) -> bool:
        return self.offer.look(lambda: BEFORE)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_where_no_package_has_a_model_nothing_happens(box: Box) -> None:
    shutil.rmtree(box.offers)

    assert not box.looks()
    assert not box.store.folder.exists()


def test_a_model_that_comes_is_chosen_and_watched(box: Box) -> None:
    box.comes("2.0")

    assert box.looks()
    assert box.store.choice() == Choice(wanted="street-2.0")
    trial = box.store.on_trial()
    assert trial
    assert trial.before == BEFORE


def test_the_same_one_is_taken_once(box: Box) -> None:
    box.comes("2.0")
    box.looks()
    box.store.save(lambda _: Choice())

    again = [box.looks(), box.begin().look(lambda: BEFORE)]

    assert again == [False, False]
    assert len(box.tried) == 1


def test_the_next_version_is_taken_too(box: Box) -> None:
    box.comes("2.0")
    box.looks()
    box.store.save(Choice.prove)
    box.comes("2.1")

    assert box.looks()
    assert box.store.choice() == Choice(wanted="street-2.1", good="street-2.0")


def test_one_that_this_box_went_back_from_does_not_come_again(box: Box) -> None:
    box.comes("2.0")
    box.looks()
    box.store.save(lambda choice: choice.give_up("it hangs"))
    box.store.settle(1.0)
    (box.store.folder / "offer.json").unlink()
    box.offer = box.begin()

    assert not box.looks()
    assert box.store.choice() == Choice(failed="street-2.0", failure="it hangs")


def test_a_package_that_is_removed_leaves_what_is_in_use(box: Box) -> None:
    pack = box.comes("2.0")
    box.looks()
    pack.unlink()

    assert not box.looks()
    assert box.store.choice().wanted == "street-2.0"
    assert box.store.check("street-2.0", ())


def test_a_damaged_pack_changes_nothing_and_is_told_once(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    pack = box.comes("2.0")
    pack.write_bytes(pack.read_bytes()[:-1])

    looks = [box.looks(), box.looks(), box.begin().look(lambda: BEFORE)]
    box.store.settle(5.0)

    assert looks == [False, False, False]
    choice, trial = box.store.choice(), box.store.on_trial()
    assert (choice.wanted, choice.failed) == ("", "street-2.0")
    assert choice.failure.startswith("not installed: the pack is damaged")
    assert trial
    assert (trial.update.phase, trial.update.new) == ("rolled back", "street-2.0")
    assert caplog.text.count("came and is not installed") == 1


def test_a_pack_that_nobody_signed_whom_the_box_trusts_is_refused(box: Box) -> None:
    mine, theirs = (box.folder / name for name in ("mine.key", "theirs.key"))
    box.write(f'[models]\nsigning_keys = ["{make_key(mine)}"]')
    make_key(theirs)
    box.offer = box.begin()
    box.comes("2.0", theirs)

    assert not box.looks()
    assert "not installed: " in box.store.choice().failure
    assert box.store.installed() == ()
    box.comes("2.1", mine)
    assert box.looks()


def test_a_model_that_fails_its_trial_is_refused(box: Box) -> None:
    box.failure = EdgeAgentError("the model gave no answer within 60 s, and was ended", hint="-")
    box.comes("2.0")

    assert not box.looks()
    assert box.store.installed() == ()
    assert "gave no answer" in box.store.choice().failure


def test_a_persons_word_in_agent_toml_wins(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    mine = street(box.folder / "mine", "7.0")
    box.write(f'[objects]\nmodel = "{mine}"')
    box.offer = box.begin()
    box.comes("2.0")

    assert not box.looks()
    assert [str(one) for one in box.store.installed()] == ["street-2.0"]
    assert box.store.choice() == Choice()
    assert "is installed, not used: agent.toml names another" in caplog.text


def test_a_disk_that_refuses_is_asked_again_and_the_model_is_not_blamed(box: Box) -> None:
    box.comes("2.0")
    (box.folder / "state").write_text("in the way")

    first = box.looks()
    problem = box.offer.problem
    (box.folder / "state").unlink()
    too_early = box.looks()
    box.clock.advance(600.0)

    assert (first, too_early) == (False, False)
    assert problem.startswith("model street-2.0 came and cannot be installed yet: cannot write")
    assert box.looks()
    assert box.offer.problem == ""
    assert box.store.choice() == Choice(wanted="street-2.0")


def test_power_that_fails_after_the_choice_has_nothing_done_twice(box: Box) -> None:
    box.comes("2.0")
    box.looks()
    (box.store.folder / "offer.json").unlink()
    kept, trial = box.store.choice(), box.store.on_trial()

    assert not box.begin().look(Before)
    assert (box.store.choice(), box.store.on_trial()) == (kept, trial)


def test_while_dpkg_exchanges_the_file_nothing_is_taken(box: Box) -> None:
    old = box.comes("2.0")
    shutil.copy(old, box.offers / "street-2.1.pack")

    assert not box.looks()
    assert "several models came, so none is taken: street-2.0, street-2.1" in box.offer.problem
    (box.offers / "street-2.1.pack").unlink()
    assert box.looks()
    assert box.offer.problem == ""
