"""One camera and who we are to it: every question goes through here, logged in as it wants.

The digest of WS-Security first, which ONVIF prescribes; a digest of HTTP where the camera asks
for that; Basic where it knows nothing else. A password that was refused is never sent again:
cameras lock out who guesses.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, read_address
from edge_agent.onvif.envelope import Fault, find_fault, is_envelope, parse, shown
from edge_agent.onvif.exchange import DEADLINE_S, Reply, get, post
from edge_agent.onvif.http_auth import Challenge, answer, best_challenge, unspoken
from edge_agent.onvif.presence import REFUSING_STATUSES, read_clock
from edge_agent.onvif.quirks import mend
from edge_agent.onvif.wsse import Credentials, security_header
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop

# A picture of 4K; a camera that sends more is none.
_LARGEST_PICTURE_BYTES = 8 * 1024 * 1024
_JPEG = b"\xff\xd8\xff"
_UNAUTHORIZED = 401
_REDIRECTS = range(300, 400)
# What an envelope of ours calls SOAP: zeep says `soap-env:`.
_ENVELOPE = re.compile(rb"<([\w-]*:)?Envelope\b")
# First that HTTP wants a login, then that this nonce was too old.
_MOST_LESSONS = 2
# Half of what strict firmwares take for the same time.
_SAME_TIME_S = 2.5
# Cameras that answered a moment ago tell the time at once.
_TIME_DEADLINE_S = 2.0
_ASK_TIME = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    b'<d:GetSystemDateAndTime xmlns:d="http://www.onvif.org/ver10/device/wsdl"/>'
    b"</s:Body></s:Envelope>"
)


class PasswordRefusedError(EdgeAgentError):
    """The camera did not accept who we are; the one failure that asking a person may mend."""


class PasswordHiddenError(PasswordRefusedError):
    """The camera asked to read the password, which it was not shown: it may well be right."""


class FaultError(EdgeAgentError):
    """The camera understood, and said no."""

    def __init__(self, what: str, *, hint: str, fault: Fault) -> None:
        super().__init__(what, hint=hint)
        self.fault = fault


@dataclass(slots=True)
class _HttpLogin:
    """How HTTP wants us to log in for one kind of question, and how that went."""

    # None as long as it did not ask.
    challenge: Challenge | None = None
    nonce_uses: int = 0
    # It wants to read the password, and may not.
    is_basic_only: bool = False
    # The algorithms it wants, where we know none of them.
    unspoken: str = ""
    refusal: EdgeAgentError | None = None


class Line:
    """Asks one camera, as one user or as nobody; for one thread at a time.

    `repairs` names what had to be mended in its replies (onvif/quirks.py).
    """

    def __init__(  # noqa: PLR0913 (most by name)
        self,
        address: Address,
        credentials: Credentials | None,
        *,
        clock: Clock,
        clock_offset_s: float = 0.0,
        deadline_s: float = DEADLINE_S,
        stop: Stop | None = None,
        may_show_password: bool = True,
    ) -> None:
        self.address = address
        self.credentials = credentials
        self.repairs: tuple[str, ...] = ()
        # The camera's clock minus ours: what we sign with.
        self.clock_offset_s = clock_offset_s
        # Whether it answered what strangers are not told: a refusal is then about this question.
        self.is_known = False
        self._clock = clock
        self._deadline_s = deadline_s
        self._stop = stop
        # Basic shows it; who only says that it is our camera gets digests.
        self._may_show_password = may_show_password
        # Pictures may want another login than SOAP, and some cameras another user.
        self._logins = {"POST": _HttpLogin(), "GET": _HttpLogin()}

    def post(
        self, url: str, action: str, envelope: bytes, *, deadline_s: float | None = None
    ) -> Reply:
        """Send an envelope and return the reply once it is known to be an answer.

        Raise PasswordRefusedError, FaultError, or EdgeAgentError for no answer or no ONVIF.
        """
        headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        whole_s = deadline_s or self._deadline_s
        ends_mono = time.monotonic() + whole_s

        def send(authorization: dict[str, str]) -> Reply:
            body = envelope if authorization else self._signed(envelope)
            all_headers = headers | authorization
            return post(
                url, body, all_headers, deadline_s=whole_s, ends_mono=ends_mono, stop=self._stop
            )

        self._refuse_again("POST")
        try:
            return self._checked(self._log_in("POST", url, send), url)
        except PasswordRefusedError as refusal:
            if not self._learns_the_time(ends_mono):
                raise self._remembered("POST", refusal) from None
        try:
            return self._checked(self._log_in("POST", url, send), url)
        except PasswordRefusedError as refusal:
            raise self._remembered("POST", refusal) from None

    def get_picture(self, url: str) -> bytes:
        """Return the JPEG at a URL of this camera.

        Raise PasswordRefusedError, or EdgeAgentError for anything but a JPEG of at most 8 MiB.
        """
        whole_s = self._deadline_s
        ends_mono = time.monotonic() + whole_s

        def send(authorization: dict[str, str]) -> Reply:
            most = _LARGEST_PICTURE_BYTES
            return get(
                url, authorization, largest_bytes=most, deadline_s=whole_s, ends_mono=ends_mono
            )

        self._refuse_again("GET")
        reply = self._log_in("GET", url, send)
        if reply.status in REFUSING_STATUSES:
            raise self._remembered("GET", _refused(read_address(url).place, self.credentials))
        _refuse_redirect(reply, url)
        if not reply.content.startswith(_JPEG):
            raise EdgeAgentError(
                f"{url} sends no JPEG picture (HTTP status {reply.status})",
                hint="nothing to do: the camera is added without a snapshot",
            )
        return reply.content

    def _log_in(self, method: str, url: str, send: Callable[[dict[str, str]], Reply]) -> Reply:
        """Send, and send again as HTTP wants it; return the reply, which may be a refusal."""
        reply = send(self._authorization(method, url))
        for _ in range(_MOST_LESSONS):
            if not self._learns_from(reply, self._logins[method]):
                break
            reply = send(self._authorization(method, url))
        return reply

    def _refuse_again(self, method: str) -> None:
        """Raise what the camera said to this password before; SOAP's word is also for pictures."""
        refusal = self._logins[method].refusal or self._logins["POST"].refusal
        if refusal:
            raise refusal

    def _remembered(self, method: str, refusal: PasswordRefusedError) -> EdgeAgentError:
        """Return the refusal, kept for good; or where the password was right, what it means."""
        login = self._logins[method]
        if login.unspoken:
            login.refusal = _not_spoken(self.address.place, login.unspoken)
            return login.refusal
        if self.is_known and self.credentials and method == "POST":
            return EdgeAgentError(
                f"{self.address.place} does not let user '{self.credentials.username}' do this",
                hint="give it a user with administrator rights",
            )
        login.refusal = _hidden(self.address.place) if login.is_basic_only else refusal
        return login.refusal

    def _learns_the_time(self, ends_mono: float) -> bool:
        """Return whether the camera's clock is another than the one we signed with: ask again.

        NTP and restarts move it, and a signature of another time is refused like a wrong password.
        """
        if self.credentials is None or self._logins["POST"].challenge:
            return False
        left_s = min(_TIME_DEADLINE_S, ends_mono - time.monotonic())
        action = "http://www.onvif.org/ver10/device/wsdl/GetSystemDateAndTime"
        headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        before_s = self.clock_offset_s
        try:
            reply = post(self.address.url, _ASK_TIME, headers, deadline_s=left_s, stop=self._stop)
            camera_wall = read_clock(parse(reply.content), reply.date)
        except EdgeAgentError:
            return False
        if camera_wall is None or abs(camera_wall - self._clock.wall() - before_s) <= _SAME_TIME_S:
            return False
        self.clock_offset_s = camera_wall - self._clock.wall()
        return True

    def _authorization(self, method: str, url: str) -> dict[str, str]:
        login = self._logins[method]
        if login.challenge is None or self.credentials is None:
            return {}
        login.nonce_uses += 1
        parts = urlsplit(url)
        uri = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        word = answer(login.challenge, self.credentials, method, uri, count=login.nonce_uses)
        return {"Authorization": word}

    def _learns_from(self, reply: Reply, login: _HttpLogin) -> bool:
        """Return whether to ask again: HTTP wants another login than we have tried."""
        login.unspoken = ""
        if reply.status != _UNAUTHORIZED or self.credentials is None:
            return False
        challenge, before = best_challenge(reply.challenges), login.challenge
        if challenge is None:
            login.unspoken = unspoken(reply.challenges)
            return False
        if challenge.is_basic and not self._may_show_password:
            login.is_basic_only = True
            return False
        # A nonce that served before and does no longer is old, whether the camera says so or not.
        is_new = before is None or challenge.is_stale or login.nonce_uses > 1
        login.challenge, login.nonce_uses = challenge, 0
        return is_new and challenge != before

    def _signed(self, envelope: bytes) -> bytes:
        if self.credentials is None:
            return envelope
        header = security_header(self.credentials, self._clock.wall() + self.clock_offset_s)
        return add_header(envelope, header.encode())

    def _checked(self, reply: Reply, url: str) -> Reply:
        who = self.credentials
        place = read_address(url).place
        if reply.status in REFUSING_STATUSES:
            raise _refused(place, who)
        _refuse_redirect(reply, url)
        try:
            mended = mend(reply.content, _charset(reply.content_type))
        except EdgeAgentError as error:
            error.add_note(f"{place}, HTTP status {reply.status}")
            raise
        if not is_envelope(mended.root):
            raise EdgeAgentError(
                f"{url} answers with a page, not with ONVIF (HTTP status {reply.status})",
                hint="switch ONVIF on in the camera's page, or give its ONVIF port as HOST:PORT",
            )
        fault = find_fault(mended.root)
        if fault and fault.is_refusal:
            raise _refused(place, who)
        if fault:
            raise FaultError(
                f"{place} says: {fault.reason or ', '.join(fault.codes) or 'fault'}",
                hint="if the camera is still starting, try again in a minute; "
                "else update its firmware",
                fault=fault,
            )
        self.repairs = tuple(dict.fromkeys(self.repairs + mended.repairs))
        return replace(reply, content=mended.content)


