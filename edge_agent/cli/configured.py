"""Which of the cameras on the wire this box already knows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.config.load import camera_ids, load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import RTSP_PORT, Address, host_of, read_address
from edge_agent.onvif.refind import Identity
from edge_agent.video.options import StreamOptions


@dataclass(frozen=True, slots=True)
class Configured:
    """The cameras whose files can be read."""

    cameras: tuple[CameraSettings, ...]

    def ids_at(self, address: Address, endpoint: str) -> tuple[str, ...]:
        """Return the ids of the cameras of one device: a recorder has several."""
        return tuple(
            camera.id
            for camera in self.cameras
            if _is_device(camera, address, endpoint)
            or (not camera.onvif_url and host_of(camera.stream.url) == address.host)
        )

    def with_stream(self, streams: Iterable[StreamOptions]) -> str:
        """Return the id of the camera that has one of these streams; "" if none has."""
        wanted = _places(streams)
        for camera in self.cameras:
            if wanted & _places(filter(None, (camera.stream, camera.main_stream))):
                return camera.id
        return ""

    def of_device(self, address: Address, endpoint: str, source: str, *, is_recorder: bool) -> str:
        """Return the id of the camera of this device that shows this video source; "" if none.

        Where the source was not saved, the device counts only if it has one camera, here as well
        as there: the channels of a recorder share all the rest.
        """
        cameras = [each for each in self.cameras if _is_device(each, address, endpoint)]
        found = _the_one(cameras, source, is_recorder=is_recorder)
        return found.id if found else ""

    def like(self, identity: Identity, source: str, *, is_recorder: bool) -> CameraSettings | None:
        """Return the camera that has this hardware address or serial number.

        Both are weak words: of cheap cameras several have one serial number. Ask whether it is
        still at its old address before believing it.
        """
        cameras = [each for each in self.cameras if _looks_like(each, identity)]
        return _the_one(cameras, source, is_recorder=is_recorder)


def configured_cameras(folder: Path) -> Configured:
    """Return the cameras of a configuration; those with problems are passed over here."""
    cameras = []
    for camera_id in camera_ids(folder):
        try:
            cameras.append(load_camera(folder, camera_id))
        except EdgeAgentError:
            # `edge-agent check` is the place to hear about it; here it only hides a mark.
            continue
    return Configured(tuple(cameras))


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


def _is_device(camera: CameraSettings, address: Address, endpoint: str) -> bool:
    """Tell whether the camera was added by ONVIF from this device.

    The endpoint is a device's name for life, but ipycam 1.3.0 makes up a new one at each start;
    so the same address counts as well.
    """
    if endpoint and camera.onvif_endpoint == endpoint:
        return True
    there = read_address(camera.onvif_url) if camera.onvif_url else None
    return there is not None and (there.host, there.port) == (address.host, address.port)


def _looks_like(camera: CameraSettings, identity: Identity) -> bool:
    """Tell whether MAC or serial number are the same, and none of the two another."""
    pairs = [(camera.onvif_mac, identity.mac), (camera.onvif_serial, identity.serial)]
    known = [(ours, theirs) for ours, theirs in pairs if ours and theirs]
    return bool(camera.onvif_url) and bool(known) and all(one == two for one, two in known)


def _places(streams: Iterable[StreamOptions]) -> set[tuple[str, int, str, str]]:
    """Return what tells streams apart: host, port, path and query, not how they are written."""
    parts = [urlsplit(stream.url) for stream in streams]
    return {
        (each.hostname or "", each.port or RTSP_PORT, each.path or "/", each.query)
        for each in parts
    }
