"""Which of a device's channels an event is about: a recorder speaks for all its cameras."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.device import Services
from edge_agent.onvif.envelope import first_text, shown
from edge_agent.onvif.events import CameraEvent, EventKind
from edge_agent.onvif.exchange import StoppedError
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.media import MEDIA1
from edge_agent.onvif.media2 import MEDIA2
from edge_agent.onvif.soap import ask

# Media 2 leaves out of its profiles what nobody asks for.
_TYPES = {(MEDIA2, "GetProfiles"): "<op:Type>VideoSource</op:Type>"}
# Where the two services, and both questions, have a source's configurations.
_CONFIGURATIONS = (
    "{*}Configurations",
    "{*}Profiles/{*}VideoSourceConfiguration",
    "{*}Profiles/{*}Configurations/{*}VideoSource",
)


@dataclass(frozen=True, slots=True)
class VideoSources:
    """The names of each video source: its token, and those of its configurations."""

    names: Mapping[str, frozenset[str]]

    def concerns(self, event: CameraEvent, source: str) -> bool:
        """Return whether an event is about the channel `source`; "" takes everything.

        What we make nothing of is about none: it would push out what matters.
        """
        if event.kind is EventKind.OTHER:
            return False
        # Cameras with one lens name it as they like ("vsconf", "000").
        if not source or (source in self.names and len(self.names) == 1):
            return True
        # An input belongs to the device, whatever it is wired to.
        if event.kind is EventKind.DIGITAL_INPUT:
            return True
        # Where nobody knows the names, an event without one may be about this channel.
        if not self.names and not event.source:
            return True
        return event.source in self.names.get(source, frozenset()) | {source}


def read_video_sources(line: Line, services: Services) -> VideoSources:
    """Ask GetVideoSourceConfigurations, and GetProfiles where that is not answered.

    Where neither is, sources go by their tokens. Raise PasswordRefusedError, or StoppedError.
    """
    names = _ask_names(line, services, "GetVideoSourceConfigurations")
    return VideoSources(names or _ask_names(line, services, "GetProfiles"))


def _ask_names(line: Line, services: Services, operation: str) -> Mapping[str, frozenset[str]]:
    url, namespace = services.media_url, MEDIA1
    if not url:
        url, namespace = services.media2_url, MEDIA2
    body = _TYPES.get((namespace, operation), "")
    try:
        answer = ask(line, url or line.address.url, namespace, operation, body)
    except (PasswordRefusedError, StoppedError):
        raise
    except EdgeAgentError:
        return {}
    names: dict[str, frozenset[str]] = {}
    for path in _CONFIGURATIONS:
        for each in answer.iterfind(path):
            source = first_text(each, "{*}SourceToken")
            configured = shown(each.get("token", ""))
            names[source] = names.get(source, frozenset()) | {source, configured}
    return names
