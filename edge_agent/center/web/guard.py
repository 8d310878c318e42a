"""Who may do what on the page: logins, and that a change comes from a form of ours.

Sessions are Flask's signed cookies: nothing is kept in this process, so any center with the same
file of operators knows them. Removing somebody, or a new password, ends that person's sessions.
"""

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass

from flask import request, session

from edge_agent.center.operators import Operators, read_operators
from edge_agent.center.web.address import is_ours, whereabouts
from edge_agent.center.web.options import WebOptions
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.secret import Secret

# Then one name from one address waits: five guesses a minute get nowhere, a typing error is free, and
# whoever guesses keeps nobody out who asks from elsewhere. Behind a web server all ask from its
# address, unless it is the `trusted_proxy`.
_MOST_WRONG = 5
_WAIT_S = 60.0
# Names that are being guessed at; the oldest is forgotten.
_MOST_GUESSED = 1_000


@dataclass(slots=True)
class _Guesses:
    count: int
    last_mono: float


class Guard:
    """Lets operators in and knows them again. Used by all of the page's threads."""

    def __init__(self, options: WebOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: dict[tuple[str, str], _Guesses] = {}
        self._told, self._told_mono = "", 0.0

    @property
    def is_changing_possible(self) -> bool:
        """Whether anybody may change anything."""
        return self._options.operators_file is not None

    def operators(self) -> Operators | None:
        """Return everybody, as the file has them now. Raises EdgeAgentError."""
        return (
            read_operators(self._options.operators_file) if self._options.operators_file else None
        )

    def who(self) -> str:
        """Return who is logged in; "" for nobody."""
        operators = self.operators()
        name = str(session.get("name", "")) if operators else ""
        if operators is None or not name or name not in operators.hashes:
            return ""
        return name if hmac.compare_digest(str(session.get("mark")), _mark(operators, name)) else ""

    def is_waiting(self, name: str) -> bool:
        """Tell whether too many wrong passwords came for this name."""
        with self._lock:
            guesses = self._wrong.get(self._place(name))
            is_fresh = guesses and self._clock.mono() - guesses.last_mono < _WAIT_S
            return bool(guesses and is_fresh and guesses.count >= _MOST_WRONG)

    def is_worth_telling(self, trouble: str) -> bool:
        """Tell whether this was not said within the last minute."""
        with self._lock:
            now = self._clock.mono()
            is_new = self._told != trouble or now - self._told_mono > _WAIT_S
            if is_new:
                self._told, self._told_mono = trouble, now
            return is_new

    def log_in(self, name: str, password: str) -> bool:
        """Let somebody in if that is the password; count it where it is not."""
        operators = self.operators()
        if operators is None:
            return False
        if not operators.knows(name, Secret(password)):
            self._count(name)
            return False
        with self._lock:
            self._wrong.pop(self._place(name), None)
        # A new session: what a stranger may have put into the old one is gone.
        session.clear()
        session.permanent = True
        session["name"] = name
        session["mark"] = _mark(operators, name)
        return True

    def token(self) -> str:
        """Return what a form must bring back."""
        if not self.is_changing_possible:
            return ""
        if "token" not in session:
            session["token"] = secrets.token_urlsafe(24)
        return str(session["token"])

    def is_ours(self) -> bool:
        """Tell whether this request comes from a form of this page, in this session."""
        origin = request.headers.get("Origin", "")
        if origin and not is_ours(origin, request.host, self._options):
            return False
        known = str(session.get("token", ""))
        return bool(known) and hmac.compare_digest(known, request.form.get("token", ""))

    def _count(self, name: str) -> None:
        with self._lock:
            guesses = self._wrong.setdefault(self._place(name), _Guesses(0, 0.0))
            now = self._clock.mono()
            is_fresh = now - guesses.last_mono < _WAIT_S
            guesses.count = guesses.count + 1 if is_fresh else 1
            guesses.last_mono = now
            if len(self._wrong) > _MOST_GUESSED:
                del self._wrong[next(iter(self._wrong))]

    def _place(self, name: str) -> tuple[str, str]:
        return name[:40], whereabouts(request.remote_addr or "")


def _mark(operators: Operators, name: str) -> str:
    """Return what changes with the password."""
    return hashlib.sha256(operators.hashes[name].encode()).hexdigest()[:24]
