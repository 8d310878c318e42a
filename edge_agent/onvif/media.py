"""The one door to a camera's streams: by Media 2 where that works, else by Media 1.

That a camera offers Media 2 does not mean that it works: an answer that is a fault, does not
read or is empty sends us to Media 1, for that question.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import reachable_service, reachable_stream
from edge_agent.onvif.device import Services
from edge_agent.onvif.envelope import shown
from edge_agent.onvif.exchange import StoppedError
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.media2 import Media2
from edge_agent.onvif.profile import MOST_PROFILES, Channel, Profile, channels_of
from edge_agent.onvif.soap import ask

# Profile and Channel are what is seen through this door.
__all__ = ["Channel", "Media", "Profile", "open_media"]

MEDIA1 = "http://www.onvif.org/ver10/media/wsdl"

T = TypeVar("T")


class _MediaService(Protocol):
    """What both media services can be asked."""

    def profiles(self) -> tuple[Profile, ...]: ...

    def claimed_stream_url(self, token: str) -> str: ...

    def claimed_snapshot_url(self, token: str) -> str: ...


def open_media(line: Line, services: Services) -> "Media":
    """Return the door to the streams of the camera; asks it nothing yet.

    Raise EdgeAgentError where it has no media service.
    """
    if not (services.media_url or services.media2_url):
        raise EdgeAgentError(
            f"{line.address.place} has no ONVIF media service",
            hint=f"add its stream:  edge-agent add rtsp://{line.address.host}/PATH",
        )
    return Media(line, services)


class Media:
    """Asks one camera for its streams; for one thread at a time.

    Each method raises PasswordRefusedError, or EdgeAgentError if no media service answers it.
    """

    def __init__(self, line: Line, services: Services) -> None:
        self.line = line
        self.services = services
        self._media2 = Media2(line, services.media2_url) if services.media2_url else None
        self._media1: _MediaService | None = None
        # By what people call them.
        self._raw_tokens: dict[str, str] = {}

    def profiles(self) -> tuple[Profile, ...]:
        """Ask GetProfiles; at least one, of equal tokens the first, at most 256."""
        profiles = self._ask(lambda service: service.profiles())
        if not profiles:
            raise EdgeAgentError(
                f"{self.line.address.place} offers no video profile",
                hint="set up a video stream (profile) in the camera's page",
            )
        # Strangers are not told; who is refused something from here on lacks a right for it.
        self.line.is_known = True
        self._raw_tokens = {profile.token: profile.raw_token for profile in profiles}
        return profiles

    def channels(self, profiles: Sequence[Profile]) -> tuple[Channel, ...]:
        """Return the channels of these profiles, numbered as the camera numbers its inputs."""
        is_one = len({profile.source for profile in profiles}) == 1
        return channels_of(profiles, () if is_one else self._sources())

    def stream_url(self, token: str) -> str:
        """Ask GetStreamUri; return its RTSP URL on the host that answered, without a password.

        Raise EdgeAgentError where the camera names none.
        """
        host, raw = self.line.address.host, self._raw_tokens.get(token, token)
        url = self._ask(lambda service: reachable_stream(service.claimed_stream_url(raw), host))
        if not url:
            raise EdgeAgentError(
                f"{self.line.address.place} names no RTSP address for profile {token}",
                hint="choose another stream with --stream, or add it as rtsp://...",
            )
        return url

    def snapshot_url(self, token: str) -> str:
        """Ask GetSnapshotUri; return "" where the camera has none, which many have not."""
        address, raw = self.line.address, self._raw_tokens.get(token, token)
        try:
            return self._ask(
                lambda service: reachable_service(service.claimed_snapshot_url(raw), address)
            )
        except (PasswordRefusedError, StoppedError):
            raise
        except EdgeAgentError:
            return ""

    def _ask(self, question: Callable[[_MediaService], T]) -> T:
        """Return the answer of Media 2, or where it has none that of Media 1."""
        if self._media2 is None:
            return question(self._old())
        try:
            answer = question(self._media2)
        except (PasswordRefusedError, StoppedError):
            raise
        except EdgeAgentError:
            if not self.services.media_url:
                raise
            return question(self._old())
        return answer if answer or not self.services.media_url else question(self._old())

    def _old(self) -> _MediaService:
        if self._media1 is None:
            # It brings zeep, which most cameras of today do not need.
            from edge_agent.onvif.media1 import Media1  # noqa: PLC0415 (0.2 s and 27 MB)

            self._media1 = Media1(self.line, self.services.media_url)
        return self._media1

    def _sources(self) -> tuple[str, ...]:
        """Ask GetVideoSources, which only Media 1 has; return () where it does not answer."""
        if not self.services.media_url:
            return ()
        try:
            answer = ask(self.line, self.services.media_url, MEDIA1, "GetVideoSources")
        except (PasswordRefusedError, StoppedError):
            raise
        except EdgeAgentError:
            return ()
        tokens = (shown(one.get("token") or "") for one in answer.iterfind("{*}VideoSources"))
        return tuple(token for token in tokens if token)[:MOST_PROFILES]
