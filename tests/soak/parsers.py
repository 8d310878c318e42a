"""Each reader of what a camera says, in one line each: name, healthy replies, and how it reads.

A reader returns anything or raises EdgeAgentError; whatever else comes out of it is our defect.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from edge_agent.onvif import exchange, line, presence
from edge_agent.onvif.address import Address
from edge_agent.onvif.device import Services, read_device, read_services
from edge_agent.onvif.encoder import read_encoder
from edge_agent.onvif.exchange import Reply
from edge_agent.onvif.http_auth import answer, best_challenge
from edge_agent.onvif.line import Line
from edge_agent.onvif.matches import merge, read_matches
from edge_agent.onvif.media import open_media
from edge_agent.onvif.network_card import read_hardware_address
from edge_agent.onvif.profile import Profile
from edge_agent.onvif.pull_point import subscribe
from edge_agent.onvif.quirks import mend
from edge_agent.onvif.soap import ask
from edge_agent.onvif.video_sources import read_video_sources
from edge_agent.onvif.wsse import Credentials, security_header
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from tests.soak import seeds
from tests.soak.center_parsers import Desk, camera_seeds, site_seeds

_ADDRESS = Address("127.0.0.1", 9)
_URL = "http://127.0.0.1:9/onvif/media"
_ADMIN = Credentials("admin", Secret("secret"))
_STATUSES = (200, 200, 200, 200, 400, 401, 403, 500, 302, 0)


@dataclass(frozen=True)
class Parser:
    """One reader, and what it reads where all is well."""

    name: str
    corpus: tuple[bytes, ...]
    read: Callable[[bytes, Random], object]


class Tape:
    """Stands in for the wire: whatever is asked, it answers what a test put on it."""

    def __init__(self) -> None:
        self.reply = Reply(200, b"", "", "")
        line.post = self.post  # type: ignore[assignment]  # the process is ours alone
        presence.post = self.post  # type: ignore[assignment]  # the same

    def post(self, *_: object, **__: object) -> Reply:
        return self.reply

    def put(self, content: bytes, random: Random) -> Line:
        status = random.choice(_STATUSES) if random.random() < 0.2 else 200
        challenge = random.choice(seeds.CHALLENGES).decode()
        charset = random.choice(("", "; charset=utf-8", "; charset=gb2312", "; charset=x"))
        self.reply = Reply(
            status, content, f"application/soap+xml{charset}", "", (challenge,), "http://a/b"
        )
        return Line(_ADDRESS, _ADMIN, clock=SystemClock())


class Medium:
    """Media 1, kept for all inputs: zeep reads its WSDL once in 0.2 s, as in the agent."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._old = open_media(tape.put(b"", Random(0)), Services(media_url=_URL))

    def profiles(self, content: bytes, random: Random) -> object:
        self._renew(content, random)
        profiles = self._old.profiles()
        return self._old.channels(profiles)

    def stream_url(self, content: bytes, random: Random) -> object:
        self._renew(content, random)
        return self._old.stream_url("sub")

    def _renew(self, content: bytes, random: Random) -> None:
        fresh = self._tape.put(content, random)
        self._old.line.__dict__.update(fresh.__dict__)


def parsers() -> tuple[Parser, ...]:
    """Return every reader there is; who writes another one adds its line here."""
    tape = Tape()
    medium = Medium(tape)

    def on_line(read: Callable[[Line], object]) -> Callable[[bytes, Random], object]:
        return lambda content, random: read(tape.put(content, random))

    clocks = seeds.bodies("GetSystemDateAndTime", "starts_in_1970", "no_time", "month_13")
    devices = seeds.bodies("GetDeviceInformation", "raw_ampersand", "latin1", "fault_500")
    faults = (*seeds.FAULTS, *seeds.bodies("fault_400", "fault_500", "refusal_500"))
    matches = seeds.bodies("ProbeMatch", "no_name", "ipv6_first", "huge_scopes")
    subscriptions = (seeds.SUBSCRIPTION, *seeds.bodies("CreatePullPointSubscription"))
    options = (seeds.ENCODER_OPTIONS, seeds.ENCODER_OPTIONS_1)
    return (
        Parser("mend", seeds.bodies(), lambda content, _: mend(content)),
        Parser("discovery", matches, _find),
        Parser("clock", clocks, lambda content, random: _sign(tape, content, random)),
        Parser("device", devices, on_line(read_device)),
        Parser("faults", faults, on_line(_no)),
        Parser("services", seeds.bodies("GetServices", "GetCapabilities"), on_line(read_services)),
        Parser("media 1 profiles", seeds.bodies("GetProfiles"), medium.profiles),
        Parser("media 1 address", seeds.bodies("GetStreamUri"), medium.stream_url),
        Parser("media 2 profiles", (seeds.MEDIA2_PROFILES,), on_line(_profiles2)),
        Parser("media 2 address", (seeds.MEDIA2_URI,), on_line(_address2)),
        Parser("encoder", (seeds.ENCODER,), on_line(_encoder)),
        Parser("encoder options", options, on_line(_options)),
        Parser("subscription", subscriptions, on_line(_subscribe)),
        Parser("events", (seeds.MESSAGES,), lambda content, random: _pull(tape, content, random)),
        Parser("identity", (seeds.NETWORK,), on_line(read_hardware_address)),
        Parser("video sources", (seeds.SOURCES,), on_line(_sources)),
        Parser("challenges", seeds.CHALLENGES, _log_in),
        Parser("http", seeds.messages(), _exchange),
        *_center_and_site(),
    )


