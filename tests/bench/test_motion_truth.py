"""What the teacher's boxes say about who moves in a real clip, and what the clip then judges."""

from pathlib import Path

import numpy as np
import pytest

from bench.motion import clips, real
from bench.motion.cells import COLUMNS, ROWS, cover_of
from bench.motion.clips import Clip, Shot
from bench.motion.moving import judge
from bench.motion.painter import Box
from bench.motion.real import Known, by_teacher, by_visits

TRIPOD = (300.0, 100.0, 312.0, 140.0)
PICTURE = np.zeros((360, 640), np.uint8)


def walker(frame: int) -> tuple[float, float, float, float]:
    return (100.0 + 4 * frame, 100.0, 112.0 + 4 * frame, 130.0)


def seen(frames: list[list[tuple[float, ...]]], score: float = 0.8) -> list[tuple[int, int]]:
    """Return how many things move, and how many nobody knows of, in each frame."""
    boxes = [np.asarray(one, np.float32).reshape(-1, 4) for one in frames]
    truths = judge(boxes, [np.full(len(one), score, np.float32) for one in boxes])
    return [(len(one.moving), len(one.unsure)) for one in truths]


def test_who_walks_moves_and_what_stands_is_not_judged() -> None:
    assert seen([[walker(frame), TRIPOD] for frame in range(10)]) == [(1, 1)] * 10


def test_a_faint_opinion_is_not_judged() -> None:
    assert seen([[walker(frame)] for frame in range(10)], score=0.3) == [(0, 1)] * 10


def test_a_flicker_of_the_teacher_is_not_judged() -> None:
    assert seen([[walker(frame)] if frame < 3 else [] for frame in range(10)])[:3] == [(0, 1)] * 3


def test_nobody_knows_where_the_teacher_lost_a_walker_for_a_moment() -> None:
    frames = [[] if frame in (4, 5) else [walker(frame)] for frame in range(10)]

    assert seen(frames) == [(1, 0)] * 4 + [(0, 1)] * 2 + [(1, 0)] * 4


def test_a_trembling_box_does_not_move() -> None:
    trembling = [(TRIPOD[0] + frame % 2, *TRIPOD[1:]) for frame in range(10)]

    assert seen([[box] for box in trembling]) == [(0, 1)] * 10


def shots(*times_s: float) -> list[Shot]:
    return [Shot(at_s, PICTURE, PICTURE) for at_s in times_s]


def test_motion_between_visits_is_false_and_silence_in_one_is_a_miss() -> None:
    clip = Clip(name="room", file=Path("room.mp4"), visits_s=((10.0, 12.0),))
    told: list[list[Box]] = [[(0, 0, 9, 9)], [(0, 0, 9, 9)], [], [(0, 0, 9, 9)]]

    tally = by_visits(clip, shots(2.0, 11.0, 11.2, 13.0), told)

    assert (tally.false_frames, tally.false_of) == (1, 1)
    assert (tally.found, tally.things) == (1, 2)


def test_only_a_box_whose_every_cell_is_known_to_be_still_is_false() -> None:
    judged = np.ones((ROWS, COLUMNS), bool)
    judged[:, 20:] = False
    box = (96, 96, 112, 125)
    known = Known((box,), cover_of([box]) >= 0.25, judged)
    still, unknown = (160, 240, 176, 256), (310, 96, 340, 120)

    tally = by_teacher([known] * 3, [[still], [unknown], [box]], judges_false=True)

    assert tally.false_frames == 1
    assert (tally.found, tally.things) == (1, 3)


def test_a_clip_that_cannot_judge_false_motion_does_not() -> None:
    known = Known((), np.zeros((ROWS, COLUMNS), bool), np.ones((ROWS, COLUMNS), bool))

    tally = by_teacher([known], [[(160, 240, 176, 256)]], judges_false=False)

    assert (tally.false_of, tally.false_frames) == (0, 0)


def test_a_clip_is_shown_five_times_a_second_as_wide_as_the_scenes() -> None:
    clip = next(one for one in clips.ALL if one.name == "vtest")
    if not clip.file.exists():
        pytest.skip("vtest.avi is not here: make setup")

    first = [shot for shot, _ in zip(clips.shots(clip), range(11), strict=False)]

    assert [round(shot.at_s, 1) for shot in first] == [round(0.2 * step, 1) for step in range(11)]
    assert first[0].picture.shape == (360, 640)
    assert first[0].colours.shape == (432, 768, 3)


def test_a_clip_that_is_not_here_says_so() -> None:
    sheet = real.look_at(Clip(name="gone", file=Path("/nowhere/gone.mp4")))

    assert sheet.words() == "not on this machine"
