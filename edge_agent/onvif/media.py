"""The camera's streams: what it can send, and at which address (ONVIF Media 1)."""

from dataclasses import dataclass
from typing import Any

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import reachable_service, reachable_stream
from edge_agent.onvif.envelope import shown
from edge_agent.onvif.session import PasswordRefusedError, Service, Session

# RTP over the RTSP connection itself: StreamOptions says why we take nothing else.
_UNICAST_RTSP = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One stream that the camera offers; 0 is what it does not say."""

    token: str
    name: str
    # The lens or channel it shows; a recorder has several.
    source: str
    # As ONVIF spells it: H264, H265, JPEG, MPEG4.
    codec: str
    width_px: int
    height_px: int
    frames_per_second: float
    # From one key frame to the next, in frames.
    key_frame_every: int

    @property
    def looks(self) -> str:
        """The stream in one phrase: `640x360 H264, 15 fps`."""
        rate = f", {self.frames_per_second:g} fps" if self.frames_per_second else ""
        if self.frames_per_second and self.key_frame_every:
            rate += f", a key frame every {self.key_frame_every / self.frames_per_second:.3g} s"
        return f"{self.width_px}x{self.height_px} {self.codec or 'of unknown codec'}{rate}"


def read_profiles(session: Session, media_url: str) -> tuple[Profile, ...]:
    """Ask GetProfiles; profiles without a video encoder are left out, of equal tokens the first.

    Raise EdgeAgentError where no profile is left.
    """
    profiles = session.call(Service.MEDIA, media_url, "GetProfiles", _read_profiles)
    if not profiles:
        raise EdgeAgentError(
            f"{session.address.place} offers no video profile",
            hint="set up a video stream (profile) in the camera's page",
        )
    return profiles


def read_stream_url(session: Session, media_url: str, token: str) -> str:
    """Ask GetStreamUri; return its RTSP URL on the host that answered, without any password.

    Raise EdgeAgentError where the camera names none.
    """
    claimed = session.call(
        Service.MEDIA,
        media_url,
        "GetStreamUri",
        _read_uri,
        StreamSetup=_UNICAST_RTSP,
        ProfileToken=token,
    )
    url = reachable_stream(claimed, session.address.host)
    if not url:
        raise EdgeAgentError(
            f"{session.address.place} names no RTSP address for profile {token}",
            hint="choose another stream with --stream, or add it as rtsp://...",
        )
    return url


def read_snapshot_url(session: Session, media_url: str, token: str) -> str:
    """Ask GetSnapshotUri; return "" where the camera has none, which many have not."""
    try:
        claimed = session.call(
            Service.MEDIA, media_url, "GetSnapshotUri", _read_uri, ProfileToken=token
        )
    except PasswordRefusedError:
        raise
    except EdgeAgentError:
        return ""
    return reachable_service(claimed, session.address)


def _read_uri(answer: Any) -> str:
    return str(answer.Uri or "") if answer else ""


def _read_profiles(answer: Any) -> tuple[Profile, ...]:
    profiles: dict[str, Profile] = {}
    for each in answer or ():
        profile = _read_profile(each)
        if profile:
            profiles.setdefault(profile.token, profile)
    return tuple(profiles.values())


def _read_profile(profile: Any) -> Profile | None:
    encoder = profile.VideoEncoderConfiguration
    if not profile.token or encoder is None or encoder.Resolution is None:
        return None
    source = profile.VideoSourceConfiguration
    rate = encoder.RateControl
    return Profile(
        token=shown(str(profile.token)),
        name=shown(str(profile.Name or "")),
        source=str((source and source.SourceToken) or ""),
        codec=shown(str(encoder.Encoding or "")).upper(),
        width_px=int(encoder.Resolution.Width or 0),
        height_px=int(encoder.Resolution.Height or 0),
        frames_per_second=float((rate and rate.FrameRateLimit) or 0),
        key_frame_every=int((encoder.H264 and encoder.H264.GovLength) or 0),
    )
