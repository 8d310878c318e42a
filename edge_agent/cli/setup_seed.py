"""`edge-agent setup --from FILE`: one file for a hundred boxes, looked through before anything is done.

Every problem is said at once. What differs from box to box is the name: --box, else the host's.
"""

import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from edge_agent.cli.console import Console
from edge_agent.cli.setup_site import Answers, host_name, judge, write_agent, written
from edge_agent.config.checks import WORD_RULE, is_word
from edge_agent.config.load import camera_ids, is_unsaid, load_settings
from edge_agent.config.outline import read_outline
from edge_agent.config.site import CENTER_KEY_RULE
from edge_agent.errors import EdgeAgentError
from edge_agent.rules.options import PEOPLE
from edge_agent.runtime.secret import Secret
from edge_agent.toml.opening import open_table
from edge_agent.toml.problems import BadConfiguration
from edge_agent.toml.reader import Table
from edge_agent.toml.values import read_file, read_password

_FIRST_STEP = "name the right one after --from; one to begin with: docs/examples/site.toml"


class Runs(Protocol):
    """Runs the plain commands."""

    console: Console

    def run(self, *words: str, secret: str = "") -> int:
        """Run one and return its exit code; `secret` is its last word, and not shown."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Zone:
    name: str
    corners: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Camera:
    name: str
    address: str
    user: str
    password_file: Path | None
    zones: tuple[_Zone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seed:
    answers: Answers
    password: Secret = field(default=Secret(""))
    token_file: Path | None = None
    cameras: tuple[_Camera, ...] = ()


def configure_from(file: Path, box: str, folder: Path, commands: Runs) -> int:
    """Configure this box as the file says; 1 where a camera or the check is not right.

    What is there is kept, so it may be repeated. Raises BadConfiguration with all problems.
    """
    seed = _read(file, box, folder)
    if is_unsaid(folder):
        written = write_agent(folder, seed.answers, seed.password or None)
        commands.console.ok("config", str(written))
    _make_center_known(seed, folder, commands)
    is_wrong = not _enroll(seed, folder, commands)
    known = camera_ids(folder)
    for camera in seed.cameras:
        is_added = camera.name in known or _add(camera, commands)
        is_wrong = is_wrong or not is_added
        for zone in camera.zones if is_added else ():
            words = ("zone", "add", camera.name, zone.name, *zone.corners, "--replace")
            is_wrong = bool(commands.run(*words, "--alert-on", ",".join(zone.labels))) or is_wrong
    code = commands.run("check")
    return code or int(is_wrong)


def _make_center_known(seed: _Seed, folder: Path, commands: Runs) -> None:
    """Add the center's keys where they came later than the rest, unless a person has written."""
    before = written(folder)
    if before and seed.answers.center_keys and not before.center_keys:
        file = write_agent(folder, replace(before, center_keys=seed.answers.center_keys))
        commands.console.ok("config", f"{file}: [center] keys")


def _enroll(seed: _Seed, folder: Path, commands: Runs) -> bool:
    """Return whether the box has its certificate, or needs none."""
    if seed.token_file is None or load_settings(folder).broker.certificate_file:
        return True
    token = _text_of(seed.token_file)
    if commands.run("enroll", "--url", seed.answers.enroll_url, "--token", secret=token):
        return False
    # Where a person wrote the file, `enroll` has just said which lines it lacks.
    if before := written(folder):
        url = seed.answers.enroll_url
        write_agent(folder, replace(before, enroll_url=url, has_certificate=True))
    return True


def _add(camera: _Camera, commands: Runs) -> bool:
    words = ["add", camera.address, "--name", camera.name, "--yes"]
    if camera.user:
        words += ["--user", camera.user]
    if camera.password_file:
        words += ["--password-file", str(camera.password_file)]
    return commands.run(*words) == 0


