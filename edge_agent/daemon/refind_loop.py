"""The refind thread: cameras that DHCP has moved are found again, and said so.

A device is looked for when all its cameras are dark: a recorder with one broken channel has not
moved. One that streams is looked for if another network card answers at its address: two cameras
that swapped addresses both stream, under each other's names. One question finds all that are lost.
"""

import logging
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge_agent.config.load import load_camera
from edge_agent.config.move import moved
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, read_address
from edge_agent.onvif.identity import Identity
from edge_agent.onvif.refind import Lost, Trace
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.backoff import Backoff
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.stop import Stop
from edge_agent.video.camera_reader import ReaderState
from edge_agent.video.options import StreamOptions

log = logging.getLogger(__name__)

# A camera that restarts is away for a minute, but asking early costs six small packets.
DARK_S = 15.0
# Between two questions while somebody is missing: first, and at most.
_FIRST_S, _LAST_S = 15.0, 300.0
_LOOK_S = 1.0
# Whose network card answers is read in the kernel's table, which forgets who left within a minute.
_GLANCE_S = 60.0

# A device: its address, and what tells it from others, for two may claim one address.
_Device = tuple[str, Identity]


class Reader(Protocol):
    """Who reads a camera's stream (video/camera_reader.py)."""

    @property
    def state(self) -> ReaderState:
        """How the stream is."""
        ...

    def move(self, options: StreamOptions) -> None:
        """Read from another address."""
        ...


class Searcher(Protocol):
    """Who asks the network (onvif/refind.py)."""

    def stranger_at(self, lost: Lost) -> str:
        """Return the network card of another device at that place, or ""."""
        ...

    def find(self, lost: Sequence[Lost], taken: Container[str] = ()) -> tuple[Trace, ...]:
        """Return what became of each. Raises EdgeAgentError if nothing can be asked."""
        ...


class Listening(Protocol):
    """Who hears the device's events; it heeds a new address at its next try."""

    address: Address


@dataclass(slots=True)
class Watched:
    """One camera that can be found again, and since when nobody has seen it."""

    settings: CameraSettings
    reader: Reader
    events: Listening | None = None
    dark_mono: float | None = None
    # The network card of another device that has its address.
    stranger: str = ""
    # What was said of it last; said again only when it changes.
    told: str = ""


