"""Talk SOAP to one camera: zeep knows the grammar, everything else is ours.

From onvif-zeep we take the WSDL files and nothing that runs. Importing it sets up logging,
and its camera class clears the proxies of the whole process, talks to the camera in its
constructor, opens an event subscription that it never closes, waits for ever, and calls each
error unknown (docs/design/0003).
"""

import logging
import re
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
from edge_agent.onvif.line import Line

T = TypeVar("T")
# What zeep writes into the content type of SOAP 1.2.
_ACTION = re.compile(r'action="([^"]*)"')
# What zeep raises where an answer's parts are not what or where the schema says, or too large:
# a duration of PT-9999999999S is an OverflowError.
_UNREADABLE = (
    zeep.exceptions.Error, ValueError, TypeError, LookupError, AttributeError, ArithmeticError,
)  # fmt: skip


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
    """Asks one camera over its line what has types that zeep reads better than we would."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._transport = _Transport(line)
        self._clients: dict[Service, Any] = {}

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
        try:
            client = self._client(service)
            ask = getattr(client.create_service(service.binding, url), operation)
            return read(ask(**parameters))
        except _UNREADABLE as error:
            raise EdgeAgentError(
                f"{self.line.address.place} answers {operation} in a way we cannot read "
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
                # The reply was read strictly, or mended by a named rule, before zeep sees it; here
                # strict=False only means that a field the camera left out is None.
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
    """Our own line under zeep: one deadline, strict XML, refusals and faults told apart."""

    def __init__(self, line: Line) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep's
        self._line = line

    def load(self, url: str) -> bytes:
        """Return a local file; a description is never fetched from anywhere."""
        return Path(url).read_bytes()

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> _Response:
        """Send an envelope; return the reply, which is an answer."""
        action = _ACTION.search(headers.get("Content-Type", ""))
        reply = self._line.post(address, action[1] if action else "", message)
        return _Response(reply.status, reply.content, {"Content-Type": "application/soap+xml"})
