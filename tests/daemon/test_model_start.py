"""A new model that fails never leaves a box blind, and is never tried for ever."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from edge_agent.config.load import load_settings
from edge_agent.daemon.model_start import ModelStart, with_chosen_model
from edge_agent.errors import EdgeAgentError
from edge_agent.packs.choice import MOST_STARTS, Choice
from edge_agent.packs.pack_file import make_head
from edge_agent.packs.signature import make_key, sign
from edge_agent.packs.store import Store
from tests.fakes.clock import FakeClock
from tests.packs.models import SHIPPED, change_card, packed, street

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.config.settings import Settings


class Box:
    """A box whose agent starts again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "state")
        self.clock = FakeClock()
        self.is_updating = False
        self.write()

    def write(self, more: str = "") -> None:
        (self.folder / "agent.toml").write_text(
            f'site = "s"\nbox = "b"\nstate_dir = "{self.folder}/state"\n'
            f'[broker]\nurl = "mqtts://10.0.0.1"\n{more}\n'
        )

    @property
    def settings(self) -> Settings:
        return load_settings(self.folder)

    def installs(self, version: str, key: Path | None = None) -> str:
        folder = street(self.folder / version, version)
        head = make_head(folder)
        pack = packed(folder, self.folder / "a.pack", sign(head, key) if key else head)
        return str(self.store.install(pack, (), _take).name)

    def uses(self, model: str) -> None:
        self.store.save(lambda choice: choice.choose(model))

    def starts(self, *, fails: tuple[str, ...] = ()) -> tuple[ModelStart, str]:
        """Return what began, and the version of the model that is used."""

        def examine(folder: Path) -> None:
            if folder.name in fails:
                raise EdgeAgentError("it sees ghosts", hint="look")

        start = ModelStart(self.settings, self.clock, examine, lambda: self.is_updating)
        return start, start.assemble().card.version

    def proves(self, start: ModelStart) -> None:
        """As the watch of a model does in the end."""
        self.store.save(lambda saved: saved.prove() if saved.wanted == start.model else saved)


def _take(_folder: Path) -> None:
    """Take it as it is."""


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_without_a_choice_the_shipped_model_is_used(box: Box) -> None:
    start, version = box.starts()

    assert version == SHIPPED.version
    assert start.problem == ""
    assert not (box.folder / "state").exists()


def test_the_chosen_model_is_used_and_its_start_is_counted(box: Box) -> None:
    box.uses(box.installs("2.0"))

    start, version = box.starts()

    assert (start.model, version) == ("street-2.0", "2.0")
    assert box.store.choice() == Choice(wanted="street-2.0", starts=1)


def test_a_new_model_waits_while_a_new_version_of_the_agent_is_watched(box: Box) -> None:
    box.uses(box.installs("2.0"))
    box.proves(box.starts()[0])
    box.uses(box.installs("3.0"))
    box.is_updating = True
    start, version = box.starts()
    kept = box.store.choice()
    box.is_updating = False

    assert (start.is_waiting, start.model, version) == (True, "street-2.0", "2.0")
    assert kept == Choice(wanted="street-3.0", good="street-2.0")
    assert box.starts()[1] == "3.0"


def test_a_proven_model_does_not_wait_for_a_new_version_of_the_agent(box: Box) -> None:
    box.uses(box.installs("2.0"))
    box.proves(box.starts()[0])
    box.is_updating = True

    start, version = box.starts()

    assert (start.is_waiting, version) == (False, "2.0")


