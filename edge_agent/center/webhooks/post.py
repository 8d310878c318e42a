"""One POST to an agency, of which every part has an end. The only import of requests.

requests bounds each read, not the whole: a server that sends a byte every nine seconds would be read
for years. So the socket is known here, and `cut` shuts it from another thread.
"""

import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from edge_agent import __version__

_CONNECT_S = 5.0
_READ_S = 15.0
# Standard Webhooks asks for 15 to 30 s; this one holds for all of it.
PATIENCE_S = 20.0
# Nobody reads the answer; so much is taken that the connection can be used again.
_MOST_ANSWER = 65_536
_MOST_WORDS = 300
# An agency may ask for patience, not for ever.
_MOST_RETRY_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agency said; status 0 where it said nothing, and `says` why."""

    status: int
    says: str = ""
    retry_after_s: float = 0.0

    @property
    def is_taken(self) -> bool:
        """Whether it has the alert now."""
        return 200 <= self.status < 300  # noqa: PLR2004 (RFC 9110)

    @property
    def is_unwanted(self) -> bool:
        """Whether it wants none of these any more."""
        return self.status == 410  # noqa: PLR2004 (RFC 9110: Gone)


class Post:
    """The connection to one agency. `send` is for one thread, `cut` for any."""

    def __init__(self, url: str, ca_file: str = "") -> None:
        self._url = url
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._since_mono: float | None = None
        self._session = requests.Session()
        # Neither proxies nor passwords of the environment: an alert goes where the file says.
        self._session.trust_env = False
        self._session.verify = ca_file or True
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(self._opened))

    def send(self, body: bytes, headers: dict[str, str], now_mono: float) -> Answer:
        """Post it and return the answer. Redirects are answers: nobody sends our alerts elsewhere."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"edge-agent-center/{__version__}",
            **headers,
        }
        with self._lock:
            self._since_mono = now_mono
        try:
            with self._session.post(
                self._url,
                data=body,
                headers=headers,
                timeout=(_CONNECT_S, _READ_S),
                allow_redirects=False,
                stream=True,
            ) as answer:
                return _read(answer)
        except (requests.RequestException, OSError, ValueError) as error:
            return Answer(0, _words(error))
        finally:
            with self._lock:
                self._since_mono = None

    def cut(self, now_mono: float, patience_s: float = PATIENCE_S) -> None:
        """End a send that has taken longer than that."""
        with self._lock:
            is_over = self._since_mono is not None and now_mono - self._since_mono > patience_s
            open_socket = self._socket if is_over else None
        if open_socket is not None:
            with suppress(OSError):
                # Not SSLSocket's own, which takes the reader's state away under its hands.
                socket.socket.shutdown(open_socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the connection up."""
        self._session.close()

    def _opened(self, opened: socket.socket | None) -> None:
        with self._lock:
            self._socket = opened


def _read(answer: requests.Response) -> Answer:
    taken = b""
    for part in answer.iter_content(4096):
        taken += part
        if len(taken) > _MOST_ANSWER:
            # The rest is not read: this connection ends here.
            break
    says = f"HTTP {answer.status_code}"
    if answer.is_redirect or answer.is_permanent_redirect:
        says = f"{says}: redirects are not followed"
    return Answer(answer.status_code, says, _retry_after(answer.headers.get("Retry-After", "")))


def _retry_after(told: str) -> float:
    """Return the seconds that a server asks for; dates are not worth trusting its clock for."""
    return min(float(told), _MOST_RETRY_S) if re.fullmatch(r"\d{1,9}", told.strip()) else 0.0


def _words(error: Exception) -> str:
    """Return why, in one line: requests wraps the reason several times."""
    cause: BaseException = error
    while True:
        inner = getattr(cause, "reason", None) or cause.__cause__ or cause.__context__
        if not isinstance(inner, BaseException):
            inner = next((one for one in cause.args if isinstance(one, BaseException)), None)
        if inner is None or inner is cause:
            break
        cause = inner
    text = re.sub(r"<[^>]*>[:,]?\s*", "", str(cause)) or type(cause).__name__
    return re.sub(r"\s+", " ", text).strip()[:_MOST_WORDS]


class _Adapter(HTTPAdapter):
    """requests' own, with connections that tell their socket."""

    def __init__(self, opened: Any) -> None:
        self._opened = opened
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools, of our kind of connection."""
        super().init_poolmanager(*args, **kwargs)
        opened = self._opened

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                opened(self.sock)

        class Encrypted(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                opened(self.sock)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain  # type: ignore[mutable-override]  # urllib3's own way

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted  # type: ignore[mutable-override]  # urllib3's own way

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}
