"""Run ipycam as its own command line does, with its servers kept on loopback if it is told so.

Runs inside the camera's own environment. ipycam binds ONVIF, web page and RTSP to every interface,
and has no option for it; a demo must not open a port to the street. In a namespace of its own it
may listen everywhere: an address can be taken from it and another given, as DHCP does.
"""

import json
import runpy
import signal
import socket
import sys
from pathlib import Path

_settings = json.loads(Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
_is_here = _settings["local_ip"] == "127.0.0.1"
_bind = socket.socket.bind


def _bind_to_loopback(self: socket.socket, address: tuple[str, int]) -> None:
    host, port = address
    # Discovery stays: a socket bound to one address hears no multicast.
    everywhere = host in {"", "0.0.0.0"} and self.type == socket.SOCK_STREAM  # noqa: S104 (sought)
    everywhere = everywhere and _is_here
    if self.type == socket.SOCK_DGRAM:
        # Between its ffmpeg and its viewer it has a UDP socket, and a key frame comes in one burst:
        # with the kernel's default (212,992 bytes) the lower part of the picture was lost.
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    _bind(self, ("127.0.0.1" if everywhere else host, port))


socket.socket.bind = _bind_to_loopback
# It cleans up on Ctrl-C only; being told to end must do the same, or its ffmpeg is left behind.
signal.signal(signal.SIGTERM, signal.default_int_handler)
runpy.run_module("ipycam", run_name="__main__", alter_sys=True)
