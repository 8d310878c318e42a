"""The cameras of the box, each on threads of its own: begun together, and later added or ended alone.

Whose stream has changed begins anew when its old threads have ended: many cameras give a second
connection to nobody.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from edge_agent.config.settings import CameraSettings
from edge_agent.daemon.assemble import Camera, CameraAssembly
from edge_agent.daemon.camera_events import CameraEvents
from edge_agent.daemon.camera_loop import Keeper
from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Threads:
    read: Worker
    watch: Worker

    def both(self) -> tuple[Worker, Worker]:
        return self.read, self.watch


class Cameras:
    """Used by the main thread. `now` is replaced as a whole, and any thread may read it."""

    def __init__(
        self, assembly: CameraAssembly, keeper: Keeper, publisher: PublishLoop, stop: Stop
    ) -> None:
        # Those that end soon are among them until they have.
        self.now: tuple[Camera, ...] = ()
        self._assembly = assembly
        self._keeper = keeper
        self._publisher = publisher
        self._stop = stop
        self._threads: dict[str, _Threads] = {}
        # One for each device: the cameras of a recorder share it.
        self._listening: dict[CameraEvents, Worker] = {}
        # Of devices that no camera belongs to any more.
        self._left: list[Worker] = []
        # By id, what begins when the threads of before have ended; None: nothing.
        self._following: dict[str, CameraSettings | None] = {}

    def put_together(self, wanted: Sequence[CameraSettings]) -> None:
        """Make them ready. Raises EdgeAgentError where the box cannot."""
        for settings in wanted:
            self._add(settings)

    def start(self) -> None:
        """Let them begin."""
        for camera in self.now:
            self._start(camera)

    def settle(self, wanted: Sequence[CameraSettings], anew: Collection[str]) -> None:
        """Watch these, and no others; those named are connected to anew, the others go on."""
        known = {camera.settings.id for camera in self.now}
        self._end({*anew, *(known - {one.id for one in wanted})} & known)
        for settings in wanted:
            if settings.id in self._following:
                self._following[settings.id] = settings
            elif settings.id in known:
                self._change(settings)
            else:
                self._add(settings)
                self._start(self.now[-1])
        order = {one.id: number for number, one in enumerate(wanted)}
        self.now = tuple(sorted(self.now, key=lambda one: order.get(one.settings.id, len(order))))

    def turn(self) -> bool:
        """Let those begin whose place is free by now; return whether there are others than before."""
        ended = [one for one in self._following if not self._is_alive(one)]
        for camera_id in ended:
            self._take_away(camera_id)
            if following := self._following.pop(camera_id):
                self._add(following)
                self._start(self.now[-1])
        return bool(ended)

    def watched(self) -> list[Camera]:
        """Return those whose watcher goes round, or hangs."""
        return [one for one in self.now if self._threads[one.settings.id].watch.is_alive]

    def watchers(self) -> list[Worker]:
        """Return the threads that may still have something to say in the end."""
        return [threads.watch for threads in self._threads.values()]

    def workers(self) -> list[Worker]:
        """Return every thread whose death is the agent's."""
        return [worker for threads in self._threads.values() for worker in threads.both()]

    def helpers(self) -> list[Worker]:
        """Return the others."""
        return [*self._listening.values(), *self._left]

    def _add(self, settings: CameraSettings) -> None:
        publisher = self._publisher
        camera = self._assembly.camera(
            settings, self._keeper, publisher.nudge, self._stop, publisher.say
        )
        self.now = (*self.now, camera)

    def _start(self, camera: Camera) -> None:
        name = camera.settings.id
        threads = _Threads(
            self._worker(f"{name} read", camera.reader.run),
            self._worker(f"{name} watch", camera.loop.run),
        )
        self._threads[name] = threads
        for worker in threads.both():
            worker.start()
        events = camera.events
        # The first camera of a recorder gives its name.
        if events and events not in self._listening:
            self._listening[events] = events_worker(name, events)
            self._listening[events].start()

    def _worker(self, name: str, run: Callable[[], None]) -> Worker:
        return Worker(name, run, on_failure=self._stop.tell)

    def _change(self, settings: CameraSettings) -> None:
        """Let one that goes on watch for what its settings say now."""
        camera = next(one for one in self.now if one.settings.id == settings.id)
        duty = self._assembly.duty(settings)
        camera.loop.take_on(duty, self._assembly.observer(settings, self._publisher.say))
        changed = replace(camera, settings=settings)
        self.now = tuple(changed if one is camera else one for one in self.now)

    def _end(self, ids: Collection[str]) -> None:
        """Tell these to end, without waiting for it; open visits end with them."""
        for camera in self.now:
            if camera.settings.id in ids:
                camera.stop.tell()
                self._following[camera.settings.id] = None

    def _is_alive(self, camera_id: str) -> bool:
        return any(worker.is_alive for worker in self._threads[camera_id].both())

    def _take_away(self, camera_id: str) -> None:
        del self._threads[camera_id]
        gone = next(one for one in self.now if one.settings.id == camera_id)
        self.now = tuple(one for one in self.now if one is not gone)
        if gone.events is None:
            return
        if gone.listener:
            gone.events.drop(gone.listener)
        if all(one.events is not gone.events for one in self.now):
            self._assembly.release(gone.events)
            self._left = [one for one in self._left if one.is_alive]
            self._left.append(self._listening.pop(gone.events))


def events_worker(name: str, events: CameraEvents) -> Worker:
    """Return the thread of a device, whose end is nobody else's: the picture is the matter."""
    return Worker(f"{name} events", events.run, on_failure=events.note_defect)
