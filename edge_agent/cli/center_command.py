"""`edge-agent center command`: ask one box for something, and show what it says."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from edge_agent.center.asking import Question, Said, ask, know
from edge_agent.center.database import open_database
from edge_agent.center.key import load_key
from edge_agent.center.post import read_box
from edge_agent.center.settings import load_center
from edge_agent.cli.console import Console
from edge_agent.contract import Result
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.files import write_whole

_HOW = 'write arguments as NAME=VALUE; a VALUE may be JSON: on=false, files={"agent.toml":null}'
_MOST_S = 86_400.0


def command(args: argparse.Namespace, console: Console) -> int:
    """Send it, and print each answer; 0 where the box did it. Raises EdgeAgentError."""
    box = read_box(args.box)
    if not 1 <= args.within <= _MOST_S:
        raise EdgeAgentError(
            f"--within {args.within:g} is no time for a command", hint="1 to 86400 seconds"
        )
    settings = load_center(args.config)
    key = load_key(settings.key_file)
    database = open_database(*settings.database)
    try:
        known = know(database, box)
    finally:
        database.close()
    question = Question(verb=args.verb, args=read_args(args.args), within_s=args.within)
    result = Result.ACCEPTED
    for said in ask(settings.broker, key, known, question, SystemClock()):
        _show(args.box, said, args.out, console)
        result = said.response.result
    return 0 if result is Result.DONE else 1


def read_args(words: Sequence[str]) -> dict[str, object]:
    """Return the arguments of a command. Raises EdgeAgentError for what is not NAME=VALUE."""
    told: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals) or name in told:
            raise EdgeAgentError(f"{word!r} is no argument, or stands twice", hint=_HOW)
        try:
            told[name] = json.loads(value)
        except ValueError:
            told[name] = value
    return told


def _show(box: str, said: Said, out: Path | None, console: Console) -> None:
    response = said.response
    what = f"{response.verb}: {response.result}"
    if response.reason:
        what += f": {response.reason}"
    if response.result in {Result.DONE, Result.ACCEPTED}:
        console.ok(box, what)
    else:
        console.bad(box, what)
    if response.data:
        console.plain(json.dumps(response.data, indent=2))
    if said.picture:
        _keep(box, said.picture, out or Path(f"{response.id}.jpg"), console)


def _keep(box: str, picture: bytes, file: Path, console: Console) -> None:
    try:
        write_whole(file, picture, mode=0o600)
    except OSError as error:
        raise EdgeAgentError(
            f"cannot write the picture {file}: {(error.strerror or str(error)).lower()}",
            hint="name another file: --out FILE",
        ) from error
    console.ok(box, f"its picture is {file}: show it to those who may see it, and delete it")
