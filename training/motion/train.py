"""Train in one go, from nothing or from older weights: an averaged network comes out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.motion.makers import Batch, batches
from training.motion.network import motion_network

log = logging.getLogger(__name__)

BATCH = 32
PEAK_RATE = 3e-3
# A missed thing is worse than a cell too many: the object model looks again.
MISSED = 2.0
AVERAGE = 0.998
WARM_UP_STEPS = 200

Arrays = list[np.ndarray]


def train(
    corpus: Path, weights: Path, minutes: float, seed: int, makers: int, rate: float = PEAK_RATE
) -> Arrays:
    """Spend so many minutes; keep and return the averaged weights.

    Weights that are there already are where it starts from; a lower peak rate suits them.
    """
    with batches(corpus, seed, makers, BATCH) as get:
        return _learn(get, minutes, weights, rate)


def keep(arrays: Arrays, weights: Path) -> None:
    """Write weights, in the network's order."""
    np.savez(weights, *arrays)


def _learn(get: Callable[[], Batch], minutes: float, weights: Path, peak: float) -> Arrays:
    network = motion_network()
    if weights.exists():
        with np.load(weights) as kept:
            network.set_weights([kept[name] for name in kept.files])
    optimizer = keras.optimizers.AdamW(peak, weight_decay=1e-4)
    step = _step_of(network, optimizer)
    averaged = [one.copy() for one in network.get_weights()]
    batch = get()
    began, count, recent = time.monotonic(), 0, []
    while (share := (time.monotonic() - began) / (60 * minutes)) < 1:
        optimizer.learning_rate.assign(peak * _rate(share, count))
        # Painting costs three times as much as learning: each picture serves as its mirror image too.
        batch = get() if count % 2 == 0 else (batch[0][:, :, ::-1], batch[1][:, :, ::-1])
        recent.append(float(step(*batch)))
        count += 1
        averaged = _blended(averaged, network.get_weights(), count)
        if count % 200 == 0:
            log.info("step %d, %.0f %%: loss %.3f", count, 100 * share, np.mean(recent))
            recent.clear()
            keep(averaged, weights)
    keep(averaged, weights)
    log.info("%d samples", count * BATCH)
    return averaged


def _step_of(
    network: keras.Model, optimizer: keras.optimizers.Optimizer
) -> Callable[[np.ndarray, np.ndarray], tf.Tensor]:
    @tf.function
    def step(planes: tf.Tensor, truth: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = network(tf.cast(planes, tf.float32) / 128.0, training=True)[..., 0]
            moving, weight = truth[..., 0], truth[..., 1]
            each = tf.nn.weighted_cross_entropy_with_logits(moving, logits, MISSED)
            chance = tf.nn.sigmoid(logits)
            # What is easy and right counts little, or the empty cells drown the few others.
            easy = tf.where(moving > 0.5, chance, 1 - chance)  # noqa: PLR2004 (0 or 1)
            loss = tf.reduce_mean(each * weight * tf.pow(1 - easy, 1.5)) * 100
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return loss

    return step


def _rate(share: float, count: int) -> float:
    """Climb for a moment, then fall as a cosine to a fiftieth; as a part of the peak."""
    warm = min(1.0, count / WARM_UP_STEPS)
    return float(warm * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * share))))


def _blended(averaged: Arrays, now: Arrays, count: int) -> Arrays:
    # A young average must forget its random beginnings faster.
    keep = min(AVERAGE, count / (count + 10))
    return [mean * keep + new * (1 - keep) for mean, new in zip(averaged, now, strict=True)]
