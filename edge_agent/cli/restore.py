"""`edge-agent restore`: make this box the one that a backup was made of. The old one must not run again.

A number must never be signed twice, and the old box may have gone on after the backup. So the new
one begins beyond all that the old one can have reached since, and its first message says so.
"""

import argparse
from pathlib import Path

from edge_agent.alerts.box_key import FOLDER, find_keys
from edge_agent.alerts.position import STEP, Position
from edge_agent.cli.backup_file import MAGIC, unlock
from edge_agent.cli.backup_tree import MOST_BYTES, About, Item, refuse_running, unpack
from edge_agent.cli.console import Console
from edge_agent.cli.folder import RESTART
from edge_agent.cli.login import Keyboard, Terminal
from edge_agent.cli.passphrase import add_passphrase, read_passphrase
from edge_agent.cli.restore_place import Place
from edge_agent.config.load import AGENT_FILE, is_unsaid
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock, SystemClock, rfc3339
from edge_agent.runtime.secret import Secret

# As when a box has lost its memory (alerts/seal.py): no box sends one alert a second.
_ALERTS_A_SECOND = 1
_POSITION = f"state/{FOLDER}/position"


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", type=Path, help="what `edge-agent backup` wrote")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="although this box has another key or configuration, which is set aside",
    )
    add_passphrase(parser)


def run(
    args: argparse.Namespace,
    console: Console,
    *,
    keyboard: Keyboard | None = None,
    clock: Clock | None = None,
) -> int:
    """Restore, or change nothing and raise EdgeAgentError. May be repeated after a power cut."""
    about, items = _open(args.file, args.passphrase_file, keyboard or Terminal())
    now_wall = (clock or SystemClock()).wall()
    place = Place(args.config.absolute(), about)
    _refuse_early(about, now_wall)
    refuse_running(place.state_dir)
    aside = _another(place, about, items)
    if aside and not args.replace:
        raise EdgeAgentError(
            f"this box is not empty: {aside}",
            hint=f"to set that aside and become {about.site}/{about.box}:  --replace",
        )
    most = _most(place, about, now_wall)
    place.make_room(now_wall, is_another=bool(aside))
    # The position comes before the key that it protects: a power cut between them harms nobody.
    if most is not None:
        place.begin_position(most)
    place.write([item for item in items if item.name != _POSITION])
    _tell(about, most, console)
    return 0


def _open(file: Path, source: str, keyboard: Keyboard) -> tuple[About, list[Item]]:
    try:
        with file.open("rb") as backup:
            content = backup.read(2 * MOST_BYTES)
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read {file}: {(error.strerror or str(error)).lower()}",
            hint="name the file that `edge-agent backup` wrote",
        ) from error
    # Before a person types: a file that is none needs no passphrase.
    is_ours = content.startswith(MAGIC)
    passphrase = read_passphrase(source, keyboard, is_new=False) if is_ours else Secret("")
    return unpack(unlock(content, passphrase))


def _refuse_early(about: About, now_wall: float) -> None:
    if now_wall < about.made_wall:
        raise EdgeAgentError(
            f"this box's clock stands before the backup was made ({rfc3339(about.made_wall)})",
            hint="set it first: sudo timedatectl set-ntp true; it says how far the old box can have come",
        )


def _another(place: Place, about: About, items: list[Item]) -> str:
    """Return in words whose box this is already; "" where it is nobody's, or the same one's."""
    try:
        keys = find_keys(place.state_dir / FOLDER)
    except EdgeAgentError as damage:
        return damage.what
    if keys and keys.signer.kid != about.kid:
        return f"it signs with the key {keys.signer.kid}, the backup's is {about.kid or 'none'}"
    new = next((item for item in items if item.name == f"config/{AGENT_FILE}"), None)
    old = place.folder / AGENT_FILE
    if new and not is_unsaid(place.folder) and old.read_bytes() != new.content:
        return f"{old} says something else"
    return ""


def _most(place: Place, about: About, now_wall: float) -> int | None:
    """Return the number before the first that may be signed; None where the clock has to say it."""
    if about.position is None or not about.kid:
        return None
    since = int(_ALERTS_A_SECOND * (now_wall - about.made_wall)) + 1
    here = Position(place.state_dir / FOLDER / "position").most or 0
    # Two steps: one that was taken in advance, one that the spool takes for a loss.
    return max(here, about.position + 2 * STEP + since)


def _tell(about: About, most: int | None, console: Console) -> None:
    console.ok(
        "restore", f"this box is {about.site}/{about.box} now, key {about.kid or 'none yet'}"
    )
    if most is not None:
        console.note("restore", f"its numbers go on after {most}; its first message says so")
    console.note(
        "restore",
        "the old box must never run again: two with one key are a forgery to the center",
        "erase its disk; have the center revoke its certificate, then:  edge-agent enroll --again",
    )
    console.next(f"edge-agent check; then start it: {RESTART}")
