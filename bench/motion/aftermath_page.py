"""The page's section on recovery, start and ghosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bench.motion.recovery import SCENES, STARTS, Aftermath, Ghosts, Recovered, Started
from bench.tables import table

_GHOSTS: tuple[tuple[str, Callable[[Ghosts], float]], ...] = (
    ("a car that has parked (it stands 55 s)", lambda one: one.parked_s),
    ("a car that has driven off", lambda one: one.driven_off_s),
    ("a bag that was left (it lies 55 s)", lambda one: one.left_s),
    ("a bag that was taken", lambda one: one.taken_s),
)
_STARTS: tuple[tuple[str, Callable[[Started], float]], ...] = (
    ("false motion frames in 2 s", lambda one: one.false_share),
    ("walker found in 2 s", lambda one: one.found_at_once),
    ("walker found in 12 s", lambda one: one.found_share),
)


def section(aftermath: Aftermath, names: Sequence[str]) -> str:
    """Return the section."""
    return (
        "## Recovery, start, ghosts\n\n"
        "Seconds from a global change to the end of false motion, mean (worst) of "
        f"{len(SCENES)} scenes, watched for 15 s; the issue's goal: 3 s. One last false frame is enough "
        "for that figure, so the next one is the share of false frames among those later than 3 s: what "
        "lasts is 100 %. Below, how much is found of a walker who comes 3 s after the change: who "
        "recovers by going blind finds nobody.\n\n"
        f"{table(['false motion ends after', *names], _recoveries(aftermath, names, _until))}\n"
        f"{table(['false later than 3 s', *names], _recoveries(aftermath, names, _late))}\n"
        f"{table(['walker found after', *names], _recoveries(aftermath, names, _found))}\n"
        "Switched on in the quiet, or in the middle of one of the nine conditions "
        f"({len(STARTS)} scenes of each), somebody walking from the first frame on.\n\n"
        f"{table(['started', *names], _starts(aftermath, names))}\n"
        "Seconds for which a place is reported where nothing moves any more, mean (worst) of "
        f"{len(SCENES)} scenes.\n\n"
        f"{table(['ghost of', *names], _ghosts(aftermath, names))}"
    )


def _until(runs: Iterable[Recovered]) -> str:
    return _worst([one.false_until_s for one in runs])


def _late(runs: Iterable[Recovered]) -> str:
    shares = [one.late_share for one in runs]
    return f"{100 * sum(shares) / len(shares):.1f} %"


def _found(runs: Iterable[Recovered]) -> str:
    return _percent([one.found_share for one in runs])


def _recoveries(
    aftermath: Aftermath, names: Sequence[str], cell: Callable[[Iterable[Recovered]], str]
) -> list[list[str]]:
    return [
        [kind, *(cell(runs[name]) for name in names)] for kind, runs in aftermath.recovered.items()
    ]


def _starts(aftermath: Aftermath, names: Sequence[str]) -> list[list[str]]:
    groups = {"quiet": ["quiet"], "all nine": list(aftermath.started)}
    return [
        [f"{group}: {heading}"]
        + [
            _percent(value(one) for kind in kinds for one in aftermath.started[kind][name])
            for name in names
        ]
        for group, kinds in groups.items()
        for heading, value in _STARTS
    ]


def _ghosts(aftermath: Aftermath, names: Sequence[str]) -> list[list[str]]:
    return [
        [heading, *(_worst([value(one) for one in aftermath.haunted[name]]) for name in names)]
        for heading, value in _GHOSTS
    ]


def _worst(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.1f} ({max(values):.1f})"


def _percent(shares: Iterable[float]) -> str:
    listed = list(shares)
    return f"{100 * sum(listed) / len(listed):.0f} %"
