"""Which settings of a camera's encoder suit the analysis, among those the camera allows. Pure.

H.264, small, ten pictures and one key frame a second: cheap to decode, and after a gap on the
wire the picture is back within a second.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from edge_agent.onvif.choose import NARROWEST_PX, WIDEST_PX
from edge_agent.onvif.profile import codec_word

_SAME_SHAPE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSettings:
    """How a stream is encoded; 0 is what the camera does not say."""

    codec: str
    width_px: int
    height_px: int
    frames_per_second: float
    # From one key frame to the next, in frames.
    key_frame_every: int
    bitrate_kbps: int = 0
    # How many profiles have these settings: all of them change.
    use_count: int = field(default=1, compare=False)


WANTED = EncoderSettings(
    codec="H264", width_px=640, height_px=360, frames_per_second=10, key_frame_every=10
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderOptions:
    """What a camera allows for one codec; () is what it does not say."""

    codec: str
    # Width and height, pixels.
    sizes: tuple[tuple[int, int], ...] = ()
    frame_rates: tuple[float, ...] = ()
    # The least and the most of each.
    key_frame_range: tuple[int, ...] = ()
    bitrate_range_kbps: tuple[int, ...] = ()
    # Main, High and so on.
    codec_profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """A change of settings: planned, or done and read back."""

    before: EncoderSettings
    after: EncoderSettings
    # What differs, in words; () if nothing does.
    changes: tuple[str, ...]
    # What was asked for and the camera did not do, in words.
    ignored: tuple[str, ...] = ()
    # What a person should know before saying yes.
    notes: tuple[str, ...] = ()


def plan_tuning(
    options: Sequence[EncoderOptions],
    current: EncoderSettings,
    wanted: EncoderSettings = WANTED,
) -> Tuning:
    """Return the change from `current` to what comes nearest to `wanted` of what is allowed."""
    allowed = _for_codec(options, current, wanted)
    width_px, height_px = _nearest_size(allowed.sizes, current, wanted)
    rate = _nearest_rate(allowed.frame_rates, wanted.frames_per_second)
    every = round(rate * wanted.key_frame_every / (wanted.frames_per_second or 1))
    after = replace(
        current,
        codec=allowed.codec,
        width_px=width_px,
        height_px=height_px,
        frames_per_second=rate,
        key_frame_every=_within(allowed.key_frame_range, max(1, every)),
        bitrate_kbps=_within(allowed.bitrate_range_kbps, current.bitrate_kbps),
    )
    count = current.use_count
    notes = (f"{count} profiles of the camera share these settings",) if count > 1 else ()
    return Tuning(before=current, after=after, changes=differences(current, after), notes=notes)


def differences(before: EncoderSettings, after: EncoderSettings) -> tuple[str, ...]:
    """Return what differs, in words: `25 -> 10 fps`."""
    told = ((say(before), say(after), unit) for say, unit in _SAYINGS)
    return tuple(f"{was} -> {will}{unit}" for was, will, unit in told if was != will)


def ignored(wanted: EncoderSettings, read_back: EncoderSettings) -> tuple[str, ...]:
    """Return what the camera did not do, in words: `10 fps, it stays at 25`.

    A bit rate that it does not tell is none that it ignored.
    """
    known = replace(read_back, bitrate_kbps=read_back.bitrate_kbps or wanted.bitrate_kbps)
    told = ((say(wanted), say(known), unit) for say, unit in _SAYINGS)
    return tuple(f"{asked}{unit}, it stays at {is_}" for asked, is_, unit in told if asked != is_)


_SAYINGS: tuple[tuple[Callable[[EncoderSettings], str], str], ...] = (
    (lambda one: codec_word(one.codec) or "unknown codec", ""),
    (lambda one: f"{one.width_px}x{one.height_px}", ""),
    # Some cameras answer 9.99 to 10.
    (lambda one: f"{round(one.frames_per_second, 1):g}", " fps"),
    (lambda one: str(one.key_frame_every), " frames from key frame to key frame"),
    (lambda one: str(one.bitrate_kbps), " kbit/s"),
)


def _for_codec(
    options: Sequence[EncoderOptions], current: EncoderSettings, wanted: EncoderSettings
) -> EncoderOptions:
    """Return what is allowed with the wanted codec, or where it is not there with today's."""
    by_codec = {one.codec: one for one in options}
    if wanted.codec in by_codec or not options:
        return by_codec.get(wanted.codec, EncoderOptions(codec=wanted.codec))
    return by_codec.get(current.codec, EncoderOptions(codec=current.codec))


def _nearest_size(
    sizes: Sequence[tuple[int, int]], current: EncoderSettings, wanted: EncoderSettings
) -> tuple[int, int]:
    """Return the wanted size; else a small one of the same shape; else the smallest there is."""
    goal = wanted.width_px, wanted.height_px
    if goal in sizes or not sizes:
        return goal
    small = [size for size in sizes if NARROWEST_PX <= size[0] <= WIDEST_PX]
    if not small:
        now = current.width_px, current.height_px
        too_wide = [size for size in sizes if size[0] > WIDEST_PX]
        return min(too_wide or [now], key=_area)
    return min(
        small,
        key=lambda size: (
            not _has_shape(size, goal),
            not _has_shape(size, (current.width_px, current.height_px)),
            abs(_area(size) - _area(goal)),
            size,
        ),
    )


def _has_shape(size: tuple[int, int], like: tuple[int, int]) -> bool:
    # w/h against W/H, without dividing by a height of 0.
    return abs(size[0] * like[1] - size[1] * like[0]) <= _SAME_SHAPE * size[1] * like[0]


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]


def _nearest_rate(rates: Sequence[float], goal: float) -> float:
    return min(rates, key=lambda rate: (abs(rate - goal), rate)) if rates else goal


def _within(limits: Sequence[int], number: int) -> int:
    """Return the number, or the nearest within limits; 0 is unknown and stays so."""
    if not (limits and number):
        return number
    return min(max(number, min(limits)), max(limits))
