"""What models there are on this box, what state they are in, and what their cards say."""

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

from edge_agent.cli.console import Console
from edge_agent.cli.folder import RESTART
from edge_agent.config.load import load_settings
from edge_agent.config.settings import Settings
from edge_agent.daemon.model_start import is_pinned
from edge_agent.daemon.status import ask_status
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import ModelCard, find_card, load_card, shipped_models
from edge_agent.packs.choice import Choice
from edge_agent.packs.pack_file import check_installed
from edge_agent.packs.signature import check_signature
from edge_agent.packs.store import Store

# Not ours to judge: another user's file.
_UNREADABLE = "unreadable"
_DAMAGED, _UNTRUSTED = "damaged", "not trusted"
# Where a model comes from that is neither shipped nor installed.
_SITE_FILE = "agent.toml"
_HEADER = ("NAME", "VERSION", "FROM", "STATE", "SIGNED BY", "LICENCE")
_CHOOSE = "choose one: edge-agent model use NAME"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model of this box."""

    name: str
    version: str
    source: str
    state: str
    signed_by: str
    licence: str
    problem: str = ""
    # What to do about it, where that is not clear from the state.
    hint: str = ""


def list_models(args: argparse.Namespace, console: Console) -> int:
    """Show all models; 1 where the files of one are not what they should be."""
    settings = load_settings(args.config)
    store = Store(settings.state_dir)
    choice = store.choice()
    rows = _rows(settings, store, choice)
    if args.json:
        console.plain(json.dumps([_as_json(row) for row in rows], indent=2))
    else:
        console.table(
            [
                _HEADER,
                *((r.name, r.version, r.source, r.state, r.signed_by, r.licence) for r in rows),
            ],
            whole=(0,),
        )
        _remark(settings, choice, rows, console)
    return 1 if any(row.problem for row in rows) else 0


def show_model(args: argparse.Namespace, console: Console) -> int:
    """Show one model's card. Raises EdgeAgentError."""
    settings = load_settings(args.config)
    store = Store(settings.state_dir)
    # What agent.toml takes as a model, `[objects] model`, may be any folder's path.
    is_path = "/" in args.model
    known = "" if is_path else store.find(args.model)
    folder = find_card(args.model) if is_path else store.folder_of(known)
    # Of what is damaged this knows that it was installed, where the card alone would have it mended.
    installed = check_installed(folder) if known and known not in shipped_models() else None
    card = load_card(folder)
    name = known or card.name
    facts = {"name": name, "folder": str(folder), **card_facts(card)}
    if installed:
        facts["signed_by"] = [signature.key_id for signature in installed.signatures]
    if args.json:
        console.plain(json.dumps(facts, indent=2))
        return 0
    console.ok(name, str(folder))
    for key, value in facts.items():
        if key not in {"name", "folder"}:
            _show(key, value, console)
    return 0


def card_facts(card: ModelCard) -> dict[str, object]:
    """Return what a card says, as JSON takes it, in the order in which a person asks."""
    labels = sorted({label for label in card.labels if label})
    scores = {str(label): card.label_scores.get(label, card.score) for label in labels}
    return {
        "version": card.version,
        "licence": card.licence,
        "made_by": card.made_by,
        "made_from": list(card.made_from),
        "labels": [str(label) for label in labels],
        "score": scores if card.label_scores else card.score,
        "input": f"{card.width_px}x{card.height_px} {card.channels}",
        "decoding": card.decoding,
        "sha256": card.sha256,
        "quality": dict(card.quality),
    }


def running_model(state_dir: Path) -> str:
    """Return the name and version that the running agent uses; "" where none answers."""
    try:
        return ask_status(state_dir).model
    except EdgeAgentError:
        return ""


def _rows(settings: Settings, store: Store, choice: Choice) -> list[Row]:
    mine, trusted = settings.objects.model, settings.packs.signing_keys
    # Where agent.toml decides, what was chosen otherwise counts for nothing; and it knows no installed ones.
    choice = Choice() if is_pinned(settings) else choice
    shipped, installed = shipped_models(), [*map(str, store.installed())]
    rows = [_row(store, name, _state(name, mine, choice), trusted) for name in shipped]
    others = "" if is_pinned(settings) else mine
    rows += [_row(store, name, _state(name, others, choice), trusted) for name in installed]
    if choice.wanted and choice.wanted not in {*shipped, *installed}:
        rows.append(_bad_row(choice.wanted, "installed", "chosen, missing", "it is not installed"))
    return rows if mine in shipped else [*rows, _pinned_row(mine)]


