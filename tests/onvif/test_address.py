import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, reachable_service, reachable_stream, read_address

CAMERA = Address("192.168.1.64", 8080)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.64", Address("192.168.1.64")),
        (" gate.local:8000 ", Address("gate.local", 8000)),
        ("[fe80::1]:2020", Address("fe80::1", 2020)),
        ("http://10.0.0.5:81/onvif/x", Address("10.0.0.5", 81, "/onvif/x")),
        ("http://10.0.0.5/", Address("10.0.0.5")),
    ],
)
def test_a_technician_may_write_an_address_in_any_usual_way(text: str, address: Address) -> None:
    assert read_address(text) == address
    assert read_address(address.url) == address


@pytest.mark.parametrize(
    "text", ["", "a b://", "ftp://10.0.0.5", "10.0.0.5:99999", "[fe80::1", "10.0.0.5:0"]
)
def test_what_is_no_address_is_said_with_an_example(text: str) -> None:
    with pytest.raises(EdgeAgentError) as caught:
        read_address(text)

    assert "192.168.1.64" in caught.value.hint


@pytest.mark.parametrize("text", ["192.168.1.0/24", "192.168.1.7/24", "fd00::/120"])
def test_a_subnet_is_no_camera_and_is_asked_by_discover(text: str) -> None:
    with pytest.raises(EdgeAgentError, match="is a subnet") as caught:
        read_address(text)

    assert caught.value.hint == f"edge-agent discover --subnet {text}"


@pytest.mark.parametrize(
    ("claimed", "used"),
    [
        ("http://192.168.1.64:8080/onvif/media", "http://192.168.1.64:8080/onvif/media"),
        ("http://192.168.1.64/onvif/media?x=1", "http://192.168.1.64/onvif/media?x=1"),
        ("http://0.0.0.0/onvif/media", "http://192.168.1.64:8080/onvif/media"),
        ("http://10.9.9.9:81/onvif/media", "http://192.168.1.64:8080/onvif/media"),
        ("https://192.168.1.64/onvif/media", "http://192.168.1.64:8080/onvif/media"),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_a_service_is_asked_on_the_host_that_answered(claimed: str, used: str) -> None:
    assert reachable_service(claimed, CAMERA) == used


@pytest.mark.parametrize(
    ("claimed", "used"),
    [
        ("rtsp://192.168.1.64:554/s1", "rtsp://192.168.1.64/s1"),
        ("rtsp://0.0.0.0:8554/s?a=b&c", "rtsp://192.168.1.64:8554/s?a=b&c"),
        ("rtsp://admin:secret@10.9.9.9/s", "rtsp://192.168.1.64/s"),
        ("rtsp://192.168.1.64?a@b", "rtsp://192.168.1.64/?a@b"),
        ("http://10.9.9.9/s", ""),
        ("rtsp:///s", ""),
    ],
)
def test_a_stream_is_opened_on_the_host_that_answered(claimed: str, used: str) -> None:
    assert reachable_stream(claimed, CAMERA.host) == used


@given(st.text())
def test_whatever_a_camera_claims_its_services_are_on_the_host_that_answered(claimed: str) -> None:
    used = reachable_service(claimed, CAMERA)

    assert used == "" or used.startswith("http://192.168.1.64")


@given(st.text())
def test_whatever_a_camera_claims_a_stream_url_holds_no_password(claimed: str) -> None:
    used = reachable_stream(f"rtsp://{claimed}", CAMERA.host)

    assert used == "" or "@" not in used.partition("//")[2].partition("/")[0]
