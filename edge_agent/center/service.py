"""The center at work: assembles the parts, owns the threads, and ends them in order.

A part of its own (the web page, the webhooks) gets a worker here: one line in `_workers`.
"""

import logging
from collections.abc import Callable
from functools import partial

from edge_agent.center.database import Database, open_database
from edge_agent.center.intake import Intake
from edge_agent.center.key import load_key
from edge_agent.center.pulse import STALE_S, line
from edge_agent.center.receive_loop import ReceiveLoop
from edge_agent.center.registry import Registry
from edge_agent.center.retention.deletion import Deletion
from edge_agent.center.settings import CenterSettings
from edge_agent.center.watch import Watch
from edge_agent.center.web.server import WebServer
from edge_agent.center.webhooks.courier import Courier, CourierWatch
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.beats import hung
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.notify import notify, watchdog_s
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker

log = logging.getLogger(__name__)

# Between two looks at all boxes, and at the list of boxes.
_LOOK_S = 2.0
# A transaction in progress may wait for its database.
_JOIN_S = 20.0
# Between two looks at how we are, and at most between two at the threads.
_ROUND_S = 1.0
_TELL_S = 10.0


class Service:
    """Runs until told to stop, or until a part dies of a defect."""

    def __init__(self, settings: CenterSettings, clock: Clock, stop: Stop) -> None:
        """Open everything. Raises EdgeAgentError for what cannot be used."""
        self._stop = stop
        self._clock = clock
        self._url = settings.broker.url
        # When the watch last went round.
        self._looked_mono = clock.mono()
        key = load_key(settings.key_file)
        self._database: Database = open_database(*settings.database)
        try:
            self._intake = Intake(self._database, key, clock, settings.webhooks)
            self._registry = Registry(settings.boxes_file, self._database)
            self._watch = Watch(
                self._database, clock, silent_s=settings.silent_s, name=settings.broker.client_id
            )
            self._page = self._open_page(settings, clock)
            self._couriers = [Courier(one, self._database, clock) for one in settings.webhooks]
            self._deletion = Deletion(self._database, key, clock, settings.store)
            self._is_deleting = settings.store.is_anything_deleted
            self._courier_watch = CourierWatch(self._couriers, self._database, clock)
            self._receive = ReceiveLoop(settings.broker, self._intake, clock, stop)
            # At the start a bad list is a mistake to correct; later the center goes on without it.
            self._receive.post(self._intake.take_back(self._registry.refresh()))
        except BaseException:
            self._database.close()
            raise

    def run(self) -> int:
        """Work until told to stop; return the exit code."""
        workers = [
            Worker(name, run, on_failure=self._stop.tell) for name, run in self._parts().items()
        ]
        for worker in workers:
            worker.start()
        notify("READY=1", f"STATUS={self._line()}")
        self._supervise()
        notify("STOPPING=1", "STATUS=stopping")
        self._receive.wake()
        until = self._clock.mono() + _JOIN_S
        stuck = [one.name for one in workers if not one.join(max(0.0, until - self._clock.mono()))]
        if stuck:
            log.error("%s did not end in time", ", ".join(stuck))
        else:
            self._database.close()
        failed = any(worker.failure for worker in workers)
        return 1 if failed or stuck else 0

    def _supervise(self) -> None:
        """Until told to stop: let systemd know how we are, and that we live while every thread does."""
        pause_s = watchdog_s()
        # systemd wants to hear from us at least twice in its period.
        every_s = min(_TELL_S, (pause_s or _TELL_S) / 3)
        told_mono, told = self._clock.mono(), ""
        while not self._stop.wait(min(_ROUND_S, every_s)):
            now = self._clock.mono()
            if told != (told := self._line()):
                notify(f"STATUS={told}")
            if now - told_mono < every_s:
                continue
            told_mono = now
            names = hung(self._beats(), now, STALE_S)
            for name in names:
                log.error("%s has not gone round for more than %.0f s: it hangs", name, STALE_S)
            if pause_s and not names:
                notify("WATCHDOG=1")

    def _line(self) -> str:
        return line(self._url, self._receive.problem, self._receive.taken)

    def _beats(self) -> dict[str, float]:
        """Return when each thread last went round; couriers have a watch of their own."""
        beats = {"receive": self._receive.beat_mono, "watch": self._looked_mono}
        return beats | ({"page": self._page.beat_mono} if self._page else {})

    def _parts(self) -> dict[str, Callable[[], None]]:
        """Return what runs at the same time, by the name of its thread."""
        return {
            "receive": self._receive.run,
            "watch": self._look,
            **({"page": partial(self._page.run, self._stop)} if self._page else {}),
            **({"retention": partial(self._deletion.run, self._stop)} if self._is_deleting else {}),
            **{one.name: partial(one.run, self._stop) for one in self._couriers},
            self._courier_watch.name: partial(self._courier_watch.run, self._stop),
        }

    def _open_page(self, settings: CenterSettings, clock: Clock) -> WebServer | None:
        """Take the page's port; None where there is to be none, as at a second center."""
        if not settings.web.listen:
            return None
        return WebServer(settings.web, self._database, clock, silent_s=settings.silent_s)

    def _look(self) -> None:
        while not self._stop.wait(_LOOK_S):
            self._looked_mono = self._clock.mono()
            try:
                self._receive.post(self._intake.take_back(self._registry.refresh()))
                self._watch.look(hears_for_s=self._receive.hears_for_s)
            except EdgeAgentError as failure:
                log.warning("the boxes are not watched: %s", failure.report())
