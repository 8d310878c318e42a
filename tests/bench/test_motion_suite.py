"""One short scene shown to everybody, and the page's plots."""

from pathlib import Path

import pytest

from bench.motion.contenders import ENTRIES, contenders
from bench.motion.painter import Script, paint, undisturbed
from bench.motion.score import Tally
from bench.motion.suite import Watched, show
from tests.bench.test_motion_scenes import STREET


def test_everybody_is_given_the_same_frames_and_their_cpu_is_counted() -> None:
    script = Script(calm_s=2.0, nuisance_s=3.0, visits_s=((2.0, 5.0),))
    moments = list(paint(STREET, undisturbed, 1, script))

    tallies = {name: show(name, None, moments) for name in ENTRIES}

    assert {one.watched for one in tallies.values()} == {25}
    assert {one.person_frames for one in tallies.values()} == {15}
    assert all(one.cpu_s > 0 for one in tallies.values())


def test_somebody_of_opencv_sees_a_walker_in_the_quiet() -> None:
    script = Script(calm_s=10.0, nuisance_s=8.0, visits_s=((10.0, 18.0),))

    tally = show("MOG2", None, list(paint(STREET, undisturbed, 1, script)))

    assert tally.found_share > 0.9
    assert tally.cells.measure > 0.8


def test_a_contender_is_new_for_each_scene() -> None:
    assert all(contenders()[name] is not contenders()[name] for name in ENTRIES)


def test_tallies_of_scenes_add_up() -> None:
    sum_, more = Watched(), Watched()
    more.tallies["ours", None] = Tally(frames=10, false_frames=2, person_frames=5, found=4)

    sum_.join(more)
    sum_.join(more)

    assert sum_.of("ours").frames == 20
    assert sum_.of("ours").false_share == 0.2
    assert sum_.of("ours").found_share == 0.8


def test_the_plots_are_small_enough_to_keep(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is installed by make bench")
    from bench.motion import plots  # noqa: PLC0415 (only where matplotlib is)

    sheet = {condition: Watched() for condition in ("quiet", "rain")}
    for watched in sheet.values():
        for name, entry in ENTRIES.items():
            for threshold in (None, *entry.thresholds):
                watched.tallies[name, threshold] = Tally(frames=4, false_frames=1)

    plots.conditions(sheet, tmp_path / "conditions.png")
    plots.curves(sheet, tmp_path / "curves.png")

    sizes = [file.stat().st_size for file in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert all(2_000 < size <= 200_000 for size in sizes)
