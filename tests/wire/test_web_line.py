"""However slowly a web server answers, nobody waits for it longer than they said."""

from __future__ import annotations

import ssl
import time
from contextlib import closing
from http.client import HTTPException
from typing import TYPE_CHECKING

import pytest

from edge_agent.runtime.stop import Stop
from edge_agent.wire.answers import LinkLostError
from edge_agent.wire.web_line import Patience, WebLine
from tests.fakes.authority import Authority
from tests.peers import dripping
from tests.peers.dripping import DrippingServer
from tests.peers.silent import SilentServer

if TYPE_CHECKING:
    from pathlib import Path

# Bytes come every 50 ms: no single read is ever late.
PATIENCE = Patience(step_s=0.5, answer_s=1.0)


def ask(address: str, context: ssl.SSLContext | None = None) -> bytes:
    host, _, port = address.partition(":")
    with closing(WebLine(host, int(port), context, PATIENCE, Stop())) as line:
        line.request("GET", "/")
        return line.getresponse().read()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.mark.parametrize("says", [dripping.HEADERS, dripping.BODY], ids=["headers", "body"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_drips_is_left_when_its_time_is_over(
    authority: Authority, says: bytes, scheme: str
) -> None:
    is_encrypted = scheme == "https"
    pair = authority.issue("127.0.0.1") if is_encrypted else None
    context = ssl.create_default_context(cafile=authority.ca_file) if is_encrypted else None

    with DrippingServer(says, pair) as server:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            ask(server.address, context)

    assert 0.9 < time.monotonic() - began < 5


def test_a_silent_server_is_left_after_one_step(authority: Authority) -> None:
    context = ssl.create_default_context(cafile=authority.ca_file)

    with SilentServer() as server:
        for encryption in (None, context):
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                ask(f"127.0.0.1:{server.port}", encryption)
            assert 0.4 < time.monotonic() - began < 3


def test_a_stop_ends_the_wait_at_once() -> None:
    stop = Stop()

    with DrippingServer(dripping.BODY) as server:
        line = WebLine("127.0.0.1", server.server_address[1], None, PATIENCE, stop)
        line.request("GET", "/")
        stop.tell()
        with closing(line), pytest.raises(LinkLostError, match="told to stop"):
            line.getresponse().read()


def test_a_name_that_cannot_be_one_is_not_found() -> None:
    with pytest.raises((OSError, HTTPException)):
        ask("a..b:1")
