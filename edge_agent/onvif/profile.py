"""What a camera offers to send: streams (ONVIF's profiles) and the channels they show. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# A recorder of 64 channels with three streams each has 192.
MOST_PROFILES = 256
# ONVIF's ReferenceToken has 64 letters at most.
_LONGEST_TOKEN = 256
# No picture is as wide, no rate or distance of key frames as high; what says more says nonsense.
_LARGEST_NUMBER = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One stream that the camera offers; 0 and "" are what it does not say."""

    # For people, who name a stream by it; see `raw_token`.
    token: str
    name: str
    # The lens or channel it shows; a recorder has several.
    source: str
    # As ONVIF spells it: H264, H265, JPEG, MPEG4.
    codec: str
    width_px: int
    height_px: int
    frames_per_second: float
    # From one key frame to the next, in frames.
    key_frame_every: int
    # The token letter by letter, spaces and all, as the camera wants it back; not for a terminal.
    raw_token: str = ""
    # The encoder's settings, for `encoder`; several profiles may share them. As raw as the other.
    encoder_token: str = ""
    bitrate_kbps: int = 0
    # Told by Media 2, which is then asked for the rest, too.
    media2: bool = False
    # What the camera calls the lens or channel.
    source_name: str = ""

    @property
    def looks(self) -> str:
        """The stream in one phrase: `640x360 H264, 15 fps`."""
        rate = f", {self.frames_per_second:g} fps" if self.frames_per_second else ""
        if self.frames_per_second and self.key_frame_every:
            rate += f", a key frame every {self.key_frame_every / self.frames_per_second:.3g} s"
        codec = codec_word(self.codec) or "of unknown codec"
        return f"{self.width_px}x{self.height_px} {codec}{rate}"


@dataclass(frozen=True, slots=True)
class Channel:
    """One lens, or one camera behind a recorder, and its streams."""

    # From 1, in the camera's own order: what a technician reads on the recorder's screen.
    number: int
    source: str
    profiles: tuple[Profile, ...]

    @property
    def name(self) -> str:
        """What the camera calls it; "" if nothing."""
        return next((one.source_name for one in self.profiles if one.source_name), "")


def channels_of(profiles: Sequence[Profile], sources: Iterable[str] = ()) -> tuple[Channel, ...]:
    """Return the channels that have streams, by the order of `sources`, then of appearance.

    A source without streams keeps its number: a recorder's third input is 3 also while nothing
    is plugged into the second.
    """
    order = list(dict.fromkeys([*sources, *(profile.source for profile in profiles)]))
    found = (
        Channel(number, source, tuple(one for one in profiles if one.source == source))
        for number, source in enumerate(order, start=1)
    )
    return tuple(channel for channel in found if channel.profiles)


def as_token(said: object) -> str:
    """Return a token as it stands; "" for what is none, or longer than any."""
    token = str(said or "")
    return token if len(token) <= _LONGEST_TOKEN else ""


def as_number(said: object) -> float:
    """Return a number of the camera's; 0 for what is none, negative, endless or absurd."""
    try:
        number = float(str(said or 0))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) and 0 < number <= _LARGEST_NUMBER else 0.0


def by_token(profiles: Iterable[Profile | None]) -> tuple[Profile, ...]:
    """Return those that are profiles, of equal tokens the first, at most MOST_PROFILES."""
    found: dict[str, Profile] = {}
    for profile in profiles:
        if profile and len(found) < MOST_PROFILES:
            found.setdefault(profile.token, profile)
    return tuple(found.values())


def codec_word(codec: str) -> str:
    """Return a codec as people write it: ONVIF says H264."""
    return {"H264": "H.264", "H265": "H.265"}.get(codec, codec)
