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


@dataclass(frozen=True, slots=True)
class VideoSources:
    """The names of each video source: its token, and those of its configurations."""

    names: Mapping[str, frozenset[str]]

    def concerns(self, event: CameraEvent, source: str) -> bool:
        """Return whether an event is about the channel `source`; "" takes everything."""
        # Cameras with one lens name it as they like ("vsconf", "000").
        if not source or (source in self.names and len(self.names) == 1):
            return True
        # An input belongs to the device, whatever it is wired to.
        if event.kind is EventKind.DIGITAL_INPUT:
            return True
        return event.source in self.names.get(source, frozenset()) | {source}


def read_video_sources(line: Line, services: Services) -> VideoSources:
    """Ask GetVideoSourceConfigurations; where it is not answered, sources go by their tokens.

    Raise PasswordRefusedError, or StoppedError.
    """
    url, namespace = services.media_url, MEDIA1
    if not url:
        url, namespace = services.media2_url, MEDIA2
    try:
        answer = ask(line, url or line.address.url, namespace, "GetVideoSourceConfigurations")
    except (PasswordRefusedError, StoppedError):
        raise
    except EdgeAgentError:
        return VideoSources({})
    names: dict[str, frozenset[str]] = {}
    for each in answer.iterfind("{*}Configurations"):
        source = first_text(each, "{*}SourceToken")
        configured = shown(each.get("token", ""))
        names[source] = names.get(source, frozenset()) | {source, configured}
    return VideoSources(names)
