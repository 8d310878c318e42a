"""A camera's ladders: ONVIF up to its clock, streams up to a picture, and what the rules need.

The two ways are climbed each for itself: a camera whose ONVIF is dead may well show pictures.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from edge_agent.cli.camera_clock import WORST_DRIFT_S, drift_words
from edge_agent.cli.check_facts import Answer, Fact, climb, look_up
from edge_agent.cli.check_login import FirstTry, Turn
from edge_agent.cli.check_way import Way, way_to_stream
from edge_agent.cli.folder import with_folder
from edge_agent.config.settings import CameraSettings
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import ModelCard
from edge_agent.onvif.address import Address, read_address
from edge_agent.onvif.device import Device, read_device
from edge_agent.onvif.line import Line, PasswordHiddenError
from edge_agent.onvif.presence import Presence, Status, look
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop
from edge_agent.video.opening import LoginRefusedError, open_stream
from edge_agent.video.options import StreamOptions
from edge_agent.video.still import still_of

# For each question; healthy cameras answered within 0.4 s.
_ANSWER_S = 3.0
# A whole ladder of streams: what is not begun by then is not reached.
_STREAMS_S = 14.0
# Smart codecs send a key frame every 8 to 10 s, but main and sub stream share the time.
_PICTURE_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OnvifQuestion:
    """One device and one login: the channels of a recorder share them, and ask once."""

    part: str
    address: Address
    credentials: Credentials | None
    clock: Clock
    folder: Path
    tried: FirstTry = field(compare=False)
    label: str = "ONVIF"

    def ask(self, stop: Stop) -> list[Fact]:
        """Climb from the address to the clock."""
        moved = with_folder(f"edge-agent camera rediscover {self.part}", self.folder)
        then = f";\nif it may have another address now:  {moved}"
        way = Way(self.address.host, self.address.port, "ONVIF", then)
        device = _Device(self, stop)
        rungs = (
            ("address", way.address),
            ("ONVIF port", way.connect),
            ("ONVIF", device.speak),
            ("password", device.log_in),
            ("clock", device.tell_time),
        )
        try:
            return climb(self.part, rungs)
        finally:
            self.tried.end()


class _Device:
    """The rungs that ask over ONVIF; each stands on what the one below has learned."""

    def __init__(self, question: OnvifQuestion, stop: Stop) -> None:
        self._asked = question
        self._stop = stop
        self._presence = Presence(address=question.address, status=Status.NO_ONVIF)

    def speak(self) -> Answer:
        asked = self._asked
        self._presence = seen = look(
            asked.address, asked.clock, deadline_s=_ANSWER_S, stop=self._stop
        )
        if seen.problem:
            raise EdgeAgentError(
                f"{asked.address.place} speaks ONVIF, but broken: {seen.problem}",
                hint="restart the camera; if it stays so, update its firmware",
            )
        if seen.status is Status.NO_ONVIF:
            raise EdgeAgentError(
                f"{asked.address.place} is reachable but does not speak ONVIF there",
                hint="switch ONVIF on in the camera's page, or add it again as HOST:PORT",
            )
        return f"{asked.address.place} speaks it"

    def log_in(self) -> Answer:
        """Ask what needs a right on most cameras, once: cameras lock out who guesses."""
        asked = self._asked
        line = Line(
            asked.address,
            asked.credentials,
            clock=asked.clock,
            clock_offset_s=self._presence.clock_offset_s or 0.0,
            deadline_s=_ANSWER_S,
            stop=self._stop,
            may_show_password=False,
        )
        try:
            device = read_device(line)
        except PasswordHiddenError as hidden:
            # Nothing is wrong with it, and nobody is here to say that this is our camera.
            return hidden
        if asked.credentials is None or self._presence.status is Status.READY:
            return f"anybody may ask this camera: {_in_words(device)}"
        return f"user '{asked.credentials.username}' is let in to {_in_words(device)}"

    def tell_time(self) -> Answer:
        drift_s = self._presence.clock_offset_s
        if drift_s is None:
            return "it does not tell the time"
        if abs(drift_s) <= WORST_DRIFT_S:
            return f"{drift_words(drift_s)} this box's" if abs(drift_s) >= 1 else "right"
        asked = self._asked
        command = f"edge-agent add {asked.address.place} --name {asked.part} --set-clock now"
        unsure = "this box's own clock is not synchronised: set that first (timedatectl)"
        return EdgeAgentError(
            f"its clock is {drift_words(drift_s)} this box's",
            hint=with_folder(command, asked.folder) if asked.clock.state().is_synced else unsure,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamQuestion:
    """The streams of one camera, one after the other: some cameras serve few at a time."""

    camera: CameraSettings
    turn: Turn
    label: str = field(default="stream")

    @property
    def part(self) -> str:
        """The camera's id."""
        return self.camera.id

    def ask(self, stop: Stop) -> list[Fact]:
        """Climb to a picture of the stream that is analysed, then of the main stream."""
        try:
            return self._look(stop)
        finally:
            self.turn.tried.end()

    def _look(self, stop: Stop) -> list[Fact]:
        ends_mono = time.monotonic() + _STREAMS_S
        facts: list[Fact] = []
        ways: set[Way] = set()
        main = self.camera.main_stream
        for name, options in (("", self.camera.stream), ("main ", main)):
            left_s = ends_mono - time.monotonic()
            if options is None or stop.is_told or left_s < 1 or (facts and facts[-1].ok is False):
                break
            with ExitStack() as opened:
                stream = _Stream(options, left_s, opened)
                open_ = stream.open if name else partial(self._open_in_turn, stream, stop)
                rungs = ((f"{name}stream", open_), (f"{name}decode", stream.decode))
                facts += climb(self.part, (*_way_there(options, ways), *rungs))
        return facts

    def _open_in_turn(self, stream: "_Stream", stop: Stop) -> Answer:
        """Open the stream once its login may be tried; say what came of it to who waits."""
        self.turn.wait(stop)
        try:
            return stream.open()
        except LoginRefusedError:
            self.turn.tried.is_refused = True
            raise
        finally:
            self.turn.tried.end()


