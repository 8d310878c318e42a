"""Puts the desk together: every verb that this box knows, and what each of them needs."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edge_agent import __version__
from edge_agent.alerts.seal import Seal
from edge_agent.config.settings import CameraSettings, Settings
from edge_agent.contract.signature import read_key
from edge_agent.daemon.assemble import Camera, CameraAssembly
from edge_agent.daemon.commands.answer import Verb
from edge_agent.daemon.commands.config_get import ConfigGet
from edge_agent.daemon.commands.config_propose import ConfigPropose
from edge_agent.daemon.commands.courier import Broker, Courier
from edge_agent.daemon.commands.desk import Desk, Whose
from edge_agent.daemon.commands.health import Health
from edge_agent.daemon.commands.memory import FILE, Memory
from edge_agent.daemon.commands.model_install import ModelInstall
from edge_agent.daemon.commands.ping import Ping
from edge_agent.daemon.commands.purge import Purge
from edge_agent.daemon.commands.restart import Restart
from edge_agent.daemon.commands.snapshot import TakeSnapshot
from edge_agent.daemon.commands.switch import Switch
from edge_agent.daemon.proposal import Proposal
from edge_agent.daemon.switches import Kind
from edge_agent.domain.frame import Frame
from edge_agent.mqtt.options import Permission
from edge_agent.mqtt.topics import Topics
from edge_agent.runtime.clock import Clock, rfc3339
from edge_agent.runtime.stop import Stop
from edge_agent.spool.spool import Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the running agent has, for the verbs to work with."""

    settings: Settings
    assembly: CameraAssembly
    cameras: Sequence[Camera]
    spool: Spool
    seal: Seal
    broker: Broker
    proposal: Proposal
    session: Callable[[], int]
    health: Callable[[], Mapping[str, object]]
    restart: Callable[[], None]
    # Takes in what the files say now: while cameras are watched where that can be.
    apply: Callable[[], None]
    started_wall: float
    clock: Clock
    stop: Stop


def open_desk(parts: Parts) -> Desk:
    """Return the desk, ready to run on its thread."""
    clock = parts.clock
    memory = Memory(parts.settings.state_dir / FILE)
    return Desk(
        whose=whose_of(parts.settings),
        verbs=verbs_of(parts),
        memory=memory,
        courier=Courier(memory, parts.broker, clock),
        signer=parts.seal,
        session=parts.session,
        start=os.urandom(8).hex(),
        clock=clock,
        stop=parts.stop,
    )


def whose_of(settings: Settings) -> Whose:
    """Return which box it is, and whom it obeys."""
    keys = [read_key(key) for key in settings.center.keys]
    return Whose(
        site=settings.site,
        box=settings.box,
        keys=tuple(key for key in keys if key),
        allowed=tuple(str(one) for one in sorted(settings.center.commands)),
        topic=Topics(settings.site, settings.box).response,
    )


def verbs_of(parts: Parts) -> list[Verb]:
    """Return everything that a center may ask for, where the site allows it."""
    settings, clock, allowed = parts.settings, parts.clock, parts.settings.center.commands
    switches, cameras = parts.assembly.switches, settings.cameras
    return [
        Ping(_facts(parts)),
        Health(parts.health),
        TakeSnapshot(
            {one.settings.id: _latest(one, parts.assembly) for one in parts.cameras},
            parts.assembly.detector,
            Topics(settings.site, settings.box).snapshot,
            clock,
            may_see_faces=Permission.SNAPSHOT_UNBLURRED in allowed,
        ),
        ConfigGet(settings.folder),
        ConfigPropose(
            settings,
            parts.proposal,
            parts.apply,
            clock,
            may_change_trust=Permission.CONFIG_CENTER in allowed,
        ),
        Switch(Kind.RULE, {one.id: _rules(one) for one in cameras}, switches),
        Switch(Kind.MASK, {one.id: _masks(one) for one in cameras}, switches),
        ModelInstall(settings, parts.restart, clock, parts.stop),
        Restart(parts.restart),
        Purge(parts.spool),
    ]


def _facts(parts: Parts) -> Callable[[], Mapping[str, object]]:
    started = rfc3339(parts.started_wall)
    commands = [str(one) for one in sorted(parts.settings.center.commands)]
    return lambda: {
        "version": __version__,
        "session": parts.session(),
        "started": started,
        "commands": commands,
    }


def _latest(camera: Camera, assembly: CameraAssembly) -> Callable[[], Frame | None]:
    """Return what shows the latest frame, also with a mask that was switched on after it came."""
    masks = assembly.masks(camera.settings)

    def latest() -> Frame | None:
        frame = camera.loop.latest
        return None if frame is None else masks.cover(frame)

    return latest


def _rules(camera: CameraSettings) -> tuple[str, ...]:
    return tuple(rule.name for rule in camera.rules)


def _masks(camera: CameraSettings) -> tuple[str, ...]:
    return tuple(mask.name for mask in camera.masks)
