"""A new version that does as well as the old one stays; one that does not is taken back, once."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.domain.update import TRIAL_FILE, Phase
from edge_agent.update import packages
from edge_agent.update.condition import Condition
from edge_agent.update.limits import STEADY_S, WITHIN_S
from edge_agent.update.refused import refused
from edge_agent.update.trial import read_trial
from tests.update.box import NEW, OLD, WELL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.update.box import Box

DEAD = Condition()
MUTE = Condition(start="x")
BLIND = replace(WELL, is_seeing=False)
LONELY = replace(WELL, is_connected=False)
MINUTE_S = 60.0


def test_a_version_that_does_as_well_as_the_old_one_stays(box: Box) -> None:
    box.upgrade()

    assert box.looks(box.watch(), STEADY_S)

    assert (box.version, box.update.phase) == (NEW, Phase.KEPT)
    assert refused(box.places.refused) == []


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (DEAD, "the service does not run"),
        (MUTE, "it runs, and does not answer"),
        (BLIND, "no camera's pictures are looked at"),
        (LONELY, "the broker is not reached"),
    ],
)
def test_a_version_that_does_worse_for_ten_minutes_is_taken_back(
    box: Box, condition: Condition, why: str
) -> None:
    box.upgrade(condition=condition)
    watch = box.watch()

    assert not box.looks(watch, WITHIN_S - MINUTE_S)
    assert box.version == NEW

    assert box.looks(watch, 2 * MINUTE_S)
    assert (box.version, box.update.phase, box.update.why) == (OLD, Phase.ROLLED_BACK, why)
    assert refused(box.places.refused) == [NEW]


def test_a_package_that_somebody_holds_is_whole(box: Box) -> None:
    box.upgrade()
    status = box.places.root / "var/lib/dpkg/status"
    status.write_text(status.read_text().replace("install ok installed", "hold ok installed"))

    assert box.looks(box.watch(), STEADY_S)

    assert box.update.phase is Phase.KEPT


def test_one_that_needs_some_minutes_to_come_up_has_them(box: Box) -> None:
    box.upgrade(condition=DEAD)
    watch = box.watch()
    box.looks(watch, 8 * MINUTE_S)

    box.condition = replace(WELL, start="late")

    assert box.looks(watch, 3 * MINUTE_S)
    assert (box.version, box.update.phase) == (NEW, Phase.KEPT)


def test_one_that_dies_every_minute_has_not_proven_itself(box: Box) -> None:
    box.upgrade()
    watch = box.watch()

    for number in range(12):
        box.condition = replace(WELL, start=f"start {number}")
        over = box.looks(watch, MINUTE_S)
        box.condition = DEAD
        over = over or box.looks(watch, 5)

    assert over
    assert (box.version, box.update.phase) == (OLD, Phase.ROLLED_BACK)


def test_the_old_process_that_still_runs_proves_nothing_for_the_new_version(box: Box) -> None:
    """Its installation forgot to start it anew: it would die at the next boot, unwatched."""
    box.upgrade()
    box.condition = WELL

    assert box.looks(box.watch(), WITHIN_S + MINUTE_S)

    assert box.update.phase is Phase.ROLLED_BACK


def test_a_link_and_a_camera_that_were_down_before_are_not_asked_for(box: Box) -> None:
    box.condition = replace(WELL, is_seeing=False, is_connected=False)

    box.upgrade(condition=replace(WELL, is_seeing=False, is_connected=False))

    assert box.looks(box.watch(), STEADY_S)
    assert (box.version, box.update.phase) == (NEW, Phase.KEPT)


@pytest.mark.parametrize(("condition", "who"), [(BLIND, "camera"), (LONELY, "broker")])
def test_what_cannot_be_reached_from_the_box_is_not_held_against_a_version(
    box: Box, condition: Condition, who: str
) -> None:
    """The link breaks a minute after the upgrade, for a while; then it proves itself."""
    box.upgrade(condition=condition)
    box.answers[who] = False
    watch = box.watch()

    assert not box.looks(watch, 20 * MINUTE_S)

    box.answers[who] = True
    box.condition = replace(WELL, start=box.condition.start)
    assert box.looks(watch, STEADY_S)
    assert box.update.phase is Phase.KEPT


def test_a_box_whose_agent_did_not_run_is_not_watched(box: Box) -> None:
    box.condition = DEAD

    said = box.arm()

    assert "nobody watches" in said[0]
    assert read_trial(box.places.folder / TRIAL_FILE) is None


def test_while_somebody_installs_nobody_judges(box: Box) -> None:
    """A big upgrade of everything may take half an hour, with the agent away in the middle of it."""
    box.upgrade(condition=DEAD)
    lock = box.places.root / "var/lib/dpkg/lock-frontend"
    lock.touch()
    watch = box.watch()
    with _held_by_another(lock):
        assert not box.looks(watch, 2 * WITHIN_S)

    assert box.version == NEW
    assert box.trial.spent_s == 0


def test_after_a_power_cut_the_time_goes_on_where_it_was(box: Box) -> None:
    box.upgrade(condition=BLIND)
    box.looks(box.watch(), 8 * MINUTE_S)

    again = box.watch()

    assert box.looks(again, 3 * MINUTE_S)
    assert box.update.phase is Phase.ROLLED_BACK


def test_a_power_cut_in_the_middle_of_the_way_back_is_gone_on_with(box: Box) -> None:
    box.upgrade(condition=DEAD)
    watch = box.watch()
    # The package cannot be read at this moment: as far as the disk knows, power failed here.
    kept = packages.find(box.places.packages, OLD)
    assert kept
    content = kept.read_bytes()
    kept.write_bytes(b"")
    box.looks(watch, WITHIN_S)
    assert box.update.phase is Phase.GOING_BACK
    assert refused(box.places.refused) == [NEW]
    kept.write_bytes(content)

    assert box.watch().run_once()

    assert (box.version, box.update.phase) == (OLD, Phase.ROLLED_BACK)
    assert box.update.why == "the service does not run"


def test_a_version_that_dpkg_cannot_finish_goes_after_a_minute(box: Box) -> None:
    box.upgrade()
    status = box.places.root / "var/lib/dpkg/status"
    text = status.read_text()
    status.write_text(text.replace("install ok installed", "install reinstreq half-installed"))
    watch = box.watch()

    # A technician may be between two commands.
    assert not box.looks(watch, MINUTE_S - 5)

    assert box.looks(watch, 10)
    assert (box.version, box.update.phase) == (OLD, Phase.ROLLED_BACK)
    assert "dpkg" in box.update.why


def test_without_a_way_back_it_stays_and_says_so(box: Box) -> None:
    box.upgrade(condition=DEAD)
    packages.forget(box.places.packages, but=())

    assert box.looks(box.watch(), WITHIN_S + MINUTE_S)

    assert (box.version, box.update.phase) == (NEW, Phase.STUCK)
    assert f"no package of {OLD} is here" in box.update.why


def test_a_package_that_cannot_be_installed_again_is_tried_some_times_and_told(box: Box) -> None:
    box.upgrade(condition=DEAD)
    kept = packages.find(box.places.packages, OLD)
    assert kept
    kept.write_bytes(b"spoiled")

    assert box.looks(box.watch(), 2 * WITHIN_S)

    assert (box.version, box.update.phase) == (NEW, Phase.STUCK)
    assert "cannot be installed again" in box.update.why


def test_the_way_back_is_not_watched_itself(box: Box) -> None:
    """The new version's own script calls for a watcher when the old one comes back."""
    box.upgrade(condition=DEAD)
    watch = box.watch()
    kept = packages.find(box.places.packages, OLD)
    assert kept
    kept.write_bytes(b"")
    box.looks(watch, WITHIN_S)

    assert box.arm(OLD) == []

    assert box.update.phase is Phase.GOING_BACK


