"""Read and set how a camera encodes a stream, by Media 2 or Media 1.

What goes back is the camera's own configuration, as it was read, with our changes in it: so the
fields that we do not know, and those of its maker, stay what they are. No zeep, which would drop
them.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.envelope import first_text, shown
from edge_agent.onvif.exchange import StoppedError
from edge_agent.onvif.line import FaultError, PasswordRefusedError
from edge_agent.onvif.media import MEDIA1, Media, Profile
from edge_agent.onvif.media2 import MEDIA2
from edge_agent.onvif.profile import as_number
from edge_agent.onvif.soap import ask, text
from edge_agent.onvif.tuning import EncoderOptions, EncoderSettings, Tuning, differences, ignored
from edge_agent.runtime.stop import Stop

_SCHEMA = "http://www.onvif.org/ver10/schema"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
# Cameras that restart an encoder tell the old settings, or nothing, for about a second.
_SETTLING_S = 2.0
# No encoder is faster, and a range of Media 1 is written out.
_FASTEST = 240
# Of those that a camera lists; they are more than anybody reads.
_MOST_SIZES = 256
# In the order of ONVIF's schema: what is missing is put in before what follows it.
_ORDER1 = (
    "Name", "UseCount", "Encoding", "Resolution", "Quality", "RateControl", "MPEG4", "H264",
    "Multicast", "SessionTimeout",
)  # fmt: skip
_ORDER2 = ("Name", "UseCount", "Encoding", "Resolution", "RateControl", "Multicast", "Quality")
# Where a camera names no bit rate but must be sent one: enough for 640x360 at 10 fps.
_USUAL_KBPS = 512


@dataclass(frozen=True, slots=True)
class Encoder:
    """How a stream is encoded, and what the camera allows; () where it does not say."""

    settings: EncoderSettings
    options: tuple[EncoderOptions, ...]


def read_encoder(media: Media, profile: Profile) -> Encoder:
    """Ask how the profile is encoded, and how it could be.

    Raise PasswordRefusedError, or EdgeAgentError where the camera does not tell.
    """
    settings = _read_settings(_read_configuration(media, profile), profile)
    return Encoder(settings, _read_options(media, profile))


def tune(
    media: Media, profile: Profile, wanted: EncoderSettings, *, settling_s: float = _SETTLING_S
) -> Tuning:
    """Set the encoder of the profile, and return what came of it as the camera tells it.

    `wanted` comes from `plan_tuning`. Raise PasswordRefusedError, or EdgeAgentError where the
    camera refuses or does not answer.
    """
    # What is sent is what is asked for, and what the camera's word is compared with.
    wanted = replace(wanted, bitrate_kbps=wanted.bitrate_kbps or _USUAL_KBPS)
    configuration = _read_configuration(media, profile)
    before = _read_settings(configuration, profile)
    allowed = [one for one in _read_options(media, profile) if one.codec == wanted.codec]
    change = _changed2 if profile.media2 else _changed1
    changed = change(configuration, wanted, allowed[0].codec_profiles if allowed else ())
    _write_configuration(media, profile, changed)
    after = _read_back(media, profile, wanted, settling_s)
    return Tuning(
        before=before,
        after=after,
        changes=differences(before, after),
        ignored=ignored(wanted, after),
    )


def _service(media: Media, profile: Profile) -> tuple[str, str]:
    """Return URL and namespace of the service that told us of the profile."""
    if profile.media2:
        return media.services.media2_url, MEDIA2
    return media.services.media_url, MEDIA1


def _read_configuration(media: Media, profile: Profile) -> ET.Element:
    operation = "GetVideoEncoderConfiguration" + ("s" if profile.media2 else "")
    url, namespace = _service(media, profile)
    token = f"<op:ConfigurationToken>{text(profile.encoder_token)}</op:ConfigurationToken>"
    answer = ask(media.line, url, namespace, operation, token)
    # Media 2 answers with a list, and some firmwares with a list of all.
    told = [*answer.iterfind("{*}Configurations"), *answer.iterfind("{*}Configuration")]
    ours = [one for one in told if one.get("token", "") == profile.encoder_token]
    if not ours:
        raise EdgeAgentError(
            f"{media.line.address.place} does not tell how profile {profile.token} is encoded",
            hint="set the stream in the camera's page: H.264, 640x360, 10 fps, a key frame a second",
        )
    return ours[0]


def _read_settings(configuration: ET.Element, profile: Profile) -> EncoderSettings:
    def number(path: str) -> float:
        return as_number(configuration.findtext(path))

    every = configuration.get("GovLength") or configuration.findtext("{*}H264/{*}GovLength")
    return EncoderSettings(
        codec=first_text(configuration, "{*}Encoding").upper() or profile.codec,
        width_px=int(number("{*}Resolution/{*}Width")),
        height_px=int(number("{*}Resolution/{*}Height")),
        frames_per_second=number("{*}RateControl/{*}FrameRateLimit"),
        key_frame_every=int(as_number(every)),
        bitrate_kbps=int(number("{*}RateControl/{*}BitrateLimit")),
        use_count=int(number("{*}UseCount")),
    )


def _read_options(media: Media, profile: Profile) -> tuple[EncoderOptions, ...]:
    url, namespace = _service(media, profile)
    tokens = (
        f"<op:ConfigurationToken>{text(profile.encoder_token)}</op:ConfigurationToken>"
        f"<op:ProfileToken>{text(profile.raw_token)}</op:ProfileToken>"
    )
    operation = "GetVideoEncoderConfigurationOptions"
    try:
        answer = ask(media.line, url, namespace, operation, tokens)
    except (PasswordRefusedError, StoppedError):
        raise
    except EdgeAgentError:
        return ()
    if profile.media2:
        return tuple(_read_options2(one) for one in answer.iterfind("{*}Options"))
    return tuple(
        _read_options1(one, codec)
        for codec in ("H264", "JPEG", "MPEG4")
        for one in answer.iterfind(f"{{*}}Options/{{*}}{codec}")
    )


def _read_options2(options: ET.Element) -> EncoderOptions:
    return EncoderOptions(
        codec=first_text(options, "{*}Encoding").upper(),
        sizes=_sizes(options),
        frame_rates=_numbers((options.get("FrameRatesSupported") or "").split()),
        key_frame_range=_whole(_numbers((options.get("GovLengthRange") or "").split())),
        bitrate_range_kbps=_range(options, "{*}BitrateRange"),
        codec_profiles=tuple(shown(options.get("ProfilesSupported") or "").split()),
    )


def _read_options1(options: ET.Element, codec: str) -> EncoderOptions:
    rates = _range(options, "{*}FrameRateRange")
    return EncoderOptions(
        codec=codec,
        sizes=_sizes(options),
        frame_rates=tuple(range(min(rates), min(max(rates), _FASTEST) + 1)) if rates else (),
        key_frame_range=_range(options, "{*}GovLengthRange"),
        codec_profiles=tuple(
            shown(one.text or "") for one in options.iterfind("{*}H264ProfilesSupported")
        ),
    )


def _sizes(options: ET.Element) -> tuple[tuple[int, int], ...]:
    said = (
        (int(as_number(one.findtext("{*}Width"))), int(as_number(one.findtext("{*}Height"))))
        for one in options.iterfind("{*}ResolutionsAvailable")
    )
    return tuple(size for size in said if all(size))[:_MOST_SIZES]


def _range(options: ET.Element, path: str) -> tuple[int, ...]:
    """Return the least and the most; () where one is missing."""
    ends = (options.findtext(f"{path}/{{*}}{end}") for end in ("Min", "Max"))
    # A least of 0 means "as few as you like".
    numbers = tuple(max(1, int(as_number(end))) for end in ends if end)
    return numbers if len(numbers) == 2 and numbers[0] <= numbers[1] else ()  # noqa: PLR2004 (a range's ends)


def _numbers(said: Iterable[str]) -> tuple[float, ...]:
    return tuple(number for word in said if (number := as_number(word)))


def _whole(numbers: Iterable[float]) -> tuple[int, ...]:
    return tuple(int(number) for number in numbers)


def _changed1(
    configuration: ET.Element, wanted: EncoderSettings, codec_profiles: tuple[str, ...]
) -> ET.Element:
    changed = _changed(configuration, wanted, _ORDER1)
    rate = _child(changed, "RateControl", _ORDER1)
    _put(rate, "EncodingInterval", "1", ("FrameRateLimit", "EncodingInterval", "BitrateLimit"))
    if wanted.codec == "H264":
        h264 = _child(changed, "H264", _ORDER1)
        _put(h264, "GovLength", str(wanted.key_frame_every), ("GovLength", "H264Profile"))
        flavour = _codec_profile(h264.findtext("{*}H264Profile") or "", codec_profiles)
        _put(h264, "H264Profile", flavour)
    return changed


def _changed2(
    configuration: ET.Element, wanted: EncoderSettings, codec_profiles: tuple[str, ...]
) -> ET.Element:
    changed = _changed(configuration, wanted, _ORDER2)
    changed.set("GovLength", str(wanted.key_frame_every))
    if codec_profiles or changed.get("Profile"):
        changed.set("Profile", _codec_profile(changed.get("Profile") or "", codec_profiles))
    return changed


def _changed(
    configuration: ET.Element, wanted: EncoderSettings, order: tuple[str, ...]
) -> ET.Element:
    changed = deepcopy(configuration)
    for element in changed.iter():
        # Its value has a prefix of the camera's, which our envelope does not know.
        element.attrib.pop(_TYPE, None)
    _put(changed, "Encoding", wanted.codec, order)
    size = _child(changed, "Resolution", order)
    _put(size, "Width", str(wanted.width_px), ("Width", "Height"))
    _put(size, "Height", str(wanted.height_px))
    rate = _child(changed, "RateControl", order)
    rates = ("FrameRateLimit", "EncodingInterval", "BitrateLimit")
    _put(rate, "FrameRateLimit", f"{wanted.frames_per_second:g}", rates)
    _put(rate, "BitrateLimit", str(wanted.bitrate_kbps), rates)
    return changed


def _codec_profile(current: str, allowed: tuple[str, ...]) -> str:
    """Return today's, as far as it is allowed; else Main, which each decoder knows."""
    if current and (current in allowed or not allowed):
        return current
    return "Main" if "Main" in allowed or not allowed else allowed[0]


