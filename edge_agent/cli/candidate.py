"""A camera on its way into the configuration: asked and chosen, not yet seen or saved."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge_agent.cli.camera_clock import tell_clock
from edge_agent.cli.login import Login, Talk, log_in
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, host_of
from edge_agent.onvif.choose import Choice
from edge_agent.onvif.device import Device, read_device, read_services
from edge_agent.onvif.discovery import PORT
from edge_agent.onvif.identity import Identity
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.locate import locate
from edge_agent.onvif.media import Channel, Media, Profile, open_media
from edge_agent.onvif.network_card import neighbour_address, read_hardware_address
from edge_agent.onvif.presence import Presence, Status, look
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import Clock
from edge_agent.video.options import StreamOptions

# config.checks.is_word, less room for "-2" and so on.
LONGEST_WORD = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the technician asked for."""

    # HOST, HOST:PORT, or an http or rtsp URL.
    where: str
    # "" leaves the name to the camera.
    name: str
    login: Login
    # What lines about a device begin with that calls itself so.
    call: Callable[[Address, Identity, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A camera or a recorder that let us in."""

    # What lines about it begin with.
    label: str
    # What it calls itself; "" if it has no name.
    name: str
    identity: Identity
    presence: Presence
    media: Media
    channels: tuple[Channel, ...]

    @property
    def line(self) -> Line:
        """Where to ask it more."""
        return self.media.line


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """All that the configuration wants to know of a camera, but its id."""

    # What it calls itself; "" if it has no name.
    name: str
    address: Address
    identity: Identity = field(default=Identity())
    # Which channel of a recorder.
    source: str = ""
    onvif_url: str = ""
    analysis: StreamOptions
    main: StreamOptions | None = None
    # What the camera declares of the two; None without ONVIF.
    analysis_profile: Profile | None = None
    main_profile: Profile | None = None
    # A picture by HTTP; "" where the camera has none.
    snapshot_url: str = ""

    def for_user(self, credentials: Credentials | None) -> "Candidate":
        """Return it with this login for its streams."""
        main = self.main and with_login(self.main, credentials)
        return replace(self, analysis=with_login(self.analysis, credentials), main=main)

    def without_main(self) -> "Candidate":
        """Return it with the stream to analyse alone."""
        return replace(self, main=None, main_profile=None)


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


def open_camera(wanted: Wanted, talk: Talk, clock: Clock, *, discovery_port: int = PORT) -> Opened:
    """Find the camera, look at its clock, log in, and say each step as it succeeds.

    Raise EdgeAgentError at the first that does not.
    """
    talk.console.progress(f"asking {wanted.where} …")
    address, found = locate(wanted.where, discovery_port=discovery_port)
    presence = look(address, clock)
    if presence.problem:
        raise EdgeAgentError(
            f"{address.place} speaks ONVIF, but broken: {presence.problem}",
            hint="restart the camera and update its firmware; or without ONVIF:  "
            f"edge-agent add rtsp://{address.host}/PATH",
        )
    if presence.status is Status.NO_ONVIF:
        raise EdgeAgentError(
            f"{address.place} is reachable but does not speak ONVIF there",
            hint="switch ONVIF on in the camera's page or give its port as HOST:PORT; where it has "
            f"none:  edge-agent add rtsp://{address.host}/PATH",
        )
    name = found.name if found else ""
    endpoint = found.endpoint if found else ""
    label = wanted.name or wanted.call(address, Identity(endpoint=endpoint), name)
    tell_clock(presence, label, clock, talk)
    _, (device, media, channels) = log_in(
        wanted.login, label, talk.console, lambda who: _open(presence, who, clock)
    )
    talk.console.ok(label, f"logged in to {_described(device)}")
    mac = _hardware_address(media.line)
    return Opened(
        label=label,
        name=name or device.model,
        identity=Identity(endpoint=endpoint, mac=mac, serial=device.serial),
        presence=presence,
        media=media,
        channels=channels,
    )


def candidate_of(opened: Opened, channel: Channel, choice: Choice) -> Candidate:
    """Ask the camera for the addresses of the chosen streams of a channel.

    Raise EdgeAgentError where it names none for the stream to analyse or the main stream.
    """
    media, analysis, main = opened.media, choice.analysis, choice.main
    one_of_many = f"-{channel.number}" if len(opened.channels) > 1 else ""
    return Candidate(
        name=f"{word_from(opened.name)[: LONGEST_WORD - len(one_of_many)]}{one_of_many}",
        address=opened.line.address,
        identity=opened.identity,
        source=channel.source,
        onvif_url=opened.line.address.url,
        analysis=StreamOptions(url=media.stream_url(analysis.token)),
        main=StreamOptions(url=media.stream_url(main.token)) if main else None,
        analysis_profile=analysis,
        main_profile=main,
        snapshot_url=media.snapshot_url(analysis.token),
    ).for_user(opened.line.credentials)


def with_login(stream: StreamOptions, credentials: Credentials | None) -> StreamOptions:
    """Return the stream with a user name and a password; as it is where there are none."""
    if credentials is None:
        return stream
    return replace(stream, username=credentials.username, password=credentials.password)


def word_from(name: str) -> str:
    """Return a camera's name as a word that can be an id; "" if nothing of it can."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:LONGEST_WORD].strip("-")


def _described(device: Device) -> str:
    maker = f"{device.maker} {device.model}".strip() or "a camera without a name"
    serial = f", serial {device.serial}" if device.serial else ""
    return f"{maker}, firmware {device.firmware or 'unknown'}{serial}"


def _open(
    presence: Presence, credentials: Credentials | None, clock: Clock
) -> tuple[Device, Media, tuple[Channel, ...]]:
    line = Line(
        presence.address, credentials, clock=clock, clock_offset_s=presence.clock_offset_s or 0.0
    )
    device = read_device(line)
    # Strangers were not told: the password is right, and a later no is about the question.
    line.is_known = credentials is not None and presence.status is Status.NEEDS_PASSWORD
    media = open_media(line, read_services(line))
    return device, media, media.channels(media.profiles())


def _hardware_address(line: Line) -> str:
    """Return the MAC that this box sees in its own subnet; else the one that the camera tells.

    What is seen can be compared later (onvif/refind.py); npm's onvif camera tells another's.
    """
    if seen := neighbour_address(line.address.host):
        return seen
    try:
        return read_hardware_address(line)
    except PasswordRefusedError:
        # A user who may see pictures need not see the network's settings.
        return ""
