"""Healthy replies to start from: those of tests/recorded, and some written from ONVIF's WSDL."""

from __future__ import annotations

from tests.fakes.onvif_replies import envelope, fault
from tests.fakes.replayed_camera import RECORDED

MEDIA2_PROFILES = envelope(
    '<tr2:GetProfilesResponse xmlns:tr2="http://www.onvif.org/ver20/media/wsdl"><tr2:Profiles '
    'token="p1" fixed="true"><tr2:Name>main</tr2:Name><tr2:Configurations><tr2:VideoSource '
    'token="vsc"><tt:Name>Gate</tt:Name><tt:UseCount>2</tt:UseCount><tt:SourceToken>vs1'
    '</tt:SourceToken><tt:Bounds x="0" y="0" width="2560" height="1440"/></tr2:VideoSource>'
    '<tr2:VideoEncoder token="ve" GovLength="50" Profile="Main"><tt:Name>e</tt:Name><tt:UseCount>1'
    "</tt:UseCount><tt:Encoding>H265</tt:Encoding><tt:Resolution><tt:Width>2560</tt:Width>"
    '<tt:Height>1440</tt:Height></tt:Resolution><tt:RateControl ConstantBitRate="false">'
    "<tt:FrameRateLimit>25</tt:FrameRateLimit><tt:BitrateLimit>4096</tt:BitrateLimit>"
    "</tt:RateControl><tt:Quality>4</tt:Quality></tr2:VideoEncoder></tr2:Configurations>"
    "</tr2:Profiles></tr2:GetProfilesResponse>"
)
MEDIA2_URI = envelope(
    '<tr2:GetStreamUriResponse xmlns:tr2="http://www.onvif.org/ver20/media/wsdl"><tr2:Uri>'
    "rtsp://192.168.1.64:554/h265?channel=1&amp;subtype=0</tr2:Uri></tr2:GetStreamUriResponse>"
)
ENCODER_OPTIONS = envelope(
    "<tr2:GetVideoEncoderConfigurationOptionsResponse "
    'xmlns:tr2="http://www.onvif.org/ver20/media/wsdl"><tr2:Options GovLengthRange="1 250" '
    'FrameRatesSupported="25 20 10 5 1" ProfilesSupported="Main High"><tt:Encoding>H264'
    "</tt:Encoding><tt:QualityRange><tt:Min>0</tt:Min><tt:Max>6</tt:Max></tt:QualityRange>"
    "<tt:ResolutionsAvailable><tt:Width>640</tt:Width><tt:Height>360</tt:Height>"
    "</tt:ResolutionsAvailable><tt:BitrateRange><tt:Min>32</tt:Min><tt:Max>8192</tt:Max>"
    "</tt:BitrateRange></tr2:Options></tr2:GetVideoEncoderConfigurationOptionsResponse>"
)
ENCODER_OPTIONS_1 = envelope(
    "<trt:GetVideoEncoderConfigurationOptionsResponse><trt:Options><tt:QualityRange><tt:Min>0"
    "</tt:Min><tt:Max>6</tt:Max></tt:QualityRange><tt:H264><tt:ResolutionsAvailable><tt:Width>640"
    "</tt:Width><tt:Height>480</tt:Height></tt:ResolutionsAvailable><tt:GovLengthRange><tt:Min>1"
    "</tt:Min><tt:Max>400</tt:Max></tt:GovLengthRange><tt:FrameRateRange><tt:Min>1</tt:Min><tt:Max>25"
    "</tt:Max></tt:FrameRateRange><tt:EncodingIntervalRange><tt:Min>1</tt:Min><tt:Max>1</tt:Max>"
    "</tt:EncodingIntervalRange><tt:H264ProfilesSupported>Main</tt:H264ProfilesSupported></tt:H264>"
    "</trt:Options></trt:GetVideoEncoderConfigurationOptionsResponse>"
)
ENCODER = envelope(
    '<trt:GetVideoEncoderConfigurationResponse><trt:Configuration token="e"><tt:Name>e</tt:Name>'
    "<tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>640"
    "</tt:Width><tt:Height>480</tt:Height></tt:Resolution><tt:Quality>3</tt:Quality>"
    "<tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit><tt:EncodingInterval>1"
    "</tt:EncodingInterval><tt:BitrateLimit>512</tt:BitrateLimit></tt:RateControl><tt:H264>"
    "<tt:GovLength>50</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264>"
    "</trt:Configuration></trt:GetVideoEncoderConfigurationResponse>"
)
_WSN = (
    'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:a="http://www.w3.org/2005/08/addressing" '
    'xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:tns1="http://www.onvif.org/ver10/topics"'
)
SUBSCRIPTION = envelope(
    f"<tev:CreatePullPointSubscriptionResponse {_WSN}><tev:SubscriptionReference><a:Address>"
    "http://127.0.0.1/onvif/sub/7</a:Address><a:ReferenceParameters><id>7</id>"
    "</a:ReferenceParameters></tev:SubscriptionReference><wsnt:CurrentTime>2026-11-24T01:30:23Z"
    "</wsnt:CurrentTime><wsnt:TerminationTime>2026-11-24T01:31:23Z</wsnt:TerminationTime>"
    "</tev:CreatePullPointSubscriptionResponse>"
)
_NOTIFICATION = (
    '<wsnt:NotificationMessage><wsnt:Topic Dialect="x">tns1:RuleEngine/CellMotionDetector/Motion'
    '</wsnt:Topic><wsnt:Message><tt:Message UtcTime="2026-11-24T01:30:20Z" '
    'PropertyOperation="{operation}"><tt:Source><tt:SimpleItem '
    'Name="VideoSourceConfigurationToken" Value="vsc"/></tt:Source><tt:Data><tt:SimpleItem '
    'Name="IsMotion" Value="true"/></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>'
)
MESSAGES = envelope(
    f"<tev:PullMessagesResponse {_WSN}><tev:CurrentTime>2026-11-24T01:30:23Z</tev:CurrentTime>"
    "<tev:TerminationTime>2026-11-24T01:31:23Z</tev:TerminationTime>"
    + _NOTIFICATION.format(operation="Initialized")
    + _NOTIFICATION.format(operation="Changed")
    + "</tev:PullMessagesResponse>"
)
NETWORK = envelope(
    '<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0"><tt:Enabled>true'
    "</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>00-11-22-33-44-55</tt:HwAddress>"
    "<tt:MTU>1500</tt:MTU></tt:Info><tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config><tt:Manual>"
    "<tt:Address>192.168.1.64</tt:Address><tt:PrefixLength>24</tt:PrefixLength></tt:Manual>"
    "<tt:DHCP>false</tt:DHCP></tt:Config></tt:IPv4></tds:NetworkInterfaces>"
    "</tds:GetNetworkInterfacesResponse>"
)
SOURCES = envelope(
    '<trt:GetVideoSourceConfigurationsResponse><trt:Configurations token="vsc"><tt:Name>s</tt:Name>'
    "<tt:UseCount>1</tt:UseCount><tt:SourceToken>vs1</tt:SourceToken></trt:Configurations>"
    "</trt:GetVideoSourceConfigurationsResponse>"
)
FAULTS = (
    fault("Sender", "ter:NotAuthorized", "no right"),
    fault("Receiver", "ter:ActionNotSupported", "no"),
)
CHALLENGES = (
    b'Digest realm="IP Camera(1)", nonce="abc:123", qop="auth,auth-int", algorithm=MD5, stale=FALSE',
    b'Basic realm="a, b", Digest realm="b", nonce="c", opaque="d", algorithm=SHA-256',
    b'Digest realm="x\\"y", nonce="", stale="true"',
)


def bodies(*names: str) -> tuple[bytes, ...]:
    """Return the bodies of the recorded files of these names; of all of them without any."""
    files = sorted([*RECORDED.glob("*/*.http"), *RECORDED.glob("*/*.xml")])
    wanted = [file for file in files if not names or file.stem in names]
    contents = (file.read_bytes() for file in wanted)
    return tuple(
        body for content in contents if (body := content.partition(b"\r\n\r\n")[2] or content)
    )


def messages() -> tuple[bytes, ...]:
    """Return whole HTTP answers."""
    return tuple(file.read_bytes() for file in sorted(RECORDED.glob("*/*.http")))
