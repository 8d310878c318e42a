"""Links to brokers that answer as a test tells them to."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_broker import Script, ScriptedBroker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def make_link() -> Iterator[Callable[..., Link]]:
    """Make links that are ended after the test."""
    with ExitStack() as made:

        def make(port: int, *, clock: FakeClock | None = None, **options: object) -> Link:
            given = {"url": f"mqtt://127.0.0.1:{port}", "insecure": True, **options}
            link = Link(
                BrokerOptions(**given), site="kota", box="box-7", clock=clock, will_delay_s=0
            )
            made.callback(link.say_goodbye, 0.0 if clock else 0.3)
            return link

        yield make


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedBroker]]:
    with ExitStack() as running:

        def start(**script: object) -> ScriptedBroker:
            return running.enter_context(ScriptedBroker(Script(**script)))

        yield start
