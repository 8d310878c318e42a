"""When a change of everything has lasted, at a stretch or on and off, and when it is over."""

import pytest

from edge_agent.inference.global_change import OVER_S, RECOVERY_S, GlobalChange
from edge_agent.inference.motion_file import open_motion
from edge_agent.inference.options import MotionOptions
from tests.inference.street import Street, times

EVERY_S = 0.2


def lasts(pattern: str, every_s: float = EVERY_S) -> list[float]:
    """What is said of each picture: "x" changes everywhere, "." does not."""
    change = GlobalChange()
    return [
        change.note(number * every_s, is_global=each == "x") for number, each in enumerate(pattern)
    ]


def test_what_goes_on_lasts_from_three_seconds_on() -> None:
    said = lasts("x" * 40)

    assert not any(said[:15])
    assert said[15:] == pytest.approx([EVERY_S * number for number in range(15, 40)])


@pytest.mark.parametrize("pattern", ["x.", "x..", "xx..", "x....", "x.........", "x..........."])
def test_what_comes_and_goes_lasts_as_well(pattern: str) -> None:
    said = lasts(pattern * 30)

    first = next(number for number, each in enumerate(said) if each)
    assert RECOVERY_S <= first * EVERY_S <= 2 * RECOVERY_S
    assert all(said[first:])


@pytest.mark.parametrize(
    "pattern",
    [
        "x" + "." * 13,
        "xxxxx" + "." * 13,
        "xx.x" + "." * 13,
        "x" * 14 + "." * 13,
    ],
    ids=["a lamp every 2.8 s", "an exposure", "a lamp that starts", "almost three seconds"],
)
def test_what_has_its_peace_in_between_never_does(pattern: str) -> None:
    assert not any(lasts(pattern * 5))


def test_what_lasts_goes_on_lasting_until_there_is_peace() -> None:
    said = lasts("x" * 17 + "...." + "xx" + "...." + "xx" + "." * 20)

    began, over = 15, 17 + 4 + 2 + 4 + 2 - 1 + round(OVER_S / EVERY_S)
    assert not any(said[:began])
    assert said[began:over] == pytest.approx([EVERY_S * n for n in range(began, over)])
    assert not any(said[over + 1 :])


def test_key_frames_alone_tell_a_single_switch_from_one_that_goes_on() -> None:
    assert not any(lasts("..x.......x.....", every_s=2.0))
    assert not any(lasts("..x.x.x.x.x.", every_s=2.0))
    assert any(lasts("..xxx...", every_s=2.0))
    assert any(lasts("xxx", every_s=12.0))


def test_a_camera_that_was_dark_begins_anew() -> None:
    change = GlobalChange()
    before = [change.note(0.2 * number, is_global=True) for number in range(20)]

    assert before[-1] > 0
    assert change.note(600.0, is_global=True) == 0.0
    assert change.note(604.0, is_global=True) == 4.0


@pytest.mark.parametrize("pictures", [2, 3, 5])
def test_a_lamp_that_flickers_leaves_nobody_blind(pictures: int) -> None:
    street = Street()
    watcher, start = open_motion(MotionOptions()), 10.0
    for moment in times(0, start):
        watcher.watch(street.frame(moment))
    lit = street.ground + 60
    motions = []
    for number, moment in enumerate(times(start, 20)):
        on = number // pictures % 2
        motions.append(watcher.watch(street.frame(moment, lit if on else street.ground)))

    later = motions[30:]
    assert 0.1 < sum(motion.is_global for motion in motions[:15]) / 15 < 1
    assert all(motion.areas for motion in later)
    assert all(motion.is_global and motion.changing_s > 4 for motion in later)
    assert later[-1].changing_s == pytest.approx(19.8 - pictures * 0.2, abs=0.2)

    calm = [watcher.watch(street.frame(moment)) for moment in times(start + 20, 6)]
    assert not any(motion.areas or motion.is_global for motion in calm[18:])
