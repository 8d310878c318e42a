"""`edge-agent add`: from an address to a saved camera whose pictures we have seen.

Nothing is saved before a picture of its stream is decoded: what is in the configuration works.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from edge_agent.cli.candidate import (
    Candidate,
    Wanted,
    by_onvif,
    by_rtsp,
    with_login,
    word_from,
)
from edge_agent.cli.configured import configured_cameras
from edge_agent.cli.console import Console
from edge_agent.cli.login import Keyboard, Login, Terminal, log_in
from edge_agent.cli.look import look_at
from edge_agent.config.checks import WORD_RULE, is_word
from edge_agent.config.load import CAMERAS_FOLDER, camera_ids, load_camera
from edge_agent.config.problems import BadConfiguration
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera, save_password
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.discovery import PORT
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.video.options import StreamOptions


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("where", metavar="HOST[:PORT]", help="or rtsp://... without ONVIF")
    parser.add_argument("--name", default="", help="what this box is to call it: gate")
    parser.add_argument("--user", default="", help="the camera's user name")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        default="",
        help="- for standard input; else you are asked",
    )
    parser.add_argument(
        "--stream", metavar="sub|main|TOKEN", default="", help="which stream to analyse"
    )
    parser.add_argument("--yes", action="store_true", help="take what is suggested, do not ask")
    parser.set_defaults(wrong_usage=parser.error)


def run(
    args: argparse.Namespace,
    console: Console,
    *,
    keyboard: Keyboard | None = None,
    discovery_port: int = PORT,
) -> int:
    """Ask, verify and save one camera; 1 and a line that says what to do if it cannot be."""
    _check_usage(args)
    keyboard = keyboard or Terminal()
    login = Login(args.user, args.password_file, keyboard)
    try:
        candidate = _ask(args, console, login, discovery_port)
        camera_id = _choose_id(args, candidate, keyboard, console)
        candidate = _let_in(candidate, login, camera_id, console)
        camera = _verify(candidate, camera_id, console)
        if candidate.snapshot_url:
            console.note(camera_id, f"its picture in a browser: {candidate.snapshot_url}")
        _save(args.config, camera, console)
    except BadConfiguration:
        raise
    except EdgeAgentError as failure:
        where, _, _ = failure.report().partition("\n")
        console.bad(args.name or "camera", where, failure.hint)
        return 1
    return 0


def _check_usage(args: argparse.Namespace) -> None:
    if "@" in args.where:
        args.wrong_usage(
            "an address with a password in it can be read by everybody on this box; "
            "use --user and --password-file"
        )
    if args.password_file and not args.user:
        args.wrong_usage("--password-file needs --user")
    if not args.user.isprintable():
        args.wrong_usage("--user holds characters that cannot be printed")
    if args.stream and _is_rtsp(args.where):
        args.wrong_usage("--stream is for ONVIF; an rtsp:// address is one stream")
    if args.name and not is_word(args.name):
        args.wrong_usage(f"--name {args.name}: {WORD_RULE}")


def _ask(
    args: argparse.Namespace, console: Console, login: Login, discovery_port: int
) -> Candidate:
    wanted = Wanted(where=args.where, name=args.name, stream=args.stream, login=login)
    if _is_rtsp(args.where):
        return by_rtsp(wanted)
    return by_onvif(wanted, console, SystemClock(), discovery_port=discovery_port)


def _choose_id(
    args: argparse.Namespace, candidate: Candidate, keyboard: Keyboard, console: Console
) -> str:
    """Return the id to save under: the given one, the one it has, or one like its name.

    Raise EdgeAgentError for the name of another camera: zones drawn on one picture must not come
    to lie on another.
    """
    device = candidate.address if candidate.onvif_url else None
    streams = filter(None, (candidate.analysis, candidate.main))
    same = configured_cameras(args.config).id_of(streams, device, candidate.endpoint)
    suggested = args.name or same or _free_id(candidate.name, camera_ids(args.config))
    if args.name or args.yes or not keyboard.is_there:
        _refuse_another(args.config, suggested, same)
        return str(suggested)
    while True:
        camera_id = keyboard.ask(f"save it as [{suggested}]: ") or suggested
        try:
            _refuse_another(args.config, camera_id, same)
        except BadConfiguration:
            raise
        except EdgeAgentError as wrong:
            console.failure(camera_id, wrong)
        else:
            return camera_id


def _refuse_another(folder: Path, camera_id: str, same: str) -> None:
    if not is_word(camera_id):
        raise EdgeAgentError(f"'{camera_id}' cannot be a camera's id", hint=WORD_RULE)
    if camera_id == same or camera_id not in camera_ids(folder):
        return
    # A file that cannot be read does not say which camera it is; it complains for itself.
    other = load_camera(folder, camera_id)
    file = folder / CAMERAS_FOLDER / f"{camera_id}.toml"
    raise EdgeAgentError(
        f"{camera_id} is the name of another camera, {other.stream.url}",
        hint=f"choose another with --name; where this one took its place, write its url into {file}",
    )


def _let_in(candidate: Candidate, login: Login, camera_id: str, console: Console) -> Candidate:
    """Look at the stream to analyse; a person is asked for a login where it wants one."""
    if candidate.analysis.username:
        _look(candidate.analysis, "stream to analyse", camera_id, console)
        return candidate

    def look_as(credentials: Credentials | None) -> None:
        stream = with_login(candidate.analysis, credentials)
        _look(stream, "stream to analyse", camera_id, console)

    credentials, _ = log_in(login, camera_id, console, look_as)
    return candidate.for_user(credentials)


def _verify(candidate: Candidate, camera_id: str, console: Console) -> CameraSettings:
    """Return the camera, whose stream to analyse we saw; the main stream only if we see it, too."""
    main = candidate.main
    if main:
        try:
            _look(main, "main stream", camera_id, console)
        except EdgeAgentError as failure:
            console.note(
                camera_id, f"{failure.report().partition(chr(10))[0]}; left out", failure.hint
            )
            main = None
    return CameraSettings(
        id=camera_id,
        name=camera_id,
        stream=candidate.analysis,
        main_stream=main,
        onvif_url=candidate.onvif_url,
        onvif_endpoint=candidate.endpoint,
    )


def _look(stream: StreamOptions, what: str, camera_id: str, console: Console) -> None:
    console.progress(f"opening {stream.url} …")
    try:
        still = look_at(stream)
    except EdgeAgentError as failure:
        failure.add_note(what)
        raise
    rate = f", {still.frames_per_second:.0f} fps" if still.frames_per_second else ""
    console.ok(
        camera_id, f"{what}: {still.width_px}x{still.height_px} {still.codec}{rate}, decoded"
    )


def _save(folder: Path, camera: CameraSettings, console: Console) -> None:
    """Write the password, then the camera; zones, rules and tuning of an older file stay."""
    password = camera.stream.password
    file = save_password(folder, camera.id, password) if password else None
    main = camera.main_stream and replace(camera.main_stream, password_file=file)
    stream = replace(camera.stream, password_file=file)
    camera = replace(camera, stream=stream, main_stream=main)
    if camera.id in camera_ids(folder):
        camera = _merged(load_camera(folder, camera.id), camera)
    path = save_camera(folder, camera)
    console.ok(camera.id, f"saved in {path}")
    console.next(
        f"say where to watch:  edge-agent zone add {camera.id} NAME X,Y X,Y X,Y --alert-on person"
    )


def _merged(old: CameraSettings, new: CameraSettings) -> CameraSettings:
    """Return the old camera with what was seen now; what a stream's address cannot tell stays."""
    tuned = replace(
        new.stream, open_s=old.stream.open_s, read_s=old.stream.read_s, idle=old.stream.idle
    )
    camera = replace(
        new, name=old.name, stream=tuned, motion=old.motion, zones=old.zones, rules=old.rules
    )
    if new.onvif_url:
        return camera
    main = old.main_stream if old.main_stream and old.main_stream.url != new.stream.url else None
    if main and tuned.username:
        # One camera, one login: an old user name with a new password would lock us out.
        main = replace(tuned, url=main.url)
    return replace(
        camera, main_stream=main, onvif_url=old.onvif_url, onvif_endpoint=old.onvif_endpoint
    )


def _free_id(name: str, taken: tuple[str, ...]) -> str:
    stem = word_from(name) or "camera"
    wanted, count = stem, 1
    while wanted in taken:
        count += 1
        wanted = f"{stem}-{count}"
    return wanted


def _is_rtsp(where: str) -> bool:
    return where.lower().startswith(("rtsp://", "rtsps://"))