def add_header(envelope: bytes, header: bytes) -> bytes:
    """Return one of our own envelopes with one more header."""
    named = _ENVELOPE.search(envelope)
    prefix = named[1] if named else b""
    opening = b"<" + prefix + b"Header>"
    if opening in envelope:
        return envelope.replace(opening, opening + header, 1)
    body = b"<" + prefix + b"Body"
    whole = opening + header + b"</" + prefix + b"Header>" + body
    return envelope.replace(body, whole, 1)


def _charset(content_type: str) -> str:
    return content_type.lower().partition("charset=")[2].partition(";")[0].strip(' "')


def _refuse_redirect(reply: Reply, url: str) -> None:
    if reply.status in _REDIRECTS:
        raise EdgeAgentError(
            f"{read_address(url).place} sends us to '{shown(reply.location)[:200]}', which is not followed",
            hint="if that is this camera, give that address; where it says https, write https://",
        )


def _not_spoken(place: str, algorithms: str) -> EdgeAgentError:
    return EdgeAgentError(
        f"{place} wants an HTTP login that we do not speak ({algorithms})",
        hint="set its login (web, HTTP or ONVIF) to digest with MD5 or SHA-256 in the camera's "
        "page, or add its stream:  edge-agent add rtsp://HOST/PATH",
    )


def _hidden(place: str) -> PasswordHiddenError:
    return PasswordHiddenError(
        f"{place} wants the password in plain text (HTTP Basic), which is not sent unattended",
        hint="set its login (web, HTTP or ONVIF) to digest in the camera's page; "
        "check, too, that this address is the camera's",
    )


def _refused(place: str, who: Credentials | None) -> PasswordRefusedError:
    if who is None:
        return PasswordRefusedError(
            f"{place} wants a user name and a password",
            hint="give them:  edge-agent add HOST --user NAME --password-file FILE",
        )
    return PasswordRefusedError(
        f"{place} refuses user '{who.username}' with this password",
        hint="check both in the camera's page; many cameras keep ONVIF users on a list of their own, "
        "and after some wrong ones they lock: wait, do not guess; tell a saved camera's new one:  "
        "edge-agent camera set-password NAME",
    )