def _read(file: Path, box: str, folder: Path) -> _Seed:
    _see(file)
    table, problems = open_table(file, _FIRST_STEP)
    if table is None:
        raise BadConfiguration(problems.found)
    seed = _read_all(table, box, file.absolute().parent)
    table.close()
    # What agent.toml would not take is the file's problem, at the same places.
    wrong = {problem.where for problem in problems.found}
    for problem in judge(folder, seed.answers):
        if problem.where not in wrong:
            problems.add(tuple(problem.where.split(".")), problem.what, problem.hint)
    if problems.found:
        raise BadConfiguration(problems.found)
    return seed


def _see(file: Path) -> None:
    """Raise EdgeAgentError where there is no such file: it is not the box's, so --config is no help."""
    try:
        is_folder = stat.S_ISDIR(file.stat().st_mode)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", "") or "it is no name").lower()
        raise EdgeAgentError(f"cannot read {file}: {why}", hint=_FIRST_STEP) from error
    if is_folder:
        raise EdgeAgentError(f"{file} is a folder", hint=_FIRST_STEP)


def _read_all(table: Table, box: str, here: Path) -> _Seed:
    broker, enrolment, default = table.table("broker"), table.table("enrolment"), Answers()
    _, password = read_password(broker, here)
    ca_file = read_file(broker, "ca_file", here)
    if password and not broker.has("username"):
        broker.refuse("password_file", "has no username beside it", 'add username = "…"')
    center = table.table("center")
    token_file = read_file(enrolment, "token_file", here, is_private=True)
    if token_file and not enrolment.text("url", ""):
        hint = 'add url = "https://center.example/.well-known/est"'
        enrolment.refuse("token_file", "has no url beside it", hint)
    keys = center.raw("keys")
    if keys is not None and not isinstance(keys, list):
        center.refuse("keys", "needs a list of texts in quotes", CENTER_KEY_RULE)
    answers = Answers(
        site=table.text("site", ""),
        box=box or table.text("box", "") or host_name(),
        state_dir=table.text("state_dir", default.state_dir),
        url=broker.text("url", ""),
        is_insecure=broker.flag("insecure", default=False),
        username=broker.text("username", ""),
        has_password=bool(password),
        ca_file=str(ca_file or ""),
        center_keys=tuple(map(str, keys)) if isinstance(keys, list) else (),
        enroll_url=enrolment.text("url", ""),
    )
    return _Seed(
        answers=answers,
        password=password,
        token_file=token_file,
        cameras=_read_cameras(table, here),
    )


def _read_cameras(table: Table, here: Path) -> tuple[_Camera, ...]:
    found: dict[str, _Camera] = {}
    for each in table.tables("cameras"):
        camera = _read_camera(each, here)
        if camera.name and camera.name in found:
            each.refuse("name", f'there are two cameras "{camera.name}"', "give one another name")
        found[camera.name] = camera
    return tuple(found.values())


def _read_camera(table: Table, here: Path) -> _Camera:
    name = table.need("name", 'write name = "gate"')
    if name and not is_word(name):
        table.refuse("name", f'"{name}" cannot be a camera\'s id', WORD_RULE)
    address = table.need("address", 'write address = "192.168.1.64", or an rtsp:// address')
    user = table.text("user", "")
    password_file = read_file(table, "password_file", here, is_private=True)
    if password_file and not user:
        table.refuse("password_file", "has no user beside it", 'add user = "admin"')
    zones = tuple(_read_zone(each) for each in table.tables("zones"))
    return _Camera(name=name, address=address, user=user, password_file=password_file, zones=zones)


def _read_zone(table: Table) -> _Zone:
    corners, wrong = read_outline(table.raw("outline"))
    if wrong:
        table.refuse("outline", wrong)
    labels = table.choices("alert_on", PEOPLE)
    return _Zone(
        name=table.need("name", 'write name = "walkway"'),
        corners=tuple(f"{corner.x:g},{corner.y:g}" for corner in corners),
        labels=tuple(sorted(label.value for label in labels)),
    )


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise EdgeAgentError(
            f"cannot read {file}: {why}", hint="look at its rights: ls -l"
        ) from error
