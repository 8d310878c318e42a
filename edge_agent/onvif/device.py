"""Who the camera is and where its services are, once we are logged in. No zeep: the daemon asks."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import reachable_service
from edge_agent.onvif.envelope import first_text
from edge_agent.onvif.exchange import StoppedError
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.soap import ask

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
_EVENTS = "http://www.onvif.org/ver10/events/wsdl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a camera says of itself; "" is what it does not say."""

    maker: str
    model: str
    firmware: str
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Where each service answers, on the host that answered us; "" where there is none."""

    media_url: str = ""
    media2_url: str = ""
    events_url: str = ""


def read_device(line: Line) -> Device:
    """Ask GetDeviceInformation: on most cameras the first question that needs a right.

    Raise PasswordRefusedError, or EdgeAgentError for no answer.
    """
    answer = ask(line, line.address.url, DEVICE, "GetDeviceInformation")
    return Device(
        maker=first_text(answer, "{*}Manufacturer"),
        model=first_text(answer, "{*}Model"),
        firmware=first_text(answer, "{*}FirmwareVersion"),
        serial=first_text(answer, "{*}SerialNumber"),
    )


def read_services(line: Line) -> Services:
    """Ask GetServices, and the older GetCapabilities where the camera does not know that.

    That it answers proves no password: some cameras tell anybody. Raise PasswordRefusedError, or
    EdgeAgentError where neither is answered.
    """
    try:
        answer = ask(
            line,
            line.address.url,
            DEVICE,
            "GetServices",
            "<op:IncludeCapability>false</op:IncludeCapability>",
        )
    except (PasswordRefusedError, StoppedError):
        raise
    except EdgeAgentError:
        # Also no answer at all: some firmwares hang up on what they do not know.
        return _read_capabilities(line)
    services = _services(line, answer)
    return services if services.media_url or services.media2_url else _read_capabilities(line)


def _services(line: Line, answer: Element) -> Services:
    claimed = {
        first_text(service, "{*}Namespace"): first_text(service, "{*}XAddr")
        for service in answer.iterfind("{*}Service")
    }
    return Services(
        media_url=reachable_service(claimed.get(_MEDIA, ""), line.address),
        media2_url=reachable_service(claimed.get(_MEDIA2, ""), line.address),
        events_url=reachable_service(claimed.get(_EVENTS, ""), line.address),
    )


def _read_capabilities(line: Line) -> Services:
    answer = ask(
        line,
        line.address.url,
        DEVICE,
        "GetCapabilities",
        "<op:Category>All</op:Category>",
    )
    claimed = answer.find("{*}Capabilities")
    if claimed is None:
        return Services()
    return Services(
        media_url=reachable_service(first_text(claimed, "{*}Media/{*}XAddr"), line.address),
        events_url=reachable_service(first_text(claimed, "{*}Events/{*}XAddr"), line.address),
    )
