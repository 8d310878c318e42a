"""Make the motion model: `python -m training.motion`, from the project's root.

Needs the photos that `python -m training.objects prepare` has gathered in the work folder.
"""

import argparse
import importlib.util
import logging
import os
import signal
import sys
from pathlib import Path

import numpy as np

CALIBRATION_SAMPLES = 200
SEED = 20261124


def main(arguments: list[str] | None = None) -> int:
    """Train for so long, then export; one line and a next step when something is missing."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    # Set before TensorFlow is imported: its start-up notes are not for the log.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    corpus = options.work / "corpus.npz"
    if not corpus.exists():
        return _refused(f"there is no {corpus}", "python -m training.objects prepare --data DATA")
    weights = options.work / "motion.npz"
    if options.start is not None and not options.start.is_file():
        return _refused(f"there is no {options.start}", "name a motion.tflite")
    if options.start is not None and weights.exists():
        return _refused(f"a run was begun already: {weights}", "remove it, or leave --from away")
    if importlib.util.find_spec("tensorflow") is None:
        return _refused(
            "this Python has no TensorFlow",
            "make -C training venv   and use build/training/venv/bin/python",
        )
    from training.motion import export, shipped, train  # noqa: PLC0415 (TensorFlow takes seconds)

    calibration = _calibration(corpus, options.seed - 1)
    if options.start is not None:
        try:
            train.keep(shipped.weights_of(options.start, calibration), weights)
        except ValueError as wrong:
            return _refused(str(wrong), "name the motion.tflite of this or an older version")
    spent = options.minutes, options.seed, options.makers
    averaged = train.train(corpus, weights, *spent, options.rate or train.PEAK_RATE)
    model = export.quantised(averaged, calibration)
    options.into.mkdir(parents=True, exist_ok=True)
    (options.into / "motion.tflite").write_bytes(model)
    logging.getLogger(__name__).info("%s/motion.tflite: %d bytes", options.into, len(model))
    return 0


def _refused(what: str, then: str) -> int:
    sys.stderr.write(f"{what}\nnext: {then}\n")
    return 1


def _calibration(corpus: Path, seed: int) -> list[np.ndarray]:
    from training.motion.studio import Studio  # noqa: PLC0415 (OpenCV and PyAV take a second)

    samples = Studio(corpus, seed).samples()
    return [next(samples)[0] for _ in range(CALIBRATION_SAMPLES)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.motion", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/training"))
    into = Path("edge_agent/models/motion")
    parser.add_argument("--into", type=Path, default=into, help="where the network goes")
    start = "an int8 file to go on from"
    parser.add_argument("--from", type=Path, dest="start", metavar="FILE", help=start)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--seed", type=int, default=SEED, help="another one to go on with a run")
    parser.add_argument("--rate", type=float, help="the highest learning rate; 0.0015 to go on")
    parser.add_argument("--makers", type=int, default=2, help="processes that paint samples")
    return parser


if __name__ == "__main__":
    # Stopped by hand, it ends those who paint for it, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
