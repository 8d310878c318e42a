"""`make bench`: live streams and stages, tables into bench/results/.

python -m bench.run [--model FOLDER] [--runs 3] [--seconds 60] [--only NAME]
"""

import argparse
import json
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from bench import concurrency, contenders, live, machine, report, scenes, stages
from bench.runtime import suite as runtime
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import ModelCard, find_card, load_card
from tools import debian

RESULTS = Path(__file__).with_name("results")
# Where the object bench puts what it measures of a model that is not shipped (yet).
_OTHERS = debian.REPOSITORY / "build" / "bench"
_SHIPPED = "street"
Figures = dict[str, object]
# The design note's experiment needs no whole turn of the clip: its cameras play four times as fast.
_MOST_CONCURRENCY_S = 15


def main() -> int:
    """Measure what was asked for; exit with 1 where it cannot begin."""
    args = _arguments()
    if args.only in _DRAWN and not find_spec("matplotlib"):
        print("bench: matplotlib draws the plots, and is not installed", file=sys.stderr)
        print("next: python -m tools.setup bench", file=sys.stderr)
        return 1
    debian.CACHE.mkdir(exist_ok=True)
    RESULTS.mkdir(exist_ok=True)
    facts = machine.look()
    if args.only in _ALONE:
        return _alone(args, facts)
    with tempfile.TemporaryDirectory(prefix="bench-model-", dir=debian.CACHE) as folder:
        try:
            card = load_card(_model(args.model, Path(folder)))
        except EdgeAgentError as error:
            print(f"bench: {error.report()}", file=sys.stderr)
            return 1
        if args.only != "stages":
            _live(args, card, facts)
        if args.only != "live":
            page, figures = stages.measure(card, facts)
            _keep("stages", page, facts, figures)
    return 0


def _alone(args: argparse.Namespace, facts: machine.Machine) -> int:
    """Measure one thing that takes minutes of its own; it is asked for by name."""
    try:
        page, figures = _ALONE[args.only](args, facts)
    except EdgeAgentError as error:
        print(f"bench: {error.report()}", file=sys.stderr)
        return 1
    _keep(args.only, page, facts, figures, _results(args))
    return 0


def _motion(args: argparse.Namespace, facts: machine.Machine) -> tuple[str, Figures]:
    from bench.motion import page as motion  # noqa: PLC0415 (draws, as below)

    return motion.report(facts, _results(args))


def _concurrency(args: argparse.Namespace, facts: machine.Machine) -> tuple[str, Figures]:
    seconds = min(args.seconds, _MOST_CONCURRENCY_S)
    return concurrency.measure(facts, runs=args.runs, seconds=seconds)


def _objects(args: argparse.Namespace, facts: machine.Machine) -> tuple[str, Figures]:
    from bench.objects import advice  # noqa: PLC0415 (draws, as below)
    from bench.objects import suite as objects  # noqa: PLC0415 (draws, as below)

    page, figures = objects.report(facts, _results(args), args.model or _SHIPPED)
    if not args.model:
        advice.put(figures)
    return page, figures


def _visits(args: argparse.Namespace, facts: machine.Machine) -> tuple[str, Figures]:
    from bench.visits import page as visits  # noqa: PLC0415 (draws, as below)

    with tempfile.TemporaryDirectory(prefix="bench-model-", dir=debian.CACHE) as folder:
        return visits.report(visits.cards(args.model, _SHIPPED, Path(folder)), facts, RESULTS)


def _runtime(args: argparse.Namespace, facts: machine.Machine) -> tuple[str, Figures]:
    return runtime.report(facts, runs=args.runs)


def _delivery(args: argparse.Namespace, facts: machine.Machine) -> tuple[str, Figures]:
    from bench.delivery import suite as delivery  # noqa: PLC0415 (draws, as below)

    return delivery.report(facts, _results(args))


_ALONE = {
    "motion": _motion,
    "concurrency": _concurrency,
    "objects": _objects,
    "visits": _visits,
    "runtime": _runtime,
    "delivery": _delivery,
}
# Those whose page has plots: what draws them is imported late, for it is not everywhere.
_DRAWN = ("motion", "objects", "visits", "delivery")


def _results(args: argparse.Namespace) -> Path:
    """Return where tables go: what another model reaches is not ours to publish."""
    folder = _OTHERS if args.model and args.only == "objects" else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--model", help="a model's name or folder; else what we ship, else NanoDet")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=scenes.TURN_S)
    parser.add_argument("--only", choices=("live", "stages", *_ALONE))
    return parser.parse_args()


def _model(asked: str | None, folder: Path) -> Path:
    """Return the model's folder. Raises EdgeAgentError where there is none at all."""
    if asked:
        return find_card(asked).resolve()
    try:
        return find_card(_SHIPPED)
    except EdgeAgentError:
        found = contenders.nanodet(folder)
        if found is None:
            raise
        return found


def _live(args: argparse.Namespace, card: ModelCard, facts: machine.Machine) -> None:
    clips = scenes.all_scenes()
    model = card.weights.parent
    measured = live.measure(clips, model, runs=args.runs, seconds=args.seconds)
    name = f"{card.name} {card.version}"
    page = report.write(measured, facts, name, args.seconds)
    _keep("live", page, facts, {"model": name, **live.as_json(measured)})


def _keep(
    name: str, page: str, facts: machine.Machine, figures: Figures, results: Path = RESULTS
) -> None:
    print(f"\n{page}", flush=True)
    (results / f"{name}.md").write_text(page)
    whole = {"machine": facts.as_dict(), **figures}
    (results / f"{name}.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
