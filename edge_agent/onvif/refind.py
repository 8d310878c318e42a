"""Find a camera again that got another address: by its name for life, its card or its number.

What an answer says of itself anybody can say. So the old place is asked first, another network
card is a contradiction, and only who has shown the camera's name or card gets a login of ours:
one for each place, and never a password that can be read.
"""

import ipaddress
import socket
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.device import read_device
from edge_agent.onvif.discovery import PORT, ask_everybody
from edge_agent.onvif.identity import Identity
from edge_agent.onvif.interfaces import list_interfaces
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.matches import Found
from edge_agent.onvif.presence import Presence, Status, look
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop

# After the last of three questions there is more than the half second that a camera may take.
LISTEN_S = 2.5
# It answered over UDP a moment ago; and a stop, which must not last four seconds, ends a wait for
# an answer but none for a connection.
_LOOK_S = 3.0
# For all that are lost together. Beyond that somebody answers slowly on purpose.
_FIND_S = 60.0
_TOO_LONG = f"the search took longer than {_FIND_S:g} s, because others answer slowly"
# Strangers to ask for their serial number in one search; a street has dozens.
_MOST_STRANGERS = 32
# Hosts that answer in one name; a camera with two cards has two.
_MOST_NAMESAKES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A camera that does not answer where it was."""

    identity: Identity
    address: Address
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a lost camera is now; without an address, why nobody was believed ("": no answer)."""

    address: Address | None = None
    doubt: str = ""
    # The old place answers, as the camera or as somebody who may be it.
    is_at_home: bool = False


class _Proof(IntEnum):
    """How well somebody has shown to be the camera; the least is the best."""

    NAME_AND_CARD = 0
    NAME = 1
    CARD = 2
    SERIAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Witness:
    """Somebody who answers at an address, as far as anybody may know."""

    address: Address
    identity: Identity
    presence: Presence


@dataclass(frozen=True, slots=True)
class _Verdict:
    proof: _Proof | None = None
    doubt: str = ""


