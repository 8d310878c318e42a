"""Talk SOAP to one camera: zeep knows the grammar, everything else is ours.

From onvif-zeep we take the WSDL files and nothing that runs. Importing it sets up logging,
and its camera class clears the proxies of the whole process, talks to the camera in its
constructor, opens an event subscription that it never closes, waits for ever, and calls each
error unknown (docs/design/0003).
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import zeep
import zeep.exceptions
import zeep.transports

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, read_address
from edge_agent.onvif.envelope import find_fault, is_envelope, parse
from edge_agent.onvif.exchange import DEADLINE_S, Reply, post
from edge_agent.onvif.presence import REFUSING_STATUSES
from edge_agent.onvif.wsse import Credentials, Login
from edge_agent.runtime.clock import Clock

T = TypeVar("T")


class PasswordRefusedError(EdgeAgentError):
    """The camera did not accept who we are; the one failure that asking a person may mend."""


class Service(Enum):
    """A service we speak: its WSDL file and its binding."""

    DEVICE = ("devicemgmt.wsdl", "{http://www.onvif.org/ver10/device/wsdl}DeviceBinding")
    MEDIA = ("media.wsdl", "{http://www.onvif.org/ver10/media/wsdl}MediaBinding")

    @property
    def wsdl(self) -> str:
        """The file's name."""
        return self.value[0]

    @property
    def binding(self) -> str:
        """The binding's qualified name."""
        return self.value[1]


class Session:
    """Asks one camera, as one user or as nobody.

    A password that was refused once is never sent again: cameras lock out who guesses.
    """

    def __init__(
        self,
        address: Address,
        credentials: Credentials | None,
        *,
        clock: Clock,
        clock_offset_s: float = 0.0,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self.address = address
        self._login = Login(credentials, clock, clock_offset_s) if credentials else None
        self._transport = _Transport(deadline_s, credentials.username if credentials else "")
        self._clients: dict[Service, Any] = {}
        self._refusal: PasswordRefusedError | None = None

    def call(
        self,
        service: Service,
        url: str,
        operation: str,
        read: Callable[[Any], T],
        **parameters: Any,
    ) -> T:
        """Return what `read` makes of the answer: zeep objects, whose every field may be None.

        Raise PasswordRefusedError, or EdgeAgentError for no answer, no ONVIF, a fault, or an
        answer that does not read.
        """
        if self._refusal:
            raise self._refusal
        try:
            client = self._client(service)
            ask = getattr(client.create_service(service.binding, url), operation)
            return read(ask(**parameters))
        except PasswordRefusedError as refusal:
            self._refusal = refusal
            raise
        # The last four: the answer's parts are not where the schema says, or not at all.
        except (zeep.exceptions.Error, ValueError, TypeError, LookupError, AttributeError) as error:
            raise EdgeAgentError(
                f"{self.address.place} answers {operation} in a way we cannot read "
                f"({type(error).__name__})",
                hint="update the camera's firmware, or add its stream:  edge-agent add rtsp://...",
            ) from error

    def _client(self, service: Service) -> Any:
        if service not in self._clients:
            # It writes a traceback for each value that is not of its type; we read those as None.
            logging.getLogger("zeep").setLevel(logging.CRITICAL)
            self._clients[service] = zeep.Client(  # type: ignore[no-untyped-call]  # zeep's
                str(wsdl_folder() / service.wsdl),
                transport=self._transport,
                wsse=self._login,
                # The reply was read strictly before zeep sees it; here strict=False only means
                # that a field the camera left out is None.
                settings=zeep.Settings(strict=False, forbid_external=True),
            )
        return self._clients[service]


def wsdl_folder() -> Path:
    """Return the folder of the WSDL files that the package onvif-zeep brings.

    Raise EdgeAgentError if the package or the files are not there.
    """
    for file in _installed_files("onvif-zeep"):
        if file.parts[-2:] == ("wsdl", "devicemgmt.wsdl"):
            return Path(str(file.locate())).resolve().parent
    raise EdgeAgentError(
        "the ONVIF descriptions (WSDL) are not installed",
        hint="install edge-agent again, with its dependency onvif-zeep",
    )


def _installed_files(package: str) -> Iterable[metadata.PackagePath]:
    try:
        return metadata.files(package) or ()
    except metadata.PackageNotFoundError:
        return ()


@dataclass(frozen=True, slots=True)
class _Response:
    """As much of requests.Response as zeep reads."""

    status_code: int
    content: bytes
    headers: dict[str, str]
    encoding: str = "utf-8"


class _Transport(zeep.transports.Transport):
    """Our own exchange under zeep: one deadline, strict XML, refusals and faults told apart."""

    def __init__(self, deadline_s: float, who: str) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # zeep's
            timeout=deadline_s, operation_timeout=deadline_s
        )
        self._deadline_s = deadline_s
        self._who = who

    def load(self, url: str) -> bytes:
        """Return a local file; a description is never fetched from anywhere."""
        return Path(url).read_bytes()

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> _Response:
        """Send an envelope; return the reply once it is known to be an answer."""
        reply = post(address, message, headers, deadline_s=self._deadline_s)
        check(reply, address, self._who)
        return _Response(reply.status, reply.content, {"Content-Type": "application/soap+xml"})


def check(reply: Reply, url: str, who: str) -> None:
    """Pass a reply that is an answer.

    Raise PasswordRefusedError for a refusal in whatever form (a fault, or status 401 around a web
    page), EdgeAgentError for another fault or for no ONVIF.
    """
    place = read_address(url).place
    if reply.status in REFUSING_STATUSES:
        raise _refused(place, who)
    try:
        root = parse(reply.content)
    except EdgeAgentError as error:
        error.add_note(f"{place}, HTTP status {reply.status}")
        raise
    if not is_envelope(root):
        raise EdgeAgentError(
            f"{url} answers with a page, not with ONVIF (HTTP status {reply.status})",
            hint="switch ONVIF on in the camera's page, or give its ONVIF port as HOST:PORT",
        )
    fault = find_fault(root)
    if fault and fault.is_refusal:
        raise _refused(place, who)
    if fault:
        raise EdgeAgentError(
            f"{place} says: {fault.reason or ', '.join(fault.codes) or 'fault'}",
            hint="if the camera is still starting, try again in a minute; else update its firmware",
        )


def _refused(place: str, who: str) -> PasswordRefusedError:
    if not who:
        return PasswordRefusedError(
            f"{place} wants a user name and a password",
            hint="give them:  edge-agent add HOST --user NAME --password-file FILE",
        )
    return PasswordRefusedError(
        f"{place} refuses user '{who}' with this password",
        hint="check both in the camera's page; many cameras keep ONVIF users on a list of their own, "
        "and after some wrong ones they lock: wait, do not guess",
    )
