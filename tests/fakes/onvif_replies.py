"""The XML that the fake camera sends, written from ONVIF's WSDL; none of it is a recording."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from tests.fakes.onvif_box import box_body
from tests.fakes.onvif_encoders import MEDIA2, encoder_of

if TYPE_CHECKING:
    from tests.fakes.onvif_camera import OnvifCamera, Stream

SOAP = "http://www.w3.org/2003/05/soap-envelope"
_OPEN = (
    f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}" '
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
    'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
    'xmlns:ter="http://www.onvif.org/ver10/error" '
    'xmlns:tt="http://www.onvif.org/ver10/schema">'
)


def envelope(body: str) -> bytes:
    return f"{_OPEN}<s:Body>{body}</s:Body></s:Envelope>".encode()


def fault(code: str, subcode: str, reason: str) -> bytes:
    return envelope(
        f"<s:Fault><s:Code><s:Value>s:{code}</s:Value><s:Subcode><s:Value>{subcode}</s:Value>"
        f'</s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason>'
        "</s:Fault>"
    )


def body_of(operation: str, camera: OnvifCamera, request: ET.Element) -> str | None:
    """Return the answer's body, or None for what this camera does not speak."""
    replies = {
        "GetSystemDateAndTime": _time,
        "GetDeviceInformation": _device,
        "GetCapabilities": _capabilities,
        "GetProfiles": _profiles,
    }
    is_media2 = request.find(f".//{{{MEDIA2}}}{operation}") is not None
    if operation in replies and not is_media2:
        return replies[operation](camera)
    if is_media2:
        return camera.encoders.body2(operation, request)
    told = box_body(operation, camera, request) or camera.encoders.body1(operation, request)
    if told:
        return told
    token = request.findtext(".//{*}ProfileToken")
    for stream in camera.firmware.streams:
        if stream.token == token and operation == "GetStreamUri":
            return _uri("GetStreamUri", stream.uri)
        if stream.token == token and operation == "GetSnapshotUri":
            return _uri("GetSnapshotUri", camera.snapshot_url)
    return None


def probe_match(camera: OnvifCamera, relates_to: str) -> bytes:
    firmware = camera.firmware
    scopes = (
        "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/hardware/AC-100 "
        f"onvif://www.onvif.org/name/{firmware.name.replace(' ', '%20')} {firmware.extra_scopes}"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
        'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>'
        "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action>"
        f"<a:RelatesTo>{relates_to}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>"
        f"<a:EndpointReference><a:Address>{firmware.endpoint}</a:Address></a:EndpointReference>"
        f"<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{escape(scopes)}</d:Scopes>"
        f"<d:XAddrs>{camera.url} http://169.254.1.2/onvif/device_service</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body>"
        "</s:Envelope>"
    ).encode()


def _time(camera: OnvifCamera) -> str:
    now = time.gmtime(camera.wall())
    utc = (
        f"<tt:UTCDateTime><tt:Time><tt:Hour>{now.tm_hour}</tt:Hour><tt:Minute>{now.tm_min}"
        f"</tt:Minute><tt:Second>{now.tm_sec}</tt:Second></tt:Time><tt:Date><tt:Year>{now.tm_year}"
        f"</tt:Year><tt:Month>{now.tm_mon}</tt:Month><tt:Day>{now.tm_mday}</tt:Day></tt:Date>"
        "</tt:UTCDateTime>"
    )
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
        "<tt:DateTimeType>Manual</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>"
        f"<tt:TimeZone><tt:TZ>{camera.time_zone}</tt:TZ></tt:TimeZone>"
        f"{utc if camera.firmware.tells_the_time else ''}"
        "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def _device(camera: OnvifCamera) -> str:
    return (
        "<tds:GetDeviceInformationResponse><tds:Manufacturer>Acme</tds:Manufacturer>"
        "<tds:Model>AC-100</tds:Model><tds:FirmwareVersion>1.0</tds:FirmwareVersion>"
        f"<tds:SerialNumber>{escape(camera.firmware.serial)}</tds:SerialNumber><tds:HardwareId>H1</tds:HardwareId>"
        "</tds:GetDeviceInformationResponse>"
    )


def _capabilities(camera: OnvifCamera) -> str:
    media = f"http://{camera.firmware.claimed_host}:{camera.port}/onvif/media"
    return (
        "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Device>"
        f"<tt:XAddr>{camera.url}</tt:XAddr></tt:Device><tt:Media><tt:XAddr>{media}</tt:XAddr>"
        "<tt:StreamingCapabilities/></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>"
    )


def _profiles(camera: OnvifCamera) -> str:
    profiles = "".join(_profile(camera, stream) for stream in camera.firmware.streams)
    return f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>"


def _profile(camera: OnvifCamera, stream: Stream) -> str:
    encoder = camera.encoders.configuration1("tt:VideoEncoderConfiguration", encoder_of(stream))
    return (
        f'<trt:Profiles token="{stream.token}" fixed="true"><tt:Name>{stream.token}</tt:Name>'
        f'<tt:VideoSourceConfiguration token="c{stream.source}"><tt:Name>{stream.source_name}'
        f"</tt:Name><tt:UseCount>1</tt:UseCount><tt:SourceToken>{stream.source}</tt:SourceToken>"
        f'<tt:Bounds x="0" y="0" width="{stream.width_px}" height="{stream.height_px}"/>'
        f"</tt:VideoSourceConfiguration>{encoder}</trt:Profiles>"
    )


def _uri(operation: str, uri: str) -> str:
    return (
        f"<trt:{operation}Response><trt:MediaUri><tt:Uri>{escape(uri)}</tt:Uri>"
        "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
        "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>"
        f"</trt:MediaUri></trt:{operation}Response>"
    )
