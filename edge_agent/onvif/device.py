"""Who the camera is and where its services are, once we are logged in."""

from dataclasses import dataclass
from typing import Any

from edge_agent.onvif.address import reachable_service
from edge_agent.onvif.envelope import shown
from edge_agent.onvif.session import Service, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a camera says of itself; "" is what it does not say."""

    maker: str
    model: str
    firmware: str
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Where each service answers, on the host that answered us; "" where there is none."""

    media_url: str


def read_device(session: Session) -> Device:
    """Ask GetDeviceInformation: on most cameras the first question that needs a right."""
    return session.call(
        Service.DEVICE, session.address.url, "GetDeviceInformation", _read_information
    )


def read_services(session: Session) -> Services:
    """Ask GetCapabilities. That it answers proves no password: some cameras tell anybody."""
    claimed = session.call(
        Service.DEVICE, session.address.url, "GetCapabilities", _read_media_xaddr, Category=["All"]
    )
    return Services(media_url=reachable_service(claimed, session.address))


def _read_information(answer: Any) -> Device:
    return Device(
        maker=shown(answer.Manufacturer or ""),
        model=shown(answer.Model or ""),
        firmware=shown(answer.FirmwareVersion or ""),
        serial=shown(answer.SerialNumber or ""),
    )


def _read_media_xaddr(answer: Any) -> str:
    return str(answer.Media.XAddr or "") if answer and answer.Media else ""
