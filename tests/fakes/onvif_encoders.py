"""The encoders of the fake camera, by Media 1 and Media 2; they hold us to ONVIF's schema.

A configuration must come back whole: each element in its order, the maker's own one included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from tests.fakes.onvif_camera import OnvifCamera, Stream

MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
_ACME = "urn:acme"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_ORDER1 = ("Name", "UseCount", "Encoding", "Resolution", "Quality", "RateControl", "H264",
           "Multicast", "SessionTimeout")  # fmt: skip
_ORDER2 = ("Name", "UseCount", "Encoding", "Resolution", "RateControl", "Quality", "Extra")


@dataclass(slots=True)
class _Encoder:
    codec: str
    width_px: str
    height_px: str
    rate: str
    kbps: str
    every: str
    flavour: str = "Main"


class Encoders:
    """What each encoder is set to; a set that the options do not allow is refused."""

    def __init__(self, camera: OnvifCamera) -> None:
        self._camera = camera
        self.told = {
            encoder_of(one): _Encoder(
                one.codec,
                str(one.width_px),
                str(one.height_px),
                str(one.frames_per_second),
                str(one.bitrate_kbps),
                str(one.key_frame_every),
            )
            for one in reversed(camera.firmware.streams)
        }

    def body2(self, operation: str, request: ET.Element) -> str | None:
        """Return the answer of Media 2, or None for what this camera does not speak."""
        if not self._camera.firmware.has_media2 or self._camera.firmware.media2_is_broken:
            return None
        if operation == "GetProfiles":
            types = {one.text for one in request.iterfind(".//{*}Type")}
            profiles = "".join(self._profile2(one, types) for one in self._streams())
            return _media2(operation, profiles)
        if operation in {"GetStreamUri", "GetSnapshotUri"}:
            return self._uri2(operation, request)
        token = request.findtext(".//{*}ConfigurationToken") or ""
        return self._encoder_body2(operation, token, request)

    def _encoder_body2(self, operation: str, token: str, request: ET.Element) -> str | None:
        if operation == "GetVideoEncoderConfigurations" and token in self.told:
            return _media2(operation, self.configuration2("tr2:Configurations", token))
        if operation == "GetVideoEncoderConfigurationOptions" and self._camera.firmware.sizes:
            codecs = self._camera.firmware.codecs
            return _media2(operation, "".join(self._options2(codec) for codec in codecs))
        if operation == "SetVideoEncoderConfiguration" and self._takes(request, _ORDER2):
            return _media2(operation, "")
        return None

    def body1(self, operation: str, request: ET.Element) -> str | None:
        """Return the answer of Media 1's questions about encoders."""
        token = request.findtext(".//{*}ConfigurationToken") or ""
        if operation == "GetVideoEncoderConfiguration" and token in self.told:
            return _media1(operation, self.configuration1("trt:Configuration", token))
        if operation == "GetVideoEncoderConfigurationOptions" and self._camera.firmware.sizes:
            return _media1(operation, self._options1())
        if operation == "SetVideoEncoderConfiguration":
            if request.findtext(".//{*}ForcePersistence") != "true":
                self._camera.seen.violations.append("settings that a restart forgets")
            return _media1(operation, "") if self._takes(request, _ORDER1) else None
        if operation == "GetVideoSources" and self._camera.firmware.sources:
            sources = "".join(
                f'<trt:VideoSources token="{one}"><tt:Framerate>25</tt:Framerate>'
                "<tt:Resolution><tt:Width>1</tt:Width><tt:Height>1</tt:Height></tt:Resolution>"
                "</trt:VideoSources>"
                for one in self._camera.firmware.sources
            )
            return _media1(operation, sources)
        return None

    def configuration1(self, tag: str, token: str) -> str:
        """Return it as Media 1 writes it, which knows no H.265."""
        one = self.told[token]
        h264 = (
            f"<tt:H264><tt:GovLength>{one.every}</tt:GovLength>"
            f"<tt:H264Profile>{one.flavour}</tt:H264Profile></tt:H264>"
            if one.codec == "H264"
            else ""
        )
        return (
            f'<{tag} token="{token}">{self._head(token)}<tt:Quality>3</tt:Quality>'
            f"<tt:RateControl><tt:FrameRateLimit>{one.rate}</tt:FrameRateLimit>"
            f"<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>{one.kbps}"
            f"</tt:BitrateLimit></tt:RateControl>{h264}<tt:Multicast><tt:Address><tt:Type>IPv4"
            "</tt:Type></tt:Address><tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false"
            f"</tt:AutoStart></tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout></{tag}>"
        )

    def configuration2(self, tag: str, token: str) -> str:
        """Return it as Media 2 writes it, with an element of the maker's."""
        one = self.told[token]
        return (
            f'<{tag} token="{token}" GovLength="{one.every}" Profile="{one.flavour}" '
            f'xmlns:xsi="{_XSI}" xmlns:onv="http://www.onvif.org/ver10/schema" '
            f'xsi:type="onv:VideoEncoder2Configuration">{self._head(token)}'
            f'<tt:RateControl ConstantBitRate="false"><tt:FrameRateLimit>{one.rate}'
            f"</tt:FrameRateLimit><tt:BitrateLimit>{one.kbps}</tt:BitrateLimit></tt:RateControl>"
            f'<tt:Quality>3</tt:Quality><a:Extra xmlns:a="{_ACME}" mode="x &amp; y">7</a:Extra></{tag}>'
        )

    def _head(self, token: str) -> str:
        one = self.told[token]
        count = sum(encoder_of(stream) == token for stream in self._streams())
        return (
            f"<tt:Name>e</tt:Name><tt:UseCount>{count}</tt:UseCount><tt:Encoding>{one.codec}"
            f"</tt:Encoding><tt:Resolution><tt:Width>{one.width_px}</tt:Width><tt:Height>"
            f"{one.height_px}</tt:Height></tt:Resolution>"
        )

    def _streams(self) -> tuple[Stream, ...]:
        return self._camera.firmware.streams

    def _profile2(self, stream: Stream, types: set[str | None]) -> str:
        source = (
            f'<tr2:VideoSource token="c{stream.source}"><tt:Name>{stream.source_name}</tt:Name>'
            f"<tt:UseCount>1</tt:UseCount><tt:SourceToken>{stream.source}</tt:SourceToken>"
            '<tt:Bounds x="0" y="0" width="1" height="1"/></tr2:VideoSource>'
        )
        encoder = self.configuration2("tr2:VideoEncoder", encoder_of(stream))
        return (
            f'<tr2:Profiles token="{stream.token}" fixed="true"><tr2:Name>{stream.token}</tr2:Name>'
            f"<tr2:Configurations>{source if 'VideoSource' in types else ''}"
            f"{encoder if 'VideoEncoder' in types else ''}</tr2:Configurations></tr2:Profiles>"
        )

    def _uri2(self, operation: str, request: ET.Element) -> str | None:
        token = request.findtext(".//{*}ProfileToken")
        protocol = request.findtext(".//{*}Protocol")
        for stream in self._streams():
            if stream.token == token and operation == "GetSnapshotUri":
                return _media2(operation, f"<tr2:Uri>{escape(self._camera.snapshot_url)}</tr2:Uri>")
            if stream.token == token and protocol in self._camera.firmware.protocols:
                return _media2(operation, f"<tr2:Uri>{escape(stream.uri)}</tr2:Uri>")
        return None

    def _options1(self) -> str:
        firmware = self._camera.firmware
        return (
            "<trt:Options><tt:QualityRange><tt:Min>1</tt:Min><tt:Max>6</tt:Max></tt:QualityRange>"
            f"<tt:H264>{_sizes(firmware.sizes)}<tt:GovLengthRange><tt:Min>1</tt:Min><tt:Max>"
            f"{firmware.most_key_frame_every}</tt:Max></tt:GovLengthRange><tt:FrameRateRange><tt:Min>1"
            f"</tt:Min><tt:Max>{max(firmware.rates)}</tt:Max></tt:FrameRateRange>"
            "<tt:EncodingIntervalRange><tt:Min>1</tt:Min><tt:Max>1</tt:Max></tt:EncodingIntervalRange>"
            "<tt:H264ProfilesSupported>Main</tt:H264ProfilesSupported></tt:H264></trt:Options>"
        )

    def _options2(self, codec: str) -> str:
        firmware = self._camera.firmware
        rates = " ".join(str(rate) for rate in firmware.rates)
        flavours = "Main High" if codec == "H264" else "Main Main10"
        return (
            f'<tr2:Options GovLengthRange="1 {firmware.most_key_frame_every}" '
            f'FrameRatesSupported="{rates}" ProfilesSupported="{flavours}"><tt:Encoding>{codec}'
            "</tt:Encoding><tt:QualityRange><tt:Min>1</tt:Min><tt:Max>6</tt:Max></tt:QualityRange>"
            f"{_sizes(firmware.sizes)}<tt:BitrateRange><tt:Min>32</tt:Min><tt:Max>1024</tt:Max>"
            "</tt:BitrateRange></tr2:Options>"
        )

    def _takes(self, request: ET.Element, order: tuple[str, ...]) -> bool:
        """Set what is asked, but what this firmware ignores; return whether it is allowed."""
        told, firmware = request.find(".//{*}Configuration"), self._camera.firmware
        assert told is not None, "a set without a configuration"
        names = tuple(child.tag.rpartition("}")[2] for child in told)
        if names != order:
            self._camera.seen.violations.append(f"a configuration of {names}")
        if told.get(f"{{{_XSI}}}type"):
            self._camera.seen.violations.append("a type with a prefix that is ours alone")
        one = self.told[told.get("token") or ""]
        wanted = {
            "codec": told.findtext("{*}Encoding") or "",
            "width_px": told.findtext("{*}Resolution/{*}Width") or "",
            "height_px": told.findtext("{*}Resolution/{*}Height") or "",
            "rate": told.findtext("{*}RateControl/{*}FrameRateLimit") or "",
            "kbps": told.findtext("{*}RateControl/{*}BitrateLimit") or "",
            "every": told.get("GovLength") or told.findtext("{*}H264/{*}GovLength") or "",
            "flavour": told.get("Profile") or told.findtext("{*}H264/{*}H264Profile") or "",
        }
        size = int(wanted["width_px"]), int(wanted["height_px"])
        is_allowed = (size in firmware.sizes or not firmware.sizes) and (
            float(wanted["rate"]) in firmware.rates and wanted["codec"] in firmware.codecs
        )
        if is_allowed and not firmware.refuses_settings:
            for name in wanted.keys() - firmware.ignored_settings:
                setattr(one, name, wanted[name])
        return is_allowed and not firmware.refuses_settings


def encoder_of(stream: Stream) -> str:
    return stream.encoder or f"e{stream.token}"


def _sizes(sizes: tuple[tuple[int, int], ...]) -> str:
    return "".join(
        f"<tt:ResolutionsAvailable><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height>"
        "</tt:ResolutionsAvailable>"
        for width, height in sizes
    )


def _media1(operation: str, content: str) -> str:
    return f"<trt:{operation}Response>{content}</trt:{operation}Response>"


def _media2(operation: str, content: str) -> str:
    return f'<tr2:{operation}Response xmlns:tr2="{MEDIA2}">{content}</tr2:{operation}Response>'
