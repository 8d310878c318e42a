"""An RTSP server that lets nobody in, and counts who tried."""

from __future__ import annotations

import re
import socketserver
import threading
from typing import Self


class RtspDoor:
    """Refuse each login; `logins` counts them."""

    def __init__(self) -> None:
        self.logins = 0
        handler = type("Handler", (_Handler,), {"door": self})
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(  # noqa: TID251 (a peer beside the agent, joined in close)
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="door"
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/main"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Handler(socketserver.StreamRequestHandler):
    door: RtspDoor

    def handle(self) -> None:
        """Answer each question of one connection."""
        lines: list[str] = []
        while raw := self.rfile.readline():
            if line := raw.decode().strip():
                lines.append(line)
                continue
            self._refuse("\n".join(lines))
            lines.clear()

    def _refuse(self, question: str) -> None:
        number = re.search(r"(?im)^CSeq: *(\d+)", question)
        self.door.logins += bool(re.search(r"(?im)^Authorization:", question))
        self.wfile.write(
            b"RTSP/1.0 401 Unauthorized\r\n"
            + f"CSeq: {number[1] if number else 0}\r\n".encode()
            + b'WWW-Authenticate: Basic realm="camera"\r\n\r\n'
        )
