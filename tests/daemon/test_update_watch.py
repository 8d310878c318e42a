"""What became of a new version comes to the center: once, signed, and in each health message."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from edge_agent.contract import split
from edge_agent.daemon.health import Health, problems
from edge_agent.daemon.status import _from_json, to_json
from edge_agent.daemon.update_watch import UpdateWatch
from edge_agent.domain.update import TRIAL_FILE, Phase, Update
from edge_agent.errors import EdgeAgentError
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from edge_agent.update.trial import Trial, write_trial
from tests.daemon.test_health import WELL
from tests.fakes.box import a_seal
from tests.fakes.clock import FakeClock
from tests.house.source import ROOT

if TYPE_CHECKING:
    from pathlib import Path

ROLLED_BACK = Update(
    phase=Phase.ROLLED_BACK,
    old="0.1.0+deb12",
    new="0.2.0+deb12",
    why="the service does not run",
    since_wall=1_795_000_000.0,
)
SCHEMAS = ROOT / "docs/reference/contract"


class Desk:
    """Where the watcher of updates writes, and the agent reads and remembers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.kept: list[Update] = []
        self.watch = self.begin()

    def begin(self) -> UpdateWatch:
        return UpdateWatch(self.clock, self.folder, self.kept.append, self.folder)

    def write(self, update: Update) -> None:
        write_trial(self.folder / TRIAL_FILE, Trial(update=update))
        self.clock.advance(10.0)
        self.watch.look()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_box_without_updates_has_nothing_to_tell(desk: Desk) -> None:
    desk.watch.look()

    assert (desk.watch.update, desk.kept) == (None, [])


@pytest.mark.parametrize("phase", [Phase.KEPT, Phase.ROLLED_BACK, Phase.STUCK])
def test_an_end_is_told_once_also_by_the_next_start(desk: Desk, phase: Phase) -> None:
    update = replace(ROLLED_BACK, phase=phase)
    desk.write(update)
    desk.clock.advance(60.0)
    desk.watch.look()
    desk.begin().look()

    assert desk.kept == [update]


@pytest.mark.parametrize("phase", [Phase.WATCHED, Phase.GOING_BACK])
def test_what_is_going_on_is_shown_and_not_told(desk: Desk, phase: Phase) -> None:
    desk.write(replace(ROLLED_BACK, phase=phase))

    assert desk.kept == []
    assert desk.watch.update
    assert desk.watch.update.phase is phase


def test_the_same_version_may_end_badly_twice_and_both_are_told(desk: Desk) -> None:
    desk.write(ROLLED_BACK)
    desk.write(replace(ROLLED_BACK, since_wall=1_795_090_000.0))

    assert len(desk.kept) == 2


def test_a_disk_that_refuses_is_asked_again(desk: Desk) -> None:
    asked: list[Update] = []

    def refuse(update: Update) -> None:
        asked.append(update)
        raise EdgeAgentError("the disk is full", hint="df -h")

    desk.watch = UpdateWatch(desk.clock, desk.folder, refuse, desk.folder)
    desk.write(ROLLED_BACK)
    desk.clock.advance(10.0)
    desk.watch.look()

    assert len(asked) == 2


def test_a_file_that_says_nothing_is_passed_over(desk: Desk) -> None:
    (desk.folder / TRIAL_FILE).write_text('{"phase": "of next year"}')
    desk.clock.advance(10.0)
    desk.watch.look()

    assert (desk.watch.update, desk.kept) == (None, [])


def test_the_end_is_a_record_in_the_chain(tmp_path: Path) -> None:
    with closing(open_spool(tmp_path / "s.db", SpoolOptions(size_mb=8), a_seal(tmp_path))) as spool:
        desk = Desk(tmp_path)
        desk.watch = UpdateWatch(desk.clock, tmp_path, spool.note_update, tmp_path)
        desk.write(ROLLED_BACK)
        [kept] = spool.oldest(10)

    told = json.loads(split(kept.alert.body)[0])
    schema = json.loads((SCHEMAS / "updated.schema.json").read_text())
    Draft202012Validator(schema).validate(told)
    assert (told["type"], told["seq"], told["result"]) == ("updated", 1, "rolled back")
    assert (told["old"], told["new"]) == ("0.1.0+deb12", "0.2.0+deb12")
    assert len(kept.alert.body) < 2048


@pytest.mark.parametrize("phase", Phase)
def test_health_has_it_and_says_what_somebody_should_see_to(tmp_path: Path, phase: Phase) -> None:
    status = replace(WELL, update=replace(ROLLED_BACK, phase=phase))

    told = Health(FakeClock(), tmp_path, lambda: "", lambda: 7).told(status)

    schema = json.loads((SCHEMAS / "health.schema.json").read_text())["properties"]["update"]
    Draft202012Validator(schema).validate(told["update"])
    is_fine = phase in {Phase.WATCHED, Phase.KEPT}
    line = f"new version 0.2.0+deb12, {phase}: the service does not run"
    assert problems(status) == ([] if is_fine else [line])


def test_the_status_carries_it_whole() -> None:
    status = replace(WELL, update=ROLLED_BACK)

    assert _from_json(to_json(status)) == status
    assert _from_json(to_json(WELL)) == WELL
