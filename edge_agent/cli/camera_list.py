"""What is saved of cameras: all of them in a table, or one in full. Passwords never show."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path

from edge_agent.cli.console import Console
from edge_agent.cli.folder import with_folder
from edge_agent.config.camera_text import write_camera
from edge_agent.config.load import CAMERAS_FOLDER, camera_ids, load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import is_by_hand, need_folder
from edge_agent.onvif.address import host_of, read_address
from edge_agent.runtime.secret import Secret
from edge_agent.toml.problems import BadConfiguration

_HEADER = ("CAMERA", "ADDRESS", "STREAM", "ZONES", "RULES", "ENDPOINT")


def list_cameras(args: argparse.Namespace, console: Console) -> int:
    """Show all cameras; 1 if the file of one cannot be used. Raises EdgeAgentError."""
    need_folder(args.config)
    cameras, refused = _load(args.config)
    if args.json:
        console.plain(json.dumps([_row_as_json(camera) for camera in cameras], indent=2))
    elif cameras:
        console.table([_HEADER, *map(_row, cameras)])
    for bad in refused:
        for problem in bad.problems:
            console.bad("config", str(problem), problem.hint)
    if not cameras and not refused and not args.json:
        console.note("camera", "there is none yet", with_folder("edge-agent discover", args.config))
    return 1 if refused else 0


def show_camera(args: argparse.Namespace, console: Console) -> int:
    """Show one camera's file as edge-agent reads it. Raises EdgeAgentError."""
    folder = args.config.absolute()
    camera = load_camera(folder, args.camera)
    file = folder / CAMERAS_FOLDER / f"{camera.id}.toml"
    if args.json:
        console.plain(json.dumps({"file": str(file), **_as_json(camera)}, indent=2))
        return 0
    who = "by hand: commands leave it alone" if is_by_hand(file) else "by edge-agent"
    console.ok(camera.id, f"{file}, written {who}")
    console.plain(write_camera(camera, folder).rstrip())
    return 0


def _load(folder: Path) -> tuple[list[CameraSettings], list[BadConfiguration]]:
    cameras: list[CameraSettings] = []
    refused: list[BadConfiguration] = []
    for camera_id in camera_ids(folder):
        try:
            cameras.append(load_camera(folder, camera_id))
        except BadConfiguration as bad:
            refused.append(bad)
    return cameras, refused


def place_of(camera: CameraSettings) -> str:
    """Return where a camera answers: its ONVIF service, or where its stream comes from."""
    return read_address(camera.onvif_url).place if camera.onvif_url else host_of(camera.stream.url)


def _row(camera: CameraSettings) -> Sequence[str]:
    return (
        camera.id,
        place_of(camera),
        camera.stream.url,
        str(len(camera.zones)),
        str(len(camera.rules)),
        camera.onvif_endpoint.removeprefix("urn:uuid:") or "-",
    )


def _row_as_json(camera: CameraSettings) -> dict[str, object]:
    return {
        "id": camera.id,
        "name": camera.name,
        "address": place_of(camera),
        "stream": camera.stream.url,
        "zones": len(camera.zones),
        "rules": len(camera.rules),
        "endpoint": camera.onvif_endpoint,
    }


def _as_json(camera: CameraSettings) -> dict[str, object]:
    plain = _plain(camera)
    assert isinstance(plain, dict)  # noqa: S101 (for mypy)
    return plain


def _plain(value: object) -> object:
    """Return settings as JSON takes them, without what is secret."""
    if is_dataclass(value):
        members = {field.name: getattr(value, field.name) for field in fields(value)}
        return {
            name: _plain(member)
            for name, member in members.items()
            if not isinstance(member, Secret)
        }
    if isinstance(value, frozenset):
        return sorted(str(_plain(member)) for member in value)
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value
