"""Which of a camera's streams we analyse and which we remember for evidence.

Pure. Every frame must be decoded, also those we do not look at: the small stream costs a weak
box a tenth of the large one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.profile import Profile, codec_word

# Wider costs more decoding than the models can use: they look at crops of a few hundred pixels.
WIDEST_PX = 800
# Narrower, and a person across the street is five pixels wide.
NARROWEST_PX = 320
# More is decoded and thrown away; we analyse about five a second.
MOST_FRAMES_PER_SECOND = 15.0
# What the box decodes, the cheaper first. JPEG streams have no key frames to start from.
_CODECS = ("H264", "H265")


@dataclass(frozen=True, slots=True)
class Choice:
    """The stream to analyse, the sharpest one (None: it is the same), and why, in words."""

    analysis: Profile
    main: Profile | None
    reason: str


def choose(profiles: Sequence[Profile], wanted: str = "") -> Choice:
    """Choose among the profiles of one source; `wanted` is "sub", "main", a token or "".

    Raise EdgeAgentError if there is none that we decode, or none that is called like that.
    """
    usable = [profile for profile in profiles if profile.codec in _CODECS]
    if not usable:
        codecs = ", ".join(sorted({codec_word(profile.codec) for profile in profiles})) or "nothing"
        raise EdgeAgentError(
            f"the camera offers {codecs}, which this box does not decode",
            hint="set a stream to H.264 in the camera's page",
        )
    main = max(usable, key=_sharpness)
    analysis, reason = _wanted(usable, main, wanted)
    return Choice(analysis, None if analysis == main else main, reason)


def _wanted(usable: Sequence[Profile], main: Profile, wanted: str) -> tuple[Profile, str]:
    match wanted:
        case "" | "sub":
            best = max(usable, key=_fitness)
            return best, _praise(best, main)
        case "main":
            return main, f"{main.looks}: the sharpest stream, as you asked"
        case token:
            named = [profile for profile in usable if profile.token == token]
            if not named:
                tokens = ", ".join(profile.token for profile in usable)
                raise EdgeAgentError(
                    f"the camera has no usable stream '{token}'",
                    hint=f"choose sub, main or one of: {tokens}",
                )
            return named[0], f"{named[0].looks}: the stream you named"


def _sharpness(profile: Profile) -> tuple[int | str, ...]:
    area = profile.width_px * profile.height_px
    return area, profile.codec == _CODECS[0], profile.token


def _fitness(profile: Profile) -> tuple[int | str, ...]:
    """Return what makes a stream good to analyse, the weightiest first; more is better."""
    area = profile.width_px * profile.height_px
    is_small = 0 < profile.width_px <= WIDEST_PX
    return (
        is_small,
        # Of streams that are all too wide the smallest is the best.
        0 if is_small else -area,
        profile.width_px >= NARROWEST_PX,
        _is_slow(profile),
        profile.codec == _CODECS[0],
        area,
        # Any order will do from here on, but always the same.
        -profile.width_px,
        profile.token,
    )


def _is_slow(profile: Profile) -> bool:
    return 0 < profile.frames_per_second <= MOST_FRAMES_PER_SECOND


def _praise(best: Profile, main: Profile) -> str:
    if best.width_px > WIDEST_PX:
        why = f"the smallest stream there is; {WIDEST_PX} px wide or less would cost less"
    elif best == main:
        why = "the only stream of its kind"
    else:
        why = f"at most {WIDEST_PX} px wide, sharp enough for the models"
    if best.frames_per_second > MOST_FRAMES_PER_SECOND:
        why += f"; {MOST_FRAMES_PER_SECOND:g} fps or less would do"
    return f"{best.looks}: {why}"
