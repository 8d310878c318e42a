"""What `edge-agent setup` was answered, how it becomes `agent.toml`, and where it is kept meanwhile."""

import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from edge_agent.certificates.tls_folder import FOLDER as TLS
from edge_agent.config.checks import is_word
from edge_agent.config.load import AGENT_FILE
from edge_agent.config.site import STATE_DIR, read_site
from edge_agent.config.store import SECRETS_FOLDER, not_written, save_password
from edge_agent.runtime.files import write_whole
from edge_agent.runtime.secret import Secret
from edge_agent.toml.opening import parse_table
from edge_agent.toml.problems import Problem

# Hidden, so that nobody takes it for configuration; gone when all is done.
_KEPT = ".setup.json"
_BROKER = "broker"
# What is written after the questions, or comes with the certificate.
_COMES_LATER = {f"broker.{key}_file" for key in ("password", "certificate", "key")}
_HEADER = "# Written by edge-agent setup; it is yours now. All options: docs/examples/agent.toml\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a person, or a file, has said so far; "" is what was not said yet. Never a password."""

    language: str = ""
    site: str = ""
    box: str = ""
    state_dir: str = str(STATE_DIR)
    url: str = ""
    is_insecure: bool = False
    username: str = ""
    has_password: bool = False
    ca_file: str = ""
    center_keys: tuple[str, ...] = ()
    enroll_url: str = ""
    has_certificate: bool = False
    # Steps that a person has said no to, or that are done.
    passed: tuple[str, ...] = ()


def host_name() -> str:
    """Return what this box may be called: its host's name, where that can be part of a topic."""
    name = socket.gethostname().partition(".")[0].lower()
    return name if is_word(name) else ""


def agent_text(answers: Answers) -> str:
    """Return the `agent.toml` of these answers."""
    whose = [_line(key, getattr(answers, key)) for key in ("site", "box", "state_dir")]
    parts = [_HEADER, *whose, "\n[broker]\n", *_broker_lines(answers)]
    if answers.center_keys:
        parts.append(f"\n[center]\nkeys = {json.dumps(answers.center_keys)}\n")
    if answers.enroll_url:
        parts.append(f"\n[enrolment]\n{_line('url', answers.enroll_url)}")
    return "".join(parts)


def _broker_lines(answers: Answers) -> Iterator[str]:
    yield _line("url", answers.url)
    if answers.is_insecure:
        yield "insecure = true\n"
    if answers.username:
        yield _line("username", answers.username)
    if answers.has_password:
        yield _line("password_file", f"{SECRETS_FOLDER}/{_BROKER}")
    if answers.ca_file:
        yield _line("ca_file", answers.ca_file)
    elif answers.has_certificate:
        yield _line("ca_file", f"{TLS}/center.pem")
    if answers.has_certificate:
        yield _line("certificate_file", f"{TLS}/box.pem")
        yield _line("key_file", f"{TLS}/box.pem")


def judge(folder: Path, answers: Answers, places: Sequence[str] = ()) -> list[Problem]:
    """Return what is wrong with the answers at these places of `agent.toml`, without any at all."""
    table, problems = parse_table(folder / AGENT_FILE, agent_text(answers))
    if table is not None:
        read_site(table, folder.absolute())
    found = [each for each in problems.found if each.where not in _COMES_LATER]
    return [each for each in found if not places or each.where in places]


def write_agent(folder: Path, answers: Answers, password: Secret | None = None) -> Path:
    """Write the password, then `agent.toml`, and return its path. Raises EdgeAgentError."""
    if password:
        save_password(folder, _BROKER, password)
    file = folder / AGENT_FILE
    _write(file, agent_text(answers).encode(), mode=0o644)
    return file


def written(folder: Path) -> Answers | None:
    """Return what `agent.toml` was made of; None where a person has written there since.

    What a person wrote is never written over, not even by the answers it was made of.
    """
    try:
        text = (folder / AGENT_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    table, _ = parse_table(folder / AGENT_FILE, text)
    if table is None:
        return None
    broker, keys = table.table("broker"), table.table("center").raw("keys")
    answers = Answers(
        site=table.text("site", ""),
        box=table.text("box", ""),
        state_dir=table.text("state_dir", ""),
        url=broker.text("url", ""),
        is_insecure=broker.flag("insecure", default=False),
        username=broker.text("username", ""),
        has_password=broker.has("password_file"),
        ca_file=broker.text("ca_file", ""),
        center_keys=tuple(map(str, keys)) if isinstance(keys, list) else (),
        enroll_url=table.table("enrolment").text("url", ""),
        has_certificate=broker.has("certificate_file"),
    )
    return answers if agent_text(answers) == text else None


def keep(folder: Path, answers: Answers) -> None:
    """Remember the answers until all is done. Raises EdgeAgentError."""
    _write(folder / _KEPT, json.dumps(asdict(answers)).encode(), mode=0o600)


def kept(folder: Path) -> Answers:
    """Return what was answered before; nothing where that cannot be read."""
    try:
        told = json.loads((folder / _KEPT).read_text(encoding="utf-8"))
        known = {each.name for each in fields(Answers)}
        told = {
            key: tuple(value) if isinstance(value, list) else value for key, value in told.items()
        }
        return Answers(**{key: value for key, value in told.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return Answers()


def forget(folder: Path) -> None:
    """Remove the answers: everything is in its own file now."""
    with suppress(OSError):
        (folder / _KEPT).unlink()


def _line(key: str, value: str) -> str:
    # A JSON text is one of TOML's, too.
    return f"{key} = {json.dumps(value, ensure_ascii=False)}\n"


def _write(file: Path, content: bytes, *, mode: int) -> None:
    try:
        file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        folder = file.parent.stat()
        # The agent must be able to read what sudo wrote.
        owner = (folder.st_uid, folder.st_gid) if os.geteuid() == 0 else None
        write_whole(file, content, mode=mode, owner=owner)
    except OSError as error:
        raise not_written(file, error) from error
