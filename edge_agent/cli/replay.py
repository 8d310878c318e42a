"""Try the settings of a camera on a recorded clip, to see the alerts there would have been."""

import argparse
import json
import signal
from contextlib import ExitStack
from pathlib import Path

from edge_agent.cli.console import Console
from edge_agent.cli.folder import with_folder
from edge_agent.cli.replay_picture import draw_seen
from edge_agent.config.load import load_settings
from edge_agent.config.settings import CameraSettings, Settings
from edge_agent.daemon.replay import replay
from edge_agent.domain.alert import Alert
from edge_agent.errors import EdgeAgentError
from edge_agent.video.record import VideoFile


def set_up(parser: argparse.ArgumentParser) -> None:
    """Say which options there are."""
    parser.add_argument("clip", type=Path, help="a video file")
    parser.add_argument("--camera", metavar="ID", help="whose zones and rules; needed if several")
    parser.add_argument("--video", type=Path, metavar="OUT.mp4", help="write what was seen")
    parser.add_argument("--alerts", type=Path, metavar="DIR", help="write alerts and thumbnails")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the alerts of the clip and how fast it went."""
    if args.clip.is_dir():
        raise EdgeAgentError(f"{args.clip} is a folder", hint="name a video file in it")
    settings = load_settings(args.config)
    camera = _choose(settings, args.camera, args.config)
    if not camera.rules:
        command = f"edge-agent zone add {camera.id} NAME X,Y X,Y X,Y --alert-on person"
        hint = with_folder(command, args.config)
        console.note(camera.id, "has no rule: there can be no alert", hint)
    frames = alerts = 0
    first_s = last_s = 0.0
    with ExitStack() as files:
        # Told to end is Ctrl-C: a video that nobody closes cannot be played.
        interrupt = signal.signal(signal.SIGTERM, signal.default_int_handler)
        files.callback(signal.signal, signal.SIGTERM, interrupt)
        video = files.enter_context(VideoFile(args.video)) if args.video else None
        for frame, seen in replay(settings, camera, args.clip):
            first_s, last_s = (first_s if frames else frame.taken_at), frame.taken_at
            frames += 1
            if video is not None:
                video.add(draw_seen(frame, seen, camera.zones), frame.taken_at)
            for alert in seen.alerts:
                alerts += 1
                console.plain(_line(alert))
                if args.alerts:
                    _write(args.alerts, alert)
    console.plain(_summary(alerts, frames, last_s - first_s))
    if args.video:
        console.plain(f"what was seen: {args.video}")
    return 0


def _summary(alerts: int, frames: int, seconds: float) -> str:
    words = "1 alert" if alerts == 1 else f"{alerts} alerts"
    pictures = "1 analysed frame" if frames == 1 else f"{frames} analysed frames"
    return f"{words} in {pictures}, {seconds:.1f} s of the clip"


def _choose(settings: Settings, wanted: str | None, folder: Path) -> CameraSettings:
    known = {camera.id: camera for camera in settings.cameras}
    if wanted is None and len(known) == 1:
        return next(iter(known.values()))
    if wanted in known:
        return known[wanted]
    refused = {camera.id: camera.problems for camera in settings.refused}
    check = with_folder("edge-agent check", folder)
    if wanted is None and not known:
        wanted = next(iter(refused), None)
    if wanted in refused:
        raise EdgeAgentError(
            f"camera {wanted} cannot be used: {refused[wanted][0]}",
            hint=f"see all of it:  {check}",
        )
    if not known:
        raise EdgeAgentError(
            "there is no camera whose zones and rules could be used",
            hint=f"add one:  {with_folder('edge-agent add ADDRESS', folder)}   (or see what is wrong:  {check})",
        )
    what = f"there is no camera {wanted}" if wanted else "say whose zones and rules to use"
    raise EdgeAgentError(what, hint=f"--camera ID, one of: {', '.join(sorted(known))}")


def _line(alert: Alert) -> str:
    told = json.loads(alert.body)
    seen = told["objects"][0]
    return (
        f"{told['camera_time']['stream_s']:8.1f} s  {told['state']:<6}  {told['rule']}  "
        f"{seen['label']} {seen['score']:.2f}  {told['visit']['lasted_s']:.1f} s  {alert.id}"
    )


def _write(folder: Path, alert: Alert) -> None:
    name = f"{alert.id}-{alert.revision}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_bytes(alert.body)
        if alert.thumbnail:
            (folder / f"{name}.jpg").write_bytes(alert.thumbnail)
    except OSError as error:
        raise EdgeAgentError(
            f"cannot write to {folder}: {(error.strerror or str(error)).lower()}",
            hint="name a folder that you may write to",
        ) from error
