"""A center's page on a port of the loopback, its database, and a browser."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.database import Database, open_database
from edge_agent.center.operators import add_operator
from edge_agent.center.web.options import WebOptions
from edge_agent.center.web.server import WebServer
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.center_web.city import CityBox
from tests.fakes.clock import FakeClock
from tests.peers.browser import Browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PASSWORD = "a long enough one"


@contextmanager
def serving(options: WebOptions, database: Database, clock: FakeClock) -> Iterator[str]:
    """Serve the page, and return its address."""
    stop = Stop()
    server = WebServer(options, database, clock, silent_s=180.0)
    worker = Worker("page", lambda: server.run(stop), on_failure=stop.tell)
    worker.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        stop.tell()
        assert worker.join(10), "the page does not stop"
        assert worker.failure is None


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(str(tmp_path / "center.db"))
    yield found
    found.close()


@pytest.fixture
def box(database: Database) -> CityBox:
    return CityBox(database)


@pytest.fixture
def operators(tmp_path: Path) -> Path:
    file = tmp_path / "operators"
    add_operator(file, "sari", Secret(PASSWORD))
    add_operator(file, "budi", Secret(PASSWORD))
    return file


@pytest.fixture
def page(database: Database, clock: FakeClock) -> Iterator[Callable[..., str]]:
    """Serve a page with options of one's own; returns its address."""
    with ExitStack() as running:

        def start(**options: object) -> str:
            chosen = WebOptions(**{"listen": "127.0.0.1:0", "language": "en", **options})
            return running.enter_context(serving(chosen, database, clock))

        yield start


@pytest.fixture(scope="module")
def one_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def browser(one_browser: Browser) -> Iterator[Browser]:
    """A browser without a past, on a desktop; afterwards its console must be free of complaints."""
    one_browser.resize(1280, 900)
    one_browser.forget()
    one_browser.complaints()
    yield one_browser
    complaints = one_browser.complaints()
    one_browser.open("about:blank")
    assert complaints == []
