"""The camera's streams by ONVIF Media 2: the only way to hear of H.265. No zeep."""

from xml.etree.ElementTree import Element

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.envelope import first_text, shown
from edge_agent.onvif.line import FaultError, Line
from edge_agent.onvif.profile import Profile, as_number, as_token, by_token
from edge_agent.onvif.soap import ask, text

MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
# ONVIF Media 2, GetStreamUri: RTP over the RTSP connection itself; then the word that older
# firmwares know. The address is the same.
_PROTOCOLS = ("RTSP", "RtspUnicast")


class Media2:
    """Asks one camera's media service of ONVIF Media 2.

    Each method raises PasswordRefusedError, FaultError, or EdgeAgentError for no answer.
    """

    def __init__(self, line: Line, url: str) -> None:
        self._line = line
        self._url = url

    def profiles(self) -> tuple[Profile, ...]:
        """Ask GetProfiles; profiles without a video encoder are left out."""
        types = "<op:Type>VideoSource</op:Type><op:Type>VideoEncoder</op:Type>"
        answer = ask(self._line, self._url, MEDIA2, "GetProfiles", types)
        return by_token(_read_profile(each) for each in answer.iterfind("{*}Profiles"))

    def claimed_stream_url(self, token: str) -> str:
        """Ask GetStreamUri; return what the camera names, unchecked."""
        first, second = _PROTOCOLS
        try:
            return self._read_uri("GetStreamUri", token, first)
        except FaultError:
            return self._read_uri("GetStreamUri", token, second)

    def claimed_snapshot_url(self, token: str) -> str:
        """Ask GetSnapshotUri; return what the camera names, unchecked."""
        return self._read_uri("GetSnapshotUri", token)

    def _read_uri(self, operation: str, token: str, protocol: str = "") -> str:
        setup = f"<op:Protocol>{protocol}</op:Protocol>" if protocol else ""
        body = f"{setup}<op:ProfileToken>{text(token)}</op:ProfileToken>"
        answer = ask(self._line, self._url, MEDIA2, operation, body)
        uri = shown(answer.findtext("{*}Uri") or "")
        if not uri:
            raise EdgeAgentError(
                f"{self._line.address.place} answers {operation} without an address",
                hint="choose another stream with --stream, or add it as rtsp://...",
            )
        return uri


def _read_profile(profile: Element) -> Profile | None:
    raw = as_token(profile.get("token"))
    encoder = profile.find("{*}Configurations/{*}VideoEncoder")
    if not shown(raw) or encoder is None or encoder.find("{*}Resolution") is None:
        return None
    source = "{*}Configurations/{*}VideoSource"
    return Profile(
        token=shown(raw),
        raw_token=raw,
        name=first_text(profile, "{*}Name"),
        source=first_text(profile, f"{source}/{{*}}SourceToken"),
        codec=first_text(encoder, "{*}Encoding").upper(),
        width_px=int(as_number(encoder.findtext("{*}Resolution/{*}Width"))),
        height_px=int(as_number(encoder.findtext("{*}Resolution/{*}Height"))),
        frames_per_second=as_number(encoder.findtext("{*}RateControl/{*}FrameRateLimit")),
        key_frame_every=int(as_number(encoder.get("GovLength"))),
        encoder_token=as_token(encoder.get("token")),
        bitrate_kbps=int(as_number(encoder.findtext("{*}RateControl/{*}BitrateLimit"))),
        media2=True,
        source_name=first_text(profile, f"{source}/{{*}}Name"),
    )
