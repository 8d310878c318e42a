"""`edge-agent key`: the key that this box signs its alerts with."""

import argparse
import base64

from edge_agent.alerts.box_key import FOLDER, BoxKey, find_keys, prepare_rotation
from edge_agent.cli.console import Console
from edge_agent.config.load import load_settings
from edge_agent.config.settings import Settings
from edge_agent.errors import EdgeAgentError


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add what one can do with the key."""
    verbs = parser.add_subparsers(metavar="show|rotate", dest="act", required=True)
    verbs.add_parser("show", help="print the public key, for the center")
    rotate = verbs.add_parser("rotate", help="make a new key, which signs from the next start on")
    rotate.add_argument(
        "--lost",
        action="store_true",
        help="the old key is gone or damaged: the center must be told",
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Show or rotate. Raises EdgeAgentError for a key that cannot be used."""
    settings = load_settings(args.config)
    if args.act == "rotate":
        return _rotate(settings, console, is_lost=args.lost)
    keys = find_keys(settings.state_dir / FOLDER)
    if keys is None:
        raise EdgeAgentError(
            "this box has no key yet", hint="it is made at the first start: edge-agent run"
        )
    console.ok("key", f"{keys.signer.kid} signs for {settings.site}/{settings.box}")
    if keys.current and keys.following:
        console.note(
            "key",
            f"{keys.following.kid} waits to take over",
            "restart the agent: sudo systemctl restart edge-agent",
        )
    console.plain(_line(settings, keys.signer))
    return 0


def _rotate(settings: Settings, console: Console, *, is_lost: bool) -> int:
    old, new = prepare_rotation(settings.state_dir / FOLDER, is_lost=is_lost)
    restart = "sudo systemctl restart edge-agent"
    if old:
        console.ok("key", f"{new.kid} takes over from {old.kid}, which tells the center")
        console.next(f"restart the agent: {restart}", "key")
        return 0
    console.ok("key", f"{new.kid} signs from the next start on")
    console.next("have the center trust this line, or it believes nothing that we send;", "key")
    console.next(f"then start the agent: {restart}", "key")
    console.plain(_line(settings, new))
    return 0


def _line(settings: Settings, key: BoxKey) -> str:
    """Return the box and its public key, as `edge-agent verify --keys` reads them."""
    return f"{settings.site}/{settings.box} {base64.b64encode(key.public).decode()}"
