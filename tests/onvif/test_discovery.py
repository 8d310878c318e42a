import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.discovery import GROUP, ask_everybody, ask_host
from edge_agent.onvif.interfaces import Interface, list_interfaces
from edge_agent.onvif.locate import locate
from edge_agent.onvif.matches import Found, merge, read_matches
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.fakes.onvif_camera import Firmware, OnvifCamera

LOOPBACK = Interface("lo", "127.0.0.1", 8)


@contextmanager
def ipv6_relay_to(camera: OnvifCamera) -> Iterator[int]:
    """Let a camera that hears IPv4 hear one asker on ::1; yield the port."""
    with (
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        ear.bind(("::1", 0))
        mouth.bind(("127.0.0.1", 0))
        stop = Stop()
        for wire in (ear, mouth):
            wire.settimeout(0.02)

        def relay() -> None:
            asker = None
            while not stop.is_told:
                with suppress(TimeoutError):
                    question, asker = ear.recvfrom(65536)
                    mouth.sendto(question, ("127.0.0.1", camera.discovery_port))
                with suppress(TimeoutError):
                    reply = mouth.recv(65536)
                    ear.sendto(reply, asker)

        worker = Worker("relay", relay, on_failure=stop.tell)
        worker.start()
        try:
            yield ear.getsockname()[1]
        finally:
            stop.tell()
            assert worker.join(5)


def test_a_camera_answers_a_call_to_everybody() -> None:
    with OnvifCamera() as camera:
        found = ask_everybody([LOOPBACK], listen_s=1.0, port=camera.discovery_port)

    assert [(one.name, one.hardware) for one in found] == [("Front Door", "AC-100")]
    assert found[0].endpoint == camera.firmware.endpoint
    assert found[0].address == Address("127.0.0.1", camera.port)


def test_a_camera_answers_when_asked_by_address() -> None:
    with OnvifCamera() as camera:
        found = ask_host("localhost", port=camera.discovery_port)

    assert [one.endpoint for one in found] == [camera.firmware.endpoint]


@contextmanager
def impostor(host: str, relates_to: str = "{}") -> Iterator[int]:
    """Let that host answer each question to 127.0.0.1, its id put into `relates_to`; yield the port."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        ear.bind(("", 0))
        member = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
        ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        mouth.bind((host, 0))
        ear.settimeout(0.02)
        stop = Stop()

        def listen() -> None:
            while not stop.is_told:
                with suppress(TimeoutError):
                    question, asker = ear.recvfrom(65536)
                    asked = question.partition(b"<a:MessageID>")[2].partition(b"<")[0].decode()
                    mouth.sendto(answer(relates_to=relates_to.format(asked)), asker)

        worker = Worker("impostor", listen, on_failure=stop.tell)
        worker.start()
        try:
            yield ear.getsockname()[1]
        finally:
            stop.tell()
            assert worker.join(5)


def test_only_the_host_that_was_asked_answers_for_itself() -> None:
    with impostor("127.0.0.2") as port:
        assert ask_host("127.0.0.1", port=port, listen_s=0.3) == ()
        assert locate("127.0.0.1", discovery_port=port) == (Address("127.0.0.1"), None)
        assert ask_everybody([], hosts=["127.0.0.1"], port=port, listen_s=0.3) == ()
        # Who is called together with all others may answer from anywhere.
        assert len(ask_everybody([LOOPBACK], port=port, listen_s=1.5)) == 1


@pytest.mark.parametrize("relates_to", ["urn:uuid:not-asked", "", "{}0"])
def test_an_answer_to_somebody_elses_question_is_none(relates_to: str) -> None:
    with impostor("127.0.0.1", relates_to) as port:
        assert ask_host("127.0.0.1", port=port, listen_s=0.3) == ()
        assert ask_everybody([LOOPBACK], port=port, listen_s=0.3) == ()


def test_a_camera_may_spell_the_id_of_our_question_its_own_way() -> None:
    with impostor("127.0.0.1", " {} ") as port:
        assert len(ask_host("127.0.0.1", port=port)) == 1


def test_one_datagram_and_one_host_are_a_few_cameras_at_most() -> None:
    def crowd(host: str, start: int) -> list[Found]:
        match = answer(wrapped=False).partition(b"<s:Body>")[2].partition(b"</s:Body>")[0]
        many = b"".join(match.replace(b"uuid:1", b"uuid:%d" % (start + i)) for i in range(100))
        return read_matches(b"<Envelope>" + many + b"</Envelope>", host)

    assert len(crowd("10.0.0.9", 0)) == 8
    flood = [each for start in range(0, 1000, 100) for each in crowd("10.0.0.9", start)]
    assert len(merge(flood)) == 16
    honest = read_matches(answer(endpoint="urn:uuid:gate"), "10.0.0.5")
    assert honest[0] in merge(flood + honest)


def test_a_camera_that_answers_each_probe_is_one_camera() -> None:
    with OnvifCamera() as camera:
        found = ask_everybody([LOOPBACK], listen_s=1.5, port=camera.discovery_port)

        # Three times for each of the two names that ONVIF has had for a camera.
        assert len(camera.seen.probes) == 6
    assert len(found) == 1


def test_nobody_there_is_no_camera_and_no_failure() -> None:
    with OnvifCamera(Firmware(hangs=True)) as camera:
        found = ask_everybody([LOOPBACK], listen_s=1.0, port=camera.discovery_port)

    assert found == ()


def test_a_broken_card_does_not_silence_the_others() -> None:
    unplugged = [Interface("eth9", "203.0.113.9", 24), Interface("eth9", "fe80::9", 64)]
    with OnvifCamera() as camera:
        found = ask_everybody([*unplugged, LOOPBACK], listen_s=1.0, port=camera.discovery_port)

    assert len(found) == 1


def test_a_box_that_cannot_ask_at_all_says_so() -> None:
    with pytest.raises(EdgeAgentError, match="cannot ask the network") as caught:
        ask_everybody([Interface("eth9", "203.0.113.9", 24)], listen_s=0.1, port=9)

    assert "ip address" in caught.value.hint


def test_a_camera_is_asked_over_ipv6_too() -> None:
    with OnvifCamera() as camera, ipv6_relay_to(camera) as port:
        found = ask_host("::1", port=port)

    assert [one.hosts for one in found] == [("::1",)]
    assert found[0].address == Address("::1", camera.port)


def test_a_link_local_address_without_its_card_is_not_guessed() -> None:
    with pytest.raises(EdgeAgentError, match="may be on any network card") as caught:
        ask_host("fe80::1")

    assert "fe80::1%eth0" in caught.value.hint


def test_who_is_told_to_stop_listens_no_longer() -> None:
    stop = Stop()
    stop.tell()
    begun = time.monotonic()

    with OnvifCamera() as camera:
        ask_everybody([LOOPBACK], listen_s=30, port=camera.discovery_port, stop=stop)

    assert time.monotonic() - begun < 5


def test_loopback_is_asked_last() -> None:
    cards = list_interfaces()

    assert LOOPBACK in cards
    assert cards[-1].is_loopback
    assert all(card.name and card.address and card.prefix for card in cards)
    assert len(set(cards)) == len(cards)


def answer(
    *,
    endpoint: str = "urn:uuid:1",
    xaddrs: str = "http://10.0.0.5/onvif/device_service",
    scopes: str = "",
    before: str = "",
    wrapped: bool = True,
    relates_to: str = "",
) -> bytes:
    match = (
        f"<d:ProbeMatch><a:EndpointReference><a:Address>{endpoint}</a:Address>"
        f"</a:EndpointReference><d:Scopes>{scopes}</d:Scopes><d:XAddrs>{xaddrs}</d:XAddrs>"
        "</d:ProbeMatch>"
    )
    body = f"<d:ProbeMatches>{match}</d:ProbeMatches>" if wrapped else match
    return (
        f'{before}<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
        f"<s:Header><a:RelatesTo>{relates_to}</a:RelatesTo></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def only(content: bytes) -> Found:
    (found,) = read_matches(content, "10.0.0.5")
    return found


def test_ipycam_forgets_the_list_around_its_match() -> None:
    assert only(answer(wrapped=False)).endpoint == "urn:uuid:1"


def test_ipycam_forgets_to_encode_the_space_in_its_name() -> None:
    scopes = "onvif://www.onvif.org/name/Gate Cam onvif://www.onvif.org/hardware/X"

    found = only(answer(scopes=scopes))

    assert (found.name, found.hardware) == ("Gate Cam", "X")


def test_a_name_cannot_steer_the_terminal() -> None:
    found = only(answer(scopes="onvif://www.onvif.org/name/%1B%5B2Jgate%0Ahall"))

    assert found.name == "[2Jgate hall"


def test_the_xaddr_on_the_host_that_answered_is_taken() -> None:
    found = only(answer(xaddrs="http://169.254.3.4/a http://10.0.0.5:8080/b"))

    assert found.address == Address("10.0.0.5", 8080, "/b")


def test_an_xaddr_of_another_network_still_tells_the_port() -> None:
    found = only(answer(xaddrs="http://169.254.3.4:2020/onvif/device_service"))

    assert found.address == Address("10.0.0.5", 2020)


def test_xaddrs_that_are_no_urls_are_left_out() -> None:
    found = only(answer(xaddrs="garbage http://[::1 http://h:99999999/ https://10.0.0.5/s"))

    assert found.xaddrs == ("https://10.0.0.5/s",)
    assert found.address == Address("10.0.0.5", 443, "/s", "https")


def test_http_is_tried_before_https() -> None:
    found = only(answer(xaddrs="https://10.0.0.5/s http://10.0.0.5/s"))

    assert [place.scheme for place in found.addresses] == ["http", "https"]


def test_a_link_local_xaddr_is_reached_by_the_card_it_came_in() -> None:
    xaddrs = "http://192.168.1.64/v4 http://[fe80:0::2]:8000/v6"

    (found,) = read_matches(answer(xaddrs=xaddrs), "fe80::2%eth1")

    assert found.address.url == "http://[fe80::2%eth1]:8000/v6"


def test_the_maker_stands_before_the_model_in_many_names() -> None:
    root = "onvif://www.onvif.org"
    scopes = f"{root}/name/ACME%20DC-1 {root}/hardware/DC-1 {root}/MAC/00:11:22:33:44:55"

    found = only(answer(scopes=scopes))

    assert (found.maker, found.hardware, found.mac) == ("ACME", "DC-1", "00:11:22:33:44:55")


def test_answers_that_are_no_answers_are_no_cameras() -> None:
    bomb = '<!DOCTYPE s [<!ENTITY a "aa">]>'

    for content in (
        b"",
        b"\xff\xfe\x00",
        b"<html>",
        answer(before=bomb),
        answer(before=bomb).decode().encode("utf-16"),
        answer(scopes="x" * 70_000),
        answer()[:-20],
        b"<a>" * 20_000,
    ):
        assert read_matches(content, "10.0.0.5") == []


def test_a_thousand_scopes_are_not_kept() -> None:
    found = only(answer(scopes="onvif://x/y " * 1000))

    assert len(found.scopes) <= 64


def test_two_spellings_of_an_endpoint_are_one_camera_with_all_its_addresses() -> None:
    first = read_matches(answer(endpoint="uuid:AB-1"), "10.0.0.5")
    second = read_matches(answer(endpoint="urn:uuid:ab-1", xaddrs="http://10.0.1.5/x"), "10.0.1.5")

    (found,) = merge(first + second)

    assert found.hosts == ("10.0.0.5", "10.0.1.5")
    assert len(found.xaddrs) == 2


def test_a_camera_that_answers_on_ipv6_first_is_reached_on_ipv4() -> None:
    xaddrs = "http://[fe80::5]/s http://10.0.0.5/s"
    answers = [
        each
        for host in ("fe80::5%eth0", "10.0.0.5")
        for each in read_matches(answer(xaddrs=xaddrs), host)
    ]

    (found,) = merge(answers)

    assert [each.host for each in found.addresses] == ["10.0.0.5", "fe80::5%eth0"]


def test_cameras_without_an_endpoint_are_told_apart_by_address() -> None:
    first = read_matches(answer(endpoint=""), "10.0.0.5")
    second = read_matches(answer(endpoint="", xaddrs="http://10.0.0.6/x"), "10.0.0.6")

    assert len(merge(first + second + first)) == 2


def test_a_host_that_cannot_be_asked_is_left_to_the_next_question() -> None:
    # The kernel refuses to send to everybody, as it does where there is no route.
    address, found = locate("255.255.255.255")

    assert (address.host, found) == ("255.255.255.255", None)
