"""Which of the cameras on the wire this box already knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.config.load import camera_ids, load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import RTSP_PORT, Address, host_of, read_address
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

    def id_of(self, streams: Iterable[StreamOptions], device: Address | None, endpoint: str) -> str:
        """Return the id of the camera that is this one; "" if none is. No ONVIF, no device.

        A stream tells it best: the channels of a recorder share all the rest. So the device counts
        only where a single camera has it.
        """
        wanted = _places(streams)
        for camera in self.cameras:
            if wanted & _places(filter(None, (camera.stream, camera.main_stream))):
                return camera.id
        if device is None:
            return ""
        of_device = [each.id for each in self.cameras if _is_device(each, device, endpoint)]
        return of_device[0] if len(of_device) == 1 else ""


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


def _is_device(camera: CameraSettings, address: Address, endpoint: str) -> bool:
    """Tell whether the camera was added by ONVIF from this device.

    The endpoint is a device's name for life, but ipycam 1.3.0 makes up a new one at each start;
    so the same address counts as well.
    """
    if endpoint and camera.onvif_endpoint == endpoint:
        return True
    there = read_address(camera.onvif_url) if camera.onvif_url else None
    return there is not None and (there.host, there.port) == (address.host, address.port)


def _places(streams: Iterable[StreamOptions]) -> set[tuple[str, int, str, str]]:
    """Return what tells streams apart: host, port, path and query, not how they are written."""
    parts = [urlsplit(stream.url) for stream in streams]
    return {
        (each.hostname or "", each.port or RTSP_PORT, each.path or "/", each.query)
        for each in parts
    }