def _pinned_row(model: str) -> Row:
    """Return the row of what agent.toml names, which is no shipped model, or none at all."""
    hint = "write a shipped model's name or a folder with / there, or delete that line"
    try:
        folder = find_card(model)
    except OSError:
        what = "its folder may not be read by this user"
        return _bad_row(Path(model).name, _SITE_FILE, _UNREADABLE, what, "run this with sudo")
    except EdgeAgentError as failure:
        return _bad_row(Path(model).name, _SITE_FILE, "chosen, missing", failure.what, hint)
    try:
        card = load_card(folder)
    except EdgeAgentError as failure:
        is_ours = not isinstance(failure.__cause__, PermissionError)
        state = f"chosen, {_DAMAGED}" if is_ours else _UNREADABLE
        return _bad_row(
            Path(model).name, _SITE_FILE, state, " ".join(failure.what.split()), failure.hint
        )
    return _row_of(card, card.name, _SITE_FILE, "chosen", "-")


def _bad_row(name: str, source: str, state: str, problem: str, hint: str = "") -> Row:
    return Row(
        name=name,
        version="?",
        source=source,
        state=state,
        signed_by="?",
        licence="?",
        problem=problem,
        hint=hint,
    )


def _state(name: str, mine: str, choice: Choice) -> str:
    if name == (choice.wanted or mine):
        return "chosen" if choice.is_proven else "chosen, new"
    if name == choice.failed:
        return "given up"
    return "fall-back" if name == (choice.good or mine) else "-"


def _row(store: Store, name: str, state: str, trusted: tuple[str, ...]) -> Row:
    source = "shipped" if name in shipped_models() else "installed"
    try:
        folder = store.folder_of(name)
        head = None if source == "shipped" else check_installed(folder)
        card = load_card(folder)
    except EdgeAgentError as failure:
        is_ours = not isinstance(failure.__cause__, PermissionError)
        word = _and(state, _DAMAGED) if is_ours else _UNREADABLE
        return _bad_row(name, source, word, failure.report().partition("\n")[0])
    keys = ", ".join(one.key_id for one in head.signatures) if head else ""
    row = _row_of(card, name, source, state, keys or "-")
    try:
        if head:
            check_signature(head, trusted)
    except EdgeAgentError as failure:
        what = failure.report().partition("\n")[0]
        return replace(row, state=_and(state, _UNTRUSTED), problem=what)
    return row


def _and(state: str, trouble: str) -> str:
    return trouble if state == "-" else f"{state}, {trouble}"


def _row_of(card: ModelCard, name: str, source: str, state: str, signed_by: str) -> Row:
    return Row(
        name=name,
        version=card.version,
        source=source,
        state=state,
        signed_by=signed_by,
        licence=card.licence,
    )


def _remark(settings: Settings, choice: Choice, rows: list[Row], console: Console) -> None:
    for row in rows:
        if row.problem:
            _tell_trouble(row, console)
    if choice.failed:
        console.note("model", f"{choice.failed} was given up: {choice.failure}", _CHOOSE)
    if is_pinned(settings):
        hint = "delete that line from [objects] to choose with `edge-agent model use NAME`"
        console.note(
            "model", f"agent.toml says model = {settings.objects.model}, and decides", hint
        )
        return
    _remark_running(settings, rows, console)


def _tell_trouble(row: Row, console: Console) -> None:
    """Say what is wrong with a model, and what to do."""
    if row.source == _SITE_FILE:
        console.bad("model", f"what agent.toml says cannot be used: {row.problem}", row.hint)
    elif row.state == _UNREADABLE:
        hint = "run this with sudo, or as the agent's user"
        console.bad("model", f"{row.name} cannot be read by this user: {row.problem}", hint)
    elif row.state.endswith(_UNTRUSTED):
        hint = "install a pack of it that the fleet's key has signed, or choose another model"
        console.bad("model", f"{row.name} is not trusted: {row.problem}", hint)
    elif row.state.endswith(_DAMAGED):
        hint = "install its pack again; if it is damaged again, the disk fails"
        console.bad("model", f"{row.name} is damaged: {row.problem}", hint)
    else:
        hint = "install its pack again, or choose another model"
        console.bad("model", f"{row.name} is chosen, but it is not installed", hint)


def _remark_running(settings: Settings, rows: list[Row], console: Console) -> None:
    """Say where the running agent still uses another model than the chosen one."""
    running = running_model(settings.state_dir)
    # Whoever restarts with one that is damaged loses what still runs.
    chosen = [row for row in rows if row.state.startswith("chosen") and not row.problem]
    # An installed model's name has its version in it already.
    words = {f"{row.name.removesuffix(f'-{row.version}')} {row.version}" for row in chosen}
    if running and words and running not in words:
        console.note("model", f"the running agent still uses {running}", RESTART)


def _as_json(row: Row) -> dict[str, str]:
    return {
        "name": row.name,
        "version": row.version,
        "from": row.source,
        "state": row.state,
        "signed_by": row.signed_by,
        "licence": row.licence,
        "problem": row.problem,
    }


def _show(key: str, value: object, console: Console) -> None:
    if isinstance(value, dict):
        console.plain(f"{key}:")
        for name, number in value.items():
            console.plain(f"  {name}: {number}")
    elif isinstance(value, list):
        console.plain(f"{key}: {', '.join(map(str, value)) or '-'}")
    else:
        console.plain(f"{key}: {value}")