def test_a_technician_who_takes_it_back_by_hand_ends_the_trial(box: Box) -> None:
    box.upgrade(condition=BLIND)
    box.install(OLD)

    assert box.watch().run_once()

    assert read_trial(box.places.folder / TRIAL_FILE) is None
    assert refused(box.places.refused) == []


def test_what_a_technician_installs_on_the_way_back_stays(box: Box) -> None:
    box.upgrade(condition=DEAD)
    kept = packages.find(box.places.packages, OLD)
    assert kept
    kept.write_bytes(b"")
    box.looks(box.watch(), WITHIN_S)
    assert box.update.phase is Phase.GOING_BACK

    box.install("0.3.0+deb12")

    assert box.watch().run_once()
    assert box.version == "0.3.0+deb12"
    assert read_trial(box.places.folder / TRIAL_FILE) is None


def test_a_third_version_before_the_second_is_proven_goes_back_to_the_first(box: Box) -> None:
    box.upgrade(condition=BLIND)
    box.looks(box.watch(), MINUTE_S)

    box.upgrade("0.3.0+deb12", condition=DEAD)

    assert (box.update.old, box.update.new) == (OLD, "0.3.0+deb12")
    assert box.trial.was_seeing
    assert box.looks(box.watch(), WITHIN_S + MINUTE_S)
    assert (box.version, refused(box.places.refused)) == (OLD, ["0.3.0+deb12"])


def test_a_good_version_after_a_refused_one_stays_and_can_be_gone_back_to(box: Box) -> None:
    box.upgrade(condition=DEAD)
    box.looks(box.watch(), WITHIN_S + MINUTE_S)
    box.condition = WELL

    box.upgrade("0.3.0+deb12")

    assert box.looks(box.watch(), STEADY_S)
    assert (box.version, box.update.phase) == ("0.3.0+deb12", Phase.KEPT)
    assert packages.find(box.places.packages, "0.3.0+deb12")
    assert packages.find(box.places.packages, NEW) is None


@contextmanager
def _held_by_another(lock: Path) -> Iterator[None]:
    """Locks of one process are one, so another one has to hold it."""
    script = (
        "import fcntl, sys; file = open(sys.argv[1], 'r+b'); fcntl.lockf(file, fcntl.LOCK_EX)"
        "; print(flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", script, str(lock)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:  # noqa: S603 (ours)
        assert other.stdin
        assert other.stdout
        other.stdout.readline()
        yield
        other.stdin.close()
        other.wait(10)