class RefindLoop:
    """Looks for lost cameras until told to stop. `moves` is replaced as a whole."""

    def __init__(
        self,
        cameras: Iterable[Watched],
        folder: Path,
        search: Searcher,
        clock: Clock,
        stop: Stop,
    ) -> None:
        # By camera, for `edge-agent status`: where it was found again, or who is in its place.
        self.moves: Mapping[str, str] = {}
        self._cameras = [each for each in cameras if can_be_found(each.settings)]
        self._news: Mailbox[list[Watched]] = Mailbox()
        self._folder = folder
        self._search = search
        self._clock = clock
        self._stop = stop
        self._backoff = Backoff(_FIRST_S, _LAST_S)
        self._next_mono = 0.0
        self._missing: set[_Device] = set()
        self._connections: list[int] = []
        self._next_glance_mono = 0.0

    @property
    def is_needed(self) -> bool:
        """Whether there is any camera that could be found again."""
        return bool(self._cameras)

    def look_after(self, cameras: Iterable[Watched]) -> bool:
        """Look after these from the next round on; return whether any of them could be found again.

        Those whose reader stays stay where they were found.
        """
        news = [each for each in cameras if can_be_found(each.settings)]
        self._news.put(news)
        return bool(news)

    def settings_of(self, camera_id: str) -> CameraSettings | None:
        """Return where a camera was found last; None of one that is not looked after."""
        found = (each.settings for each in self._cameras if each.settings.id == camera_id)
        return next(found, None)

    def run(self) -> None:
        """Look after the cameras once a second."""
        while not self._stop.wait(_LOOK_S):
            self.run_once()

    def run_once(self) -> None:
        """Ask the network if a device is missing and it is time to ask."""
        now = self._clock.mono()
        if (news := self._news.get(0.0)) is not None:
            self._change(news)
        self._note_dark(now)
        self._note_strangers(now)
        missing = dict(self._lost(now))
        if not missing.keys() <= self._missing:
            self._backoff.reset()
            self._next_mono = now
        self._missing = set(missing)
        if not missing or now < self._next_mono:
            return
        self._look_for(list(missing.values()))
        self._next_mono = self._clock.mono() + self._backoff.next_s()

    def _change(self, news: list[Watched]) -> None:
        known = {id(each.reader): each for each in self._cameras}
        for each in news:
            before = known.get(id(each.reader))
            if before is None:
                continue
            each.dark_mono, each.stranger, each.told = (
                before.dark_mono,
                before.stranger,
                before.told,
            )
            # Its file may still have the old address, where the disk refused the new one.
            if before.settings.onvif_url != each.settings.onvif_url:
                each.settings = moved(each.settings, read_address(before.settings.onvif_url))
        ids = {each.settings.id for each in news if id(each.reader) in known}
        self.moves = {name: note for name, note in self.moves.items() if name in ids}
        self._cameras = news

    def _note_dark(self, now: float) -> None:
        for camera in self._cameras:
            if camera.reader.state.is_streaming:
                camera.dark_mono = None
            elif camera.dark_mono is None:
                camera.dark_mono = now

    def _note_strangers(self, now: float) -> None:
        """See who is at the places of our cameras: after each connection, and now and then."""
        connections = [camera.reader.state.connections for camera in self._cameras]
        if connections == self._connections and now < self._next_glance_mono:
            return
        self._connections, self._next_glance_mono = connections, now + _GLANCE_S
        for camera in self._cameras:
            stranger = self._search.stranger_at(lost_device(camera.settings))
            if stranger != camera.stranger:
                camera.stranger = stranger
                self._tell_stranger(camera)

    def _tell_stranger(self, camera: Watched) -> None:
        camera_id, host = camera.settings.id, read_address(camera.settings.onvif_url).host
        if not camera.stranger:
            self.moves = {each: note for each, note in self.moves.items() if each != camera_id}
            return
        log.warning(
            "camera %s: another device (%s) answers at %s", camera_id, camera.stranger, host
        )
        note = f"another device ({camera.stranger}) answers at {host}"
        self.moves = {**self.moves, camera_id: note}

    def _lost(self, now: float) -> Iterator[tuple[_Device, list[Watched]]]:
        """Yield the devices of which no camera was seen for a while, or a stranger in its place."""
        devices: dict[_Device, list[Watched]] = {}
        for camera in self._cameras:
            devices.setdefault(_device(camera.settings), []).append(camera)
        for device, cameras in devices.items():
            if any(each.stranger for each in cameras) or all(
                each.dark_mono is not None and now - each.dark_mono >= DARK_S for each in cameras
            ):
                yield device, cameras

    def _look_for(self, devices: Sequence[list[Watched]]) -> None:
        lost = [lost_device(device[0].settings) for device in devices]
        there = {_device(camera.settings) for camera in self._cameras} - self._missing
        try:
            traces = self._search.find(lost, {place for place, _ in there})
        except EdgeAgentError as silence:
            self._doubt([camera for device in devices for camera in device], silence.what)
            return
        for device, trace in zip(devices, traces, strict=True):
            if self._stop.is_told:
                return
            if trace.address is None:
                self._doubt(device, trace.doubt)
                continue
            for camera in device:
                self._move(camera, trace.address)

    def _doubt(self, cameras: Sequence[Watched], doubt: str) -> None:
        for camera in cameras:
            if doubt and doubt != camera.told:
                camera.told = doubt
                log.warning("camera %s is not found again: %s", camera.settings.id, doubt)

    def _move(self, camera: Watched, there: Address) -> None:
        was = read_address(camera.settings.onvif_url)
        camera.settings = moved(camera.settings, there)
        camera.reader.move(camera.settings.stream)
        if camera.events is not None:
            camera.events.address = there
        camera.dark_mono, camera.stranger, camera.told = None, "", ""
        where = f"{there.host} (was {was.host})"
        log.warning("camera %s is found again at %s", camera.settings.id, where)
        unsaved = self._save(camera.settings.id, was, there)
        note = f"found again at {where}"
        self.moves = {**self.moves, camera.settings.id: note + unsaved}

    def _save(self, camera_id: str, was: Address, there: Address) -> str:
        """Write the new address into the camera's file; return what to add where that fails.

        The file may have other zones by now than we run with: it is read anew.
        """
        try:
            file = load_camera(self._folder, camera_id)
            if _place(file) == was.place:
                save_camera(self._folder, moved(file, there))
        except EdgeAgentError as refusal:
            log.warning(
                "the new address of camera %s could not be saved: %s", camera_id, refusal.what
            )
            return "; its file still says the old address"
        return ""


def can_be_found(camera: CameraSettings) -> bool:
    """Tell whether we know how this camera calls itself, and where it did."""
    return bool(camera.onvif_url) and camera.identity.is_known


def lost_device(camera: CameraSettings) -> Lost:
    """Return the device of a camera as one to look for."""
    stream = camera.stream
    login = Credentials(stream.username, stream.password) if stream.username else None
    address = read_address(camera.onvif_url)
    return Lost(identity=camera.identity, address=address, credentials=login)


def _device(camera: CameraSettings) -> _Device:
    return _place(camera), camera.identity


def _place(camera: CameraSettings) -> str:
    return read_address(camera.onvif_url).place if camera.onvif_url else ""
