import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.envelope import find_fault, parse
from edge_agent.onvif.matches import read_matches
from edge_agent.onvif.presence import Presence, Status, look, read_clock
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.fakes.onvif_camera import Firmware, OnvifCamera
from tests.peers.silent import SilentServer


def seen(firmware: Firmware, deadline_s: float = 2.0) -> Presence:
    with OnvifCamera(firmware) as camera:
        return look(Address("127.0.0.1", camera.port), SystemClock(), deadline_s=deadline_s)


def test_a_camera_with_a_password_is_known_before_anybody_logs_in() -> None:
    presence = seen(Firmware())

    assert presence.status is Status.NEEDS_PASSWORD
    assert presence.clock_offset_s is not None
    assert abs(presence.clock_offset_s) < 2


def test_an_open_camera_also_tells_its_maker() -> None:
    presence = seen(Firmware(password=""))

    assert (presence.status, presence.maker, presence.model) == (Status.READY, "Acme", "AC-100")


def test_looking_costs_a_camera_no_wrong_password() -> None:
    with OnvifCamera() as camera:
        look(Address("127.0.0.1", camera.port), SystemClock())

        assert camera.seen.refused == 0
        assert camera.seen.operations == ["GetSystemDateAndTime", "GetDeviceInformation"]


def test_a_web_server_is_reachable_but_no_camera() -> None:
    presence = seen(Firmware(is_a_web_server=True))

    assert (presence.status, presence.problem) == (Status.NO_ONVIF, "")


def test_a_camera_whose_answer_cannot_be_read_says_why() -> None:
    presence = seen(Firmware(cuts_replies_short=True))

    assert presence.status is Status.NO_ONVIF
    assert "cut off before its end" in presence.problem


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_whoever_hangs_up_is_there_and_may_want_the_other_scheme(scheme: str) -> None:
    stop = Stop()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reset() -> None:
            wire = server.accept()[0]
            wire.recv(1)
            # Closing with no time to linger is a reset.
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.close()

        worker = Worker("reset", reset, on_failure=stop.tell)
        worker.start()
        address = Address("127.0.0.1", server.getsockname()[1], scheme=scheme)
        with pytest.raises(EdgeAgentError, match="takes the connection and hangs up") as caught:
            look(address, SystemClock())
        assert worker.join(5)

    assert ("http://" if scheme == "https" else "https://HOST:PORT") in caught.value.hint


def test_a_camera_that_keeps_even_its_clock_to_itself_tells_it_by_http() -> None:
    firmware = Firmware(open_to_all=frozenset(), refuses_with_a_page=True, skew_s=-86_400)

    presence = seen(firmware)

    assert presence.status is Status.NEEDS_PASSWORD
    assert presence.clock_offset_s is not None
    assert abs(presence.clock_offset_s + 86_400) < 3


def test_a_camera_that_leaves_the_time_out_is_still_a_camera() -> None:
    presence = seen(Firmware(tells_the_time=False, skew_s=3600))

    assert presence.status is Status.NEEDS_PASSWORD
    assert presence.clock_offset_s is not None
    assert abs(presence.clock_offset_s - 3600) < 3


@pytest.mark.parametrize("defect", ["hangs", "drips"])
def test_a_camera_that_does_not_finish_is_left_after_the_deadline(defect: str) -> None:
    began = monotonic()

    with pytest.raises(EdgeAgentError, match="no answer") as caught:
        seen(replace(Firmware(), **{defect: True}), deadline_s=0.5)

    assert monotonic() - began < 2
    assert caught.value.hint


def test_a_port_that_only_listens_may_be_that_of_rtsp() -> None:
    with (
        SilentServer() as server,
        pytest.raises(EdgeAgentError, match="takes the connection, but there is no") as caught,
    ):
        look(Address("127.0.0.1", server.port), SystemClock(), deadline_s=0.2)

    assert "is it the RTSP port" in caught.value.hint


def test_a_port_that_speaks_no_http_is_said_so() -> None:
    stop = Stop()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def greet() -> None:
            with server.accept()[0] as wire:
                wire.sendall(b"220 mail.example ready\r\n")
                stop.wait(5)

        worker = Worker("no http", greet, on_failure=stop.tell)
        worker.start()
        with pytest.raises(EdgeAgentError, match="not with HTTP") as caught:
            look(Address("127.0.0.1", server.getsockname()[1]), SystemClock())
        stop.tell()
        assert worker.join(5)

    assert "HOST:PORT" in caught.value.hint


def test_an_unknown_name_is_said_so() -> None:
    with pytest.raises(EdgeAgentError, match="no host is called"):
        look(Address("no-such-camera.invalid"), SystemClock())


@pytest.mark.parametrize(
    "address", [Address("x" * 64), Address("127.0.0.1", 9, "/ü"), Address("127.0.0.1", 9, "/a b")]
)
def test_an_address_that_no_camera_should_claim_is_a_failure_and_no_defect(
    address: Address,
) -> None:
    with pytest.raises(EdgeAgentError) as caught:
        look(address, SystemClock())

    assert caught.value.hint


@pytest.mark.parametrize("zone", ["", " -0000", " GMT", " +0000"])
def test_a_web_servers_time_without_a_zone_is_that_of_greenwich(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as here:
        here.setenv("TZ", "Asia/Jakarta")
        time.tzset()
        read = read_clock(None, f"Tue, 24 Nov 2026 02:00:00{zone}")
    time.tzset()

    assert read == 1795485600


def utc(year: int, month: int, day: int, hour: int) -> bytes:
    return (
        f"<a><UTCDateTime><Time><Hour>{hour}</Hour><Minute>0</Minute><Second>0</Second></Time>"
        f"<Date><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></Date></UTCDateTime></a>"
    ).encode()


@pytest.mark.parametrize(
    "time",
    [
        (2026, 13, 1, 1),
        (2026, 2, 31, 1),
        (2026, 1, 1, 24),
        (2026, 1, 1, -1),
        (99999999999, 2, 1, 1),
        (12026, 2, 1, 1),
        (0, 2, 1, 1),
    ],
)
def test_an_impossible_time_is_no_time(time: tuple[int, int, int, int]) -> None:
    assert read_clock(parse(utc(*time)), "yesterday") is None


def test_a_minute_of_many_seconds_is_no_time() -> None:
    endless = utc(2026, 1, 1, 1).replace(b"<Second>0", b"<Second>" + b"9" * 300)

    assert read_clock(parse(endless), "") is None


def test_an_absent_time_is_no_time() -> None:
    assert read_clock(parse(b"<a><UTCDateTime/></a>"), "") is None
    assert read_clock(parse(b"<a/>"), "") is None
    assert read_clock(None, "") is None


def test_the_first_second_of_1970_is_a_time() -> None:
    assert read_clock(parse(utc(1970, 1, 1, 0)), "") == 0


@given(st.binary(max_size=400))
def test_whatever_comes_over_the_wire_is_read_or_refused(content: bytes) -> None:
    with suppress(EdgeAgentError):
        find_fault(parse(content))
    assert isinstance(read_matches(content, "10.0.0.5"), list)


def test_looking_for_cameras_loads_nothing_heavy() -> None:
    heavy = ("zeep", "lxml", "requests", "av", "cv2", "numpy")
    program = (
        "import sys, edge_agent.cli.discover; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )

    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout.strip() == "[]"
