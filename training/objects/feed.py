"""Batches for the training loop, made one ahead of the other by a thread of their own.

The thread works while TensorFlow computes without the interpreter's lock. Batch number n is drawn
from (seed, n), so a resumed run goes on with the pictures it would have seen.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from training.objects.augmentation import Augmenter, Sample, noise_bank
from training.objects.boxes import Floats, Ints
from training.objects.corpus import CLIPS, PHOTOS
from training.objects.echo import Echo
from training.objects.examples import Example
from training.objects.paste import cutouts
from training.objects.recipe import Recipe

AHEAD = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures, and all their boxes in one list; `owner` tells whose each box is."""

    pixels: np.ndarray
    boxes: Floats
    labels: Ints
    weights: Floats
    owner: Ints
    trust: Floats
    # The teacher's dense scores per stride; empty without a teacher.
    echo: tuple[Floats, ...] = ()


class Feed:
    """Makes batches in the background from `start` until `stop`; `next` waits for one."""

    def __init__(
        self,
        examples: list[Example],
        recipe: Recipe,
        first: int,
        progress: Callable[[], float],
        teacher: Echo | None = None,
    ) -> None:
        self.examples = examples
        self.recipe = recipe
        self.progress = progress
        self.teacher = teacher
        self.bank = cutouts(examples)
        self.chances = chances([one.source for one in examples])
        self.noise = noise_bank(recipe.seed)
        self._number = first
        self._ready: queue.Queue[Batch | Exception] = queue.Queue(AHEAD)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="feed", daemon=True)

    def start(self) -> None:
        """Begin to make batches."""
        self._thread.start()

    def next(self) -> Batch:
        """Return the next batch; raise what went wrong in the thread."""
        made = self._ready.get(timeout=300)
        if isinstance(made, Exception):
            raise made
        return made

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._ended.set()
        while not self._ready.empty():
            self._ready.get_nowait()
        self._thread.join(timeout=30)

    def batch(self, number: int) -> Batch:
        """Draw batch `number`; its size in pixels follows the progress of the run."""
        progress = self.progress()
        side_px = self.recipe.side_px(progress)
        random = np.random.default_rng((self.recipe.seed, number))
        augment = Augmenter(random, self.noise, self.bank)
        samples = []
        for _ in range(self.recipe.batch):
            drawn = random.choice(len(self.examples), 4, p=self.chances)
            chosen = [self.examples[index] for index in drawn]
            mixed = random.random() < self.recipe.mosaic_share
            if mixed and progress < self.recipe.mosaic_until:
                samples.append(augment.mosaic(chosen, side_px))
            else:
                samples.append(augment.single(chosen[0], side_px))
        return self._taught(collated(samples))

    def _taught(self, made: Batch) -> Batch:
        if self.teacher is None:
            return made
        return replace(made, echo=tuple(self.teacher.answers(made.pixels)))

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                made: Batch | Exception = self.batch(self._number)
            except Exception as error:  # noqa: BLE001 (the training loop raises it)
                made = error
            self._number += 1
            self._hand_over(made)

    def _hand_over(self, made: Batch | Exception) -> None:
        while not self._ended.is_set():
            try:
                self._ready.put(made, timeout=1)
            except queue.Full:
                continue
            return


def chances(sources: list[str]) -> np.ndarray:
    """Chance of each example, so that every set gets its share whatever its size."""
    shares = {one.name: one.share for one in PHOTOS} | {one.file: one.share for one in CLIPS}
    names, counts = np.unique(sources, return_counts=True)
    each = {name: shares[name] / count for name, count in zip(names, counts, strict=True)}
    weights = np.asarray([each[source] for source in sources])
    return np.asarray(weights / weights.sum())


def collated(samples: list[Sample]) -> Batch:
    """Put samples of one size together."""
    counts = [len(one.boxes) for one in samples]
    return Batch(
        np.stack([one.pixels for one in samples]),
        np.concatenate([one.boxes for one in samples]).astype(np.float32),
        np.concatenate([one.labels for one in samples]),
        np.concatenate([one.weights for one in samples]).astype(np.float32),
        np.repeat(np.arange(len(samples)), counts),
        np.stack([one.trust for one in samples]),
    )
