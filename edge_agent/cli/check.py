"""Check everything that this box needs: files, disk, model, clock, broker, and each camera.

One line for each fact; what is wrong says the next step. Nothing is changed and nothing sent.
"""

import argparse
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from edge_agent.cli.console import Console
from edge_agent.cli.folder import with_folder
from edge_agent.cli.look import look_at
from edge_agent.config.load import camera_ids, load_camera, load_settings
from edge_agent.config.problems import BadConfiguration
from edge_agent.config.settings import CameraSettings, Settings
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.objects import open_detector
from edge_agent.inference.options import ObjectOptions
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.mqtt.trial import try_broker
from edge_agent.runtime.clock import Clock, SystemClock
from edge_agent.video.options import StreamOptions

_FINE, _WRONG, _BAD_CONFIGURATION = 0, 1, 78
_PARTS = ("config", "disk", "model", "clock", "broker")
_MEGABYTE = 1_000_000
# What a spool's size counts in.
_MEBIBYTE = 1_048_576


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "cameras", metavar="CAMERA", nargs="*", help="check these cameras only, not the box"
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Check all and return 0, 1 if something is wrong, 78 if `agent.toml` cannot be used."""
    cameras = tuple(args.cameras) or camera_ids(args.config)
    console.line_up([*cameras, *_PARTS])
    code = _FINE if args.cameras else _check_box(args.config, console)
    for camera_id in cameras:
        if not _check_camera(args.config, camera_id, console):
            code = code or _WRONG
    if not cameras:
        console.bad("camera", "there is none yet", with_folder("edge-agent discover", args.config))
        code = code or _WRONG
    return code


def _check_box(folder: Path, console: Console) -> int:
    try:
        settings = load_settings(folder)
    except BadConfiguration as bad:
        _say_problems("config", bad, console)
        return _BAD_CONFIGURATION
    console.ok("config", f"{settings.site}/{settings.box}: {folder}")
    _check_clock(SystemClock(), console)
    checks = (
        _attempt(console, "disk", partial(_check_disk, settings)),
        _attempt(console, "model", partial(_check_model, settings.objects)),
        _attempt(console, "broker", partial(_check_broker, settings.broker, settings)),
    )
    return _FINE if all(checks) else _WRONG


def _check_disk(settings: Settings) -> str:
    folder = settings.state_dir
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise EdgeAgentError(
            f"{there} cannot be written", hint=f"run this with sudo, or change state_dir: {folder}"
        )
    used = sum(file.stat().st_size for file in folder.glob("spool*"))
    free = shutil.disk_usage(there).free
    wanted = settings.spool.size_mb * _MEBIBYTE - used
    if free < wanted:
        raise EdgeAgentError(
            f"{folder} has {free / _MEGABYTE:.0f} MB free, the spool may need "
            f"{wanted / _MEGABYTE:.0f} MB more",
            hint="make room on this disk, or set a smaller size_mb in [spool]",
        )
    return f"{folder} can be written, {_size(free)} free"


def _check_model(options: ObjectOptions) -> str:
    model = open_detector(options).model
    return f"{model.name} {model.version} loads on this processor"


def _check_broker(options: BrokerOptions, settings: Settings) -> str:
    return try_broker(options, settings.site, settings.box)


def _check_clock(clock: Clock, console: Console) -> None:
    """Say whether the time is to be believed. It stops nothing: each alert says so itself."""
    state = clock.state()
    if state.is_synced:
        within = "" if state.error_ms is None else f", within {state.error_ms:.0f} ms"
        console.ok("clock", f"synchronised{within}")
    else:
        hint = "see `timedatectl`; switch it on: sudo timedatectl set-ntp true"
        console.note("clock", "not synchronised: alerts will say that their time is unsure", hint)


def _check_camera(folder: Path, camera_id: str, console: Console) -> bool:
    try:
        camera = load_camera(folder, camera_id)
    except BadConfiguration as bad:
        _say_problems(camera_id, bad, console)
        return False
    except EdgeAgentError as unknown:
        console.failure(camera_id, unknown)
        return False
    is_good = _attempt(console, camera_id, partial(_look, "stream", camera.stream))
    if camera.main_stream:
        main = partial(_look, "main stream", camera.main_stream)
        is_good = _attempt(console, camera_id, main) and is_good
    _say_unwatched(folder, camera, console)
    return is_good


def _look(what: str, options: StreamOptions) -> str:
    try:
        still = look_at(options)
    except EdgeAgentError as failure:
        failure.add_note(what)
        raise
    rate = f" at {still.frames_per_second:.0f} fps" if still.frames_per_second else ""
    return f"{what} shows {still.width_px}x{still.height_px} {still.codec}{rate}"


def _say_unwatched(folder: Path, camera: CameraSettings, console: Console) -> None:
    if camera.rules:
        return
    command = f"edge-agent zone add {camera.id} NAME X,Y X,Y X,Y --alert-on person"
    console.note(camera.id, "has no rule: it will never alert", with_folder(command, folder))


def _say_problems(name: str, bad: BadConfiguration, console: Console) -> None:
    for problem in bad.problems:
        console.bad(name, str(problem), problem.hint)


def _attempt(console: Console, name: str, check: Callable[[], str]) -> bool:
    console.progress(f"{name} …")
    try:
        console.ok(name, check())
    except EdgeAgentError as failure:
        console.failure(name, failure)
        return False
    return True


def _size(size_bytes: int) -> str:
    gigabytes = size_bytes / _MEGABYTE / 1000
    return f"{gigabytes:.1f} GB" if gigabytes >= 1 else f"{gigabytes * 1000:.0f} MB"
