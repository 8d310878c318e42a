"""The suite's figures as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from statistics import median

from bench.motion.cells import CellCount
from bench.motion.real import ClipSheet
from bench.motion.recovery import Aftermath
from bench.motion.score import Tally
from bench.motion.suite import Key, Sheet, Watched
from bench.motion.visibility import Answer


def figures(
    *, painted: Mapping[str, Sheet], aftermath: Aftermath, clips: Mapping[str, ClipSheet]
) -> dict[str, object]:
    """Return everything that was counted."""
    return {
        **{
            part: {condition: _watched(one) for condition, one in sheet.items()}
            for part, sheet in painted.items()
        },
        "recovered": {
            kind: {name: [asdict(one) for one in each] for name, each in runs.items()}
            for kind, runs in aftermath.recovered.items()
        },
        "started": {
            kind: {name: [asdict(one) for one in each] for name, each in runs.items()}
            for kind, runs in aftermath.started.items()
        },
        "ghosts": {name: [asdict(one) for one in each] for name, each in aftermath.haunted.items()},
        "clips": {name: _clip(sheet) for name, sheet in clips.items()},
    }


def _watched(watched: Watched) -> dict[str, object]:
    return {
        "walker_at_sensor": _answers(watched.by_sensor),
        "walker_coded": _answers(watched.by_codec),
        "contenders": {_name(key): _tally(tally) for key, tally in watched.tallies.items()},
    }


def _name(key: Key) -> str:
    name, threshold = key
    return name if threshold is None else f"{name} at {threshold:g}"


def _answers(answers: list[Answer]) -> dict[str, float]:
    return {
        "median_deviations": round(median(one.deviations for one in answers), 2),
        "visible_share": round(sum(one.is_visible for one in answers) / len(answers), 3),
    }


def _tally(tally: Tally) -> dict[str, float]:
    return {
        "false_share": round(tally.false_share, 4),
        "found_share": round(tally.found_share, 4),
        "false_calm_share": round(tally.false_calm / max(1, tally.calm_frames), 4),
        **_cells(tally.cells),
        "cpu_ms": round(1000 * tally.cpu_s / max(1, tally.watched), 3),
    }


def _cells(cells: CellCount) -> dict[str, float]:
    return {
        "cell_f": round(cells.measure, 4),
        "cell_precision": round(cells.precision, 4),
        "cell_recall": round(cells.recall, 4),
    }


def _clip(sheet: ClipSheet) -> dict[str, object]:
    if sheet.absent:
        return {"absent": sheet.absent}
    return {
        name: {
            "false_share": round(tally.false_share, 4) if tally.false_of else None,
            "found_share": round(tally.found_share, 4),
            **(_cells(tally.cells) if sheet.has_cells else {}),
            "cpu_ms": round(1000 * tally.cpu_s / tally.frames, 3),
        }
        for name, tally in sheet.tallies.items()
    }
