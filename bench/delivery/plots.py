"""How a fleet comes back: tries a second and boxes online, with our waits and with paho's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

from bench.delivery.fleet import AWAY_S

mpl.use("Agg")

from matplotlib import pyplot as plt

_DPI = 100
_COLOURS = ("tab:blue", "tab:orange")


def draw(figures: dict[str, Any], results: Path) -> None:
    """Draw the storm, where it was measured."""
    if "fleet" not in figures:
        return
    [fleet] = figures["fleet"]["rows"]
    grid, (tries, online) = plt.subplots(2, 1, figsize=(9, 6), sharex=True)
    for storm, colour in zip(fleet["storms"], _COLOURS, strict=True):
        seconds: dict[int, int] = {}
        for tenth, number in storm["tries_by_tenth"].items():
            seconds[int(tenth) // 10] = seconds.get(int(tenth) // 10, 0) + number
        last = max(seconds)
        tries.step(range(last + 1), [seconds.get(s, 0) for s in range(last + 1)], where="post",
                   color=colour, label=storm["policy"])  # fmt: skip
        points = sorted(
            (int(tenth) / 10, count) for tenth, count in storm["online_by_tenth"].items()
        )
        online.plot(*zip(*points, strict=True), color=colour, label=storm["policy"])
    tries.set_ylabel("tries a second")
    tries.set_yscale("symlog", linthresh=10)
    online.set_ylabel("boxes let in")
    online.set_xlabel(f"seconds after the broker was killed (started again after {AWAY_S:g} s)")
    for axis in (tries, online):
        axis.axvline(AWAY_S, color="grey", linestyle=":")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    grid.tight_layout()
    grid.savefig(results / "delivery-storm.png", dpi=_DPI)
    plt.close(grid)
