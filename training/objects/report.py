"""One table of everybody's marks: ours, its float twin and the permissive rivals, in one sitting."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.objects import evaluate
from training.objects.corpus import frames
from training.objects.detector import Detector
from training.objects.evaluate import Exam
from training.objects.precision import Tally
from training.objects.recipe import LABELS
from training.objects.teachers import Teachers

RIVALS = ("nanodet_m_320_int8", "fastestdet_352_int8", "yolox_nano_416_dr")
SCORES = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7)
# Sides of the square crops that the agent would cut out of our demo clip.
CROPS_PX = (192, 320, 480)
# Frames between those that were trained on; still the same street on the same day.
CLIP_EVERY, CLIP_FIRST = 40, 2
SURE = 0.5
# Sets in which every object of ours is labelled: only there is a false alarm surely false. The
# first is a street, and chooses the threshold; the others are kitchens, beaches and elephants.
STREET = ("idn_tidar/test",)
ELSEWHERE = ("coco_tiny/test", "coco_tiny/train")


@dataclass(frozen=True, slots=True)
class Marks:
    """Results of one model: precision per exam and label, its size and speed."""

    name: str
    precision: dict[str, dict[str, float]]
    milliseconds: float
    size_bytes: int
    # Part of the clip's people found in crops, per score.
    crop_recall: dict[str, float]


def marks(
    file: Path, exams: list[Exam], crops: Exam | None, *, ours: bool
) -> tuple[Marks, dict[str, list[Tally]]]:
    """Examine one model file."""
    detector = Detector(file)
    sit = evaluate.sit if ours else evaluate.sit_with_riders
    tallies = {one.name: sit(one, detector.see) for one in exams}
    precision = {one.name: evaluate.precisions(one, tallies[one.name]) for one in exams}
    recall = crop_recall(crops, detector) if crops else {}
    speed = evaluate.milliseconds(detector)
    return Marks(file.stem, precision, speed, file.stat().st_size, recall), tallies


def crop_recall(crops: Exam, detector: Detector) -> dict[str, float]:
    """Part of the people found in native crops, per score threshold."""
    people = evaluate.sit(crops, detector.see)[0]
    return {f"{score:.2f}": people.at_score(score)[1] for score in SCORES}


def clip_crops(clip: Path, teachers: Teachers) -> Exam:
    """Square crops of the demo clip, with the people of whom the teachers are sure."""
    random = np.random.default_rng(7)
    pictures, truth = [], []
    for frame in frames(clip, CLIP_EVERY, CLIP_FIRST):
        seen = teachers.frame(frame)
        people = seen.boxes[(seen.labels == 0) & (seen.scores >= SURE)]
        for side in CROPS_PX:
            corner = random.uniform(0, 1, 2) * (frame.shape[1] - side, frame.shape[0] - side)
            left, top = (int(one) for one in corner)
            inside = (
                (people[:, :2] >= (left, top)) & (people[:, 2:] <= (left + side, top + side))
            ).all(1)
            pictures.append(np.ascontiguousarray(frame[top : top + side, left : left + side]))
            boxes = people[inside] - np.asarray([left, top] * 2, np.float32)
            truth.append((boxes, np.zeros(len(boxes), np.int64)))
    return Exam("vtest crops", pictures, truth, (0,))


def operating_points(
    tallies: dict[str, list[Tally]], sets: tuple[str, ...]
) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 per score, mean over the labels of completely labelled sets."""
    points = {}
    for score in SCORES:
        complete = [tallies[name] for name in sets]
        pairs = [one.at_score(score) for set_ in complete for one in set_ if one.present]
        precision, recall = (float(np.mean(side)) for side in zip(*pairs, strict=True))
        harmonic = 2 * precision * recall / max(precision + recall, 1e-9)
        points[f"{score:.2f}"] = {"precision": precision, "recall": recall, "f1": harmonic}
    return points


def best_score(points: dict[str, dict[str, float]]) -> float:
    """Return the score threshold with the best F1."""
    return float(max(points, key=lambda score: points[score]["f1"]))


def table(everyone: list[Marks]) -> str:
    """Write the marks as a Markdown table, one row per exam and label."""
    lines = ["| AP50 | " + " | ".join(one.name for one in everyone) + " |"]
    lines.append("|---" * (len(everyone) + 1) + "|")
    for exam in everyone[0].precision:
        for label in (*LABELS, "mean"):
            if label in everyone[0].precision[exam]:
                cells = [f"{one.precision[exam][label]:.3f}" for one in everyone]
                lines.append(f"| {exam} {label} | " + " | ".join(cells) + " |")
    speeds = [f"{one.milliseconds:.2f}" for one in everyone]
    sizes = [f"{one.size_bytes / 1e6:.2f}" for one in everyone]
    lines.append("| ms, one thread | " + " | ".join(speeds) + " |")
    lines.append("| MB | " + " | ".join(sizes) + " |")
    for score in everyone[0].crop_recall:
        found = [f"{one.crop_recall[score]:.3f}" for one in everyone]
        lines.append(f"| vtest crops, people found at {score} | " + " | ".join(found) + " |")
    return "\n".join(lines) + "\n"


def points_table(points: dict[str, dict[str, float]]) -> str:
    """Write the operating points as a Markdown table."""
    lines = ["| score | precision | recall | F1 |", "|---|---|---|---|"]
    for score, one in points.items():
        lines.append(
            f"| {score} | {one['precision']:.3f} | {one['recall']:.3f} | {one['f1']:.3f} |"
        )
    return "\n".join(lines) + "\n"


def keep(file: Path, ours: Marks, score: float) -> None:
    """Leave our own marks for the model's card."""
    flat = {
        f"{exam} {label}": round(value, 3)
        for exam, labels in ours.precision.items()
        for label, value in labels.items()
    }
    file.write_text(json.dumps({"score": score, "quality": flat}, indent=1))
