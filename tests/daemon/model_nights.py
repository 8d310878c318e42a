"""Nights in which a model comes, each with a power cut at another moment: `python -m tests.daemon.model_nights`.

Says for each how the box stands after the power was back, as a line of JSON. A power cut is an end without
a word, at the N-th time that a file gets its name or loses it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_agent.domain.update import Update
from edge_agent.errors import EdgeAgentError
from tests.daemon.test_model_loop import Agent

if TYPE_CHECKING:
    from collections.abc import Callable

_DIED = 9
_NEW = "2.0"


class Night(Agent):
    """An agent whose words to the center outlive it."""

    def __init__(self, folder: Path) -> None:
        self._told_file = folder / "told"
        super().__init__(folder)

    def keep(self, update: Update) -> None:
        with self._told_file.open("a") as file:
            file.write(f"{update.phase} {update.new}\n")

    def passes(self, *, hangs: bool) -> None:
        """Let it start, go on, and start again, until nothing changes any more."""
        while self.goes_on(200.0, hangs=hangs and self.version == _NEW):
            self.begin()


def die_at(moment: int) -> None:
    """Let this process end when a file gets its name, or loses it, for the N-th time."""
    count = 0

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def work(*args: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            if count == moment:
                os._exit(_DIED)
            return real(*args, **more)

        return work

    Path.replace, Path.rename, Path.unlink = map(  # type: ignore[method-assign, assignment]
        dying, (Path.replace, Path.rename, Path.unlink)
    )


def night(folder: Path, moment: int, *, hangs: bool) -> bool:
    """Have one night with a power cut; tell whether it came to the cut."""
    child = os.fork()
    if child == 0:
        die_at(moment)
        try:
            Night(folder).passes(hangs=hangs)
        except EdgeAgentError as failure:
            sys.stderr.write(failure.report())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == _DIED


def stands(folder: Path, *, hangs: bool) -> dict[str, object]:
    """Return how the box stands when the power is back and nothing changes any more."""
    agent = Night(folder)
    agent.passes(hangs=hangs)
    trial = agent.store.on_trial()
    # Whoever installs next clears away what was cut short.
    pack = next(agent.offers.iterdir())
    agent.store.install(pack, (), lambda _: None)
    return {
        "version": agent.version,
        "wanted": agent.store.choice().wanted,
        "good": agent.store.choice().good,
        "phase": trial and trial.update.phase,
        "told": _lines(folder / "told"),
        "refused": agent.store.refused(),
        "left": [path.name for path in agent.store.folder.iterdir() if path.name[0] == "."],
    }


def _lines(file: Path) -> list[str]:
    """Return what the center was told: twice, where the power failed in the middle of noting that."""
    return sorted(set(file.read_text().splitlines())) if file.exists() else []


def main(folder: Path, *, hangs: bool) -> None:
    """Have a night for each moment, until one ends before the power is cut."""
    moment, was_cut = 0, True
    while was_cut:
        moment += 1
        place = folder / str(moment)
        place.mkdir()
        Night(place).comes(_NEW)
        was_cut = night(place, moment, hangs=hangs)
        sys.stdout.write(json.dumps(stands(place, hangs=hangs)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), hangs="hangs" in sys.argv[2:])
