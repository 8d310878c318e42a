"""Which of the cameras on the wire this box already knows."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.config.camera import read_camera
from edge_agent.config.load import CAMERAS_FOLDER, camera_ids, load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import RTSP_PORT, Address, host_of, read_address
from edge_agent.onvif.identity import Identity
from edge_agent.toml.problems import Problems
from edge_agent.toml.reader import Table
from edge_agent.video.options import StreamOptions

# Where something is wrong with a camera's place; all else does not hide which one it is.
_PLACES_OF_URLS = {"stream", "stream.url", "main_stream", "main_stream.url", "onvif", "onvif.url"}


@dataclass(frozen=True, slots=True)
class Configured:
    """The cameras of this box: all that can be told apart take part in the questions below."""

    # Those that can be used, and saved again.
    cameras: tuple[CameraSettings, ...]
    # Those of which only the place and the identity are to be believed: without sudo nobody can
    # read a password.
    half_read: tuple[CameraSettings, ...] = ()
    # What cannot be read at all, in words; its cameras look new.
    closed: str = ""

    def ids_at(self, address: Address, endpoint: str) -> tuple[str, ...]:
        """Return the ids of the cameras of one device: a recorder has several."""
        named = Identity(endpoint=endpoint)
        return tuple(
            camera.id
            for camera in self._all
            # ipycam 1.3.0 makes up a new name at each start; so the same address counts as well.
            if _is_at(camera, address)
            or camera.identity.same_name(named)
            or (not camera.onvif_url and host_of(camera.stream.url) == address.host)
        )

    def with_stream(self, streams: Iterable[StreamOptions]) -> list[CameraSettings]:
        """Return the cameras that have one of these streams: two, if it is watched twice."""
        wanted = _places(streams)
        return [
            camera
            for camera in self._all
            if wanted & _places(filter(None, (camera.stream, camera.main_stream)))
        ]

    def of_device(
        self, address: Address, identity: Identity, source: str, *, is_recorder: bool
    ) -> CameraSettings | None:
        """Return the camera of this device that shows this video source; None if there is none.

        Where the source was not saved, the device counts only if it has one camera, here as well
        as there: the channels of a recorder share all the rest.
        """
        cameras = [
            each
            for each in self._all
            if _is_at(each, address)
            # Cheap cameras share a name for life as well: elsewhere a namesake is nobody we know.
            or (each.identity.same_name(identity) and not each.identity.is_another(identity))
        ]
        return _the_one(cameras, source, is_recorder=is_recorder)

    def like(self, identity: Identity, source: str, *, is_recorder: bool) -> CameraSettings | None:
        """Return the camera that has this network card or serial number: Identity.resembles."""
        cameras = [
            each for each in self._all if each.onvif_url and each.identity.resembles(identity)
        ]
        return _the_one(cameras, source, is_recorder=is_recorder)

    @property
    def _all(self) -> tuple[CameraSettings, ...]:
        return (*self.cameras, *self.half_read)


def configured_cameras(folder: Path) -> Configured:
    """Return the cameras of a configuration; what is wrong with them is for `check` to say."""
    if closed_folder := _closed_folder(folder):
        return Configured((), closed=closed_folder)
    cameras: list[CameraSettings] = []
    half_read: list[CameraSettings] = []
    closed = 0
    for camera_id in camera_ids(folder):
        try:
            cameras.append(load_camera(folder, camera_id))
        except EdgeAgentError:
            try:
                half_read += _half_read(folder, camera_id)
            except OSError:
                closed += 1
    words = f"{closed} camera {'file' if closed == 1 else 'files'}" if closed else ""
    return Configured(tuple(cameras), tuple(half_read), words)


def _half_read(folder: Path, camera_id: str) -> list[CameraSettings]:
    """Return the camera, if its file says where it is. Raises OSError."""
    file = folder / CAMERAS_FOLDER / f"{camera_id}.toml"
    content = file.read_bytes()
    try:
        text = content.decode()
        table = tomllib.loads(text)
    except ValueError:
        return []
    problems = Problems(file, text)
    camera = read_camera(Table(table, problems), folder.absolute(), camera_id)
    wrong = {problem.where for problem in problems.found}
    return [] if wrong & _PLACES_OF_URLS else [camera]


def _closed_folder(folder: Path) -> str:
    try:
        next((folder / CAMERAS_FOLDER).iterdir(), None)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError:
        return f"{folder / CAMERAS_FOLDER}"
    return ""


def _the_one(
    cameras: Sequence[CameraSettings], source: str, *, is_recorder: bool
) -> CameraSettings | None:
    """Return the one camera of a device that shows this video source; None if there is not one."""
    same = [each for each in cameras if source and each.onvif_source == source]
    if len(same) == 1:
        return same[0]
    # Saved without its source, by an older edge-agent, or told without one.
    is_open = len(cameras) == 1 and not (source and cameras[0].onvif_source)
    return cameras[0] if is_open and not is_recorder else None


def _is_at(camera: CameraSettings, address: Address) -> bool:
    """Tell whether the camera was added by ONVIF from this address."""
    there = read_address(camera.onvif_url) if camera.onvif_url else None
    return there is not None and (there.host, there.port) == (address.host, address.port)


def _places(streams: Iterable[StreamOptions]) -> set[tuple[str, int, str, str]]:
    """Return what tells streams apart: host, port, path and query, not how they are written."""
    parts = [urlsplit(stream.url) for stream in streams]
    return {
        (each.hostname or "", each.port or RTSP_PORT, each.path or "/", each.query)
        for each in parts
    }
