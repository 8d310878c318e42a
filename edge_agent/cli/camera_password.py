"""`edge-agent camera set-password`: a camera's new password, tried before it is saved.

Cameras lock out who guesses: one try by ONVIF, and only if that is not refused one by RTSP. The
channels of a recorder have one login, so they all get it.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from edge_agent.cli.candidate import with_login
from edge_agent.cli.configured import configured_cameras
from edge_agent.cli.console import Console
from edge_agent.cli.folder import RELOAD
from edge_agent.cli.login import Login, Talk, tell_open_file
from edge_agent.cli.look import look_at
from edge_agent.cli.saving import written_whole
from edge_agent.config.load import load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import SECRETS_FOLDER, save_camera, save_password
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import read_address
from edge_agent.onvif.device import read_device, read_services
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.media import open_media
from edge_agent.onvif.presence import Status, look
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.video.opening import LoginRefusedError

_ONVIF, _STREAM = "ONVIF", "its stream"


def set_password(args: argparse.Namespace, talk: Talk) -> int:
    """Ask, try and save; 1 if the camera refuses it. Raises EdgeAgentError."""
    camera = load_camera(args.config, args.camera)
    credentials = _ask(args, talk, camera)
    if not args.force and not _is_taken(camera, credentials, talk.console):
        return 1
    for each in (camera, *_siblings(args.config, camera)):
        _save(args.config, each, credentials)
        talk.console.ok(each.id, f"password of {credentials.username} saved")
    talk.console.plain(f"a running agent takes it over after: {RELOAD}")
    return 0


def _ask(args: argparse.Namespace, talk: Talk, camera: CameraSettings) -> Credentials:
    login = Login(args.user or camera.stream.username, args.password_file, talk.keyboard)
    tell_open_file(login.password_file, camera.id, talk.console)
    given = login.given()
    if given is None and not talk.keyboard.is_there:
        raise EdgeAgentError(
            "nobody is here to type a password",
            hint=f"edge-agent camera set-password {camera.id} --password-file FILE",
        )
    credentials = given or login.ask()
    if not credentials.username:
        raise EdgeAgentError(
            f"camera {camera.id} has no user name yet", hint="name one:  --user admin"
        )
    return credentials


def _is_taken(camera: CameraSettings, credentials: Credentials, console: Console) -> bool:
    """Say what the camera thinks of it; return whether it may be saved.

    A camera that is away cannot say so, and the password may be right.
    """
    for what in (_ONVIF, _STREAM) if camera.onvif_url else (_STREAM,):
        console.progress(f"trying it on {what} …")
        try:
            is_proven = _try(camera, credentials, what)
        except (PasswordRefusedError, LoginRefusedError) as refusal:
            console.bad(
                camera.id,
                f"{refusal.what}: nothing was saved",
                "look it up in the camera's page, do not guess: it may lock us out;\n"
                "--force saves it without asking the camera",
            )
            return False
        except EdgeAgentError as silence:
            console.note(camera.id, f"{what} could not be asked: {silence.what}")
        else:
            _say_taken(camera, what, console, is_proven=is_proven)
    return True


def _say_taken(camera: CameraSettings, what: str, console: Console, *, is_proven: bool) -> None:
    if is_proven:
        console.ok(camera.id, f"{what} takes it")
        return
    console.note(
        camera.id,
        f"{what} answers anybody, so it does not tell whether the password is right",
        "set the camera so that ONVIF wants a password",
    )


def _try(camera: CameraSettings, credentials: Credentials, what: str) -> bool:
    """Log in once; return whether the answer proves the password.

    Raise PasswordRefusedError or LoginRefusedError, else EdgeAgentError.
    """
    if what == _STREAM:
        look_at(with_login(camera.stream, credentials))
        return True
    clock = SystemClock()
    presence = look(read_address(camera.onvif_url), clock)
    offset_s = presence.clock_offset_s or 0.0
    line = Line(presence.address, credentials, clock=clock, clock_offset_s=offset_s)
    if presence.status is not Status.READY:
        read_device(line)
        return True
    try:
        _read_profiles(Line(presence.address, None, clock=clock))
    except PasswordRefusedError:
        _read_profiles(line)
        return True
    return False


def _read_profiles(line: Line) -> None:
    """Ask what strangers are not told on most of the cameras that tell them who they are."""
    open_media(line, read_services(line)).profiles()


def _siblings(folder: Path, camera: CameraSettings) -> list[CameraSettings]:
    """Return the other channels of the device that use the same login as the camera did."""
    return [
        each
        for each in configured_cameras(folder).cameras
        if each.id != camera.id
        and camera.onvif_url
        and each.onvif_url == camera.onvif_url
        and each.stream.username == camera.stream.username
    ]


def _save(folder: Path, camera: CameraSettings, credentials: Credentials) -> None:
    """Write the password; the camera's file only where it does not name it yet."""
    own = folder.absolute() / SECRETS_FOLDER / camera.id
    is_named = camera.stream.password_file == own
    main = camera.main_stream and with_login(camera.main_stream, credentials)
    with written_whole(folder, camera.id):
        save_password(folder, camera.id, credentials.password)
        if is_named and camera.stream.username == credentials.username:
            return
        save_camera(
            folder,
            replace(
                camera,
                stream=replace(with_login(camera.stream, credentials), password_file=own),
                main_stream=main and replace(main, password_file=own),
            ),
        )
