"""Run the whole agent: start every thread, supervise, stop everything within five seconds.

The main thread supervises: it answers `edge-agent status`, tells systemd that we live, and ends
the process when a thread died of a defect, so that systemd starts a whole one.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from edge_agent import __version__
from edge_agent.alerts.box_key import FOLDER
from edge_agent.alerts.seal import Seal, open_seal
from edge_agent.config.settings import Settings
from edge_agent.daemon.about import About
from edge_agent.daemon.assemble import Camera, CameraAssembly
from edge_agent.daemon.box import boot_id
from edge_agent.daemon.cameras import Cameras
from edge_agent.daemon.clock_watch import ClockWatch
from edge_agent.daemon.commands.assemble import Parts, open_desk, verbs_of, whose_of
from edge_agent.daemon.commands.desk import Desk
from edge_agent.daemon.firmware import FirmwareBook
from edge_agent.daemon.health import Health
from edge_agent.daemon.mirrors import Mirrors
from edge_agent.daemon.model_loop import ModelLoop
from edge_agent.daemon.model_start import ModelStart
from edge_agent.daemon.proposal import Proposal
from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.daemon.pulse import STALE_S
from edge_agent.daemon.receipts import Receipts
from edge_agent.daemon.refind_loop import RefindLoop, Watched
from edge_agent.daemon.reload import Reload, Running
from edge_agent.daemon.renew_loop import RenewLoop
from edge_agent.daemon.report import Reporter
from edge_agent.daemon.starts import DEFECT, FAILED, RESTARTED, STOPPED, StartBook
from edge_agent.daemon.status import SOCKET_NAME, to_json
from edge_agent.daemon.status_socket import StatusSocket
from edge_agent.daemon.update_watch import UpdateWatch
from edge_agent.errors import EdgeAgentError
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.message import Heard
from edge_agent.mqtt.options import Confirm
from edge_agent.onvif.network_card import neighbour_address
from edge_agent.onvif.refind import Search
from edge_agent.runtime.beats import hung
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.notify import notify, watchdog_s
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.spool.spool import Spool, open_spool
from edge_agent.update.limits import told_limits

log = logging.getLogger(__name__)

# Everything must have ended by then; a silent camera holds its reader for 3 s. Five seconds are
# promised, of which a round may pass before we hear of it, and the process has to end, too.
_END_S = 4.0
_ROUND_S = 0.5
# Of that, for the watchers to end their visits, and for these ends to reach the broker; the
# publisher's goodbye takes two seconds at most.
_LAST_WORDS_S, _DRAIN_S = 1.2, 0.6
_WATCH = " watch"
# The last level of the topic that commands come on (docs/reference/topics.md).
COMMANDS = "cmd"
EXIT_FINE = 0
EXIT_DEFECT = 70


class Service:
    """The running agent, from `run` to its exit code."""

    def __init__(self, settings: Settings, clock: Clock, stop: Stop, proposal: Proposal) -> None:
        """`proposal` may have a configuration on trial; it belongs to the settings' folder."""
        self._settings = settings
        self._clock = clock
        self._stop = stop
        # The publisher's own: it leaves last, when it knows what the cameras had to say at the end.
        self._leave = Stop()
        self._model = ModelStart(settings, clock)
        self._starts = StartBook(settings.state_dir, clock.wall, boot_id())
        self._status = StatusSocket(settings.state_dir / SOCKET_NAME)
        # A thread did not end: it waits for the system (a dead name server), and so would we.
        self.is_stuck = False
        # Told to end by the center, and to begin anew.
        self.wants_restart = False
        self._proposal = proposal
        self._desk: Desk | None = None
        self._reload: Reload | None = None
        self._about: About | None = None
        self._updates: UpdateWatch | None = None
        self._models: ModelLoop | None = None
        # By name; the cameras' have their own place.
        self._workers: dict[str, Worker] = {}

    def run(self) -> int:
        """Run until told to stop; return 0, or 70 when a thread but the events' died of a defect.

        Raises EdgeAgentError when the agent cannot begin: no model, no spool, another agent.
        """
        self._settings.state_dir.mkdir(parents=True, exist_ok=True)
        # First: a second agent must not take this one's model for a failed start of its own.
        self._status.open()
        self._starts.begin()
        how = DEFECT
        try:
            assembly = self._model.assemble()
            seal = self._open_seal()
            path = self._settings.state_dir / "spool.sqlite"
            with closing(open_spool(path, self._settings.spool, seal)) as spool:
                code = self._run_with(assembly, spool, seal)
            if code == EXIT_FINE:
                how = RESTARTED if self.wants_restart else STOPPED
        except EdgeAgentError:
            # Not the model's doing, or noted already.
            self._model.end_well()
            how = FAILED
            raise
        else:
            return code
        finally:
            self._starts.end(how)
            self._status.close()

    def _open_seal(self) -> Seal:
        settings = self._settings
        return open_seal(
            settings.state_dir / FOLDER, site=settings.site, box=settings.box, wall=self._clock.wall
        )

    def _run_with(self, assembly: CameraAssembly, spool: Spool, seal: Seal) -> int:
        firmware = FirmwareBook(self._settings.state_dir)
        self._about = About(self._starts, firmware, assembly.card)
        publisher = self._publisher(spool)
        mirrors = Mirrors(self._settings, spool, publisher.say, self._clock)
        cameras = Cameras(assembly, mirrors, publisher, self._stop)
        cameras.put_together(self._settings.cameras)
        refind = self._refind(cameras.now)
        renew = RenewLoop(self._settings, self._clock, self._stop)
        self._updates = UpdateWatch(self._clock, self._settings.state_dir, spool.note_update)
        self._models = self._model_loop(spool)
        reporter = self._reporter(assembly, cameras, spool, publisher, refind, renew)
        health = self._health(spool, publisher)
        parts = self._parts(
            assembly, cameras, spool, seal, publisher, lambda: health.told(reporter.status())
        )
        if self._settings.center.keys:
            self._desk = open_desk(parts)
        running = Running(
            assembly=assembly,
            cameras=cameras,
            mirrors=mirrors,
            refind=refind,
            renew=renew,
            reporter=reporter,
            health=health,
            call_broker=lambda settings: publisher.go_on_by(*self._way(settings, spool)),
            tell_desk=lambda settings, then: self._tell_desk(
                replace(parts, settings=settings, cameras=cameras.now), then
            ),
            need=self._need,
            restart=self._restart,
        )
        return self._work(running, spool, publisher)

    def _model_loop(self, spool: Spool) -> ModelLoop:
        return ModelLoop(
            settings=self._settings,
            start=self._model,
            keep=spool.note_update,
            restart=self._restart,
            clock=self._clock,
            stop=self._stop,
            limits=told_limits(),
            is_trying=lambda: self._proposal.on_trial is not None,
        )

    def _reporter(
        self,
        assembly: CameraAssembly,
        cameras: Cameras,
        spool: Spool,
        publisher: PublishLoop,
        refind: RefindLoop,
        renew: RenewLoop,
    ) -> Reporter:
        return Reporter(
            settings=self._settings,
            model=f"{assembly.card.name} {assembly.card.version}",
            model_problem=lambda: self._models.problem if self._models else "",
            cameras=cameras.now,
            spool=spool,
            publisher=publisher,
            refind=refind,
            switches=assembly.switches,
            proposal=self._proposal,
            refused_commands=lambda: self._desk.refused if self._desk else 0,
            renew=renew,
            starts=self._starts.now,
            update=lambda: self._updates.update if self._updates else None,
            model_update=lambda: self._models.update if self._models else None,
            clock=self._clock,
        )

    def _parts(
        self,
        assembly: CameraAssembly,
        cameras: Cameras,
        spool: Spool,
        seal: Seal,
        publisher: PublishLoop,
        health: Callable[[], dict[str, object]],
    ) -> Parts:
        return Parts(
            settings=self._settings,
            assembly=assembly,
            cameras=cameras.now,
            spool=spool,
            seal=seal,
            broker=publisher,
            proposal=self._proposal,
            session=publisher.session,
            health=health,
            restart=self._restart,
            apply=lambda: self._reload.insist() if self._reload else None,
            started_wall=self._clock.wall(),
            clock=self._clock,
            stop=self._stop,
        )

    def _work(self, running: Running, spool: Spool, publisher: PublishLoop) -> int:
        self._reload = Reload(self._settings, running, self._proposal, self._clock)
        cameras, reporter, about = running.cameras, running.reporter, self._about
        count = "1 camera" if len(cameras.now) == 1 else f"{len(cameras.now)} cameras"
        log.info("edge-agent %s: %s", __version__, count)
        publisher.announce(reporter.cameras())
        watch = ClockWatch(self._clock, boot_id(), spool.note_clock)
        self._need("publish", publisher.run)
        cameras.start()
        self._start_others(running)
        notify("READY=1", f"STATUS={reporter.line()}")
        rounds = (
            watch.look,
            lambda: self._updates.look() if self._updates else None,
            lambda: running.mirrors.turn(publisher.state()),
            self._reload.turn,
            lambda: about.note(cameras.now) if about else None,
        )
        self._supervise(running, publisher, rounds)
        self._say_last_words(cameras.watchers(), spool, publisher)
        return self._end([*cameras.workers(), *self._workers.values()], cameras.helpers())

    def reload(self) -> None:
        """Read the configuration again, in the next round. Any thread may ask, and a signal."""
        if self._reload:
            self._reload.ask()

    def _tell_desk(self, parts: Parts, then: Callable[[], None]) -> None:
        if self._desk:
            self._desk.go_on(whose_of(parts.settings), verbs_of(parts), then)
        elif parts.settings.center.keys:
            self._desk = open_desk(parts)
            self._need("commands", self._desk.run)

    def _need(self, name: str, run: Callable[[], None]) -> None:
        """Start a thread, where it does not run yet; its death is the agent's."""
        if name not in self._workers:
            self._workers[name] = Worker(name, run, on_failure=self._stop.tell)
            self._workers[name].start()

    def _restart(self) -> None:
        """End in order, and be started anew. Any thread may ask for it."""
        self.wants_restart = True
        self._stop.tell()

    def _hear(self, heard: Heard) -> None:
        if heard.kind == COMMANDS and self._desk:
            self._desk.take(heard.payload, heard.correlation)

    def _health(self, spool: Spool, publisher: PublishLoop) -> Health:
        settings = self._settings
        return Health(
            self._clock, settings.state_dir, spool.head, publisher.session, settings.place
        )

    def _publisher(self, spool: Spool) -> PublishLoop:
        link, receipts = self._way(self._settings, spool)
        return PublishLoop(spool, link, self._clock, self._leave, receipts, self._hear)

    def _way(self, settings: Settings, spool: Spool) -> tuple[Link, Receipts | None]:
        """Return how these settings reach the center, and whose word counts."""
        site, box, keys = settings.site, settings.box, settings.center.keys
        link = Link(settings.broker, site=site, box=box, head=spool.head, about=self._tell)
        if keys:
            link.listen()
        waits = settings.confirm is Confirm.RECEIPT
        return link, Receipts(spool, self._clock, keys, site=site, box=box) if waits else None

    def _tell(self, is_birth: bool) -> Mapping[str, object]:  # noqa: FBT001 (as in about.py)
        return self._about.told(is_birth) if self._about else {}

    def _refind(self, cameras: Sequence[Camera]) -> RefindLoop:
        watched = [Watched(camera.settings, camera.reader, camera.events) for camera in cameras]
        search = Search(self._clock, mac_of=neighbour_address, stop=self._stop)
        return RefindLoop(watched, self._settings.folder, search, self._clock, self._stop)

    def _start_others(self, running: Running) -> None:
        """Start those that only some sites need."""
        if running.refind.is_needed:
            self._need("refind", running.refind.run)
        if running.renew.is_needed:
            self._need("renew", running.renew.run)
        if models := self._models:
            self._need("models", lambda: models.run(running.reporter.status))
        if self._desk:
            self._need("commands", self._desk.run)

    def _supervise(
        self, running: Running, publisher: PublishLoop, rounds: Sequence[Callable[[], None]]
    ) -> None:
        reporter, health = running.reporter, running.health
        pause_s = watchdog_s()
        told_at = 0.0
        while not self._stop.is_told:
            self._status.answer(lambda: to_json(reporter.status()), wait_s=_ROUND_S)
            publisher.announce(reporter.cameras())
            if health.is_due and publisher.state().is_connected:
                publisher.say(health.message(reporter.status()))
            for look in rounds:
                look()
            now = self._clock.mono()
            # systemd wants to hear from us at least twice in its period.
            if now - told_at < (pause_s or 20.0) / 3:
                continue
            told_at = now
            notify(f"STATUS={reporter.line()}")
            if not _hangs(running.cameras.watched(), publisher, now) and pause_s:
                notify("WATCHDOG=1")

    def _say_last_words(
        self, watchers: Sequence[Worker], spool: Spool, publisher: PublishLoop
    ) -> None:
        """Let open visits end, and send that, before the publisher signs how far the chain has come.

        Else its head would vouch for a chain without them.
        """
        until = self._clock.mono() + _LAST_WORDS_S
        for watcher in watchers:
            watcher.join(max(0.0, until - self._clock.mono()))
        until = self._clock.mono() + _DRAIN_S
        publisher.nudge()
        while publisher.state().is_connected and self._clock.mono() < until and _has_alerts(spool):
            self._leave.wait(_DRAIN_S / 10)
        self._leave.tell()
        publisher.nudge()

    def _end(self, workers: Sequence[Worker], helpers: Sequence[Worker]) -> int:
        """Join everybody; return the exit code, for which a helper's death does not count."""
        if self.wants_restart:
            # Not STOPPING: systemd would end whom we become.
            mono_us = round(self._clock.mono() * 1e6)
            notify("RELOADING=1", f"MONOTONIC_USEC={mono_us}", "STATUS=starting anew")
        else:
            notify("STOPPING=1", "STATUS=stopping")
        deadline = self._clock.mono() + _END_S
        for worker in (*workers, *helpers):
            if not worker.join(max(0.0, deadline - self._clock.mono())):
                log.error("%s did not end in time", worker.name)
            self.is_stuck = self.is_stuck or worker.is_alive
        died = any(worker.failure for worker in workers)
        if not died and not self.is_stuck:
            self._model.end_well()
        log.info("stopped")
        return EXIT_DEFECT if died else EXIT_FINE


def _has_alerts(spool: Spool) -> bool:
    try:
        return spool.state().waiting > 0
    except EdgeAgentError:
        return False  # the disk refuses: nothing to wait for


def _hangs(cameras: Sequence[Camera], publisher: PublishLoop, now: float) -> bool:
    """Tell whether a watcher or the publisher hangs, and log which."""
    beats = {f"{camera.settings.id}{_WATCH}": camera.loop.state.beat_mono for camera in cameras}
    beats["publish"] = publisher.state().beat_mono
    names = hung(beats, now, STALE_S)
    for name in names:
        log.error("%s has not gone round for more than %.0f s: it hangs", name, STALE_S)
    return bool(names)
