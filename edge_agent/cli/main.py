"""The door: find the verb, run it, and turn whatever happens into one clear line and an exit code.

Only the chosen verb's module is imported: `--help` must not wait for FFmpeg and OpenCV.
"""

import argparse
import importlib
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from edge_agent import __version__
from edge_agent.cli.console import Console, OutputLostError
from edge_agent.cli.folder import CENTER_FOLDER, DEFAULT_FOLDER, default_folder
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.processor import require_instructions
from edge_agent.runtime.usage import WRONG_USAGE, Parser
from edge_agent.toml.problems import BadConfiguration

# In the order of a technician's day.
VERBS = {
    "setup": "lead through the first configuration, question by question",
    "discover": "find the cameras on this network",
    "add": "add a camera by its address",
    "camera": "list, show and remove cameras, set passwords, find moved ones again",
    "zone": "draw, list and remove the zones of a camera",
    "model": "list, install, choose and check the models of this box",
    "enroll": "get this box its certificate from the center",
    "check": "check everything this box needs, before or after an alarm",
    "run": "watch all cameras and send alerts (what the service does)",
    "reload": "let changed files count without a restart (what systemctl reload does)",
    "status": "ask the running agent how it is",
    "version": "say what runs here, down to the cameras' firmware",
    "support-bundle": "gather what helps whoever helps, without secrets",
    "backup": "lock all that makes this box into one file",
    "restore": "make this box the one of a backup; the old one must be off for good",
    "replay": "run the same rules on a recorded clip",
    "key": "show or rotate the key that this box signs its alerts with",
    "verify": "check what a center has stored: genuine, and complete",
    "center": "the other end: store what boxes send, and confirm it",
}
# The others import NumPy and OpenCV, which die without a word on a processor that is too old.
_FOR_ANY_PROCESSOR = {"discover", "enroll", "reload", "status", "key", "verify", "center"}

FINE = 0
WRONG_ON_SITE = 1
OUR_DEFECT = 70
BAD_CONFIGURATION = 78
# 128 + the signal, as shells show it.
_INTERRUPTED = 130
_BROKEN_PIPE = 141


class Verb(Protocol):
    """What the module of a verb offers."""

    def set_up(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments of the verb."""

    def run(self, args: argparse.Namespace, console: Console) -> int:
        """Do it and return the exit code. `args.config` is the folder of the configuration."""
        ...


class _Parser(Parser):
    """Knows --config."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        # A corner at -0.1,0.5 is a slip of the hand, and no option.
        self._negative_number_matcher = re.compile(r"-\.?\d")
        self.add_argument(
            "--config",
            metavar="DIR",
            type=Path,
            # Says nothing unless given, so that it may stand before and after any verb.
            default=argparse.SUPPRESS,
            help=f"folder with agent.toml ($EDGE_AGENT_CONFIG or {DEFAULT_FOLDER}), or with"
            f" center.toml ({CENTER_FOLDER})",
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1, 2, 70, 78, or 130 after Ctrl-C."""
    if sys.stdout is None:  # the shell's >&-
        return _say_lost("standard output is closed")
    console = Console.on(sys.stdout)
    try:
        code = _code_of(sys.argv[1:] if argv is None else argv, console)
        console.flush()
    except BrokenPipeError:
        code = _BROKEN_PIPE
    except OutputLostError as error:
        code = _say_lost((error.strerror or "it broke").lower())
    else:
        return code
    # The interpreter must not try again while it ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _say_lost(why: str) -> int:
    hint = "let it go to the terminal, or to a file on a disk with room"
    print(EdgeAgentError(f"cannot write the output: {why}", hint=hint).report(), file=sys.stderr)
    return WRONG_ON_SITE


def _code_of(argv: Sequence[str], console: Console) -> int:
    try:
        return _run(argv, console)
    except SystemExit as leaving:  # argparse, after --help or a wrong usage
        return int(leaving.code or FINE)
    except KeyboardInterrupt:
        console.clear_progress()
        return _INTERRUPTED
    except (BrokenPipeError, OutputLostError):
        raise
    except EdgeAgentError as failure:
        console.clear_progress()
        print(failure.report(), file=sys.stderr)
        return BAD_CONFIGURATION if isinstance(failure, BadConfiguration) else WRONG_ON_SITE
    except Exception as defect:  # noqa: BLE001 (the last door: a person must not see a traceback)
        console.clear_progress()
        if isinstance(defect, PermissionError) and defect.filename:
            print(_forbidden(defect).report(), file=sys.stderr)
            return WRONG_ON_SITE
        print(_report(defect), file=sys.stderr)
        return OUR_DEFECT


def _run(argv: Sequence[str], console: Console) -> int:
    main_parser = _main_parser()
    if not argv:
        main_parser.print_help(sys.stderr)
        return WRONG_USAGE
    args = main_parser.parse_args(argv)
    if args.verb not in _FOR_ANY_PROCESSOR:
        require_instructions("ai_edge_litert")
    verb = cast("Verb", importlib.import_module(f"edge_agent.cli.{args.verb.replace('-', '_')}"))
    parser = _Parser(prog=f"edge-agent {args.verb}", description=VERBS[args.verb])
    verb.set_up(parser)
    return verb.run(parser.parse_args(args.rest, _defaults(args)), console)


def _defaults(args: argparse.Namespace) -> argparse.Namespace:
    return argparse.Namespace(config=getattr(args, "config", default_folder(args.verb)))


def _main_parser() -> argparse.ArgumentParser:
    verbs = "\n".join(f"  {verb:<16}{words}" for verb, words in VERBS.items())
    parser = _Parser(
        prog="edge-agent",
        usage="edge-agent [--config DIR] VERB ...",
        description="Watches street cameras and sends alerts.",
        epilog=f"verbs, in the order of a day's work:\n{verbs}\n\nedge-agent VERB --help tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"edge-agent {__version__}")
    parser.add_argument("verb", metavar="VERB", choices=VERBS, help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _forbidden(error: PermissionError) -> EdgeAgentError:
    """Return what a forgotten sudo comes to, wherever it was noticed."""
    what = f"cannot use {error.filename}: {(error.strerror or 'not permitted').lower()}"
    return EdgeAgentError(what, hint="run this with sudo")


def _report(defect: Exception) -> str:
    """Write the traceback where it can be sent from, and return what to say on the terminal."""
    what = f"edge-agent stopped at a defect of ours ({type(defect).__name__})"
    try:
        handle, file = tempfile.mkstemp(prefix="edge-agent-defect-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as report:
            report.write(f"edge-agent {__version__}, Python {sys.version}\n")
            report.writelines(traceback.format_exception(defect))
    except OSError as error:
        return f"{what}, and the report could not be written: {error.strerror}"
    return f"{what}\n  next: please send us this file: {file}"
