"""The training loop: draws batches, takes steps, keeps a moving average, survives being killed.

The run is bounded by the CPU time of this process, so that a busy machine does not make a worse
model, and by the clock, so that it ends.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.objects import designs
from training.objects.echo import Echo
from training.objects.examples import Example
from training.objects.feed import Batch, Feed
from training.objects.loss import echo_loss, street_loss
from training.objects.recipe import STRIDES, Recipe, TrainingError

log = logging.getLogger(__name__)

LOG_EVERY = 100


@dataclass(slots=True)
class Spent:
    """What the run has used so far, over all its sittings."""

    steps: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    pictures: int = 0
    _cpu: float = field(default_factory=time.process_time)
    _wall: float = field(default_factory=time.monotonic)

    def tick(self) -> None:
        """Add the time since the last tick."""
        cpu, wall = time.process_time(), time.monotonic()
        self.cpu_s += cpu - self._cpu
        self.wall_s += wall - self._wall
        self._cpu, self._wall = cpu, wall

    def progress(self, recipe: Recipe) -> float:
        """Part of the run that is over, by whichever bound is nearer."""
        return max(self.cpu_s / recipe.cpu_seconds, self.wall_s / (60 * recipe.wall_minutes))


class Run:
    """One training run in one folder; `go` returns when its budget is spent, or when interrupted.

    It begins with `start` where there is no state to go on with.
    """

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        teacher: Echo | None = None,
        start: designs.Start = designs.NOTHING,
    ) -> None:
        keras.utils.set_random_seed(recipe.seed)
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
        self.recipe, self.folder, self.teacher = recipe, folder, teacher
        self.model = designs.network(recipe.widths, features=True)
        self.echo = designs.echo(recipe.widths)
        if start.weights is not None:
            self.model.set_weights(start.weights)
        if start.echo is not None:
            self.echo.set_weights(start.echo)
        self.average = [np.array(one) for one in self.model.get_weights()]
        self.optimizer = keras.optimizers.AdamW(
            recipe.learning_rate, weight_decay=recipe.weight_decay, beta_2=0.99
        )
        self.optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        self.optimizer.build(self._variables())
        self.spent = Spent()
        self._losses: list[tuple[float, ...]] = []
        self._step = tf.function(self._learn, reduce_retracing=True)

    def go(
        self, examples: list[Example], judge: Callable[[list[np.ndarray]], str] | None = None
    ) -> list[np.ndarray]:
        """Train to the end of the budget and return the averaged weights."""
        self._resume()
        feed = Feed(
            examples,
            self.recipe,
            self.spent.steps,
            lambda: self.spent.progress(self.recipe),
            self.teacher,
        )
        feed.start()
        try:
            self._work(feed, judge)
        except (KeyboardInterrupt, SystemExit):
            log.info("interrupted after step %d; the same command goes on", self.spent.steps)
            raise
        finally:
            feed.stop()
            self.save()
        return self.average

    def save(self) -> None:
        """Write everything needed to go on; the old state stays until the new one is whole."""
        values = {f"weight_{n}": one for n, one in enumerate(self.model.get_weights())}
        values |= {f"average_{n}": one for n, one in enumerate(self.average)}
        values |= {f"echo_{n}": one for n, one in enumerate(self.echo.get_weights())}
        values |= {f"memory_{n}": np.array(v) for n, v in enumerate(self.optimizer.variables)}
        spent = {k: v for k, v in asdict(self.spent).items() if not k.startswith("_")}
        partial = self.folder / "partial.npz"
        np.savez(partial, **values, **spent)
        partial.replace(self.folder / "state.npz")

    def _work(self, feed: Feed, judge: Callable[[list[np.ndarray]], str] | None) -> None:
        saved = judged = self.spent.wall_s
        while self.spent.progress(self.recipe) < 1:
            self._advance(feed.next())
            if self.spent.wall_s - saved > self.recipe.checkpoint_s:
                saved = self.spent.wall_s
                self.save()
            if judge and self.spent.wall_s - judged > self.recipe.judge_every_s:
                judged = self.spent.wall_s
                log.info("%s", judge(self.average))

    def _variables(self) -> list[keras.Variable]:
        return [*self.model.trainable_variables, *self.echo.trainable_variables]

    def _resume(self) -> None:
        file = self.folder / "state.npz"
        if not file.is_file():
            return
        with np.load(file) as state:
            count = len(self.average)
            shapes = [state[f"average_{n}"].shape for n in range(count) if f"average_{n}" in state]
            if shapes != [one.shape for one in self.average]:
                raise TrainingError(
                    f"{file} is of another network than this run's",
                    "move it away, or name another folder with --work",
                )
            self.model.set_weights([state[f"weight_{n}"] for n in range(count)])
            self.average = [state[f"average_{n}"] for n in range(count)]
            self.echo.set_weights([state[f"echo_{n}"] for n in range(len(self.echo.weights))])
            for n, variable in enumerate(self.optimizer.variables):
                variable.assign(state[f"memory_{n}"])
            self.spent.steps, self.spent.pictures = int(state["steps"]), int(state["pictures"])
            self.spent.cpu_s, self.spent.wall_s = float(state["cpu_s"]), float(state["wall_s"])
        log.info("going on after step %d", self.spent.steps)

    def _advance(self, batch: Batch) -> None:
        progress = self.spent.progress(self.recipe)
        self.optimizer.learning_rate.assign(self.rate(progress))
        self._losses.append(tuple(float(one) for one in self._step(as_tensors(batch))))
        self.spent.steps += 1
        self.spent.pictures += len(batch.pixels)
        self._blend()
        self.spent.tick()
        if self.spent.steps % LOG_EVERY == 0:
            self._report(batch.pixels.shape[1], progress)

    def rate(self, progress: float) -> float:
        """Climb, then fall as a cosine to a fiftieth."""
        peak, warm = self.recipe.learning_rate, self.recipe.warm_up
        if progress < warm:
            return peak * max(progress / warm, 0.02)
        fall = min((progress - warm) / (1 - warm), 1.0)
        return float(peak * (0.02 + 0.98 * (1 + np.cos(np.pi * fall)) / 2))

    def _learn(self, batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            outputs = self.model(tf.cast(batch["pixels"], tf.float32) / 255.0, training=True)
            ends = 2 * len(STRIDES)
            class_loss, box_loss = street_loss(outputs[:ends], batch)
            echo = tf.constant(0.0)
            if "echo" in batch:
                echo = echo_loss(self.echo(outputs[ends:]), batch["echo"])
            loss = class_loss + box_loss + self.recipe.echo_gain * echo
        variables = self._variables()
        gradients = tape.gradient(loss, variables, unconnected_gradients="zero")
        gradients, _ = tf.clip_by_global_norm(gradients, 10.0)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return class_loss, box_loss, echo

    def _blend(self) -> None:
        # A young average must forget its random beginnings faster.
        steps = self.spent.steps
        decay = min(self.recipe.average_decay, (1 + steps) / (20 + steps))
        self.average = [
            decay * mean + (1 - decay) * now.numpy()
            for mean, now in zip(self.average, self.model.weights, strict=True)
        ]

    def _report(self, side_px: int, progress: float) -> None:
        means = np.mean(self._losses, axis=0)
        self._losses.clear()
        log.info(
            "step %d  %4.1f %%  %d px  class %.3f  box %.3f  echo %.3f  %d pictures in %.0f CPU s, %.0f s",
            self.spent.steps,
            100 * progress,
            side_px,
            *means,
            self.spent.pictures,
            self.spent.cpu_s,
            self.spent.wall_s,
        )


def as_tensors(batch: Batch) -> dict[str, tf.Tensor | list[tf.Tensor]]:
    """Hand a batch over to TensorFlow."""
    tensors = {
        "pixels": tf.constant(batch.pixels),
        "boxes": tf.constant(batch.boxes, tf.float32),
        "labels": tf.constant(batch.labels, tf.int32),
        "weights": tf.constant(batch.weights, tf.float32),
        "owner": tf.constant(batch.owner, tf.int32),
        "trust": tf.constant(batch.trust, tf.float32),
        "side_px": tf.constant(batch.pixels.shape[1], tf.int32),
    }
    if batch.echo:
        tensors["echo"] = [tf.constant(one) for one in batch.echo]
    return tensors
