"""What the box itself needs: time, processor, disk, spool, model and broker."""

import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_agent import __version__
from edge_agent.alerts.box_key import FOLDER, find_keys
from edge_agent.certificates.certificate import day, read_certificates
from edge_agent.certificates.examine import judge_name_and_dates
from edge_agent.certificates.expiry import expiry_of
from edge_agent.cli.check_facts import Answer, Fact, good_to_know, look_up, wrong
from edge_agent.cli.folder import with_folder
from edge_agent.cli.setup_center import refuse_own
from edge_agent.cli.setup_site import written
from edge_agent.config.load import AGENT_FILE
from edge_agent.config.settings import Settings
from edge_agent.daemon.model_start import with_chosen_model
from edge_agent.daemon.status import ask_status
from edge_agent.domain.place import Place
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import ModelCard, find_card, load_card
from edge_agent.inference.objects import open_detector
from edge_agent.inference.processor import require_instructions
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.mqtt.trial import Step, Visit, try_broker
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop
from edge_agent.spool.peek import peek

_MEGABYTE = 1_000_000
# What a spool's size counts in.
_MEBIBYTE = 1_048_576


def check_box(settings: Settings, clock: Clock) -> list[Fact]:
    """Return what can be seen without the network; the model is a fact of its own."""
    rungs: tuple[tuple[str, Callable[[], Answer]], ...] = (
        ("clock", lambda: _time(clock)),
        ("cpu", _processor),
        ("disk", lambda: _disk(settings)),
        ("key", lambda: _key(settings)),
        ("spool", lambda: _spool(settings)),
        ("center", lambda: _center(settings)),
        ("place", lambda: _place(settings)),
    )
    if settings.broker.certificate_file:
        rungs = (*rungs, ("tls", lambda: _certificate(settings, clock)))
    if settings.broker.insecure:
        rungs = (*rungs, ("tls", _insecure))
    return [look_up(name, name, ask) for name, ask in rungs]


def check_model(settings: Settings) -> tuple[Fact, ModelCard | None]:
    """Return whether the chosen model loads, and its card if it does."""
    try:
        options = with_chosen_model(settings).objects
        card = load_card(find_card(options.model))
        open_detector(options)
    except EdgeAgentError as failure:
        return wrong("model", "model", failure), None
    what = f"{card.name} {card.version} loads on this processor"
    return Fact("model", "model", ok=True, what=what), card


@dataclass(frozen=True, slots=True)
class BrokerQuestion:
    """The way to the broker, under a name of our own beside the agent's."""

    options: BrokerOptions
    visit: Visit
    part: str = "broker"
    label: str = "reach"

    def ask(self, stop: Stop) -> list[Fact]:
        """Climb from the broker's address to its receipt."""
        return [self._fact(step) for step in try_broker(self.options, self.visit, stop)]

    def _fact(self, step: Step) -> Fact:
        if step.trouble is None:
            return Fact(self.part, step.name, ok=True, what=step.what)
        told = good_to_know if step.is_remark else wrong
        return told(self.part, step.name, step.trouble)


def broker_of(settings: Settings, clock: Clock) -> BrokerQuestion:
    """Return what to ask the broker."""
    visit = Visit(site=settings.site, box=settings.box, wall=clock.wall(), version=__version__)
    return BrokerQuestion(settings.broker, visit)


def _time(clock: Clock) -> Answer:
    """Say whether the time is to be believed. It stops nothing: each alert says so itself."""
    state = clock.state()
    if not state.is_synced:
        return EdgeAgentError(
            "not synchronised: alerts will say that their time is unsure",
            hint="see `timedatectl`; switch it on: sudo timedatectl set-ntp true",
        )
    within = "" if state.error_ms is None else f", within {state.error_ms:.0f} ms"
    return f"synchronised{within}"


def _processor() -> Answer:
    require_instructions("ai_edge_litert")
    cores = os.cpu_count() or 1
    return f"{platform.machine()}, {cores} cores, has what the models need"


def _disk(settings: Settings) -> Answer:
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


def _key(settings: Settings) -> Answer:
    keys = find_keys(settings.state_dir / FOLDER)
    return f"{keys.signer.kid} signs" if keys else "is made at the first start"


def _center(settings: Settings) -> Answer:
    """Say what the center may do here: whoever stands at the box must be able to know."""
    if not settings.center.keys:
        return EdgeAgentError(
            "no key of the center is known: receipts and commands are taken from nobody",
            hint=_how_to_know_center(settings.folder),
        )
    refuse_own(settings.center.keys, settings.state_dir)
    allowed = ", ".join(sorted(settings.center.commands))
    return f"may give these commands: {allowed}" if allowed else "may give no commands"


def _how_to_know_center(folder: Path) -> str:
    """Return the next step: `setup` writes only into a file that it made itself."""
    if written(folder):
        return with_folder("edge-agent setup", folder) + "   asks for it"
    return f"write the line of `edge-agent center key` below [center] in {folder / AGENT_FILE}"


def _certificate(settings: Settings, clock: Clock) -> Answer:
    file = settings.broker.certificate_file
    assert file  # noqa: S101 (asked only where there is one)
    found = read_certificates(file)[0]
    judge_name_and_dates(found, settings.box, clock.wall())
    if problem := expiry_of(file, settings.box, clock.wall()).problem:
        return EdgeAgentError(
            problem, hint="get a new one: edge-agent enroll --again; the journal says why not yet"
        )
    return f"{found.name}, ends on {day(found.ends_wall)}"


def _insecure() -> Answer:
    return EdgeAgentError(
        "insecure = true in [broker] permits to send alerts unencrypted",
        hint="for a laboratory only: use mqtts:// and delete that line",
    )


def _spool(settings: Settings) -> Answer:
    waiting, parked, dropped = _counts(settings)
    if parked or dropped:
        return EdgeAgentError(
            f"{waiting} alerts wait; {parked} refused by the broker, {dropped} dropped for room",
            hint="see that the broker's access rules allow our topics, and that it is reached",
        )
    return f"opens, {waiting} alerts wait"


def _place(settings: Settings) -> Answer:
    unplaced = [camera.id for camera in settings.cameras if camera.place is None]
    if settings.place is None and (unplaced or not settings.cameras):
        return EdgeAgentError(
            "alerts will not say where",
            hint="add [place] to agent.toml: name, latitude, longitude",
        )
    if settings.place is None:
        return "each camera says its own"
    return _spot(settings.place)


def _spot(place: Place) -> str:
    if place.latitude is None:
        return place.name or ", ".join(text for _, text in place.area)
    spot = f"{place.latitude}, {place.longitude}"
    return f"{place.name} ({spot})" if place.name else spot


def _counts(settings: Settings) -> tuple[int, int, int]:
    """Return what waits, is parked and was dropped: the running agent knows, else the file."""
    try:
        spool = ask_status(settings.state_dir).spool
    except EdgeAgentError:
        # None runs, or none that we may ask; the file says which.
        return peek(settings.state_dir / "spool.sqlite")
    return spool.waiting, spool.parked, spool.dropped_alerts


def _size(size_bytes: int) -> str:
    gigabytes = size_bytes / _MEGABYTE / 1000
    return f"{gigabytes:.1f} GB" if gigabytes >= 1 else f"{gigabytes * 1000:.0f} MB"
