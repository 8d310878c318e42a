"""The rest of the fake camera that can be asked and set: services, clock, network, a picture."""

from __future__ import annotations

import base64
import calendar
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tests.fakes.onvif_encoders import MEDIA2

if TYPE_CHECKING:
    from tests.fakes.onvif_camera import OnvifCamera

# 64x36 pixels of grey.
PICTURE = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG"
    "1RV19iZ2hnPk1xeXBkeFxlZ2P/wAALCAAkAEABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABAYF/8QAFRABAQAAAAAAAAAA"
    "AAAAAAAAAAP/2gAIAQEAAD8AwZkzImTMmZMyZkzQMyZkTJmTMmZMyZoGZMyJkzJmTMmZM0DMmZEyZkzJmTMmaBmTMiZMyZ"
    "kzJmTN/9k="
)


def box_body(operation: str, camera: OnvifCamera, request: ET.Element) -> str | None:
    """Return the answer of the device service, or None for what this camera does not speak."""
    match operation:
        case "GetServices" if camera.firmware.has_services or camera.firmware.has_media2:
            return _services(camera)
        case "GetNetworkInterfaces" if camera.firmware.hardware_addresses:
            return _interfaces(camera)
        case "SetNTP":
            camera.ntp_server = "".join(request.find(".//{*}NTPManual").itertext())  # type: ignore[union-attr]  # a client that sends none is wrong
            return "<tds:SetNTPResponse/>"
        case "SetSystemDateAndTime" if not camera.firmware.refuses_settings:
            _set_clock(camera, request)
            return "<tds:SetSystemDateAndTimeResponse/>"
    return None


def _services(camera: OnvifCamera) -> str:
    start = f"http://{camera.firmware.claimed_host}:{camera.port}/onvif"
    told = {"http://www.onvif.org/ver10/media/wsdl": f"{start}/media"}
    if camera.firmware.has_media2:
        told[MEDIA2] = f"{start}/media2"
    if camera.firmware.is_without_media1:
        del told["http://www.onvif.org/ver10/media/wsdl"]
    services = "".join(
        f"<tds:Service><tds:Namespace>{namespace}</tds:Namespace><tds:XAddr>{url}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>0</tt:Minor></tds:Version></tds:Service>"
        for namespace, url in told.items()
    )
    return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"


def _interfaces(camera: OnvifCamera) -> str:
    cards = "".join(
        f'<tds:NetworkInterfaces token="{host}"><tt:Enabled>true</tt:Enabled><tt:Info><tt:Name>{host}'
        f"</tt:Name><tt:HwAddress>{hardware}</tt:HwAddress></tt:Info><tt:IPv4><tt:Enabled>true"
        f"</tt:Enabled><tt:Config><tt:Manual><tt:Address>{host}</tt:Address><tt:PrefixLength>24"
        "</tt:PrefixLength></tt:Manual><tt:DHCP>false</tt:DHCP></tt:Config></tt:IPv4>"
        "</tds:NetworkInterfaces>"
        for host, hardware in camera.firmware.hardware_addresses
    )
    return f"<tds:GetNetworkInterfacesResponse>{cards}</tds:GetNetworkInterfacesResponse>"


def _set_clock(camera: OnvifCamera, request: ET.Element) -> None:
    told = next(iter(request.find("{*}Body") or ()))
    camera.time_zone = told.findtext("{*}TimeZone/{*}TZ") or ""
    camera.time_source = told.findtext("{*}DateTimeType") or ""
    names = [child.tag.rpartition("}")[2] for child in told]
    if names != [one for one in ("DateTimeType", "DaylightSavings", "TimeZone", "UTCDateTime") if one in names]:  # fmt: skip
        camera.seen.violations.append(f"SetSystemDateAndTime of {names}")
    if camera.firmware.ignored_settings & {"clock"}:
        return
    if camera.time_source == "NTP":
        camera.skew_s = 0.0
        return
    parts = [
        int(told.findtext(f"{{*}}UTCDateTime/{{*}}{path}") or "")
        for path in ("Date/{*}Year", "Date/{*}Month", "Date/{*}Day", "Time/{*}Hour",
                     "Time/{*}Minute", "Time/{*}Second")
    ]  # fmt: skip
    camera.skew_s += calendar.timegm((*parts, 0, 0, 0)) - camera.wall()
