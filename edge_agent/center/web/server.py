"""The page's web server: waitress, on a thread of ours, until it is told to stop."""

import logging
from typing import Any

import waitress
from flask import Flask

from edge_agent.center.database import Database
from edge_agent.center.web.address import read_listen
from edge_agent.center.web.app import MOST_BODY_BYTES, make_app
from edge_agent.center.web.archive import Archive
from edge_agent.center.web.guard import Guard
from edge_agent.center.web.local_time import find_zone
from edge_agent.center.web.options import WebOptions
from edge_agent.center.web.show import Page
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop

log = logging.getLogger(__name__)

# With a million alerts in SQLite a poll takes 1 ms and the list 30 ms (docs/design/0015).
_THREADS = 6
# A browser opens six connections.
_MOST_CONNECTIONS = 300
# Who opens a connection and says nothing is let go.
_SILENT_S = 30
# How soon it notices that it is to stop.
_TURN_S = 0.5


class WebServer:
    """Listens from the moment it is made; serves while `run` runs."""

    def __init__(
        self, options: WebOptions, database: Database, clock: Clock, *, silent_s: float
    ) -> None:
        """Take the port. Raises EdgeAgentError."""
        host, port = read_listen(options)
        page = Page(
            options=options,
            zone=find_zone(options.time_zone),
            silent_s=silent_s,
            clock=clock,
            archive=Archive(database),
            guard=Guard(options, clock),
            database=database,
        )
        self._clock = clock
        # When it last went round.
        self.beat_mono = clock.mono()
        self._sockets: dict[int, Any] = {}
        trusted = _trust(options.trusted_proxy)
        self._server = _listen(make_app(page), (host, port), self._sockets, trusted)
        self.port = int(self._server.effective_port)

    def run(self, stop: Stop) -> None:
        """Serve until told to stop."""
        log.info("the page is at http://%s:%d", self._server.effective_host, self.port)
        try:
            while not stop.is_told:
                self.beat_mono = self._clock.mono()
                self._server.asyncore.loop(timeout=_TURN_S, map=self._sockets, count=1)
        finally:
            self._server.task_dispatcher.shutdown()
            self._server.asyncore.close_all(self._sockets)


def _trust(proxy: str) -> dict[str, Any]:
    """Believe the server before us who asks it: the last of several, which it added itself."""
    if not proxy:
        return {}
    headers = {"x-forwarded-for"}
    return {"trusted_proxy": proxy, "trusted_proxy_count": 1, "trusted_proxy_headers": headers}


def _listen(
    app: Flask, where: tuple[str, int], sockets: dict[int, Any], trusted: dict[str, Any]
) -> Any:
    host, port = where
    try:
        return waitress.create_server(
            app,
            map=sockets,
            host=host,
            port=port,
            threads=_THREADS,
            connection_limit=_MOST_CONNECTIONS,
            channel_timeout=_SILENT_S,
            cleanup_interval=_SILENT_S // 3,
            max_request_body_size=MOST_BODY_BYTES,
            ident=None,
            clear_untrusted_proxy_headers=True,
            **trusted,
        )
    except OSError as error:
        raise EdgeAgentError(
            f"the page cannot listen at {host}:{port}: {error.strerror}",
            hint="another program has that port, perhaps another center: choose another [web] listen",
        ) from error
