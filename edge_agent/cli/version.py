"""`edge-agent version`: what runs on this box, and with --all down to the cameras' firmware.

Libraries are those that Python really loads for the agent, not those that a list asks for.
"""

import argparse
import json
import platform
from dataclasses import asdict
from pathlib import Path

from edge_agent import __version__
from edge_agent.cli.console import Console
from edge_agent.cli.version_cameras import firmware_of, known_firmware
from edge_agent.cli.version_parts import libraries, loaded_models
from edge_agent.config.load import load_settings
from edge_agent.config.settings import Settings
from edge_agent.daemon.software import Part, system
from edge_agent.errors import EdgeAgentError

_DIGITS = 12
_HEADING = ("PART", "NAME", "VERSION")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--all", action="store_true", help="also models, libraries, and the cameras' firmware"
    )
    parser.add_argument(
        "--ask", action="store_true", help="ask the cameras now, for 8 seconds at most"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(args: argparse.Namespace, console: Console) -> int:
    """Say the versions; 0 also where something could not be asked, which is said."""
    parts = [Part("agent", "edge-agent", __version__), *_python()]
    if args.all or args.ask:
        console.progress("loading what the agent loads …")
        parts += all_parts(args.config, ask=args.ask)
    if args.json:
        console.plain(json.dumps([asdict(part) for part in parts], indent=2))
        return 0
    rows = [(part.part, part.name, _version(part)) for part in parts if not part.problem]
    console.table([_HEADING, *rows], whole=(1,))
    for part in parts:
        if part.problem:
            console.note(part.name, part.problem)
    return 0


def _version(part: Part) -> str:
    """Return what fits into a line; --json has every digit."""
    return f"{part.version} {part.sha256[:_DIGITS]}" if part.sha256 else part.version


def all_parts(folder: Path, *, ask: bool = False) -> list[Part]:
    """Return what --all adds; with `ask` the cameras are asked, for some seconds at most."""
    settings, problem = _settings(folder)
    if settings is None:
        return [*system(), Part("model", "model", "", problem), *libraries()]
    cameras = firmware_of(settings) if ask else known_firmware(settings)
    return [*system(), *loaded_models(settings), *libraries(), *cameras]


def _settings(folder: Path) -> tuple[Settings | None, str]:
    try:
        return load_settings(folder), ""
    except EdgeAgentError as failure:
        return None, f"{failure.what}: edge-agent check says which"


def _python() -> list[Part]:
    return [Part("python", platform.python_implementation(), platform.python_version())]
