"""A device's hardware address, told by itself or by the neighbourhood."""

from pathlib import Path

import pytest

from edge_agent.onvif.address import Address
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.network_card import neighbour_address, normalised, read_hardware_address
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from tests.fakes.onvif_camera import Firmware, OnvifCamera

RIGHT = Credentials("admin", Secret("a & b <c>"))
CARDS = (("169.254.3.4", "00:11:22:33:44:55"), ("127.0.0.1", "A4-14-37-AB-CD-EF"))
TABLE = """IP address       HW type     Flags       HW address            Mask     Device
192.168.1.64     0x1         0x2         A4:14:37:ab:cd:ef     *        eth0
192.168.1.65     0x1         0x0         00:00:00:00:00:00     *        eth0
192.168.1.66     0x1         0x6         00:00:00:00:00:00     *        eth0
192.168.1.6      0x1         0x2         a4:14:37:00:00:06     *        eth0
nonsense
"""


def asked(firmware: Firmware, who: Credentials = RIGHT) -> str:
    with OnvifCamera(firmware) as camera:
        return read_hardware_address(
            Line(Address("127.0.0.1", camera.port), who, clock=SystemClock())
        )


def test_of_several_cards_the_one_that_answered_us_counts() -> None:
    assert asked(Firmware(hardware_addresses=CARDS)) == "a4:14:37:ab:cd:ef"


def test_a_camera_behind_a_router_has_the_address_of_its_first_card() -> None:
    assert asked(Firmware(hardware_addresses=CARDS[:1])) == "00:11:22:33:44:55"


def test_a_card_that_is_none_is_passed_over() -> None:
    cards = (("127.0.0.1", "00:00:00:00:00:00"), *CARDS[:1])

    assert asked(Firmware(hardware_addresses=cards)) == "00:11:22:33:44:55"


def test_a_camera_that_does_not_tell_has_none() -> None:
    assert asked(Firmware()) == ""


def test_a_wrong_password_is_said_as_such() -> None:
    with pytest.raises(PasswordRefusedError):
        asked(Firmware(hardware_addresses=CARDS), Credentials("admin", Secret("guess")))


@pytest.mark.parametrize(
    ("host", "hardware"),
    [
        ("192.168.1.64", "a4:14:37:ab:cd:ef"),
        ("192.168.1.6", "a4:14:37:00:00:06"),
        ("192.168.1.65", ""),
        ("192.168.1.66", ""),
        ("192.168.1.67", ""),
        ("nonsense", ""),
    ],
)
def test_a_neighbour_is_known_once_it_answered(tmp_path: Path, host: str, hardware: str) -> None:
    table = tmp_path / "arp"
    table.write_text(TABLE)

    assert neighbour_address(host, table) == hardware


def test_without_a_table_there_are_no_neighbours(tmp_path: Path) -> None:
    assert neighbour_address("192.168.1.64", tmp_path / "none") == ""


@pytest.mark.parametrize("said", ["", "a4:14:37", "g" * 12, "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "٣" * 12])  # fmt: skip
def test_what_is_no_cards_address_is_none(said: str) -> None:
    assert normalised(said) == ""
