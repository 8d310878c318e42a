"""Processes that paint samples while another one learns from them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty

import cv2
import numpy as np

from training.motion.studio import Studio

# Planes (batch, height, width, 4), int8, and truth (batch, rows, columns, 2).
Batch = tuple[np.ndarray, np.ndarray]

_MOST_WAITING = 12
# How long to wait for a batch before looking whether they still paint, in seconds.
_LOOK_EVERY_S = 30.0


@contextmanager
def batches(corpus: Path, seed: int, makers: int, size: int) -> Iterator[Callable[[], Batch]]:
    """Give a function that waits for the next batch of so many samples; the makers end with it.

    The function raises RuntimeError where a maker has ended and nothing comes any more.
    They are begun anew, not forked: a child of TensorFlow or OpenCV may wait forever for a thread
    that only its parent has.
    """
    apart = multiprocessing.get_context("spawn")
    queue: Queue[Batch] = apart.Queue(_MOST_WAITING)
    workers = [
        apart.Process(target=_make, args=(corpus, seed + each, size, queue), daemon=True)
        for each in range(makers)
    ]
    started = []

    def get() -> Batch:
        while True:
            try:
                return queue.get(timeout=_LOOK_EVERY_S)
            except Empty:
                if not all(one.is_alive() for one in started):
                    raise RuntimeError("a painter ended: too little memory for so many?") from None

    try:
        for worker in workers:
            worker.start()
            started.append(worker)
        yield get
    finally:
        for worker in started:
            worker.kill()
            worker.join()


def _make(corpus: Path, seed: int, size: int, queue: Queue[Batch]) -> None:
    cv2.setNumThreads(1)
    samples = Studio(corpus, seed).samples()
    while True:
        batch = [next(samples) for _ in range(size)]
        queue.put((np.stack([one for one, _ in batch]), np.stack([one for _, one in batch])))
