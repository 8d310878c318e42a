"""Whatever a camera answers, the technician reads a result or a sentence with a next step."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.device import read_device, read_services
from edge_agent.onvif.media import read_profiles, read_snapshot_url, read_stream_url
from edge_agent.onvif.presence import look
from edge_agent.onvif.session import Session
from edge_agent.runtime.clock import SystemClock
from tests.fakes.onvif_camera import Firmware, OnvifCamera

TEXTS = ("", "-1", "many", "9" * 40, "http://[", "\u202e", "rtsp://x:y@z:99999/", "true")


@pytest.fixture(scope="module")
def camera() -> Iterator[OnvifCamera]:
    with OnvifCamera(Firmware(password="")) as camera:
        yield camera


@pytest.fixture(scope="module")
def asking(camera: OnvifCamera) -> Session:
    return Session(Address("127.0.0.1", camera.port), None, clock=SystemClock())


def mutate(content: bytes, random: Random) -> bytes:
    """Drop, rename, double, move or retell elements; the XML stays well-formed."""
    root = ET.fromstring(content)  # noqa: S314 (our own fake's words)
    for _ in range(random.randint(1, 3)):
        parents = [element for element in root.iter() if len(element)]
        parent = random.choice(parents)
        child = random.choice(list(parent))
        match random.randrange(6):
            case 0:
                parent.remove(child)
            case 1:
                child.tag = random.choice(["{http://www.onvif.org/ver10/schema}Other", "other"])
            case 2:
                parent.append(child)
            case 3:
                child.text = random.choice(TEXTS)
            case 4:
                child[:] = [*child, *list(parent)[:2]] if child not in list(parent)[:2] else []
            case _:
                child.attrib.clear()
        if len(root) == 0:
            break
    return ET.tostring(root)


def flip(content: bytes, random: Random) -> bytes:
    """Change, cut or double bytes."""
    spoiled = bytearray(content)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(spoiled))
        spoiled[place : place + random.randint(0, 9)] = random.randbytes(random.randint(0, 4))
    return bytes(spoiled)


@pytest.mark.parametrize("spoil", [mutate, flip])
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_a_spoiled_reply_gives_a_result_or_advice(
    camera: OnvifCamera, asking: Session, spoil: Callable[[bytes, Random], bytes], seed: int
) -> None:
    random = Random(seed)
    camera.spoil = lambda content: spoil(content, random)
    media_url = f"http://127.0.0.1:{camera.port}/onvif/media"

    for ask in (
        lambda: look(asking.address, SystemClock()),
        lambda: read_device(asking),
        lambda: read_services(asking),
        lambda: read_profiles(asking, media_url),
        lambda: read_stream_url(asking, media_url, "sub"),
        lambda: read_snapshot_url(asking, media_url, "sub"),
    ):
        with suppress(EdgeAgentError):
            ask()
