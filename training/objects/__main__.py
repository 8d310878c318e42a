"""Make the street model: `python -m training.objects`, from the project's root.

Without a verb it does everything that is not done yet: prepare, train, export, evaluate,
describe (the card) and draw (contact sheets). `shares` shows what is best kept of the first weights.
"""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from training.objects.recipe import Recipe, TrainingError, data_folder

VERBS = ("prepare", "train", "export", "evaluate", "describe", "draw")


def main(arguments: list[str] | None = None) -> int:
    """Run the verbs; one line and a next step when something is missing."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    # Set before TensorFlow is imported: its start-up notes are not for the log.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from training.objects import stages  # noqa: PLC0415 (TensorFlow takes seconds to import)

    recipe = Recipe(
        seed=options.seed,
        cpu_seconds=60 * options.cpu_minutes,
        wall_minutes=options.wall_minutes,
    )
    if options.from_nothing:
        recipe = recipe.from_nothing()
    # Stopped by the clock or by hand, a run saves its state first; the same command goes on.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        data_folder(options.data)
        places = options.data, options.work, options.model
        plan = stages.Plan(*places, recipe, options.side_px, options.start)
        verbs = VERBS if options.verb == "all" else (options.verb,)
        for verb in verbs:
            getattr(stages, verb)(plan)
    except TrainingError as error:
        sys.stderr.write(f"{error}\nnext: {error.hint}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.objects", description=__doc__)
    defaults = Recipe()
    add = parser.add_argument
    add("verb", nargs="?", choices=("all", *VERBS, "shares"), default="all")
    add("--data", type=Path, default=os.environ.get("TRAINING_DATA", "../shared/data"))
    add("--work", type=Path, default="build/training", help="caches, checkpoints and the log")
    add("--model", type=Path, default="edge_agent/models/street", help="where the model goes")
    add(
        "--from",
        dest="start",
        type=Path,
        help="state.npz of another run, that a new one goes on from",
    )
    add("--from-nothing", action="store_true", help="a network of our own with random weights")
    add("--side-px", type=int, default=320, help="input of the exported file, a multiple of 32")
    add("--seed", type=int, default=defaults.seed)
    add("--cpu-minutes", type=float, default=defaults.cpu_seconds / 60)
    add("--wall-minutes", type=float, default=defaults.wall_minutes)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