def _way_there(
    options: StreamOptions, ways: set[Way]
) -> tuple[tuple[str, Callable[[], Answer]], ...]:
    """Return the first rungs, unless they were climbed before."""
    way = way_to_stream(options.url)
    if way in ways:
        return ()
    ways.add(way)
    return ("address", way.address), ("RTSP port", way.connect)


class _Stream:
    """The rungs that ask over RTSP, within the time that is left."""

    def __init__(self, options: StreamOptions, left_s: float, opened: ExitStack) -> None:
        self._patience_s = min(_PICTURE_S, left_s)
        self._options = replace(
            options, open_s=min(options.open_s, left_s), read_s=min(options.read_s, left_s)
        )
        self._opened = opened

    def open(self) -> Answer:
        self._container, self._stream = open_stream(self._options)
        self._opened.enter_context(self._container)
        return f"{self._options.url} opens"

    def decode(self) -> Answer:
        still = still_of(self._container, self._stream, self._options, patience_s=self._patience_s)
        rate = f" at {still.frames_per_second:.0f} fps" if still.frames_per_second else ""
        return f"{still.width_px}x{still.height_px} {still.codec}{rate}"


def device_of(camera: CameraSettings, clock: Clock, folder: Path) -> OnvifQuestion | None:
    """Return what to ask a camera over ONVIF; None where it was added by its stream.

    Raises EdgeAgentError for an ONVIF url that is none.
    """
    if not camera.onvif_url:
        return None
    stream = camera.stream
    login = Credentials(stream.username, stream.password) if stream.username else None
    address = read_address(camera.onvif_url)
    return OnvifQuestion(
        part=camera.id,
        address=address,
        credentials=login,
        clock=clock,
        folder=folder,
        tried=FirstTry(camera.id),
    )


def check_rules(camera: CameraSettings, card: ModelCard | None, folder: Path) -> list[Fact]:
    """Return whether the model knows what the rules look for, and whether there are any."""
    facts = [look_up(camera.id, "zones", lambda: _zones(camera, folder))]
    if camera.masks:
        names = ", ".join(mask.name for mask in camera.masks)
        count = "1 part" if len(camera.masks) == 1 else f"{len(camera.masks)} parts"
        facts.append(
            Fact(camera.id, "masks", ok=True, what=f"{count} of the picture hidden: {names}")
        )
    if card is not None and camera.rules:
        facts.insert(0, look_up(camera.id, "model", lambda: _labels(camera, card)))
    return facts


def _labels(camera: CameraSettings, card: ModelCard) -> Answer:
    wanted = {label for rule in camera.rules for label in rule.labels}
    if unknown := card.lacks(wanted):
        known = sorted({label for label in card.labels if label})
        raise EdgeAgentError(
            f"model {card.name} does not know {', '.join(unknown)}",
            hint=f"it knows {', '.join(known)}: change the labels of the rule, or the model",
        )
    return f"{card.name} knows {', '.join(sorted(wanted))}"


def _zones(camera: CameraSettings, folder: Path) -> Answer:
    if not camera.rules:
        command = f"edge-agent zone add {camera.id} NAME X,Y X,Y X,Y --alert-on person"
        return EdgeAgentError("has no rule: it will never alert", hint=with_folder(command, folder))
    watched = {rule.zone.name for rule in camera.rules}
    idle = [zone.name for zone in camera.zones if zone.name not in watched]
    if idle:
        command = f"edge-agent zone remove {camera.id} {idle[0]}"
        return EdgeAgentError(
            f"no rule watches zone {', '.join(idle)}",
            hint=f"give it a rule, or remove it:  {with_folder(command, folder)}",
        )
    return f"{', '.join(sorted(watched))} watched"


def _in_words(device: Device) -> str:
    name = f"{device.maker} {device.model}".strip() or "a camera without a name"
    return f"{name}, firmware {device.firmware or 'unknown'}"
