"""The configuration read again while cameras are watched: taken in as a whole, or not at all.

A stream whose own settings are as they were goes on, with who is followed in it. `systemctl reload`
asks for it (SIGHUP), and so does a configuration that the center proposes.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from edge_agent.config.load import load_settings
from edge_agent.config.settings import RefusedCamera, Settings
from edge_agent.daemon.assemble import CameraAssembly
from edge_agent.daemon.cameras import Cameras
from edge_agent.daemon.difference import Difference, difference
from edge_agent.daemon.health import Health
from edge_agent.daemon.mirrors import Mirrors
from edge_agent.daemon.proposal import Journal, Proposal
from edge_agent.daemon.refind_loop import RefindLoop, Watched
from edge_agent.daemon.renew_loop import RenewLoop
from edge_agent.daemon.report import Reporter
from edge_agent.daemon.status import FOR_A_START
from edge_agent.errors import EdgeAgentError
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.notify import notify
from edge_agent.toml.problems import BadConfiguration

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What runs, and can be told of another configuration; and who else has to know."""

    assembly: CameraAssembly
    cameras: Cameras
    mirrors: Mirrors
    refind: RefindLoop
    renew: RenewLoop
    reporter: Reporter
    health: Health
    # Has the publisher go on by the broker that these settings name.
    call_broker: Callable[[Settings], None]
    # Tells the desk, which calls back when it knows.
    tell_desk: Callable[[Settings, Callable[[], None]], None]
    # Starts a thread by its name, where it does not run yet.
    need: Callable[[str, Callable[[], None]], None]
    # Ends the agent in order, to begin anew.
    restart: Callable[[], None]


class Reload:
    """Used by the main thread, but for `ask`."""

    def __init__(
        self, settings: Settings, running: Running, proposal: Proposal, clock: Clock
    ) -> None:
        self.settings = settings
        self._running = running
        self._proposal = proposal
        self._clock = clock
        self._is_asked = self._must = False
        self._certificates = _hash_of_files(settings.broker)
        self._problem = ""
        # Taken in, and not told to the desk yet.
        self._trial: Journal | None = None

    def ask(self) -> None:
        """Have the files read in the next round. Any thread may, and a signal's handler."""
        self._is_asked = True

    def insist(self) -> None:
        """Have the files read, and the agent begin anew with what cannot be taken in. Any thread may."""
        self._must = self._is_asked = True

    def turn(self) -> None:
        """Read the files if somebody asked, and let cameras begin whose place is free by now."""
        if self._is_asked:
            self._is_asked = False
            mono_us = round(self._clock.mono() * 1e6)
            notify("RELOADING=1", f"MONOTONIC_USEC={mono_us}", "STATUS=reading the configuration")
            self._read()
            self._running.reporter.files_read += 1
            notify("READY=1", f"STATUS={self._running.reporter.line()}")
        self._guard(self._let_begin)

    def _let_begin(self) -> None:
        if self._running.cameras.turn():
            self._line_up()

    def _guard(self, work: Callable[[], None]) -> None:
        """Do it; where the box cannot, half of it may be done: then begin anew with all of it."""
        try:
            work()
        except EdgeAgentError as failure:
            log.error("the agent begins anew, for this could not be taken in: %s", failure.report())  # noqa: TRY400 (not a defect)
            self._running.restart()

    def _read(self) -> None:
        """Take in what the files say, if all of it can be."""
        must, self._must = self._must, False
        try:
            proposed = self._proposal.journal()
            if proposed and not (must and self._proposal.on_trial is None):
                self._refuse("a configuration of the center is on trial: wait until it is over")
                return
            found = self._difference()
            is_for_a_start = must and bool(found.waits)
            if proposed and not is_for_a_start:
                self._trial = self._proposal.take_up(proposed)
        except EdgeAgentError as wrong:
            if must:
                # A start puts back what it cannot begin with.
                self._running.restart()
            else:
                self._refuse(wrong.report())
            return
        if is_for_a_start:
            self._running.restart()
        else:
            self._guard(lambda: self._take_in(found))

    def _difference(self) -> Difference:
        """Compare. Raises EdgeAgentError where not all that is new can be used."""
        files = load_settings(self.settings.folder)
        if broken := _newly_refused(self.settings, files):
            raise BadConfiguration([each for one in broken for each in one.problems])
        return difference(self.settings, files, self._running.refind.settings_of)

    def _refuse(self, why: str) -> None:
        self._problem = f"the configuration was not taken in, the one before goes on: {why}"
        log.error("the configuration was not taken in, the one before goes on: %s", why)
        running = self._running
        running.reporter.settle(self.settings, running.cameras.now, self._problem)

    def _take_in(self, found: Difference) -> None:
        running, settings = self._running, found.settings
        certificates = _hash_of_files(settings.broker)
        is_broker_other = found.is_broker_other or certificates != self._certificates
        is_renewed_otherwise = is_broker_other or settings.enrolment != self.settings.enrolment
        self.settings, self._certificates, self._problem = settings, certificates, ""
        if found.waits:
            names = ", ".join(found.waits)
            self._problem = f"{FOR_A_START}: {names}"
            log.warning("what was changed counts only after a restart: %s", names)
        log.info("the configuration is taken in: %s", found.told())
        running.assembly.settle(settings)
        running.mirrors.settle(settings)
        running.health.place = settings.place
        if is_broker_other:
            running.call_broker(settings)
        if is_renewed_otherwise:
            running.renew.settle(settings)
            if settings.broker.certificate_file:
                running.need("renew", running.renew.run)
        running.cameras.settle(settings.cameras, found.rewired)
        self._line_up()

    def _line_up(self) -> None:
        """Tell everybody who has to do with cameras which there are."""
        running, cameras = self._running, self._running.cameras.now
        running.reporter.settle(self.settings, cameras, self._problem)
        if running.refind.look_after(
            Watched(one.settings, one.reader, one.events) for one in cameras
        ):
            running.need("refind", running.refind.run)
        running.tell_desk(self.settings, self._begin_trial)

    def _begin_trial(self) -> None:
        """Begin with what the center proposed; on the desk's thread, once it has its new verbs."""
        trial, self._trial = self._trial, None
        if trial:
            self._proposal.on_trial = trial


def _newly_refused(now: Settings, files: Settings) -> Sequence[RefusedCamera]:
    """Return the cameras whose files are wrong; who was refused at the start goes on being so."""
    known = {camera.id for camera in now.refused}
    return [camera for camera in files.refused if camera.id not in known]


def _hash_of_files(broker: BrokerOptions) -> str:
    """Return what changes with the certificates; the file names stay when they are replaced."""
    digest = sha256()
    for file in (broker.ca_file, broker.certificate_file, broker.key_file):
        try:
            digest.update(file.read_bytes() if file else b"")
        except OSError:
            continue  # the connection will say so
    return digest.hexdigest()
