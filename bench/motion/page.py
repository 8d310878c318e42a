"""The page of the nuisance suite: who is silent where nothing moves, and who sees the walker."""

from __future__ import annotations

from bench.machine import Machine
from bench.motion.nuisances import CONDITIONS, PERSON_PX
from bench.motion.score import Sheet, Tally, measure
from bench.motion.streets import streets
from bench.tables import table

SEEDS = range(4)


def report(facts: Machine) -> tuple[str, dict[str, object]]:
    """Run the suite; return the page and the figures."""
    grounds = streets()
    sheet = measure(grounds, SEEDS)
    names = list(next(iter(sheet.tallies.values())))
    intro = (
        "# Motion: nine nuisances\n\n"
        f"{facts.words()}\n\n"
        f"{len(SEEDS)} scenes for each condition on {len(grounds)} still streets, 640x360, five "
        f"frames a second, coded as H.264 at 400 kbit/s; a walker {PERSON_PX} pixels tall. "
        "Painted, not filmed: real night and rain may differ. How it is counted: "
        "[../README.md](../README.md#motion-nine-nuisances).\n\n"
    )
    false = _table("false motion frames", sheet, names, _false)
    found = _table("walker found", sheet, names, _found)
    return f"{intro}{false}\n{found}\n{_costs(sheet, names)}", _figures(sheet)


def _table(heading: str, sheet: Sheet, names: list[str], cell: object) -> str:
    assert callable(cell)  # noqa: S101 (for the type checker)
    rows = [
        [condition, *(cell(sheet.of(condition, name)) for name in names)]
        for condition in CONDITIONS
    ]
    return table([heading, *names], rows)


def _false(tally: Tally) -> str:
    return f"{100 * tally.false_frames / tally.frames:.0f} %"


def _found(tally: Tally) -> str:
    return f"{100 * tally.found / tally.person_frames:.0f} %"


def _costs(sheet: Sheet, names: list[str]) -> str:
    calm, cost = ["false in the calm first minute"], ["CPU ms a frame"]
    for name in names:
        tallies = [row[name] for row in sheet.tallies.values()]
        calm.append(
            f"{100 * sum(t.false_calm for t in tallies) / sum(t.calm_frames for t in tallies):.1f} %"
        )
        cost.append(f"{1000 * sum(t.cpu_s for t in tallies) / sum(t.watched for t in tallies):.2f}")
    return table(["over all", *names], [calm, cost])


def _figures(sheet: Sheet) -> dict[str, object]:
    return {
        condition: {
            name: {
                "false_share": round(tally.false_frames / tally.frames, 4),
                "found_share": round(tally.found / tally.person_frames, 4),
                "false_calm_share": round(tally.false_calm / tally.calm_frames, 4),
                "cpu_ms": round(1000 * tally.cpu_s / tally.watched, 3),
            }
            for name, tally in row.items()
        }
        for condition, row in sheet.tallies.items()
    }
