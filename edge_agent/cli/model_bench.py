"""`edge-agent model bench`: what a look costs on this box, and how many cameras it can bear."""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from edge_agent.cli.console import Console
from edge_agent.config.load import load_settings
from edge_agent.config.settings import Settings
from edge_agent.config.site import MOST_THREADS
from edge_agent.daemon.box_load import (
    BOX_SHARE,
    Box,
    CameraCost,
    LookCost,
    StreamCost,
    camera_costs,
    measure_look,
    measure_stream,
    this_box,
)
from edge_agent.daemon.model_start import with_chosen_model
from edge_agent.inference.capacity import thread_choices
from edge_agent.inference.model_file import ModelCard, find_card, load_card
from edge_agent.inference.options import ObjectOptions
from edge_agent.packs.store import Store

# Twenty for each of the twentieth that is left out of "95 % below"; a slow box looks for a minute.
_LOOKS = 60
# Ten thousand looks take ten minutes on the slowest box we know of.
_MOST_LOOKS = 10_000
_LOOK_HEADER = ("MODEL", "THREADS", "MS A LOOK", "95 % BELOW", "CPU MS")
_CAMERA_HEADER = ("MODEL", "STREET", "LOOKS/S", "STREAM", "MOTION", "LOOKS", "SUM", "CAMERAS")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which models, with how many threads, for how long."""
    parser.add_argument("models", metavar="NAME", nargs="*", help="the chosen one, without any")
    parser.add_argument(
        "--threads", metavar="N", type=_whole(MOST_THREADS), help="only with so many threads"
    )
    parser.add_argument(
        "--looks",
        metavar="N",
        type=_whole(_MOST_LOOKS),
        default=_LOOKS,
        help=f"how many looks are timed ({_LOOKS})",
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def bench(args: argparse.Namespace, console: Console) -> int:
    """Time looks and show what they cost. Raises EdgeAgentError where a model cannot be used."""
    settings, box = load_settings(args.config), this_box()
    # All of them first: who has mistyped the third name need not wait for two.
    cards = _cards(args.models, settings)
    console.progress("decoding a clip as a camera sends it …")
    stream = measure_stream()
    looks = [_looks_of(card, args, console) for card in cards]
    best = [_best(costs, settings.objects) for costs in looks]
    cameras = [camera_costs(cost, stream, box) for cost in best]
    if args.json:
        console.plain(json.dumps(_as_dict(looks, best, stream, cameras), indent=2))
        return 0
    console.table([_LOOK_HEADER, *(_look_row(cost) for costs in looks for cost in costs)])
    console.plain()
    rows = [
        _camera_row(one, each) for one, all_ in zip(best, cameras, strict=True) for each in all_
    ]
    console.table([_CAMERA_HEADER, *rows], whole=range(1, len(_CAMERA_HEADER)))
    _explain(box, console)
    if len(cards) == 1 and not args.threads:
        _advise(best[0], settings.objects, console)
    return 0


def _whole(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdecimal() else 0
        if not 1 <= number <= most:
            raise argparse.ArgumentTypeError(f'"{text}" must be a whole number, 1 to {most}')
        return number

    return read


def _cards(names: Sequence[str], settings: Settings) -> list[ModelCard]:
    if not names:
        return [load_card(find_card(with_chosen_model(settings).objects.model))]
    store = Store(settings.state_dir)
    return [load_card(_folder(name, store)) for name in names]


def _folder(name: str, store: Store) -> Path:
    return find_card(name) if "/" in name else store.check(name, ())


def _looks_of(card: ModelCard, args: argparse.Namespace, console: Console) -> list[LookCost]:
    choices = [args.threads] if args.threads else thread_choices()
    costs = []
    for threads in choices:
        console.progress(f"{card.name}: {args.looks} looks, {threads} threads …")
        costs.append(measure_look(card, threads=threads, looks=args.looks))
    return costs


def _best(costs: Sequence[LookCost], objects: ObjectOptions) -> LookCost:
    """Return the fewest threads that have looked at a frame before the next one comes.

    More threads cost more in all, and cameras share the cores anyway; only a look too slow for its
    own camera is worth it.
    """
    pause_ms = 1e3 / objects.frames_per_second
    quick = [cost for cost in costs if objects.crops_per_frame * cost.slow_ms <= pause_ms]
    if quick:
        return min(quick, key=lambda cost: cost.threads)
    return min(costs, key=lambda cost: cost.wall_ms)


def _look_row(cost: LookCost) -> tuple[str, ...]:
    times = (f"{value:.1f}" for value in (cost.wall_ms, cost.slow_ms, cost.cpu_ms))
    return (cost.model, str(cost.threads), *times)


def _camera_row(look: LookCost, cost: CameraCost) -> tuple[str, ...]:
    parts = (cost.stream_ms, cost.motion_ms, cost.looks_ms)
    return (
        look.model,
        cost.street,
        f"{cost.looks_per_second:g}",
        *(f"{part:.1f}" for part in (*parts, sum(parts))),
        str(cost.cameras),
    )


def _explain(box: Box, console: Console) -> None:
    memory = f"{box.memory_mib / 1024:.1f} GiB"
    console.plain()
    console.plain("STREAM to SUM: processor ms each second for one camera, 640x360 at 10 fps.")
    console.plain(
        f"CAMERAS: so many fill {BOX_SHARE:.0%} of {box.cores} cores, or half of {memory}."
    )
    console.plain("What yours ask for: the column looks of edge-agent status.")


def _advise(best: LookCost, objects: ObjectOptions, console: Console) -> None:
    # Without a number the agent finds it by itself.
    if objects.threads not in {0, best.threads}:
        console.note(
            "threads",
            f"{best.threads} suit this box, agent.toml says {objects.threads}",
            "delete that line from [objects]: the agent finds out by itself at each start",
        )


def _as_dict(
    looks: Sequence[Sequence[LookCost]],
    best: Sequence[LookCost],
    stream: StreamCost,
    cameras: Sequence[Sequence[CameraCost]],
) -> dict[str, object]:
    """Return everything for programs; milliseconds to a hundredth."""
    return {
        "stream": _rounded(stream),
        "looks": [_rounded(cost) for costs in looks for cost in costs],
        "cameras": [
            {"model": one.model, "threads": one.threads, **_rounded(each)}
            for one, all_ in zip(best, cameras, strict=True)
            for each in all_
        ],
    }


def _rounded(cost: LookCost | StreamCost | CameraCost) -> dict[str, object]:
    values = asdict(cost).items()
    return {key: round(value, 2) if isinstance(value, float) else value for key, value in values}
