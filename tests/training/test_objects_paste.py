"""Small people laid on a street stand where nobody stood, and their boxes know where."""

import numpy as np
import pytest

from training.objects.augmentation import Augmenter, noise_bank
from training.objects.boxes import overlap
from training.objects.examples import Example
from training.objects.labels import GARBAGE, Truth
from training.objects.paste import HEIGHT_PX, Cutout, cutouts, paste
from training.objects.recipe import LABELS

WALKER, SEATED, CAR = (10, 10, 50, 110), (100, 10, 160, 70), (180, 20, 290, 90)
WHITE = Cutout(np.full((128, 50, 3), 255, np.uint8), 0)


def street(*things: tuple[tuple[int, int, int, int], int, float]) -> Example:
    boxes, labels, weights = zip(*things, strict=True)
    truth = Truth(
        np.asarray(boxes, np.float32),
        np.asarray(labels),
        np.asarray(weights, np.float32),
        np.ones(len(LABELS), np.float32),
    )
    return Example(np.full((200, 300, 3), 90, np.uint8), truth, "test")


def test_only_a_walker_seen_whole_and_surely_is_cut_out() -> None:
    behind = (30, 20, 70, 120)

    found = cutouts(
        [
            street((WALKER, 0, 1.0), (SEATED, 0, 1.0), (CAR, 2, 1.0)),
            street((WALKER, 0, 1.0), (behind, 0, 1.0)),
            street((WALKER, 0, 0.7)),
        ]
    )

    assert [(one.pixels.shape[:2], one.label) for one in found] == [((100, 40), 0)]


@pytest.mark.parametrize("seed", range(10))
def test_pasted_people_are_small_and_stand_in_nobody_s_way(seed: int) -> None:
    pixels = np.zeros((320, 320, 3), np.uint8)
    parked = np.asarray([[0, 0, 320, 160]], np.float32)

    more = paste(pixels, parked, [WHITE], np.random.default_rng(seed))

    heights = more.boxes[:, 3] - more.boxes[:, 1]
    assert len(more.boxes) >= 1
    assert heights.min() >= HEIGHT_PX[0] - 1
    assert heights.max() <= HEIGHT_PX[1] + 1
    assert more.boxes.min() >= 0
    assert more.boxes.max() <= 320
    assert not overlap(more.boxes, parked).any()
    assert np.count_nonzero(overlap(more.boxes, more.boxes)) == len(more.boxes)


def test_the_box_of_a_pasted_walker_holds_the_walker() -> None:
    more = paste(
        np.zeros((320, 320, 3), np.uint8),
        np.empty((0, 4), np.float32),
        [WHITE],
        np.random.default_rng(3),
    )

    bright = more.pixels[..., 0] > 30
    for left, top, right, bottom in more.boxes.astype(int):
        assert bright[top:bottom, left:right].mean() > 0.5
        bright[top:bottom, left:right] = False
    assert not bright.any()


def test_what_is_pasted_is_taught_with_the_rest() -> None:
    lone = street((WALKER, 0, 1.0))

    counts = [
        len(Augmenter(np.random.default_rng(seed), noise_bank(0), [WHITE]).single(lone, 320).boxes)
        for seed in range(40)
    ]
    without = [
        len(Augmenter(np.random.default_rng(seed), noise_bank(0)).single(lone, 320).boxes)
        for seed in range(40)
    ]

    assert max(without) == 1
    assert max(counts) > 1


def test_the_few_heaps_of_rubbish_are_pasted_often_enough() -> None:
    heap = (100, 10, 190, 70)
    streets = [street((WALKER, 0, 1.0)) for _ in range(50)]

    labels = [one.label for one in cutouts([*streets, street((heap, GARBAGE, 1.0))])]

    assert 0.1 < labels.count(GARBAGE) / len(labels) < 0.3
