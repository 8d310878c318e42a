"""Whatever a camera answers, the technician reads a result or a sentence with a next step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.device import read_device, read_services
from edge_agent.onvif.line import Line
from edge_agent.onvif.media import open_media
from edge_agent.onvif.presence import look
from edge_agent.runtime.clock import SystemClock
from tests.fakes.onvif_camera import Firmware, OnvifCamera
from tests.soak.mutations import mutate
from tests.soak.watched import fuzzed, watched


def test_each_reader_survives_two_thousand_spoiled_replies_and_stays_small(tmp_path: Path) -> None:
    told = fuzzed(tmp_path, 2000, 1, within_s=120)

    assert len(told) >= 18
    for one in told:
        assert one["count"] == 2000
        assert one["growth_mb"] < 50, one
        # A reader that refuses everything survives everything; one reads nothing but faults.
        assert one["results"] > 200 or one["parser"] == "faults", one


def test_no_reply_of_a_megabyte_fills_the_memory_or_takes_for_ever() -> None:
    told = watched("tests.soak.hostile", [], within_s=60)

    assert sum(one["growth_mb"] for one in told[1:]) < 50, told
    assert max(one["seconds"] for one in told) < 2, told


@pytest.fixture(scope="module")
def camera() -> Iterator[OnvifCamera]:
    with OnvifCamera(Firmware(password="")) as camera:
        yield camera


@pytest.mark.parametrize("seed", range(40))
def test_a_camera_that_spoils_its_replies_is_added_or_refused_with_advice(
    camera: OnvifCamera, seed: int
) -> None:
    random = Random(seed)
    corpus = (b"<a>b</a>",)
    camera.spoil = lambda content: mutate(content, corpus, random)
    asked = Line(Address("127.0.0.1", camera.port), None, clock=SystemClock(), deadline_s=2)

    with suppress(EdgeAgentError):
        look(asked.address, SystemClock())
    with suppress(EdgeAgentError):
        read_device(asked)
    with suppress(EdgeAgentError):
        media = open_media(asked, read_services(asked))
        media.stream_url(media.profiles()[0].token)
