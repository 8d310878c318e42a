"""Box, line, broker and center, and what must hold of them in the end, whatever happened."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.fakes.box import BOX, SITE
from tests.fakes.center_key import CenterKey
from tests.peers.center import until
from tests.peers.durable_center import DurableCenter, Faults
from tests.peers.flaky import FlakyLine
from tests.peers.publishing_box import PublishingBox

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.contract import Report
    from tests.peers.mosquitto import Mosquitto

_BROKER_WORDS = ("settings", "acl", "users")
# By default a dead link is noticed in a second, so that a test need not wait half a minute.
_QUICK = {"acknowledge_s": 1.0, "keepalive_s": 2}


class Scene:
    """Options of the broker are settings, acl, users; of the center faults; the rest is the box's."""

    def __init__(
        self, folder: Path, start_broker: Callable[..., Mosquitto], options: dict[str, object]
    ) -> None:
        given = {word: options.pop(word) for word in _BROKER_WORDS if word in options}
        faults = options.pop("faults", None)
        assert faults is None or isinstance(faults, Faults)
        self.broker = start_broker(**given)
        self.key = CenterKey()
        self.center = DurableCenter(folder / "center.db", self.broker.port, self.key, faults=faults)
        self.line = FlakyLine(self.broker.port)
        place = options.pop("box_folder", folder / "box")
        assert isinstance(place, Path)
        self._place = place
        self._options = {**_QUICK, **options}
        self._running = ExitStack()
        self._box_running = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as running:
            for one in (self.center, self.line):
                running.enter_context(one)
            self._running = running.pop_all()
        self.box = self._box_running.enter_context(self._new_box())
        self.box.comes_back()
        return self

    def __exit__(self, *failure: object) -> None:
        self._box_running.__exit__(*failure)
        self._running.__exit__(*failure)

    def end_box(self) -> None:
        """Let the agent end in order; its disk stays."""
        self._box_running.close()

    def start_box(self, *, wall_ahead_s: float = 0.0) -> None:
        """Start the agent anew on the same disk. Raises what its start raises."""
        before = self.box
        self.box = self._new_box()
        self.box.clock.wall_ahead_s = wall_ahead_s
        self.box.promised = before.promised
        self._box_running.enter_context(self.box)
        self.box.comes_back()

    def _new_box(self) -> PublishingBox:
        return PublishingBox(self._place, self.line.url, self.key.text, **self._options)

    def ends_well(self, *, gone: int = 0) -> Report:
        """All that was promised is at the center once, but for `gone` that signed records tell of."""
        self.box.comes_back()
        self.box.delivers_all()
        until(lambda: self._is_whole(gone), 20, self._told)
        names = self.center.names()
        assert len(set(self.box.promised) - set(names)) == gone
        assert self.center.visible_twice() == 0
        assert names == sorted(names)
        return self._told()

    def _is_whole(self, gone: int) -> bool:
        told = self._told()
        return told.is_whole and sum(one.last - one.first + 1 for one in told.dropped) == gone

    def _told(self) -> Report:
        return self.center.report(SITE, BOX, [self.box.key])
