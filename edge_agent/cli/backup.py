"""`edge-agent backup`: all that makes this box this box, in one locked file, for a swapped one."""

import argparse
from pathlib import Path

from edge_agent import __version__
from edge_agent.alerts.box_key import FOLDER, find_keys
from edge_agent.alerts.position import Position
from edge_agent.cli.backup_file import check_passphrase, lock_up
from edge_agent.cli.backup_tree import About, items_of, pack, refuse_running
from edge_agent.cli.console import Console
from edge_agent.cli.login import Keyboard, Terminal
from edge_agent.cli.passphrase import add_passphrase, read_passphrase
from edge_agent.config.load import load_settings
from edge_agent.config.settings import Settings
from edge_agent.config.store import not_written
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock, SystemClock
from edge_agent.runtime.files import write_whole


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="where to")
    parser.add_argument(
        "--spool", action="store_true", help="also alerts that wait; the agent must be stopped"
    )
    add_passphrase(parser)


def run(
    args: argparse.Namespace,
    console: Console,
    *,
    keyboard: Keyboard | None = None,
    clock: Clock | None = None,
) -> int:
    """Write the backup. Raises EdgeAgentError."""
    settings = load_settings(args.config)
    if args.out.exists():
        raise EdgeAgentError(f"{args.out} is there already", hint="name another with --out FILE")
    if args.spool:
        refuse_running(settings.state_dir)
    passphrase = read_passphrase(args.passphrase_file, keyboard or Terminal(), is_new=True)
    check_passphrase(passphrase)
    about = _about(settings, clock or SystemClock(), has_spool=args.spool)
    try:
        items = items_of(settings.folder, settings.state_dir, with_spool=args.spool)
        content = lock_up(pack(about, items), passphrase)
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read {error.filename}: {(error.strerror or '').lower()}",
            hint="run this with sudo",
        ) from error
    try:
        write_whole(args.out, content, mode=0o600)
    except OSError as error:
        raise not_written(args.out, error) from error
    _tell(settings, about, args.out, console)
    return 0


def _about(settings: Settings, clock: Clock, *, has_spool: bool) -> About:
    keys = find_keys(settings.state_dir / FOLDER)
    is_inside = settings.state_dir.is_relative_to(settings.folder)
    return About(
        site=settings.site,
        box=settings.box,
        kid=keys.signer.kid if keys else "",
        version=__version__,
        made_wall=clock.wall(),
        position=Position(settings.state_dir / FOLDER / "position").most if keys else 0,
        state_dir=str(
            settings.state_dir.relative_to(settings.folder) if is_inside else settings.state_dir
        ),
        has_spool=has_spool,
    )


def _tell(settings: Settings, about: About, file: Path, console: Console) -> None:
    console.ok("backup", f"{about.site}/{about.box}, key {about.kid or 'none yet'}: {file}")
    for outside in _outside(settings):
        console.note(
            "backup", f"{outside} lies elsewhere and is not in it", "keep a copy of it, too"
        )
    if not about.has_spool:
        console.note("backup", "alerts that wait on this box are not in it: --spool")
    console.next("keep file and passphrase apart: with both anybody can sign as this box")


def _outside(settings: Settings) -> list[Path]:
    broker = settings.broker
    streams = [one for each in settings.cameras for one in (each.stream, each.main_stream) if one]
    named = [
        *(broker.password_file, broker.ca_file, broker.certificate_file, broker.key_file),
        *(one.password_file for one in streams),
    ]
    kept = settings.folder, settings.state_dir
    return sorted(
        {
            file
            for file in named
            if file and not any(file.resolve().is_relative_to(one.resolve()) for one in kept)
        }
    )
