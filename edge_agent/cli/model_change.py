"""Bring a model in, choose it, check it again, remove it. The running agent is not disturbed."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from edge_agent.cli.console import Console
from edge_agent.cli.folder import RESTART, with_folder
from edge_agent.config.load import load_settings
from edge_agent.config.settings import Settings
from edge_agent.daemon.model_start import is_pinned
from edge_agent.daemon.model_watch import ask_before
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import ModelCard, load_card, shipped_models
from edge_agent.inference.number_formats import floating_formats
from edge_agent.packs.names import PackName
from edge_agent.packs.pack_file import (
    check_folder,
    open_pack,
    read_parts,
    telling_of_pack,
    unpack,
)
from edge_agent.packs.signature import check_signature
from edge_agent.packs.store import Store
from edge_agent.packs.trial import try_model
from edge_agent.runtime.clock import SystemClock


def install(args: argparse.Namespace, console: Console) -> int:
    """Install a pack. Raises EdgeAgentError where it is refused; nothing has changed then."""
    settings = load_settings(args.config)
    store = Store(settings.state_dir)
    before = store.installed()
    console.progress(f"trying {args.pack} …")
    trusted = settings.packs.signing_keys
    arrival = store.install(args.pack, trusted, _trial(allow_float=args.allow_float))
    name = arrival.name
    if not arrival.is_new:
        console.ok("model", f"{name} is installed already, and sound")
    else:
        by = f", signed by {arrival.key_id}" if arrival.key_id else ""
        console.ok("model", f"{name} works on this box and is installed{by}")
    for gone in arrival.removed:
        console.note("model", f"{gone} was removed: it was the oldest that nobody uses")
    if younger := _younger(name, before):
        console.note("model", f"it is older than {younger}, which is installed too")
    console.next(with_folder(f"edge-agent model use {name}", args.config))
    return 0


def use(args: argparse.Namespace, console: Console) -> int:
    """Choose a model for the next start, after trying it. Raises EdgeAgentError."""
    settings = load_settings(args.config)
    _must_be_free(settings)
    store = Store(settings.state_dir)
    name = store.find(args.model)
    folder = store.check(name, settings.packs.signing_keys)
    console.progress(f"trying {name} …")
    # Whether its floats are welcome was said when it was installed.
    try_model(folder, allow_float=True)
    # What agent.toml says anyway needs no choice.
    wanted = "" if name == settings.objects.model else name
    store.choose(name, wanted, ask_before(settings.state_dir), SystemClock().wall())
    console.ok("model", f"{name} is chosen; the agent uses it from its next start")
    _remark_rules(load_card(folder), settings, console)
    console.next(RESTART)
    return 0


def _remark_rules(card: ModelCard, settings: Settings, console: Console) -> None:
    """Name the rules that will never alert with this model."""
    known = ", ".join(sorted({label for label in card.labels if label}))
    for camera in settings.cameras:
        for rule in camera.rules:
            if unknown := card.lacks(rule.labels):
                console.bad(
                    camera.id,
                    f"model {card.name} does not know {', '.join(unknown)}:"
                    f" rule {rule.name} of camera {camera.id} will never alert for it",
                    f"it knows {known}: change the labels of the rule, or the model",
                )


def verify(args: argparse.Namespace, console: Console) -> int:
    """Check all models, or those named; 1 where one is wrong."""
    settings = load_settings(args.config)
    store = Store(settings.state_dir)
    models = args.models or [*shipped_models(), *map(str, store.installed())]
    console.line_up(models)
    results = [_verify(model, settings, store, console) for model in models]
    return 0 if all(results) else 1


def remove(args: argparse.Namespace, console: Console) -> int:
    """Remove an installed model. Raises EdgeAgentError where it is needed."""
    store = Store(load_settings(args.config).state_dir)
    name = store.find(args.model)
    store.remove(name)
    console.ok("model", f"{name} is removed")
    return 0


def _verify(model: str, settings: Settings, store: Store, console: Console) -> bool:
    console.progress(f"trying {model} …")
    trusted = settings.packs.signing_keys
    has_floats = False
    try:
        if _is_file(model):
            name, has_floats = _verify_file(Path(model), trusted)
        else:
            name = store.find(model)
            try_model(store.check(name, trusted), allow_float=True)
    except EdgeAgentError as failure:
        console.failure(model, failure)
        return False
    signed = ", signature" if trusted and name not in shipped_models() else ""
    console.ok(model, f"{name}: files{signed} and answers are right")
    if has_floats:
        what = "it computes with floats, and is not installed without being asked for"
        console.note(model, what, "edge-agent model install FILE --allow-float")
    return True


def _is_file(model: str) -> bool:
    """Tell whether a file is meant: no model's name has a slash, or ends like a pack's file."""
    try:
        return "/" in model or model.endswith(".pack") or Path(model).is_file()
    except OSError:
        # Too long for a name: whoever opens it says so.
        return True


def _verify_file(pack: Path, trusted: tuple[str, ...]) -> tuple[str, bool]:
    """Check a pack that is not installed, in a folder that vanishes; tell whether it has floats."""
    with open_pack(pack) as (file, head), tempfile.TemporaryDirectory() as folder:
        check_signature(head, trusted)
        unpack(Path(folder), head, read_parts(file, head), Path(folder))
        with telling_of_pack(Path(folder)):
            name = check_folder(Path(folder), head)
            try_model(Path(folder), allow_float=True)
            has_floats = bool(floating_formats(load_card(Path(folder)).weights))
        return str(name), has_floats


def _trial(*, allow_float: bool) -> Callable[[Path], None]:
    return lambda folder: try_model(folder, allow_float=allow_float)


def _younger(name: PackName, installed: tuple[PackName, ...]) -> PackName | None:
    """Return the youngest of the same name that is younger."""
    younger = [other for other in installed if other.name == name.name and other.age > name.age]
    return younger[-1] if younger else None


def _must_be_free(settings: Settings) -> None:
    if is_pinned(settings):
        raise EdgeAgentError(
            f"agent.toml says model = {settings.objects.model}, and decides",
            hint="delete that line from [objects], then choose again",
        )
