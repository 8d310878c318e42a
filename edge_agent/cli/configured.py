"""Which of the cameras on the wire this box already knows."""

from dataclasses import dataclass
from pathlib import Path

from edge_agent.config.load import camera_ids, load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, host_of, read_address


@dataclass(frozen=True, slots=True)
class Configured:
    """The cameras whose files can be read."""

    cameras: tuple[CameraSettings, ...]

    def ids_of(self, address: Address, endpoint: str) -> tuple[str, ...]:
        """Return the ids of the cameras that are this one; a recorder has several.

        The endpoint is a camera's name for life, but ipycam 1.3.0 makes up a new one at each
        start; so the same address counts as well.
        """
        return tuple(camera.id for camera in self.cameras if _is(camera, address, endpoint))


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


def _is(camera: CameraSettings, address: Address, endpoint: str) -> bool:
    if endpoint and camera.onvif_endpoint == endpoint:
        return True
    if not camera.onvif_url:
        return host_of(camera.stream.url) == address.host
    there = read_address(camera.onvif_url)
    return (there.host, there.port) == (address.host, address.port)
