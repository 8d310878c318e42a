from edge_agent.onvif.address import Address
from edge_agent.onvif.discovery import ask_everybody, ask_host
from edge_agent.onvif.interfaces import Interface, list_interfaces
from edge_agent.onvif.matches import Found, merge, read_matches
from tests.fakes.onvif_camera import Firmware, OnvifCamera

LOOPBACK = Interface("lo", "127.0.0.1")


def test_a_camera_answers_a_call_to_everybody() -> None:
    with OnvifCamera() as camera:
        found = ask_everybody([LOOPBACK], listen_s=0.3, port=camera.discovery_port)

    assert [(one.name, one.hardware) for one in found] == [("Front Door", "AC-100")]
    assert found[0].endpoint == camera.firmware.endpoint
    assert found[0].address == Address("127.0.0.1", camera.port)


def test_a_camera_answers_when_asked_by_address() -> None:
    with OnvifCamera() as camera:
        found = ask_host("localhost", port=camera.discovery_port)

    assert [one.endpoint for one in found] == [camera.firmware.endpoint]


def test_a_camera_that_answers_each_probe_is_one_camera() -> None:
    with OnvifCamera() as camera:
        found = ask_everybody([LOOPBACK], listen_s=0.6, port=camera.discovery_port)

        assert len(camera.seen.probes) == 4
    assert len(found) == 1


def test_nobody_there_is_no_camera_and_no_failure() -> None:
    with OnvifCamera(Firmware(hangs=True)) as camera:
        found = ask_everybody([LOOPBACK], listen_s=0.2, port=camera.discovery_port)

    assert found == ()


def test_a_broken_card_does_not_silence_the_others() -> None:
    unplugged = Interface("eth9", "127.0.0.1")
    with OnvifCamera() as camera:
        found = ask_everybody([unplugged, LOOPBACK], listen_s=0.3, port=camera.discovery_port)

    assert len(found) == 1


def test_loopback_is_asked_last() -> None:
    cards = list_interfaces()

    assert cards[-1] == LOOPBACK
    assert all(card.name and card.address for card in cards)


def answer(
    *,
    endpoint: str = "urn:uuid:1",
    xaddrs: str = "http://10.0.0.5/onvif/device_service",
    scopes: str = "",
    before: str = "",
    wrapped: bool = True,
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
    assert found.address == Address("10.0.0.5")


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

    assert found.host == "10.0.0.5"
    assert len(found.xaddrs) == 2


def test_cameras_without_an_endpoint_are_told_apart_by_address() -> None:
    first = read_matches(answer(endpoint=""), "10.0.0.5")
    second = read_matches(answer(endpoint="", xaddrs="http://10.0.0.6/x"), "10.0.0.6")

    assert len(merge(first + second + first)) == 2
