"""How the fake camera is made: what it offers, and which defect it has."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One profile of the camera."""

    token: str
    uri: str
    codec: str = "H264"
    width_px: int = 640
    height_px: int = 360
    # A word where a firmware writes nonsense.
    frames_per_second: int | str = 10
    source: str = "VS_1"
    source_name: str = "s"
    # The token of its encoder; "" for one of its own.
    encoder: str = ""
    bitrate_kbps: int = 512
    key_frame_every: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """How this camera is made. The defaults are a camera that does all as it should."""

    username: str = "admin"
    # Empty: it lets anybody in.
    password: str = "a & b <c>"
    endpoint: str = "urn:uuid:11112222-3333-4444-5555-666677778888"
    name: str = "Front Door"
    serial: str = "S1"
    skew_s: float = 0.0
    # What it answers to strangers.
    open_to_all: frozenset[str] = frozenset({"GetSystemDateAndTime"})
    # The host it believes to have.
    claimed_host: str = "127.0.0.1"
    # The port it announces; 0: the right one.
    claimed_port: int = 0
    streams: tuple[Stream, ...] = (
        Stream(
            token="main",
            uri="rtsp://127.0.0.1:554/main",
            width_px=1920,
            height_px=1080,
            frames_per_second=25,
        ),
        Stream(token="sub", uri="rtsp://127.0.0.1:554/sub"),
    )
    # Media 2 brings GetServices along.
    has_services: bool = False
    has_media2: bool = False
    is_without_media1: bool = False
    # The words it takes for RTSP in Media 2.
    protocols: frozenset[str] = frozenset({"RTSP", "RtspUnicast"})
    # The inputs that GetVideoSources tells.
    sources: tuple[str, ...] = ()
    # What its encoders can do; without sizes it does not tell.
    codecs: tuple[str, ...] = ("H264", "H265")
    sizes: tuple[tuple[int, int], ...] = ((1920, 1080), (704, 576), (640, 360), (320, 240))
    rates: tuple[float, ...] = (1, 5, 8, 10, 12, 15, 20, 25)
    most_key_frame_every: int = 100
    # Address and hardware address of each network card.
    hardware_addresses: tuple[tuple[str, str], ...] = ()
    # How it logs in over HTTP, see http_login; () where it takes WS-Security, or asks nobody.
    http_logins: tuple[str, ...] = ()
    picture_logins: tuple[str, ...] = ()
    nonce_uses: int = 0
    says_stale: bool = True
    # Defects.
    media2_is_broken: bool = False
    refuses_settings: bool = False
    # Of codec width_px height_px rate kbps every, and clock.
    ignored_settings: frozenset[str] = frozenset()
    # Operations that this user may not do.
    forbidden: frozenset[str] = frozenset()
    tells_the_time: bool = True
    refuses_with_a_page: bool = False
    is_a_web_server: bool = False
    hangs: bool = False
    drips: bool = False
    cuts_replies_short: bool = False
    starts_replies_with_empty_lines: bool = False
    writes_raw_ampersands: bool = False
    sends_entities: bool = False
    extra_scopes: str = ""