def _put(parent: ET.Element, name: str, value: str, order: tuple[str, ...] = ()) -> None:
    _child(parent, name, order).text = value


def _child(parent: ET.Element, name: str, order: tuple[str, ...]) -> ET.Element:
    """Return the child of that name; where there is none, a new one in its place."""
    found = parent.find(f"{{*}}{name}")
    if found is not None:
        return found
    followers = order[order.index(name) + 1 :] if name in order else ()
    new = ET.Element(f"{{{_SCHEMA}}}{name}")
    places = (place for place, one in enumerate(parent) if one.tag.rpartition("}")[2] in followers)
    parent.insert(next(places, len(parent)), new)
    return new


def _write_configuration(media: Media, profile: Profile, configuration: ET.Element) -> None:
    url, namespace = _service(media, profile)
    configuration.tag = f"{{{namespace}}}Configuration"
    body = ET.tostring(configuration, encoding="unicode")
    if not profile.media2:
        body += "<op:ForcePersistence>true</op:ForcePersistence>"
    try:
        ask(media.line, url, namespace, "SetVideoEncoderConfiguration", body)
    except FaultError as error:
        raise EdgeAgentError(
            f"{media.line.address.place} refuses to change profile {profile.token} "
            f"({error.fault.reason or 'no reason given'})",
            hint="set the stream in the camera's page: H.264, 640x360, 10 fps, a key frame a second",
        ) from error


def _read_back(
    media: Media, profile: Profile, wanted: EncoderSettings, settling_s: float
) -> EncoderSettings:
    """Return the settings as the camera tells them, asked twice if the first are not ours."""
    try:
        after = _read_settings(_read_configuration(media, profile), profile)
        if not ignored(wanted, after):
            return after
    except (PasswordRefusedError, StoppedError):
        raise
    except EdgeAgentError:
        pass
    Stop().wait(settling_s)
    return _read_settings(_read_configuration(media, profile), profile)
