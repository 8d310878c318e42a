"""A model from the center's store: a signed pack, fetched by its hash, tried, chosen, and proven.

A box that trusts no signing key takes none from afar: it could not tell whose model it is.
"""

import ipaddress
import json
import ssl
import tempfile
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from http import HTTPStatus
from http.client import HTTP_PORT, HTTPS_PORT, HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.config.settings import Settings
from edge_agent.contract.command import Result
from edge_agent.daemon.commands.answer import Answer, Order, RefusedError, done, failed
from edge_agent.daemon.commands.args import Args
from edge_agent.daemon.model_start import is_pinned
from edge_agent.daemon.model_watch import ask_before
from edge_agent.daemon.update_watch import is_on_trial
from edge_agent.errors import EdgeAgentError
from edge_agent.packs.store import Store
from edge_agent.packs.trial import try_model
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.files import write_whole
from edge_agent.runtime.stop import Stop
from edge_agent.wire.web_line import Patience, WebLine

# 16 MiB of weights and a card (packs/head.py), and room to grow.
_MOST_BYTES = 33_554_432
_READ_BYTES = 65_536
# In all: over 4G with 32 MB.
_STORE = Patience(step_s=15.0, answer_s=600.0)
_HASH_DIGITS = 64
# A model is proven after two minutes of watching; a box whose cameras are dark proves none.
_PATIENCE_S = 900.0
_LINK_HINT = "see that the center's store answers, and send the command anew"


class ModelInstall:
    """Installs a pack and starts the agent with it."""

    name = "model_install"

    def __init__(
        self,
        settings: Settings,
        restart: Callable[[], None],
        clock: Clock,
        stop: Stop,
        patience: Patience = _STORE,
        is_updating: Callable[[], bool] = is_on_trial,
    ) -> None:
        """`patience` is for the store that the pack comes from."""
        self._is_updating = is_updating
        self._settings = settings
        self._restart = restart
        self._clock = clock
        self._stop = stop
        self._patience = patience
        self._store = Store(settings.state_dir)
        self._note = settings.state_dir / "model_install.json"
        self._began_mono = clock.mono()

    def act(self, order: Order) -> Answer:
        """Accept it where it could work; the rest takes minutes."""
        told = Args(order.command.args, "url", "sha256")
        url, wanted = told.text("url"), told.text("sha256").lower()
        if not self._settings.packs.signing_keys:
            raise RefusedError("this box trusts no signing key: set [models] signing_keys there")
        if is_pinned(self._settings):
            raise RefusedError("its agent.toml names a model of its own, which decides")
        if self._is_updating():
            raise RefusedError("a new version of edge-agent is on trial: send this when it is kept")
        if len(wanted) != _HASH_DIGITS or not set(wanted) <= set("0123456789abcdef"):
            raise RefusedError("sha256 must be 64 hex digits")
        self._judge(url)
        return Answer(
            Result.ACCEPTED,
            "fetching the pack",
            then=lambda: self._install(order.command.id, url, wanted),
        )

    def conclude(self, order: Order) -> Answer | None:
        """Say whether it works, once that is known."""
        if not order.is_of_an_earlier_start:
            return None
        name, choice = self._installed_by(order.command.id), self._store.choice()
        if name and choice.failed == name:
            return failed(f"{name} was given up: {choice.failure}")
        if not name or choice.wanted != self._wanted(name):
            return failed("the agent ended before it was installed, or another one was chosen")
        if choice.is_proven:
            return done(f"{name} works", proven=True)
        if self._clock.mono() - self._began_mono > _PATIENCE_S:
            return done(f"{name} is used; no camera has proven it yet", proven=False)
        return None

    def _judge(self, url: str) -> None:
        """Refuse what is not fetched: plain HTTP, but for a laboratory on this very machine."""
        try:
            parts = urlsplit(url)
            is_plain = parts.scheme == "http"
            host = parts.hostname or ""
            is_odd = parts.port == 0
        except ValueError as error:
            raise RefusedError("url is not an address") from error
        is_here = _is_loopback(host) and self._settings.broker.insecure
        if is_odd or not host or parts.username or not url.isascii() or not url.isprintable():
            raise RefusedError("url must have a host, and neither user name nor password")
        if parts.scheme != "https" and not (is_plain and is_here):
            raise RefusedError("url must begin with https://")

    def _install(self, command_id: str, url: str, wanted: str) -> Answer | None:
        settings = self._settings
        with tempfile.TemporaryDirectory(dir=settings.state_dir) as place:
            pack = Path(place) / "model.pack"
            found = self._fetch(url, pack)
            if found != wanted:
                return failed(f"what came has the SHA-256 {found}")
            arrival = self._store.install(pack, settings.packs.signing_keys, _examine)
        name = str(arrival.name)
        # Before it is chosen: whoever concludes this after the restart must know which one it was.
        told = json.dumps({"id": command_id, "name": name}).encode()
        try:
            write_whole(self._note, told, mode=0o600)
        except OSError as error:
            raise EdgeAgentError(
                f"cannot note which model the center wants: {error.strerror}",
                hint=f"check the disk and who may write there: df -h {self._note.parent}",
            ) from error
        before = ask_before(settings.state_dir)
        self._store.choose(name, self._wanted(name), before, self._clock.wall())
        self._restart()
        return None

    def _wanted(self, name: str) -> str:
        """Return how the choice names it: what agent.toml says anyway is no choice."""
        return "" if name == self._settings.objects.model else name

    def _installed_by(self, command_id: str) -> str:
        """Return the model that this command brought; "" where it came to none."""
        try:
            told = json.loads(self._note.read_bytes())
            return str(told["name"]) if told["id"] == command_id else ""
        except (OSError, ValueError, TypeError, KeyError):
            return ""

    def _fetch(self, url: str, file: Path) -> str:
        """Download it, and return its hash. Raises EdgeAgentError."""
        digest, size = sha256(), 0
        try:
            with (
                closing(self._line(url)) as line,
                _ask(line, url) as answer,
                file.open("wb") as pack,
            ):
                _need_pack(answer)
                while part := answer.read(_READ_BYTES):
                    size += len(part)
                    if size > _MOST_BYTES:
                        raise EdgeAgentError(
                            f"more than {_MOST_BYTES} bytes are no pack", hint=_LINK_HINT
                        )
                    digest.update(part)
                    pack.write(part)
        except TimeoutError as error:
            raise EdgeAgentError("fetching the pack took too long", hint=_LINK_HINT) from error
        except (HTTPException, OSError, ValueError) as error:
            raise EdgeAgentError(
                f"cannot fetch {url.partition('?')[0]}: {error}", hint=_LINK_HINT
            ) from error
        return digest.hexdigest()

    def _line(self, url: str) -> WebLine:
        parts = urlsplit(url)
        is_encrypted = parts.scheme == "https"
        context = ssl.create_default_context() if is_encrypted else None
        port = parts.port or (HTTPS_PORT if is_encrypted else HTTP_PORT)
        return WebLine(parts.hostname or "", port, context, self._patience, self._stop)


def _ask(line: WebLine, url: str) -> HTTPResponse:
    """Return the answer, from where the signed command says and nowhere else."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    line.request("GET", f"{parts.path or '/'}{query}")
    return line.getresponse()


def _need_pack(answer: HTTPResponse) -> None:
    """Refuse every other answer, redirects too."""
    if answer.status != HTTPStatus.OK:
        raise HTTPException(f"the store answers {answer.status} {answer.reason}")


def _examine(folder: Path) -> None:
    try_model(folder)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