class Search:
    """Looks for lost cameras. Keep it: it remembers who got a login, so that nobody gets two."""

    def __init__(
        self,
        clock: Clock,
        *,
        mac_of: Callable[[str], str],
        stop: Stop | None = None,
        port: int = PORT,
        listen_s: float = LISTEN_S,
    ) -> None:
        self._clock = clock
        self._mac_of = mac_of
        self._stop = stop
        self._port = port
        self._listen_s = listen_s
        self._disproved: dict[tuple[Identity, str], _Verdict] = {}

    def stranger_at(self, lost: Lost) -> str:
        """Return the network card that answers at a camera's place if it is another's, else "".

        Nobody is asked: the kernel knows with whom we talked. What it does not know is no
        contradiction.
        """
        card = self._mac_of(lost.address.host)
        return card if lost.identity.same_card(Identity(mac=card)) is False else ""

    def find(self, lost: Sequence[Lost], taken: Container[str] = ()) -> tuple[Trace, ...]:
        """Ask the network once and return what became of each, in order, within a minute or so.

        At the places in `taken` (Address.place) are cameras that are not lost. Raise
        EdgeAgentError if nothing can be asked.
        """
        answers = ask_everybody(
            list_interfaces(), listen_s=self._listen_s, port=self._port, stop=self._stop
        )
        meetings = _Meetings(self._clock, self._mac_of, self._stop)
        return tuple(self._trace(one, answers, meetings, taken) for one in lost)

    def _trace(
        self,
        lost: Lost,
        answers: Sequence[Found],
        meetings: "_Meetings",
        taken: Container[str],
    ) -> Trace:
        witnesses = list(_witnesses(lost, answers, meetings, taken))
        doubts = _doubles(lost, answers, taken)
        # Before anybody gets a login: a camera that is at home is nowhere else.
        if (witnesses or doubts) and _is_still_there(lost, answers, meetings):
            return Trace(doubt=_impostors(lost, witnesses), is_at_home=True)
        proven: dict[_Proof, list[Address]] = {}
        for witness in witnesses:
            if meetings.is_over:
                break
            verdict = self._judge(lost, witness)
            if verdict.doubt:
                doubts.append(verdict.doubt)
            if verdict.proof is not None:
                proven.setdefault(verdict.proof, []).append(witness.address)
        if meetings.is_over:
            # Who was not met may be the camera, too.
            return Trace(doubt=_TOO_LONG)
        best = proven[min(proven)] if proven else []
        # Several cameras on one host, as in a test, have one card.
        best = [each for each in best if each.port == lost.address.port] or best
        if len(best) > 1:
            places = ", ".join(address.place for address in best)
            return Trace(doubt=f"several call themselves this camera: {places}")
        return Trace(_as_safe(best[0], lost.address)) if best else Trace(doubt="; ".join(doubts))

    def _judge(self, lost: Lost, witness: _Witness) -> _Verdict:
        wanted, told, place = lost.identity, witness.identity, witness.address.place
        is_named, is_carded = wanted.same_name(told), wanted.same_card(told)
        if is_carded is False:
            doubt = f"{place} calls itself this camera but has another network card, {told.mac}"
            return _Verdict(doubt=doubt if is_named else "")
        is_numbered = wanted.same_serial(told)
        if is_numbered is False:
            doubt = f"{place} calls itself this camera but has another serial number"
            return _Verdict(doubt=doubt if is_named else "")
        if is_named and is_carded:
            return _Verdict(_Proof.NAME_AND_CARD)
        if is_carded or is_named:
            return self._ask_serial(lost, witness, _Proof.NAME if is_named else _Proof.CARD)
        return _Verdict(_Proof.SERIAL if is_numbered else None)

    def _ask_serial(self, lost: Lost, witness: _Witness, proof: _Proof) -> _Verdict:
        """Log in, once, where the serial number may still contradict."""
        is_open = lost.identity.has_telling_serial and not witness.identity.serial
        if not is_open or lost.credentials is None:
            return _Verdict(proof)
        key = (lost.identity, witness.address.place)
        if key in self._disproved:
            return self._disproved[key]
        verdict = self._log_in(lost, lost.credentials, witness)
        if verdict.proof is None:
            self._disproved[key] = verdict
        return verdict

    def _log_in(self, lost: Lost, credentials: Credentials, witness: _Witness) -> _Verdict:
        line = Line(
            witness.address,
            credentials,
            clock=self._clock,
            clock_offset_s=witness.presence.clock_offset_s or 0.0,
            deadline_s=_LOOK_S,
            stop=self._stop,
            may_show_password=False,
        )
        try:
            serial = read_device(line).serial
        except PasswordRefusedError:
            place = witness.address.place
            return _Verdict(doubt=f"{place} calls itself this camera but refuses our password")
        except EdgeAgentError:
            serial = ""
        told = replace(witness.identity, serial=serial)
        return self._judge(replace(lost, credentials=None), replace(witness, identity=told))


class _Meetings:
    """Whoever was met in one search, at each address once."""

    def __init__(self, clock: Clock, mac_of: Callable[[str], str], stop: Stop | None) -> None:
        self._clock = clock
        self._mac_of = mac_of
        self._stop = stop
        # Of each its presence, and who it is but for the name, which discovery told.
        self._met: dict[Address, tuple[Presence, Identity] | None] = {}
        self._ends_mono = clock.mono() + _FIND_S

    @property
    def is_over(self) -> bool:
        """Whether the time for one search is over; then nobody is met any more."""
        return self._clock.mono() >= self._ends_mono

    def card_at(self, host: str) -> str:
        """Return the network card of whoever is there, as far as the kernel knows it."""
        return self._mac_of(host)

    def meet(self, address: Address, endpoint: str) -> _Witness | None:
        """Return who is there, asked without credentials; None if nobody answers over HTTP."""
        if address not in self._met:
            self._met[address] = self._ask(address)
        met = self._met[address]
        if met is None:
            return None
        presence, identity = met
        identity = replace(identity, endpoint=endpoint)
        return _Witness(address=address, identity=identity, presence=presence)

    def _ask(self, address: Address) -> tuple[Presence, Identity] | None:
        if self.is_over or (self._stop is not None and self._stop.is_told):
            return None
        try:
            presence = look(address, self._clock, deadline_s=_LOOK_S, stop=self._stop)
        except EdgeAgentError:
            return None
        # Now that we have talked to it, the kernel knows its card.
        mac = self._mac_of(address.host)
        return presence, Identity(mac=mac, serial=self._serial(presence))

    def _serial(self, presence: Presence) -> str:
        """Return the serial number that it tells anybody."""
        if presence.status is not Status.READY:
            return ""
        line = Line(presence.address, None, clock=self._clock, deadline_s=_LOOK_S, stop=self._stop)
        try:
            return read_device(line).serial
        except EdgeAgentError:
            return ""


