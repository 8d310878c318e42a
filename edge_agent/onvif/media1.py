"""The camera's streams by ONVIF Media 1, which every camera has: zeep reads them.

zeep is loaded with this module, which costs 0.2 s and 27 MB: only where Media 2 does not do.
"""

from typing import Any

from edge_agent.onvif.envelope import shown
from edge_agent.onvif.line import Line
from edge_agent.onvif.profile import Profile, as_number, as_token, by_token
from edge_agent.onvif.session import Service, Session

# RTP over the RTSP connection itself: StreamOptions says why we take nothing else.
_UNICAST_RTSP = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


class Media1:
    """Asks one camera's media service of ONVIF Media 1.

    Each method raises PasswordRefusedError, or EdgeAgentError for no or no readable answer.
    """

    def __init__(self, line: Line, url: str) -> None:
        self._session = Session(line)
        self._url = url

    def profiles(self) -> tuple[Profile, ...]:
        """Ask GetProfiles; profiles without a video encoder are left out."""
        return self._session.call(Service.MEDIA, self._url, "GetProfiles", _read_profiles)

    def claimed_stream_url(self, token: str) -> str:
        """Ask GetStreamUri; return what the camera names, unchecked."""
        return self._session.call(
            Service.MEDIA,
            self._url,
            "GetStreamUri",
            _read_uri,
            StreamSetup=_UNICAST_RTSP,
            ProfileToken=token,
        )

    def claimed_snapshot_url(self, token: str) -> str:
        """Ask GetSnapshotUri; return what the camera names, unchecked."""
        return self._session.call(
            Service.MEDIA, self._url, "GetSnapshotUri", _read_uri, ProfileToken=token
        )


def _read_uri(answer: Any) -> str:
    return shown(str(answer.Uri or "")) if answer else ""


def _read_profiles(answer: Any) -> tuple[Profile, ...]:
    return by_token(_read_profile(each) for each in answer or ())


def _read_profile(profile: Any) -> Profile | None:
    encoder = profile.VideoEncoderConfiguration
    raw = as_token(profile.token)
    if not shown(raw) or encoder is None or encoder.Resolution is None:
        return None
    source = profile.VideoSourceConfiguration
    rate = encoder.RateControl
    return Profile(
        token=shown(raw),
        raw_token=raw,
        name=shown(str(profile.Name or "")),
        source=shown(str((source and source.SourceToken) or "")),
        codec=shown(str(encoder.Encoding or "")).upper(),
        width_px=int(as_number(encoder.Resolution.Width)),
        height_px=int(as_number(encoder.Resolution.Height)),
        frames_per_second=as_number(rate and rate.FrameRateLimit),
        key_frame_every=int(as_number(encoder.H264 and encoder.H264.GovLength)),
        encoder_token=as_token(encoder.token),
        bitrate_kbps=int(as_number(rate and rate.BitrateLimit)),
        source_name=shown(str((source and source.Name) or "")),
    )
