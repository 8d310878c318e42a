"""Train, resumably in one go: samples from other processes, an averaged network out."""

from __future__ import annotations

import logging
import multiprocessing
import time
from multiprocessing.queues import Queue
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.motion.network import motion_network
from training.motion.samples import Studio

log = logging.getLogger(__name__)

BATCH = 32
PEAK_RATE = 3e-3
# A missed thing is worse than a cell too many: the object model looks again.
MISSED = 2.0
AVERAGE = 0.998


def train(corpus: Path, weights: Path, minutes: float, seed: int, makers: int) -> list[np.ndarray]:
    """Spend so many minutes; keep and return the averaged weights."""
    queue: Queue[tuple[np.ndarray, np.ndarray]] = multiprocessing.Queue(12)
    workers = [
        multiprocessing.Process(target=_make, args=(corpus, seed + each, queue), daemon=True)
        for each in range(makers)
    ]
    for worker in workers:
        worker.start()
    try:
        averaged = _learn(queue, minutes)
    finally:
        for worker in workers:
            worker.kill()
    np.savez(weights, *averaged)
    return averaged


def _make(corpus: Path, seed: int, queue: Queue[tuple[np.ndarray, np.ndarray]]) -> None:
    import cv2  # noqa: PLC0415 (of this process)

    cv2.setNumThreads(1)
    samples = Studio(corpus, seed).samples()
    while True:
        batch = [next(samples) for _ in range(BATCH)]
        queue.put((np.stack([one for one, _ in batch]), np.stack([one for _, one in batch])))


def _learn(queue: Queue[tuple[np.ndarray, np.ndarray]], minutes: float) -> list[np.ndarray]:
    network = motion_network()
    optimizer = keras.optimizers.AdamW(PEAK_RATE, weight_decay=1e-4)

    @tf.function
    def step(planes: tf.Tensor, truth: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = network(tf.cast(planes, tf.float32) / 255.0, training=True)[..., 0]
            moving, weight = truth[..., 0], truth[..., 1]
            each = tf.nn.weighted_cross_entropy_with_logits(moving, logits, MISSED)
            chance = tf.nn.sigmoid(logits)
            # What is easy and right counts little, or the empty cells drown the few others.
            easy = tf.where(moving > 0.5, chance, 1 - chance)  # noqa: PLR2004 (0 or 1)
            loss = tf.reduce_mean(each * weight * tf.pow(1 - easy, 1.5)) * 100
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return loss

    averaged = [one.copy() for one in network.get_weights()]
    queue.get()
    began, count, recent = time.monotonic(), 0, []
    while (share := (time.monotonic() - began) / (60 * minutes)) < 1:
        warm = min(1.0, count / 200)
        optimizer.learning_rate.assign(
            PEAK_RATE * warm * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * share)))
        )
        recent.append(float(step(*queue.get())))
        count += 1
        decay = min(AVERAGE, count / (count + 10))
        averaged = [
            a * decay + w * (1 - decay)
            for a, w in zip(averaged, network.get_weights(), strict=True)
        ]
        if count % 200 == 0:
            log.info("step %d, %.0f %%: loss %.3f", count, 100 * share, np.mean(recent))
            recent.clear()
    log.info("%d samples", count * BATCH)
    return averaged