def _witnesses(
    lost: Lost, answers: Iterable[Found], meetings: _Meetings, taken: Container[str]
) -> Iterator[_Witness]:
    """Yield who may be the camera: those with its name; if there are none, strangers."""
    old_hosts = _numbers(lost.address.host)
    named = [each for each in answers if _has_name(lost, each.endpoint)]
    for found in named or list(answers)[:_MOST_STRANGERS]:
        # Two that call themselves the same came as one answer (matches.merge): each is met.
        for there in _one_each(found):
            if there.host in old_hosts or _is_ipv6(there) != _is_ipv6(lost.address):
                continue
            witness = None if there.place in taken else meetings.meet(there, found.endpoint)
            if witness:
                yield witness


def _doubles(lost: Lost, answers: Iterable[Found], taken: Container[str]) -> list[str]:
    """Return where other cameras of ours should be and somebody answers by this one's name."""
    places = [
        there.place
        for found in answers
        if _has_name(lost, found.endpoint)
        for there in _one_each(found)
        if there.place in taken and there.place != lost.address.place
    ]
    return [f"{place} calls itself this camera, at the address of another one" for place in places]


def _one_each(found: Found) -> list[Address]:
    """Return one address for each host that answered: who names many crowds nobody out."""
    return [replace(found, hosts=(host,)).address for host in found.hosts[:_MOST_NAMESAKES]]


def _impostors(lost: Lost, witnesses: Iterable[_Witness]) -> str:
    named = [each for each in witnesses if lost.identity.same_name(each.identity)]
    if not named:
        return ""
    places = ", ".join(each.address.place for each in named)
    return f"{places} calls itself this camera, but {lost.address.place} still answers"


def _is_still_there(lost: Lost, answers: Iterable[Found], meetings: _Meetings) -> bool:
    """Return whether the old place answers as the camera, or as somebody who may be it."""
    old, wanted = lost.address, lost.identity
    if wanted.same_card(Identity(mac=meetings.card_at(old.host))) is False:
        return False
    here = [each for each in answers if _is_at(each, old)]
    if any(_has_name(lost, each.endpoint) for each in here):
        return True
    witness = meetings.meet(old, here[0].endpoint if here else "")
    if witness is None:
        return False
    for is_same in (wanted.same_card(witness.identity), wanted.same_serial(witness.identity)):
        if is_same is not None:
            return is_same
    # Another name is another camera, as far as we can tell; no name may be anybody.
    return not here


def _is_at(found: Found, address: Address) -> bool:
    hosts = _numbers(address.host)
    return any(each.port == address.port and each.host in hosts for each in _one_each(found))


def _numbers(host: str) -> set[str]:
    """Return the addresses of a host that may be written as a name."""
    try:
        return {str(ipaddress.ip_address(host.partition("%")[0])), host}
    except ValueError:
        pass
    try:
        return {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return set()


def _as_safe(found: Address, old: Address) -> Address:
    """Return the new place, by TLS where the old one was: nobody talks us out of that."""
    return replace(old, host=found.host) if old.scheme == "https" else found


def _is_ipv6(address: Address) -> bool:
    """Return whether it is; a camera that lost its IPv4 address may not stream over IPv6."""
    return ":" in address.host


def _has_name(lost: Lost, endpoint: str) -> bool:
    return bool(lost.identity.same_name(Identity(endpoint=endpoint)))
