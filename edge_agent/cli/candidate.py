"""A camera on its way into the configuration: asked and chosen, not yet seen or saved."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge_agent.cli.console import Console
from edge_agent.cli.login import Login, log_in
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, host_of
from edge_agent.onvif.choose import choose
from edge_agent.onvif.device import Device, read_device, read_services
from edge_agent.onvif.discovery import PORT
from edge_agent.onvif.locate import locate
from edge_agent.onvif.media import Profile, read_profiles, read_snapshot_url, read_stream_url
from edge_agent.onvif.presence import Presence, Status, look
from edge_agent.onvif.session import Session
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import Clock
from edge_agent.video.options import StreamOptions

# More than this and its pictures cannot be matched with anybody else's; strict firmwares refuse
# passwords that are as old.
WORST_DRIFT_S = 5.0
# config.checks.is_word, less room for "-2" and so on.
LONGEST_WORD = 28
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """All that the configuration wants to know of a camera, but its id."""

    # What it calls itself; "" if it has no name.
    name: str
    address: Address
    endpoint: str = ""
    onvif_url: str = ""
    analysis: StreamOptions
    main: StreamOptions | None = None
    # A picture by HTTP, for a person with a browser; "" where the camera has none.
    snapshot_url: str = ""

    def for_user(self, credentials: Credentials | None) -> "Candidate":
        """Return it with this login for its streams."""
        main = self.main and with_login(self.main, credentials)
        return replace(self, analysis=with_login(self.analysis, credentials), main=main)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the technician asked for."""

    # HOST, HOST:PORT, or an http or rtsp URL.
    where: str
    # "" leaves the name to the camera.
    name: str
    # sub, main, a token, or "" for the best.
    stream: str
    login: Login


@dataclass(frozen=True, slots=True)
class _Opened:
    """A camera that let us in."""

    session: Session
    media_url: str
    device: Device
    profiles: tuple[Profile, ...]


def by_rtsp(wanted: Wanted) -> Candidate:
    """Return a camera without ONVIF: its one stream. Asks nothing of the camera.

    Raise EdgeAgentError for what is no RTSP address, or if the password cannot be read.
    """
    host = host_of(wanted.where)
    if not host:
        raise EdgeAgentError(
            f"'{wanted.where}' is not a stream's address",
            hint="write it as rtsp://192.168.1.64:554/stream2",
        )
    stream = StreamOptions(url=wanted.where)
    return Candidate(
        name=host, address=Address(host), analysis=with_login(stream, wanted.login.given())
    )


def by_onvif(
    wanted: Wanted, console: Console, clock: Clock, *, discovery_port: int = PORT
) -> Candidate:
    """Ask a camera for all that is needed, and say each step as it succeeds.

    Raise EdgeAgentError at the first that does not.
    """
    address, found = locate(wanted.where, discovery_port=discovery_port)
    presence = look(address, clock)
    if presence.status is Status.NO_ONVIF:
        raise EdgeAgentError(
            f"{address.place} is reachable but does not speak ONVIF there",
            hint="switch ONVIF on in the camera's page or give its port as HOST:PORT; where it has "
            f"none:  edge-agent add rtsp://{address.host}/PATH",
        )
    name = found.name if found else ""
    label = wanted.name or word_from(name) or address.host
    _tell_clock(presence, label, clock, console)
    credentials, opened = log_in(
        wanted.login, label, console, lambda who: _open(presence, who, clock)
    )
    device = opened.device
    console.ok(label, f"logged in to {_described(device)}")
    choice = choose(_first_channel(opened.profiles, label, console), wanted.stream)
    console.ok(label, f"stream to analyse is {choice.reason}")
    return Candidate(
        name=name or device.model,
        address=address,
        endpoint=found.endpoint if found else "",
        onvif_url=address.url,
        analysis=_stream(opened, choice.analysis),
        main=_stream(opened, choice.main) if choice.main else None,
        snapshot_url=read_snapshot_url(opened.session, opened.media_url, choice.analysis.token),
    ).for_user(credentials)


def with_login(stream: StreamOptions, credentials: Credentials | None) -> StreamOptions:
    """Return the stream with a user name and a password; as it is where there are none."""
    if credentials is None:
        return stream
    return replace(stream, username=credentials.username, password=credentials.password)


def _described(device: Device) -> str:
    maker = f"{device.maker} {device.model}".strip() or "a camera without a name"
    serial = f", serial {device.serial}" if device.serial else ""
    return f"{maker}, firmware {device.firmware or 'unknown'}{serial}"


def word_from(name: str) -> str:
    """Return a camera's name as a word that can be an id; "" if nothing of it can."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:LONGEST_WORD].strip("-")


def _open(presence: Presence, credentials: Credentials | None, clock: Clock) -> _Opened:
    session = Session(
        presence.address, credentials, clock=clock, clock_offset_s=presence.clock_offset_s or 0.0
    )
    device = read_device(session)
    media_url = read_services(session).media_url
    if not media_url:
        raise EdgeAgentError(
            f"{presence.address.place} has no ONVIF media service",
            hint=f"add its stream:  edge-agent add rtsp://{presence.address.host}/PATH",
        )
    return _Opened(session, media_url, device, read_profiles(session, media_url))


def _stream(opened: _Opened, profile: Profile) -> StreamOptions:
    return StreamOptions(url=read_stream_url(opened.session, opened.media_url, profile.token))


def _first_channel(
    profiles: Sequence[Profile], label: str, console: Console
) -> tuple[Profile, ...]:
    channels = list(dict.fromkeys(profile.source for profile in profiles))
    if len(channels) > 1:
        console.note(
            label,
            f"it has {len(channels)} channels; this adds the first",
            "add the others by their streams' addresses:  edge-agent add rtsp://...",
        )
    return tuple(profile for profile in profiles if profile.source == channels[0])


def _tell_clock(presence: Presence, label: str, clock: Clock, console: Console) -> None:
    place, drift_s = presence.address.place, presence.clock_offset_s
    if drift_s is None:
        console.ok(label, f"reached {place} (it does not tell the time)")
    elif abs(drift_s) <= WORST_DRIFT_S:
        console.ok(label, f"reached {place} (clock right)")
    else:
        console.ok(label, f"reached {place}")
        who = "set the camera's time to NTP in its page"
        unsure = "; this box's clock is not synchronised either (timedatectl)"
        console.note(
            label,
            f"its clock is {drift_words(drift_s)} this box's",
            who if clock.state().is_synced else who + unsure,
        )


def drift_words(drift_s: float) -> str:
    """Return `3 min behind` or `2 h ahead of`."""
    size_s = abs(drift_s)
    for unit_s, unit in ((_DAY_S, "days"), (_HOUR_S, "h"), (_MINUTE_S, "min"), (1, "s")):
        if size_s >= 2 * unit_s or unit_s == 1:
            return f"{size_s / unit_s:.0f} {unit} {'behind' if drift_s < 0 else 'ahead of'}"
    raise AssertionError("seconds are the last resort")
