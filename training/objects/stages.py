"""The verbs of the command line, in the order of the work."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.objects import corpus, designs, examples, report, sheet, split
from training.objects import evaluate as judging
from training.objects.card import FROM_NOTHING, LENT, card
from training.objects.detections import STEPS
from training.objects.detector import Detector
from training.objects.echo import Echo
from training.objects.export import calibration_pictures, check, quantised
from training.objects.recipe import Recipe, TrainingError
from training.objects.teachers import Teachers
from training.objects.training import Run

log = logging.getLogger(__name__)

THREADS = 2
# Of the first weights, to choose `kept_share` among.
SHARES = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5)


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
    def models(self) -> Path:
        """The public detectors: two teach, one lends its weights."""
        return self.data / "models"

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
    teachers = Teachers(plan.models, THREADS)
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
    first, recipe = start(plan)
    Run(recipe, plan.work, Echo(plan.models), first).go(learn, judge)


def start(plan: Plan) -> tuple[designs.Start, Recipe]:
    """Return what a run begins with, by its recipe or from a checkpoint, and how it goes on."""
    if plan.start is None:
        return designs.lent(plan.recipe.widths, plan.models), plan.recipe
    weights = averages(plan.start)
    if designs.widths_of(weights) != plan.recipe.widths:
        word = "with" if plan.recipe.widths is None else "without"
        raise TrainingError(
            f"{plan.start} is of the other network", f"run this {word} --from-nothing"
        )
    return designs.Start(weights, _stored(plan.start, "echo")), plan.recipe.going_on()


def averages(file: Path) -> list[np.ndarray]:
    """Return the averaged weights of a checkpoint; one is there at any moment of a run."""
    return _stored(file, "average")


def _stored(file: Path, name: str) -> list[np.ndarray]:
    if not file.is_file():
        raise TrainingError(f"no checkpoint {file}", "run the verb train first, or name another")
    with np.load(file) as state:
        count = sum(one.startswith(f"{name}_") for one in state.files)
        return [state[f"{name}_{n}"] for n in range(count)]


def finished(plan: Plan) -> list[np.ndarray]:
    """Return the weights that are exported: the averages, with what is kept of their start."""
    return designs.mixed(averages(plan.state), plan.recipe.kept_share, plan.models)


def shares(plan: Plan) -> None:
    """Tell what each share of the first weights is worth, on what may choose."""
    weights = averages(plan.state)
    if designs.widths_of(weights) is not None:
        raise TrainingError(
            f"{plan.state} is of a network from nothing, which keeps no share",
            "run the verb export",
        )
    everything = examples.load(plan.corpus)
    exams = judging.held_out_exams(everything, split.held_out(everything))
    exams.append(judging.exam(plan.data, judging.CHOOSES))
    for share in SHARES:
        see = judging.float_seer(designs.mixed(weights, share, plan.models), plan.side_px)
        marks = [judging.line(one, judging.sit(one, see)) for one in exams]
        log.info("%.0f %% kept, AP50: %s", 100 * share, " · ".join(marks))


def export(plan: Plan) -> None:
    """Write the int8 file."""
    pictures = calibration_pictures(examples.load(plan.corpus), plan.recipe)
    plan.model.mkdir(parents=True, exist_ok=True)
    plan.file.write_bytes(quantised(finished(plan), pictures, plan.side_px))
    check(plan.file, plan.side_px)
    log.info("%s: %d bytes", plan.file, plan.file.stat().st_size)


def evaluate(plan: Plan) -> None:
    """Examine our file, its float twin and the rivals; keep the table and our marks."""
    exams = [judging.exam(plan.data, name) for name in judging.EXAMS]
    exams.append(judging.rubbish_exam(plan.data))
    teachers = Teachers(plan.models, THREADS)
    crops = report.clip_crops(plan.clip, teachers) if plan.clip.is_file() else None
    ours, tallies = report.marks(plan.file, exams, crops, ours=True)
    files = [plan.models / f"{name}.tflite" for name in report.RIVALS]
    rivals = [report.marks(file, exams, crops, ours=False)[0] for file in files]
    points = report.operating_points(tallies, report.STREET)
    score = report.best_score(points)
    elsewhere = report.operating_points(tallies, report.ELSEWHERE)
    report.keep(plan.work / "marks.json", ours, score)
    twin = judging.float_seer(finished(plan), plan.side_px)
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
    says_steps = any(one.shape[-1] == 4 * STEPS for one in Detector(plan.file).outputs())
    origin = LENT if says_steps else FROM_NOTHING
    text = card(plan.file, origin, plan.side_px, marks["score"], marks["quality"])
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
        crops = report.clip_crops(plan.clip, Teachers(plan.models, THREADS))
        sheet.contact_sheet(detector, crops.pictures[:30], score, plan.work / "seen_vtest.png")