def test_a_model_that_fails_at_start_gives_way_to_the_shipped_one(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.uses(box.installs("2.0"))

    start, version = box.starts(fails=("street-2.0",))

    assert version == SHIPPED.version
    assert start.problem == "street-2.0 was given up: it sees ghosts"
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert errors == ["model street-2.0 is given up, back to street: it sees ghosts\n  next: look"]


def test_a_model_that_fails_at_start_gives_way_to_the_last_good_one(box: Box) -> None:
    box.uses(box.installs("2.0"))
    box.proves(box.starts()[0])
    box.uses(box.installs("3.0"))

    _, version = box.starts(fails=("street-3.0",))

    assert version == "2.0"
    assert box.store.choice() == Choice(
        wanted="street-2.0", good="street-2.0", failed="street-3.0", failure="it sees ghosts"
    )


def test_what_was_given_up_is_not_tried_again_and_still_told(box: Box) -> None:
    box.uses(box.installs("2.0"))
    box.starts(fails=("street-2.0",))

    start, version = box.starts()

    assert version == SHIPPED.version
    assert "street-2.0 was given up" in start.problem


def test_choosing_again_forgets_the_failure(box: Box) -> None:
    box.uses(box.installs("2.0"))
    box.starts(fails=("street-2.0",))
    box.uses("street-2.0")

    start, version = box.starts()

    assert version == "2.0"
    assert start.problem == ""


def test_a_model_that_kills_the_agent_three_times_is_given_up(box: Box) -> None:
    box.uses(box.installs("2.0"))

    versions = [box.starts()[1] for _ in range(MOST_STARTS + 1)]

    assert versions == ["2.0"] * MOST_STARTS + [SHIPPED.version]
    assert "the agent died 3 times" in box.store.choice().failure


def test_restarting_in_order_never_counts_against_a_model(box: Box) -> None:
    box.uses(box.installs("2.0"))

    for _ in range(3 * MOST_STARTS):
        start, version = box.starts()
        assert version == "2.0"
        start.end_well()


def test_a_proven_model_is_not_given_up_for_power_cuts(box: Box) -> None:
    box.uses(box.installs("2.0"))
    box.proves(box.starts()[0])

    versions = {box.starts()[1] for _ in range(3 * MOST_STARTS)}

    assert versions == {"2.0"}


def test_a_proven_model_that_is_damaged_later_gives_way_too(box: Box) -> None:
    box.uses(box.installs("2.0"))
    box.proves(box.starts()[0])
    (box.store.folder / "street-2.0" / "street.tflite").write_bytes(b"half")

    start, version = box.starts()

    assert version == SHIPPED.version
    assert "is not what was installed" in start.problem


def test_a_technician_who_chooses_meanwhile_is_not_overruled(box: Box) -> None:
    box.uses(box.installs("2.0"))
    start, _ = box.starts()
    box.uses(box.installs("3.0"))

    box.proves(start)

    assert box.store.choice() == Choice(wanted="street-3.0")


def test_a_model_whose_key_is_no_longer_trusted_is_not_used(box: Box) -> None:
    old, new = (make_key(box.folder / name) for name in ("old.key", "new.key"))
    box.uses(box.installs("2.0", box.folder / "old.key"))

    versions = []
    for key in (old, new):
        box.write(f'[models]\nsigning_keys = ["{key}"]')
        versions.append(box.starts()[1])

    assert versions == ["2.0", SHIPPED.version]


def test_a_damaged_choice_leaves_the_site_s_model(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.uses(box.installs("2.0"))
    (box.store.folder / "choice.json").write_text("{")

    _, version = box.starts()

    assert version == SHIPPED.version
    assert "no model is chosen any more" in caplog.text


def test_a_site_file_that_names_a_model_decides(box: Box) -> None:
    box.uses(box.installs("2.0"))
    mine = street(box.folder / "mine", "7.0")
    box.write(f'[objects]\nmodel = "{mine}"')

    assert box.starts()[1] == "7.0"
    assert with_chosen_model(box.settings) == box.settings


def test_where_not_even_the_shipped_model_works_the_agent_says_so(box: Box) -> None:
    box.write('[objects]\nmodel = "./absent"')

    with pytest.raises(EdgeAgentError, match="is no model folder"):
        box.starts()


def test_check_and_replay_use_the_chosen_model(box: Box) -> None:
    box.uses(box.installs("2.0"))

    chosen = with_chosen_model(box.settings)

    assert chosen.objects.model == str(box.store.folder / "street-2.0")
    assert box.store.choice().starts == 0


def test_a_proven_model_that_an_update_left_behind_gives_way_too(box: Box) -> None:
    model = street(box.folder / "2.0", "2.0")
    change_card(model, r"^width_px = .*$", "width_px = 640")
    box.store.install(packed(model, box.folder / "a.pack"), (), _take)
    box.store.save(lambda _: Choice(wanted="street-2.0", good="street-2.0"))

    start, version = box.starts()

    assert version == SHIPPED.version
    assert "takes 1x320x320x3" in start.problem
