"""Zones of one camera: add, list, show on a picture, remove."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edge_agent.cli.console import Console
from edge_agent.cli.folder import RELOAD, with_folder
from edge_agent.cli.look import look_at
from edge_agent.cli.zone_picture import Picture, describe_rule, draw_zones, picture_of
from edge_agent.config.camera import LONGEST_ZONE_NAME
from edge_agent.config.checks import judge_name
from edge_agent.config.load import load_camera
from edge_agent.config.outline import judge_outline
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.sighting import Label, Severity
from edge_agent.domain.zone import Zone
from edge_agent.errors import EdgeAgentError
from edge_agent.rules.options import IntrusionOptions
from edge_agent.runtime.usage import did_you_mean
from edge_agent.toml.reader import LONGEST_S

# 0,5 for a half, as most of the world writes it. 0,1 is a corner of the picture.
_DECIMAL_COMMA = re.compile(r"(0),(\d{2,}|[2-9])")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the four things one can do with zones."""
    verbs = parser.add_subparsers(metavar="add|list|show|remove", required=True)
    _set_up_add(verbs.add_parser("add", help="add a zone, and an alert for it"))
    listing = verbs.add_parser("list", help="list the zones and what watches them")
    listing.add_argument("camera", metavar="CAMERA")
    listing.set_defaults(act=_list)
    show = verbs.add_parser("show", help="draw the zones on a picture of the camera")
    show.add_argument("camera", metavar="CAMERA")
    show.add_argument("--out", metavar="FILE.png", type=Path, help="default: CAMERA-zones.png")
    show.add_argument("--picture", metavar="FILE", type=Path, help="draw on this, not on a new one")
    show.set_defaults(act=_show)
    remove = verbs.add_parser("remove", help="remove a zone and the rules that watch it")
    remove.add_argument("camera", metavar="CAMERA")
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(act=_remove)


def run(args: argparse.Namespace, console: Console) -> int:
    """Do what was asked; 0 when done. Raises EdgeAgentError."""
    console.line_up([args.camera])
    args.act(args, console)
    return 0


def _set_up_add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "example: edge-agent zone add gate walkway 0.1,0.5 0.9,0.5 0.9,0.95 --alert-on person"
    )
    parser.add_argument("camera", metavar="CAMERA")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("corners", metavar="X,Y", nargs="+", type=_corner, help="0 to 1, in order")
    parser.add_argument("--alert-on", metavar="LABEL[,LABEL]", type=_labels, help=_known_labels())
    parser.add_argument(
        "--for",
        metavar="SECONDS",
        type=_seconds,
        dest="patience_s",
        help="inside before an alert (1; garbage 60)",
    )
    parser.add_argument("--severity", metavar="low|medium|high", type=_severity)
    parser.add_argument("--replace", action="store_true", help="replace a zone of that name")
    parser.set_defaults(act=_add, refuse=parser.error)


def _add(args: argparse.Namespace, console: Console) -> None:
    _refuse_nonsense(args)
    camera = load_camera(args.config, args.camera)
    zone = Zone(args.name, Polygon(tuple(args.corners)))
    if not args.replace and any(other.name == zone.name for other in camera.zones):
        raise EdgeAgentError(
            f'camera {camera.id} has a zone "{zone.name}" already',
            hint="choose another name, or repeat the command with --replace",
        )
    camera = _with_zone(camera, zone)
    for rule in _rules(args, zone):
        camera = _with_rule(camera, rule)
    save_camera(args.config, camera)
    _tell_added(args, console, camera, zone)


def _refuse_nonsense(args: argparse.Namespace) -> None:
    """Leave with the usage and code 2 where the words themselves are wrong."""
    if wrong := judge_name(args.name, LONGEST_ZONE_NAME):
        args.refuse(f"NAME {wrong}")
    if wrong := judge_outline(tuple(args.corners)):
        args.refuse(f"the outline {wrong}")
    if not args.alert_on and (args.patience_s or args.severity):
        args.refuse("--for and --severity need --alert-on")


def _rules(args: argparse.Namespace, zone: Zone) -> list[IntrusionOptions]:
    """Return a rule for what was asked for, and one of its own for garbage: it has more patience."""
    wanted: frozenset[Label] = args.alert_on or frozenset()
    parts = {"intrusion": wanted - {Label.GARBAGE}, "garbage": wanted & {Label.GARBAGE}}
    return [_rule(args, f"{kind}-{zone.name}", zone, part) for kind, part in parts.items() if part]


def _rule(
    args: argparse.Namespace, name: str, zone: Zone, labels: frozenset[Label]
) -> IntrusionOptions:
    default = IntrusionOptions.usual(name, zone, labels)
    return replace(
        default,
        severity=args.severity or default.severity,
        patience_s=args.patience_s or default.patience_s,
    )


def _with_zone(camera: CameraSettings, zone: Zone) -> CameraSettings:
    """Return the camera with that zone in the place of its namesake, or at the end."""
    zones = {each.name: each for each in camera.zones} | {zone.name: zone}
    rules = (
        replace(rule, zone=zone) if rule.zone.name == zone.name else rule for rule in camera.rules
    )
    return replace(camera, zones=tuple(zones.values()), rules=tuple(rules))


