"""Sweeping subnets of loopback, where every address is this machine's."""

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif import sweep
from edge_agent.onvif.address import Address
from edge_agent.onvif.crowd import look_at_all
from edge_agent.onvif.discovery import ask_everybody
from edge_agent.onvif.interfaces import Interface
from edge_agent.onvif.presence import Presence, Status
from edge_agent.onvif.sweep import PORTS, list_hosts, open_ports, own_subnet
from edge_agent.runtime.clock import SystemClock
from tests.fakes.onvif_camera import Firmware, OnvifCamera


def hosts_of(*subnets: str, is_forced: bool = False) -> tuple[str, ...]:
    networks = [ipaddress.ip_network(subnet, strict=False) for subnet in subnets]
    return list_hosts(networks, is_forced=is_forced)


@contextmanager
def silent_host() -> Iterator[Address]:
    """Somebody who takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield Address("127.0.0.1", server.getsockname()[1])


def test_network_and_broadcast_are_no_hosts_and_overlaps_count_once() -> None:
    assert hosts_of("10.0.0.0/30", "10.0.0.2/31") == ("10.0.0.1", "10.0.0.2")
    assert hosts_of("10.0.0.7") == ("10.0.0.7",)


def test_a_subnet_is_asked_up_to_a_22() -> None:
    assert len(hosts_of("10.0.0.0/22")) == 1022


@pytest.mark.parametrize(
    "subnets", [["10.0.0.0/21"], ["10.0.0.0/22", "10.9.0.0/30"], ["fd00::/64"]]
)
def test_more_than_a_22_is_refused_with_advice(subnets: list[str]) -> None:
    with pytest.raises(EdgeAgentError, match="too many to ask one by one") as caught:
        hosts_of(*subnets)

    assert "smaller subnets" in caught.value.hint


def test_who_insists_may_sweep_more_but_not_the_internet() -> None:
    assert len(hosts_of("10.0.0.0/21", is_forced=True)) == 2046
    with pytest.raises(EdgeAgentError) as caught:
        hosts_of("10.0.0.0/8", is_forced=True)

    assert "--force" not in caught.value.hint


def test_the_subnet_to_try_is_the_boxs_own() -> None:
    loopback = Interface("lo", "127.0.0.1", 8)

    assert own_subnet([Interface("eth0", "fe80::1", 64), loopback]) == "192.168.1.0/24"
    assert own_subnet([Interface("eth0", "10.1.2.3", 25), loopback]) == "10.1.2.0/25"
    assert own_subnet([Interface("eth0", "10.1.2.3", 8)]) == "10.1.2.0/24"


def test_cameras_are_asked_one_by_one_where_no_multicast_goes() -> None:
    told: list[tuple[int, int]] = []
    with ExitStack() as stack:
        first = stack.enter_context(OnvifCamera(Firmware(endpoint="urn:uuid:1"), host="127.0.8.2"))
        found = ask_everybody(
            [],
            hosts=hosts_of("127.0.8.0/29"),
            listen_s=1.0,
            port=first.discovery_port,
            tell=lambda done, of: told.append((done, of)),
        )

    assert [(one.endpoint, one.hosts) for one in found] == [("urn:uuid:1", ("127.0.8.2",))]
    assert told[-1] == (12, 12)


def test_only_ports_where_somebody_listens_are_open() -> None:
    with (
        socket.create_server(("127.0.8.2", 0)) as first,
        socket.create_server(("127.0.8.5", 0)) as second,
    ):
        ports = [9, second.getsockname()[1], first.getsockname()[1]]
        opened = open_ports(hosts_of("127.0.8.0/29"), ports)

    assert opened == {"127.0.8.2": (ports[2],), "127.0.8.5": (ports[1],)}


def test_open_ports_stand_in_the_order_they_were_asked_for() -> None:
    with (
        socket.create_server(("127.0.8.2", 0)) as first,
        socket.create_server(("127.0.8.2", 0)) as second,
    ):
        ports = sorted((first.getsockname()[1], second.getsockname()[1]), reverse=True)
        opened = open_ports(["127.0.8.2"], ports)

    assert opened == {"127.0.8.2": tuple(ports)}


def test_a_network_without_a_route_is_nobody() -> None:
    assert open_ports(["255.255.255.255", "224.0.0.1"], [80]) == {}


def test_no_more_than_64_knocks_are_under_way_and_none_is_left() -> None:
    # A full backlog keeps further connections waiting, like an address without a host.
    with socket.create_server(("127.0.8.2", 0), backlog=0) as server, ExitStack() as stack:
        port = server.getsockname()[1]
        for _ in range(2):
            full = stack.enter_context(socket.socket())
            full.settimeout(0)
            full.connect_ex(("127.0.8.2", port))
        most = 0

        def count(_done: int, _of: int) -> None:
            nonlocal most
            most = max(most, len(under_way))

        with sweep.selectors.DefaultSelector() as selector:
            knocks = sweep._Knocks(selector)
            under_way = knocks.pending
            begun = time.monotonic()
            opened = list(knocks.answers([("127.0.8.2", port)] * 80, count))
            took_s = time.monotonic() - begun

    assert opened == []
    # All 80 would be under way after 0.4 s, each for 0.7 s.
    assert 32 < most <= 64
    assert not under_way
    assert took_s > 79 / 200 + 0.7


def test_an_interrupted_sweep_leaves_no_connection() -> None:
    def interrupt(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    # An unclosed socket is a warning, and a warning is an error here.
    with pytest.raises(KeyboardInterrupt):
        open_ports(["127.0.8.2"], PORTS, tell=interrupt)


def test_many_silent_cameras_cost_the_time_of_one() -> None:
    begun = time.monotonic()
    with silent_host() as place:
        outcomes = look_at_all([[place]] * 24, SystemClock(), deadline_s=0.5)

    assert [isinstance(outcome, EdgeAgentError) for outcome in outcomes] == [True] * 24
    assert time.monotonic() - begun < 5


def test_results_stand_in_the_order_of_the_questions() -> None:
    with OnvifCamera(Firmware(password="")) as camera, silent_host() as silent:
        known = Address("127.0.0.1", camera.port)
        outcomes = look_at_all([[silent], [known], [silent]], SystemClock(), deadline_s=0.5)

    assert [isinstance(outcome, Presence) for outcome in outcomes] == [False, True, False]


def test_of_several_places_the_one_that_speaks_onvif_counts() -> None:
    with (
        OnvifCamera() as camera,
        OnvifCamera(Firmware(is_a_web_server=True)) as page,
        silent_host() as silent,
    ):
        places = [silent, *(Address("127.0.0.1", each.port) for each in (page, camera))]
        onvif, web = look_at_all([places, places[:2]], SystemClock(), deadline_s=0.5)

    assert isinstance(onvif, Presence)
    assert onvif.address.port == camera.port
    assert isinstance(web, Presence)
    assert web.status is Status.NO_ONVIF


def test_a_crowd_that_never_ends_is_left_and_who_was_not_asked_is_said() -> None:
    begun = time.monotonic()
    with OnvifCamera(Firmware(password="")) as camera, silent_host() as silent:
        known = Address("127.0.0.1", camera.port)
        places = [[known], *[[silent]] * 40]
        outcomes = look_at_all(places, SystemClock(), deadline_s=20, most_s=0.5)

    assert time.monotonic() - begun < 5
    assert isinstance(outcomes[0], Presence)
    for outcome in outcomes[1:]:
        assert isinstance(outcome, EdgeAgentError)
        assert "not asked to the end" in outcome.what
        assert f"--address {silent.place}" in outcome.hint


def test_nobody_to_look_at_is_no_work() -> None:
    assert look_at_all([], SystemClock(), deadline_s=0.5) == []


def test_ctrl_c_ends_all_conversations_at_once() -> None:
    def interrupt(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    begun = time.monotonic()
    with OnvifCamera() as camera, silent_host() as silent:
        places = [[Address("127.0.0.1", camera.port)], *[[silent]] * 8]
        with pytest.raises(KeyboardInterrupt):
            look_at_all(places, SystemClock(), deadline_s=20, tell=interrupt)
        # Of ours; the fake camera has its own.
        left = [thread for thread in threading.enumerate() if thread.name.startswith("look ")]

    assert not left
    assert time.monotonic() - begun < 5
