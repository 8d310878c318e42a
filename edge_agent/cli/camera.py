"""`edge-agent camera`: the cameras that this box knows, after they were added."""

import argparse

from edge_agent.cli.camera_list import list_cameras, show_camera
from edge_agent.cli.console import Console


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the five things one can do with cameras."""
    verbs = parser.add_subparsers(
        metavar="list|show|remove|set-password|rediscover", dest="act", required=True
    )
    listing = verbs.add_parser("list", help="list all cameras and where they are")
    listing.add_argument("--json", action="store_true", help="print a JSON list")
    show = verbs.add_parser("show", help="show all that is saved of one, but no password")
    show.add_argument("camera", metavar="CAMERA")
    show.add_argument("--json", action="store_true", help="print it as JSON")
    remove = verbs.add_parser("remove", help="forget one, with its zones, rules and password")
    remove.add_argument("camera", metavar="CAMERA")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    _set_up_password(verbs.add_parser("set-password", help="tell us a camera's new password"))
    _set_up_rediscover(verbs.add_parser("rediscover", help="find cameras whose address changed"))


def _set_up_password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("camera", metavar="CAMERA")
    parser.add_argument("--user", default="", help="the camera's user name, if that is new, too")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        default="",
        help="- for standard input; else you are asked",
    )
    parser.add_argument(
        "--force", action="store_true", help="save it without asking the camera whether it is right"
    )


def _set_up_rediscover(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("camera", metavar="CAMERA", nargs="?", default="")
    parser.add_argument("--all", action="store_true", help="all cameras that were added by ONVIF")
    parser.add_argument("--yes", action="store_true", help="save what is found, do not ask")
    parser.set_defaults(wrong_usage=parser.error)


def run(args: argparse.Namespace, console: Console) -> int:
    """Do what was asked; 1 where something on site is not as it should be."""
    if args.act == "list":
        return list_cameras(args, console)
    if args.act == "show":
        return show_camera(args, console)
    # What follows may look at pictures, and FFmpeg takes its time to load.
    from edge_agent.cli import camera_change  # noqa: PLC0415 (the comment above)

    return camera_change.run(args, console)