def _with_rule(camera: CameraSettings, rule: IntrusionOptions) -> CameraSettings:
    rules = {each.name: each for each in camera.rules} | {rule.name: rule}
    return replace(camera, rules=tuple(rules.values()))


def _tell_added(
    args: argparse.Namespace, console: Console, camera: CameraSettings, zone: Zone
) -> None:
    rules = _rules_of(camera, zone.name)
    alerts = "; ".join(f"alert on {describe_rule(rule)}" for rule in rules) or "no alert yet"
    console.ok(camera.id, f'zone "{zone.name}" saved: {alerts}')
    console.next(with_folder(f"edge-agent zone show {camera.id}", args.config), camera.id)
    console.plain(f"a running agent takes it over after: {RELOAD}")


def _list(args: argparse.Namespace, console: Console) -> None:
    camera = load_camera(args.config, args.camera)
    if not camera.zones:
        console.plain(f"camera {camera.id} has no zones")
        example = f"edge-agent zone add {camera.id} NAME X,Y X,Y X,Y --alert-on person"
        console.next(with_folder(example, args.config))
    for zone in camera.zones:
        corners = " ".join(f"{corner.x:g},{corner.y:g}" for corner in zone.outline.corners)
        console.plain(f"{zone.name}: {corners}")
        for rule in _rules_of(camera, zone.name):
            console.plain(f"  {rule.name}: {describe_rule(rule)}; {_describe_visit(rule)}")


def _describe_visit(rule: IntrusionOptions) -> str:
    return f"away for {rule.absence_s:g} s is the same visit, an update every {rule.update_s:g} s"


def _remove(args: argparse.Namespace, console: Console) -> None:
    camera = load_camera(args.config, args.camera)
    names = [zone.name for zone in camera.zones]
    if args.name not in names:
        hint = did_you_mean(args.name, names) if names else "this camera has no zones"
        raise EdgeAgentError(f'camera {camera.id} has no zone "{args.name}"', hint=hint)
    gone = _rules_of(camera, args.name)
    zones = tuple(zone for zone in camera.zones if zone.name != args.name)
    rules = tuple(rule for rule in camera.rules if rule not in gone)
    save_camera(args.config, replace(camera, zones=zones, rules=rules))
    also = "".join(f' and its rule "{rule.name}"' for rule in gone)
    console.ok(camera.id, f'zone "{args.name}"{also} removed')
    console.plain(f"a running agent takes it over after: {RELOAD}")


def _show(args: argparse.Namespace, console: Console) -> None:
    camera = load_camera(args.config, args.camera)
    if args.picture:
        picture = _read_picture(args.picture)
    else:
        console.progress(f"asking camera {camera.id} for a picture …")
        picture = picture_of(look_at(camera.stream).frame)
    height, width = picture.shape[:2]
    title = f"{camera.id}  {width}x{height}"
    file = args.out or Path(f"{camera.id}-zones.png")
    _write_picture(file, draw_zones(picture, camera.zones, camera.rules, title))
    console.ok(camera.id, f"{_count(camera.zones)} drawn: {file.absolute()}")


def _read_picture(file: Path) -> Picture:
    try:
        content = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError as error:
        hint = "name a JPEG or PNG file"
        raise EdgeAgentError(f"cannot read {file}: {error.strerror}", hint=hint) from error
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if picture is None:
        raise EdgeAgentError(f"{file} is no picture", hint="name a JPEG or PNG file")
    return np.asarray(picture, np.uint8)


def _write_picture(file: Path, picture: Picture) -> None:
    _, content = cv2.imencode(".png", picture)
    try:
        file.write_bytes(content.tobytes())
    except OSError as error:
        hint = "name another place: --out FILE.png"
        raise EdgeAgentError(f"cannot write {file}: {error.strerror}", hint=hint) from error


def _rules_of(camera: CameraSettings, zone_name: str) -> list[IntrusionOptions]:
    return [rule for rule in camera.rules if rule.zone.name == zone_name]


def _count(zones: Sequence[Zone]) -> str:
    return "1 zone" if len(zones) == 1 else f"{len(zones)} zones"


def _corner(text: str) -> Point:
    if decimals := _DECIMAL_COMMA.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f'"{text}" is outside the picture (0 to 1); if you mean {decimals[1]}.{decimals[2]}, '
            "write it with a point, and a corner as X,Y: 0.1,0.5"
        )
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'"{text}" is no corner; write X,Y as in 0.1,0.5'
        ) from None
    return Point(x, y)


def _labels(text: str) -> frozenset[Label]:
    known = [label.value for label in Label]
    for word in text.split(","):
        if word not in known:
            raise argparse.ArgumentTypeError(f'no label "{word}"; {did_you_mean(word, known)}')
    return frozenset(map(Label, text.split(",")))


def _severity(text: str) -> Severity:
    known = [severity.value for severity in Severity]
    if text not in known:
        raise argparse.ArgumentTypeError(f'no severity "{text}"; {did_you_mean(text, known)}')
    return Severity(text)


def _known_labels() -> str:
    return ", ".join(label.value for label in Label)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_S:
        raise argparse.ArgumentTypeError(f'"{text}" must be seconds above 0, at most {LONGEST_S:g}')
    return seconds
