"""Gather what every part says of itself into one status."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from edge_agent import __version__
from edge_agent.config.settings import RefusedCamera, Settings
from edge_agent.daemon.assemble import Camera
from edge_agent.daemon.box import resident_bytes
from edge_agent.daemon.proposal import Proposal
from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.daemon.pulse import hung_s
from edge_agent.daemon.refind_loop import RefindLoop
from edge_agent.daemon.renew_loop import RenewLoop
from edge_agent.daemon.starts import Starts
from edge_agent.daemon.status import AgentStatus, BrokerStatus, CameraStatus, SpoolStatus
from edge_agent.daemon.switches import Switches
from edge_agent.domain.update import Update
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.notify import is_supervised
from edge_agent.spool.spool import Spool

# What the center is told of a camera (docs/reference/topics.md).
STREAMING = "streaming"
NO_PICTURE = "no picture"
REFUSED = "refused"


class Reporter:
    """Knows where to ask. Every answer is a frozen value, so asking disturbs nobody."""

    def __init__(  # noqa: PLR0913 (what service.py hands over, by name)
        self,
        *,
        settings: Settings,
        model: str,
        model_problem: Callable[[], str] = lambda: "",
        cameras: Sequence[Camera],
        spool: Spool,
        publisher: PublishLoop,
        refind: RefindLoop,
        switches: Switches,
        proposal: Proposal,
        refused_commands: Callable[[], int],
        renew: RenewLoop,
        starts: Starts = Starts(),  # noqa: B008 (frozen)
        update: Callable[[], Update | None] = lambda: None,
        model_update: Callable[[], Update | None] = lambda: None,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._model = model
        self._model_problem = model_problem
        self._cameras = cameras
        self._spool = spool
        self._publisher = publisher
        self._refind = refind
        self._switches = switches
        self._proposal = proposal
        self._refused_commands = refused_commands
        self._renew = renew
        self._starts = starts
        self._update = update
        self._model_update = model_update
        self._clock = clock
        self._started_wall = clock.wall()
        self._files_problem = ""
        # How often the files were read since the start.
        self.files_read = 0

    def settle(self, settings: Settings, cameras: Sequence[Camera], problem: str) -> None:
        """Tell of these from now on, and what is wrong with the files since; "" is nothing."""
        self._settings, self._cameras, self._files_problem = settings, tuple(cameras), problem

    def status(self) -> AgentStatus:
        """Return how everything is now."""
        refused = tuple(_refused(camera) for camera in self._settings.refused)
        expiry = self._renew.state()
        return AgentStatus(
            version=__version__,
            site=self._settings.site,
            box=self._settings.box,
            model=self._model,
            model_problem=self._model_problem(),
            started_wall=self._started_wall,
            now_wall=self._clock.wall(),
            rss_bytes=resident_bytes(),
            cameras=tuple(map(self._camera, self._cameras)) + refused,
            spool=self._spool_status(),
            broker=self._broker(),
            switched_off=tuple(map(str, self._switches.off())),
            trial=self._trial(),
            refused_commands=self._refused_commands(),
            certificate_ends_wall=expiry.ends_wall,
            certificate_problem=expiry.problem,
            files_problem=self._files_problem,
            starts=self._starts,
            pid=os.getpid(),
            can_reload=is_supervised(),
            files_read=self.files_read,
            update=self._update(),
            model_update=self._model_update(),
        )

    def cameras(self) -> Mapping[str, str]:
        """Return how each camera is, by its id, in the words that the center reads."""
        known = {
            camera.settings.id: STREAMING if camera.reader.state.is_streaming else NO_PICTURE
            for camera in self._cameras
        }
        return known | {camera.id: REFUSED for camera in self._settings.refused}

    def line(self) -> str:
        """Return the one line that `systemctl status` shows."""
        streaming = sum(camera.reader.state.is_streaming for camera in self._cameras)
        known = len(self._cameras) + len(self._settings.refused)
        link = "connected" if self._publisher.state().is_connected else "NOT connected"
        waiting = self._spool.state().waiting
        hung = [camera.settings.id for camera in self._cameras if self._hung_s(camera)]
        hang = f"; the analysis of {', '.join(hung)} HANGS" if hung else ""
        files = f"; {self._files_problem}" if self._files_problem else ""
        told = f"{streaming} of {known} cameras stream; broker {link}; {waiting} alerts wait"
        return told + hang + files.replace("\n", " ")

    def _trial(self) -> str:
        journal = self._proposal.on_trial
        return (
            f"a configuration of the center is on trial: {', '.join(journal.names)}"
            if journal
            else ""
        )

    def _spool_status(self) -> SpoolStatus:
        state = self._spool.state()
        return SpoolStatus(
            waiting=state.waiting,
            size_bytes=state.size_bytes,
            parked=state.parked,
            dropped_thumbnails=state.dropped_thumbnails,
            dropped_alerts=state.dropped_alerts,
        )

    def _broker(self) -> BrokerStatus:
        state = self._publisher.state()
        parts = urlsplit(state.url)
        return BrokerStatus(
            url=f"{parts.scheme}://{parts.netloc}",
            is_connected=state.is_connected,
            since_wall=state.since_wall,
            sent=state.sent,
            problem=state.last_error,
            confirm=self._settings.confirm,
            unconfirmed=state.unconfirmed,
            refused_receipts=state.refused_receipts,
            lost_connections=state.losses,
            takeovers=state.takeovers,
        )

    def _camera(self, camera: Camera) -> CameraStatus:
        moved = self._refind.moves.get(camera.settings.id, "")
        return replace(_camera(camera), moved=moved, hung_s=self._hung_s(camera))

    def _hung_s(self, camera: Camera) -> float:
        return hung_s(camera.loop.state.beat_mono, self._clock.mono())


def _camera(camera: Camera) -> CameraStatus:
    stream, watch, events = camera.reader.state, camera.loop.state, camera.events
    return CameraStatus(
        id=camera.settings.id,
        name=camera.settings.name,
        is_streaming=stream.is_streaming,
        codec=stream.codec,
        width_px=stream.width_px,
        height_px=stream.height_px,
        stream_fps=stream.frames_per_second,
        analysed_fps=watch.frames_per_second,
        dropped_frames=watch.dropped_frames,
        looks_per_second=watch.looks_per_second,
        analysed_frames=watch.frames,
        looks=watch.looks,
        refused_looks=watch.refused_looks,
        late_frames=watch.late_frames,
        changing_s=watch.changing_s,
        changed_s=watch.changed_s,
        broken_frames=stream.broken_frames,
        connections=stream.connections,
        rules=len(camera.settings.rules),
        alerts=watch.alerts,
        last_alert_wall=watch.last_alert_wall,
        events=events.state.word if events else "",
        event_count=events.state.count if events else 0,
        dropped_events=watch.dropped_events,
        says=watch.says,
        clock_offset_s=events.camera_clock.offset_s if events else None,
        problem=stream.problem,
    )


def _refused(camera: RefusedCamera) -> CameraStatus:
    problems = "; ".join(map(str, camera.problems))
    return CameraStatus(id=camera.id, name=camera.id, problem=f"refused: {problems}")
