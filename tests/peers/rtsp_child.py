"""The RTSP server itself: run by Debian's Python, which has GStreamer's bindings.

Reads one JSON object from the command line, prints the port it got, and serves until it is ended.
"""

from __future__ import annotations

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 (versions come first)

_ROLE = "viewer"


def main() -> None:
    """Serve the mount points of the JSON object in argv[1]."""
    wanted = json.loads(sys.argv[1])
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address(wanted["host"])
    server.set_service(str(wanted["port"]))
    if wanted["user"]:
        server.set_auth(_lock(wanted))
    for path, mount in wanted["mounts"].items():
        server.get_mount_points().add_factory(path, _factory(mount, shared=wanted["shared"]))
    # Each connection is a line, for tests that count them.
    server.connect("client-connected", lambda *_: print("client", flush=True))  # noqa: T201 (above)
    server.attach(None)
    print(f"port {server.get_bound_port()}", flush=True)  # noqa: T201 (how the test learns it)
    GLib.MainLoop().run()


def _factory(mount: dict[str, str], *, shared: bool) -> GstRtspServer.RTSPMediaFactory:
    factory = GstRtspServer.RTSPMediaFactory()
    codec = mount["codec"]
    factory.set_launch(
        f'( filesrc location="{mount["clip"]}" ! qtdemux ! {codec}parse '
        f"! rtp{codec}pay name=pay0 pt=96 config-interval=-1 )"
    )
    factory.set_shared(shared)
    permissions = GstRtspServer.RTSPPermissions()
    for right in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role(_ROLE, right, True)  # noqa: FBT003 (GStreamer's order)
    factory.set_permissions(permissions)
    return factory


def _lock(wanted: dict[str, str]) -> GstRtspServer.RTSPAuth:
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", _ROLE)
    user, password = wanted["user"], wanted["password"]
    if wanted["authentication"] == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    return auth


if __name__ == "__main__":
    main()
