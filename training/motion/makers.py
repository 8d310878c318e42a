"""Processes that paint samples while another one learns from them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from pathlib import Path

import cv2
import numpy as np

from training.motion.studio import Studio

# Planes (batch, height, width, 4), int8, and truth (batch, rows, columns, 2).
Batch = tuple[np.ndarray, np.ndarray]

_MOST_WAITING = 12


@contextmanager
def batches(corpus: Path, seed: int, makers: int, size: int) -> Iterator[Callable[[], Batch]]:
    """Give a function that waits for the next batch of so many samples; the makers end with it.

    They are begun anew, not forked: a child of TensorFlow or OpenCV may wait forever for a thread
    that only its parent has.
    """
    apart = multiprocessing.get_context("spawn")
    queue: Queue[Batch] = apart.Queue(_MOST_WAITING)
    workers = [
        apart.Process(target=_make, args=(corpus, seed + each, size, queue), daemon=True)
        for each in range(makers)
    ]
    for worker in workers:
        worker.start()
    try:
        yield queue.get
    finally:
        for worker in workers:
            worker.kill()


def _make(corpus: Path, seed: int, size: int, queue: Queue[Batch]) -> None:
    cv2.setNumThreads(1)
    samples = Studio(corpus, seed).samples()
    while True:
        batch = [next(samples) for _ in range(size)]
        queue.put((np.stack([one for one, _ in batch]), np.stack([one for _, one in batch])))
