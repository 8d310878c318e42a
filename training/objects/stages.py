"""The verbs of the command line, in the order of the work."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.objects import corpus, examples, report, sheet, split
from training.objects import evaluate as judging
from training.objects.boxes import letterbox
from training.objects.card import card
from training.objects.detector import Detector
from training.objects.echo import Echo
from training.objects.export import calibration_pictures, check, quantised
from training.objects.recipe import NARROW, Recipe, TrainingError
from training.objects.teachers import Teachers
from training.objects.training import Run
from training.objects.unfold import unfolded
from training.objects.widen import widened, widths_of

log = logging.getLogger(__name__)

THREADS = 2
# What a shipped file is measured on when it is unfolded.
SIDE_PX, UNFOLDED_PICTURES = 320, 64
VERSION = "1.1.0"


@dataclass(frozen=True, slots=True)
class Plan:
    """Where things are and what to do."""

    data: Path
    work: Path
    model: Path
    recipe: Recipe
    side_px: int = 320
    # A state whose averaged weights a new run goes on from.
    start: Path | None = None

    @property
    def corpus(self) -> Path:
        """The decoded pictures with their truth."""
        return self.work / "corpus.npz"

    @property
    def clip(self) -> Path:
        """Debian's clip of a fixed camera; the Makefile fetches it."""
        return self.work / "vtest.avi"

    @property
    def state(self) -> Path:
        """The newest checkpoint."""
        return self.work / "state.npz"

    @property
    def file(self) -> Path:
        """The finished model."""
        return self.model / "street.tflite"


def prepare(plan: Plan) -> None:
    """Decode all pictures once and ask the teachers; kept from run to run."""
    if plan.corpus.is_file():
        log.info("%s is there already", plan.corpus)
        return
    plan.work.mkdir(parents=True, exist_ok=True)
    teachers = Teachers(plan.data / "models", THREADS)
    examples.save(list(corpus.gather(plan.data, plan.clip, teachers)), plan.corpus)


def train(plan: Plan) -> None:
    """Spend the budget, or what a killed run left of it."""
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    everything = examples.load(plan.corpus)
    kept = split.held_out(everything)
    exams = judging.held_out_exams(everything, kept)
    log.info("%d pictures teach, %d are held out", (~kept).sum(), kept.sum())

    def judge(average: list[np.ndarray]) -> str:
        see = judging.float_seer(average, plan.side_px)
        marks = [judging.line(one, judging.sit(one, see)) for one in exams]
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
        return "held out, AP50: " + " · ".join(marks)

    learn = [one for one, aside in zip(everything, kept, strict=True) if not aside]
    echo = Echo(plan.data / "models")
    first, recipe = start(plan.start, plan.recipe, learn) if plan.start else (None, plan.recipe)
    Run(recipe, plan.work, echo, first).go(learn, judge)


def start(
    file: Path, recipe: Recipe, learn: list[examples.Example]
) -> tuple[list[np.ndarray], Recipe]:
    """Return weights to go on from, of a checkpoint or of a shipped model file, and how to go on.

    They are carried into a wider network if need be.
    """
    if file.suffix == ".tflite":
        pictures = [
            letterbox(one, SIDE_PX, SIDE_PX)[0]
            for one in calibration_pictures(learn, recipe)[:UNFOLDED_PICTURES]
        ]
        weights = unfolded(file, NARROW, pictures)
    else:
        weights = averages(file)
    widths = widths_of(weights)
    how = recipe.going_on() if widths == recipe.widths else recipe.widening()
    return widened(weights, widths, recipe.widths), how


def averages(file: Path) -> list[np.ndarray]:
    """Return the averaged weights of a checkpoint; one is there at any moment of a run."""
    if not file.is_file():
        raise TrainingError(f"no checkpoint {file}", "run the verb train first, or name another")
    with np.load(file) as state:
        count = sum(name.startswith("average_") for name in state.files)
        return [state[f"average_{n}"] for n in range(count)]


def export(plan: Plan) -> None:
    """Write the int8 file."""
    pictures = calibration_pictures(examples.load(plan.corpus), plan.recipe)
    plan.model.mkdir(parents=True, exist_ok=True)
    plan.file.write_bytes(quantised(averages(plan.state), pictures, plan.side_px))
    check(plan.file, plan.side_px)
    log.info("%s: %d bytes", plan.file, plan.file.stat().st_size)


def evaluate(plan: Plan) -> None:
    """Examine our file, its float twin and the rivals; keep the table and our marks."""
    exams = [judging.exam(plan.data, name) for name in judging.EXAMS]
    teachers = Teachers(plan.data / "models", THREADS)
    crops = report.clip_crops(plan.clip, teachers) if plan.clip.is_file() else None
    ours, tallies = report.marks(plan.file, exams, crops, ours=True)
    files = [plan.data / "models" / f"{name}.tflite" for name in report.RIVALS]
    rivals = [report.marks(file, exams, crops, ours=False)[0] for file in files]
    points = report.operating_points(tallies, report.STREET)
    score = report.best_score(points)
    elsewhere = report.operating_points(tallies, report.ELSEWHERE)
    report.keep(plan.work / "marks.json", ours, score)
    twin = judging.float_seer(averages(plan.state), plan.side_px)
    tables = report.table([ours, *rivals]), report.points_table(points)
    text = "\n".join([*tables, report.points_table(elsewhere), "float32 twin:", ""])
    for exam in exams:
        found = judging.precisions(exam, judging.sit(exam, twin))
        text += f"- {exam.name}: " + ", ".join(f"{k} {v:.3f}" for k, v in found.items()) + "\n"
    (plan.work / "results.md").write_text(text)
    log.info("%s", text)


def describe(plan: Plan) -> None:
    """Write the model's card."""
    kept = plan.work / "marks.json"
    if not kept.is_file():
        raise TrainingError(f"no marks in {plan.work}", "run the verb evaluate first")
    marks = json.loads(kept.read_text())
    text = card(plan.file, VERSION, plan.side_px, marks["score"], marks["quality"])
    (plan.model / "model.toml").write_text(text)


def draw(plan: Plan) -> None:
    """Write contact sheets of the demo clip and of test photos."""
    detector = Detector(plan.file)
    score = json.loads((plan.work / "marks.json").read_text())["score"]
    for name in judging.EXAMS:
        shown = judging.exam(plan.data, name).pictures[::5][:20]
        sheet.contact_sheet(
            detector, shown, score, plan.work / f"seen_{name.replace('/', '_')}.png"
        )
    if plan.clip.is_file():
        crops = report.clip_crops(plan.clip, Teachers(plan.data / "models", THREADS))
        sheet.contact_sheet(detector, crops.pictures[:30], score, plan.work / "seen_vtest.png")
