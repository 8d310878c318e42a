"""What changes a camera that is saved: forget it, give it a new password, find it again."""

import argparse

from edge_agent.cli.camera_password import set_password
from edge_agent.cli.camera_rediscover import rediscover
from edge_agent.cli.console import Console
from edge_agent.cli.folder import RELOAD, with_folder
from edge_agent.cli.login import Keyboard, Talk, Terminal
from edge_agent.config.load import load_camera
from edge_agent.config.store import remove_camera
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.discovery import PORT
from edge_agent.toml.problems import BadConfiguration


def run(
    args: argparse.Namespace,
    console: Console,
    *,
    keyboard: Keyboard | None = None,
    discovery_port: int = PORT,
) -> int:
    """Do it and return the exit code. Raises EdgeAgentError."""
    talk = Talk(console, keyboard or Terminal(), takes_all=getattr(args, "yes", False))
    console.line_up([args.camera])
    match args.act:
        case "remove":
            return _remove(args, talk)
        case "set-password":
            return set_password(args, talk)
        case _:
            return rediscover(args, talk, discovery_port=discovery_port)


def _remove(args: argparse.Namespace, talk: Talk) -> int:
    talk.console.note(args.camera, f"its password, {_zones_of(args)} will be lost")
    if not talk.takes_all and not talk.keyboard.is_there:
        raise EdgeAgentError(
            f"camera {args.camera} was not removed: nobody is here to say yes",
            hint=with_folder(f"edge-agent camera remove {args.camera} --yes", args.config),
        )
    if not talk.takes_all and not talk.agrees(f"remove camera {args.camera}?"):
        talk.console.ok(args.camera, "stays as it was")
        return 0
    for file in remove_camera(args.config, args.camera):
        talk.console.ok(args.camera, f"removed {file}")
    talk.console.plain(f"a running agent watches it on until: {RELOAD}")
    return 0


def _zones_of(args: argparse.Namespace) -> str:
    try:
        camera = load_camera(args.config, args.camera)
    except BadConfiguration:
        # It has to be possible to get rid of that, too.
        return "all zones and all rules"
    zones, rules = len(camera.zones), len(camera.rules)
    return f"{zones} zone{'s' * (zones != 1)} and {rules} rule{'s' * (rules != 1)}"
