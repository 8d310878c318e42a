"""A camera at another address is the same camera: what changes in its settings, and what stays."""

from dataclasses import replace

from edge_agent.config.settings import CameraSettings
from edge_agent.onvif.address import Address, host_of, reachable_stream, read_address
from edge_agent.video.options import StreamOptions


def moved(camera: CameraSettings, there: Address) -> CameraSettings:
    """Return a camera that was added by ONVIF as it is where it answers now.

    Streams keep their ports. Those that never came from the camera's old host stay.
    """
    old_host = read_address(camera.onvif_url).host

    def at_home(stream: StreamOptions) -> StreamOptions:
        if host_of(stream.url) != old_host:
            return stream
        return replace(stream, url=reachable_stream(stream.url, there.host))

    return replace(
        camera,
        onvif_url=there.url,
        stream=at_home(camera.stream),
        main_stream=camera.main_stream and at_home(camera.main_stream),
    )