def _center_and_site() -> tuple[Parser, ...]:
    desk = Desk()
    return (
        Parser("receipt", desk.receipt_seeds(), desk.take),
        Parser("signed receipt", desk.receipt_seeds(), desk.take_signed),
        Parser("agent.toml", site_seeds(), desk.read_site),
        Parser("camera file", camera_seeds(), desk.read_camera),
    )


def _profiles2(asked: Line) -> object:
    media = open_media(asked, Services(media2_url=_URL))
    return media.channels(media.profiles())


def _address2(asked: Line) -> object:
    return open_media(asked, Services(media2_url=_URL)).stream_url("p1")


def _subscribe(asked: Line) -> object:
    return subscribe(asked, _URL, SystemClock().wall)


def _sources(asked: Line) -> object:
    return read_video_sources(asked, Services(media_url=_URL))


def _find(content: bytes, _: Random) -> object:
    found = merge(read_matches(content, "10.0.0.5"))
    return [(one.addresses, one.name) for one in found]


def _sign(tape: Tape, content: bytes, random: Random) -> object:
    """Read the clock and sign with it, as the next question would."""
    tape.put(content, random)
    seen = presence.look(_ADDRESS, SystemClock())
    return security_header(_ADMIN, SystemClock().wall() + (seen.clock_offset_s or 0.0))


def _no(asked: Line) -> object:
    return ask(asked, _URL, "urn:x", "GetHostname")


def _profile(*, media2: bool) -> Profile:
    return Profile(
        token="p", name="", source="", codec="H264", width_px=640, height_px=480,
        frames_per_second=10, key_frame_every=10, encoder_token="e", media2=media2,
    )  # fmt: skip


def _encoder(asked: Line) -> object:
    media = open_media(asked, Services(media_url=_URL, media2_url=_URL))
    return read_encoder(media, _profile(media2=False))


def _options(asked: Line) -> object:
    from edge_agent.onvif.encoder import _read_options  # noqa: PLC0415 (a second question's reader)

    media = open_media(asked, Services(media_url=_URL, media2_url=_URL))
    return [_read_options(media, _profile(media2=media2)) for media2 in (False, True)]


def _pull(tape: Tape, content: bytes, random: Random) -> object:
    point = subscribe(tape.put(seeds.SUBSCRIPTION, Random(3)), _URL, SystemClock().wall)
    tape.put(content, random)
    return point.pull()


def _log_in(content: bytes, _: Random) -> object:
    challenge = best_challenge([content.decode("latin-1")])
    return challenge and answer(challenge, _ADMIN, "POST", "/onvif/device_service", count=1)


def _exchange(content: bytes, _: Random) -> object:
    """Read a whole HTTP answer from a real socket whose other end has said all and hung up."""
    ours, theirs = socket.socketpair()
    wire = exchange._Wire(fileno=ours.detach())
    wire.ends_mono = time.monotonic() + 1
    exchange._connect = lambda *_: wire  # type: ignore[assignment]  # the process is ours alone
    with theirs, wire:
        # Less than a socket holds: nobody reads while we write.
        theirs.sendall(content[:65536])
        theirs.shutdown(socket.SHUT_WR)
        return exchange.post("http://127.0.0.1:9/", b"x", {}, deadline_s=1)
