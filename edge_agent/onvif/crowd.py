"""Look at many addresses at the same time: a street of dead cameras must not take minutes."""

from collections.abc import Callable, Sequence

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.presence import Presence, Status, look
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker

# At most so many conversations, and threads, at a time.
_WORKERS = 32
# Each look hears of the end within half a second.
_JOIN_S = 3.0
_TURN_S = 0.2
# For all of them: one dead camera costs 3 s, so a street of 200 is done by then. Who waits longer
# waits for somebody who plays with us.
_MOST_S = 20.0

# Places where one device may answer, the best first.
Places = Sequence[Address]


def look_at_all(
    devices: Sequence[Places],
    clock: Clock,
    *,
    deadline_s: float,
    most_s: float = _MOST_S,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> list[Presence | EdgeAgentError]:
    """Return who is at each of these, in order: the first place that speaks ONVIF, or what is wrong.

    Each question has that deadline; what is not done after `most_s` is said so. Nothing is
    left running, whatever ends the wait.
    """
    crowd = _Crowd(devices, clock, deadline_s)
    workers = [
        Worker(f"look {number + 1}", crowd.work, on_failure=crowd.stop.tell)
        for number in range(min(_WORKERS, len(devices)))
    ]
    try:
        for worker in workers:
            worker.start()
        seen = crowd.wait(tell, clock.mono() + most_s)
    finally:
        crowd.stop.tell()
        for worker in workers:
            worker.join(_JOIN_S)
    for worker in workers:
        if worker.failure:
            raise worker.failure
    return [seen.get(number) or _not_asked(places, most_s) for number, places in enumerate(devices)]


class _Crowd:
    """The work that is left and the results so far; a thread of ours takes and gives."""

    def __init__(self, devices: Sequence[Places], clock: Clock, deadline_s: float) -> None:
        self.stop = Stop()
        self._count = len(devices)
        self._clock = clock
        self._deadline_s = deadline_s
        self._jobs: Mailbox[tuple[int, Places]] = Mailbox(max(1, self._count))
        self._done: Mailbox[tuple[int, Presence | EdgeAgentError]] = Mailbox(max(1, self._count))
        for job in enumerate(devices):
            self._jobs.put(job)

    def work(self) -> None:
        """Look until nothing is left."""
        while not self.stop.is_told and (job := self._jobs.get(0)):
            number, places = job
            self._done.put((number, _look(places, self._clock, self._deadline_s, self.stop)))

    def wait(
        self, tell: Callable[[int, int], None], ends_mono: float
    ) -> dict[int, Presence | EdgeAgentError]:
        """Return the results by number, once all are there, the time is over or a worker died."""
        seen: dict[int, Presence | EdgeAgentError] = {}
        while len(seen) < self._count and not self.stop.is_told:
            if self._clock.mono() >= ends_mono:
                break
            if told := self._done.get(_TURN_S):
                seen[told[0]] = told[1]
                tell(len(seen), self._count)
        return seen


def _not_asked(places: Places, most_s: float) -> EdgeAgentError:
    return EdgeAgentError(
        f"not asked to the end: all of them together took longer than {most_s:g} s",
        hint=f"ask it alone:  edge-agent discover --address {places[0].place}",
    )


def _look(places: Places, clock: Clock, deadline_s: float, stop: Stop) -> Presence | EdgeAgentError:
    """Look at one place after the other until one speaks ONVIF; else return the first outcome.

    Somebody who answers without ONVIF says more than nobody.
    """
    outcomes: list[Presence | EdgeAgentError] = []
    for place in places:
        try:
            presence = look(place, clock, deadline_s=deadline_s, stop=stop)
        except EdgeAgentError as failure:
            outcomes.append(failure)
            continue
        if presence.status is not Status.NO_ONVIF:
            return presence
        outcomes.append(presence)
    return min(outcomes, key=lambda outcome: isinstance(outcome, EdgeAgentError))
