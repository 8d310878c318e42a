"""`edge-agent camera rediscover`: what the running agent does by itself for cameras that are dark."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from edge_agent.cli.configured import configured_cameras
from edge_agent.cli.folder import RELOAD
from edge_agent.cli.login import Talk
from edge_agent.config.load import load_camera
from edge_agent.config.move import moved
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera
from edge_agent.daemon.refind_loop import can_be_found, lost_device
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, read_address
from edge_agent.onvif.network_card import neighbour_address
from edge_agent.onvif.presence import look
from edge_agent.onvif.refind import Search, Trace
from edge_agent.runtime.clock import SystemClock

# Somebody waits for it.
_LOOK_S = 3.0


def rediscover(args: argparse.Namespace, talk: Talk, *, discovery_port: int) -> int:
    """Look for the cameras, say where they are, and save what is agreed to; 1 if one is away."""
    if bool(args.camera) == args.all:
        args.wrong_usage("name one camera, or say --all")
    known = [each for each in configured_cameras(args.config).cameras if can_be_found(each)]
    wanted = known if args.all else [_wanted(args.config, args.camera)]
    if not wanted:
        raise EdgeAgentError(
            "no camera here was added by ONVIF", hint="add them:  edge-agent discover"
        )
    devices = list({camera.onvif_url: camera for camera in wanted}.values())
    talk.console.line_up(camera.id for camera in known)
    talk.console.progress("asking the network for cameras …")
    search = Search(SystemClock(), mac_of=neighbour_address, port=discovery_port)
    lost = [lost_device(camera) for camera in devices]
    others = [lost_device(camera) for camera in known if camera not in wanted]
    taken = {other.address.place for other in others if not search.stranger_at(other)}
    traces = search.find(lost, taken)
    told = [
        _tell(args.config, _channels(camera, known), trace, talk, search.stranger_at(one))
        for camera, one, trace in zip(devices, lost, traces, strict=True)
    ]
    return 0 if all(told) else 1


def _wanted(folder: Path, camera_id: str) -> CameraSettings:
    camera = load_camera(folder, camera_id)
    if not can_be_found(camera):
        raise EdgeAgentError(
            f"camera {camera_id} was not added by ONVIF, so nobody can tell it from others",
            hint=f"add it again by its address:  edge-agent add HOST --name {camera_id}",
        )
    return camera


def _channels(camera: CameraSettings, known: Iterable[CameraSettings]) -> list[CameraSettings]:
    """Return all cameras of the same device: a recorder moves as a whole."""
    return [each for each in known if each.onvif_url == camera.onvif_url]


def _tell(
    folder: Path, cameras: Sequence[CameraSettings], trace: Trace, talk: Talk, stranger: str
) -> bool:
    """Say where one device is, and save it if wanted; return whether it is where we know it.

    `stranger` is the network card of another device at its address.
    """
    console, old = talk.console, read_address(cameras[0].onvif_url)
    names = ", ".join(camera.id for camera in cameras)
    if trace.doubt:
        console.note(names, trace.doubt)
    if trace.address is not None:
        return _save(folder, cameras, trace.address, talk)
    if stranger:
        console.bad(
            names,
            f"another device ({stranger}) answers at {old.host}",
            "if the camera or its network card was replaced:  "
            f"edge-agent add {old.place} --name {cameras[0].id}",
        )
        return False
    if not trace.is_at_home and not _answers(old):
        console.bad(
            names,
            f"{old.place} is silent, and nobody else was taken for this camera",
            "check its power and cable; in another subnet:  "
            f"edge-agent add HOST --name {cameras[0].id}",
        )
        return False
    console.ok(names, f"answers where it was, at {old.place}")
    return True


def _answers(address: Address) -> bool:
    try:
        look(address, SystemClock(), deadline_s=_LOOK_S)
    except EdgeAgentError:
        return False
    return True


def _save(folder: Path, cameras: Sequence[CameraSettings], there: Address, talk: Talk) -> bool:
    old = read_address(cameras[0].onvif_url)
    names = ", ".join(camera.id for camera in cameras)
    talk.console.ok(names, f"found again at {there.place} (was {old.place})")
    if not talk.takes_all and not talk.agrees("save the new address?"):
        talk.console.note(names, "not saved", f"edge-agent camera rediscover {cameras[0].id} --yes")
        return False
    for camera in cameras:
        file = save_camera(folder, moved(camera, there))
        talk.console.ok(camera.id, f"saved in {file}")
    talk.console.plain(f"a running agent takes it over after: {RELOAD}")
    return True
