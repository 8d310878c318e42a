"""`bench.run --only delivery`: everything that may happen to an alert on its way, and what came of it.

    python -m bench.delivery.suite kills power …    # some sections anew, the others as they were

Half an hour for all of it; figures are kept by section, each with the load of the machine then.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from bench import machine
from bench.delivery import bandwidth, fleet, page, plots
from tests.chaos import broker_kills, kills, power
from tests.chaos.scene import Scene
from tests.chaos.week import live_through
from tests.peers.mosquitto import Mosquitto

_NAME = "delivery.json"
_KILLS = 200
_POWER_CUTS = 500
_BROKER_KILLS = 20
_FLEET = 10_000
# Three whole turns of the busy clip.
_BANDWIDTH_S = 180.0
# A spool of the size, and a picture of ours.
_WEEK = {"size_mb": 64, "alerts": 10_080, "picture_bytes": 12_000}
Figures = dict[str, Any]


def report(facts: machine.Machine, results: Path) -> tuple[str, Figures]:
    """Measure all; return the page and the figures."""
    return _report(list(_SECTIONS), facts, results)


def _report(sections: list[str], facts: machine.Machine, results: Path) -> tuple[str, Figures]:
    figures = _kept(results)
    for name in sections:
        print(f"delivery: {name} ...", flush=True)
        load = round(os.getloadavg()[0], 2)
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
            figures[name] = {"load": load, "rows": _plain(_SECTIONS[name](Path(folder)))}
        _keep(figures, facts, results)
    plots.draw(figures, results)
    return page.write(figures, facts), figures


def _kills(folder: Path) -> list[object]:
    rows: list[object] = []
    for number, who in enumerate((kills.RECEIPT, kills.BROKER, kills.PAHO)):
        place = folder / str(number)
        with Mosquitto(place / "broker") as broker:
            rows.append(kills.kill_again_and_again(who, _KILLS, broker, place))
    return rows


def _power(folder: Path) -> list[object]:
    rows: list[object] = []
    for synchronous in ("FULL", "NORMAL"):
        place = folder / synchronous
        place.mkdir()
        rows.append(power.cut_the_power(place, _POWER_CUTS, synchronous=synchronous))
    return rows


def _brokers(folder: Path) -> list[object]:
    kinds: dict[str, dict[str, Any]] = {
        "no persistence": {},
        "persistence, as it comes": {"persistence": True},
        "persistence, saved at each change": {
            "persistence": True,
            "settings": broker_kills.SAVING,
        },
    }
    rows: list[object] = []
    for kind, options in kinds.items():
        for receipts in (False, True):
            place = folder / f"{kind} {receipts}"
            with Mosquitto(place / "broker", **options) as broker:
                told = broker_kills.kill_the_broker(broker, place, _BROKER_KILLS, receipts=receipts)
            rows.append({"broker": kind, **asdict(told)})
    return rows


def _week(folder: Path) -> list[object]:
    with ExitStack() as running:
        brokers = 0

        def start_broker(**options: Any) -> Mosquitto:
            nonlocal brokers
            brokers += 1
            return running.enter_context(Mosquitto(folder / f"broker{brokers}", **options))

        scene = Scene(folder, start_broker, {"size_mb": _WEEK["size_mb"]})
        running.enter_context(scene)
        return [live_through(scene, _WEEK["alerts"], _WEEK["picture_bytes"])]


def _fleet(folder: Path) -> list[object]:  # noqa: ARG001 (it makes its own)
    return [fleet.measure(_FLEET)]


def _bandwidth(folder: Path) -> list[object]:  # noqa: ARG001 (it makes its own)
    return [*bandwidth.measure(_BANDWIDTH_S)]


_SECTIONS: dict[str, Callable[[Path], list[object]]] = {
    "kills": _kills,
    "power": _power,
    "brokers": _brokers,
    "week": _week,
    "fleet": _fleet,
    "bandwidth": _bandwidth,
}


def _plain(rows: list[object]) -> list[Any]:
    """Return what JSON knows."""
    told = [asdict(one) if is_dataclass(one) and not isinstance(one, type) else one for one in rows]
    return list(json.loads(json.dumps(told, default=str)))


def _kept(results: Path) -> Figures:
    file = results / _NAME
    if not file.is_file():
        return {}
    kept: Figures = json.loads(file.read_text())
    return {name: kept[name] for name in _SECTIONS if name in kept}


def _keep(figures: Figures, facts: machine.Machine, results: Path) -> None:
    whole = {"machine": facts.as_dict(), **figures}
    (results / _NAME).write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def main() -> None:
    """Measure the sections that were named, and write the page anew."""
    results = Path(__file__).resolve().parents[1] / "results"
    wanted = sys.argv[1:]
    unknown = set(wanted) - set(_SECTIONS)
    if unknown:
        sys.exit(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(_SECTIONS)}")  # fmt: skip
    text, _ = _report(wanted, machine.look(), results)
    (results / "delivery.md").write_text(text)


if __name__ == "__main__":
    main()
