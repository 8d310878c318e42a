"""The one word about a device that it does not choose: its network card's address (MAC).

The camera tells its own only to those who may ask; this box knows those of its neighbours in the
same subnet, without asking anybody.
"""

import re
from pathlib import Path
from xml.etree.ElementTree import Element

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.device import DEVICE
from edge_agent.onvif.envelope import first_text
from edge_agent.onvif.exchange import StoppedError
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.soap import ask

# proc_pid_net(5): address, type, flags, hardware address, mask, device. IPv4 alone.
_NEIGHBOURS = Path("/proc/net/arp")
# <linux/if_arp.h> ATF_COM: the neighbour did answer.
_COMPLETE = 0x2
_HEX_DIGITS = 12


def read_hardware_address(line: Line) -> str:
    """Ask GetNetworkInterfaces; return `aa:bb:cc:dd:ee:ff`, "" where the camera does not tell.

    Of several cards the one whose address answered us, else the first that is on. Raise
    PasswordRefusedError.
    """
    try:
        answer = ask(line, line.address.url, DEVICE, "GetNetworkInterfaces")
    except (PasswordRefusedError, StoppedError):
        raise
    except EdgeAgentError:
        return ""
    cards = [card for card in answer.iterfind("{*}NetworkInterfaces") if _hardware_address(card)]
    # False comes before True.
    cards.sort(key=lambda card: (not _has(card, line.address.host), not _is_on(card)))
    return _hardware_address(cards[0]) if cards else ""


def neighbour_address(host: str, table: Path = _NEIGHBOURS) -> str:
    """Return the hardware address of an IPv4 host in our own subnet; "" if it is not known.

    Known is who was talked to within the last minutes.
    """
    try:
        rows = table.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    for row in rows:
        match row.split():
            case [address, _, flags, hardware, *_] if address == host:
                is_complete = int(flags, 16) & _COMPLETE if flags.startswith("0x") else 0
                return normalised(hardware) if is_complete else ""
    return ""


def normalised(said: str) -> str:
    """Return a hardware address as `aa:bb:cc:dd:ee:ff`, however it is written; "" for none."""
    digits = re.sub(r"[\s:.-]", "", said).lower()
    if len(digits) != _HEX_DIGITS or not re.fullmatch(r"[0-9a-f]+", digits):
        return ""
    # All zeros is no card, and an odd first byte names a group of cards.
    if int(digits, 16) == 0 or int(digits[1], 16) % 2:
        return ""
    return ":".join(digits[place : place + 2] for place in range(0, _HEX_DIGITS, 2))


def _hardware_address(card: Element) -> str:
    return normalised(first_text(card, "{*}Info/{*}HwAddress"))


def _is_on(card: Element) -> bool:
    return first_text(card, "{*}Enabled") in {"true", "1"}


def _has(card: Element, host: str) -> bool:
    return any((one.text or "").strip() == host for one in card.iterfind(".//{*}Address"))
