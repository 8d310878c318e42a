"""See each stream before it is saved: a picture decoded, and what it sends measured.

What cannot be measured in the time a technician waits is told as the camera declares it, and
called so.
"""

from edge_agent.cli.candidate import Candidate, with_login
from edge_agent.cli.login import Login, Talk, log_in
from edge_agent.cli.look import measure
from edge_agent.domain.frame import Frame
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.media import Profile
from edge_agent.onvif.wsse import Credentials
from edge_agent.video.gate import LONGEST_SLEEP_S
from edge_agent.video.measure import LISTEN_S, Measurement
from edge_agent.video.options import StreamOptions

# All streams of a recorder together; a technician waits for two minutes, not for ten.
_LISTEN_TO_ALL_S = 90.0
_MEGABIT_KBPS = 10_000


def listen_s(streams: int) -> float:
    """Return how long to measure each of so many streams."""
    return min(LISTEN_S, _LISTEN_TO_ALL_S / max(1, streams))


def see(
    candidate: Candidate, login: Login, camera_id: str, talk: Talk, patience_s: float
) -> tuple[Candidate, Frame]:
    """Look at the stream to analyse; a person is asked for a login where it wants one.

    Return the candidate with the login that it took, and the picture. A main stream that shows
    nothing is left out, and said. Raise EdgeAgentError where the stream to analyse shows nothing.
    """
    what, profile = "stream to analyse", candidate.analysis_profile

    def look_as(credentials: Credentials | None) -> Measurement:
        stream = candidate.analysis
        stream = stream if stream.username else with_login(stream, credentials)
        return _look(stream, what, patience_s, talk)

    if candidate.analysis.username:
        measured = look_as(None)
    else:
        credentials, measured = log_in(login, camera_id, talk.console, look_as)
        candidate = candidate.for_user(credentials)
    talk.console.ok(camera_id, f"{what}: {in_words(measured, profile)}")
    _tell_rare_key_frames(measured, candidate, camera_id, talk)
    return _without_dark_main(candidate, camera_id, talk, patience_s), measured.frame


def in_words(measured: Measurement, declared: Profile | None) -> str:
    """Return `640x360 H.264, 10 fps, a key frame every 2 s, 530 kbit/s`."""
    size = f"{measured.width_px}x{measured.height_px} {measured.codec}"
    return ", ".join(
        part for part in (size, *_rate(measured, declared), *_weight(measured, declared)) if part
    )


def _rate(measured: Measurement, declared: Profile | None) -> tuple[str, str]:
    declared_rate = declared.frames_per_second if declared else 0.0
    return (
        _told("{} fps", measured.frames_per_second, declared_rate),
        _told("a key frame every {} s", measured.group_s, _declared_group_s(declared)),
    )


def _declared_group_s(declared: Profile | None) -> float:
    if declared is None or not declared.frames_per_second:
        return 0.0
    return declared.key_frame_every / declared.frames_per_second


def _weight(measured: Measurement, declared: Profile | None) -> tuple[str]:
    kbps = measured.bitrate_kbps or (declared.bitrate_kbps if declared else 0)
    unit, size = ("Mbit/s", 1000) if kbps >= _MEGABIT_KBPS else ("kbit/s", 1)
    declared_kbps = declared.bitrate_kbps / size if declared else 0.0
    return (_told(f"{{}} {unit}", measured.bitrate_kbps / size, declared_kbps),)


def _told(words: str, measured: float, declared: float) -> str:
    if measured:
        return words.format(_short(measured))
    return f"{words.format(_short(declared))} (declared)" if declared else ""


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}".removesuffix(".0")  # noqa: PLR2004 (two digits)


def _look(stream: StreamOptions, what: str, patience_s: float, talk: Talk) -> Measurement:
    talk.console.progress(f"watching {stream.url} …")
    try:
        return measure(stream, listen_s=patience_s)
    except EdgeAgentError as failure:
        failure.add_note(what)
        raise


def _tell_rare_key_frames(
    measured: Measurement, candidate: Candidate, camera_id: str, talk: Talk
) -> None:
    console = talk.console
    if (measured.group_s or _declared_group_s(candidate.analysis_profile)) > LONGEST_SLEEP_S:
        hint = "set an I-frame a second in the camera's page"
        hint += ", or add it again with --tune" if candidate.onvif_url else ""
        console.note(camera_id, "key frames are rare: watching costs three times as much", hint)


def _without_dark_main(
    candidate: Candidate, camera_id: str, talk: Talk, patience_s: float
) -> Candidate:
    """Return the candidate; without its main stream where that shows nothing."""
    console = talk.console
    if candidate.main is None:
        return candidate
    try:
        measured = _look(candidate.main, "main stream", patience_s, talk)
    except EdgeAgentError as failure:
        where, _, _ = failure.report().partition("\n")
        console.note(camera_id, f"{where}; left out", failure.hint)
        return candidate.without_main()
    console.ok(camera_id, f"main stream: {in_words(measured, candidate.main_profile)}")
    return candidate
