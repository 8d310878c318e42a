"""The words that a site may write, the verbs that there are, and the page that tells them are the same."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from edge_agent.contract import open_letter, read_command
from edge_agent.daemon.commands import assemble
from edge_agent.daemon.commands.snapshot import UNBLURRED
from edge_agent.daemon.commands.trust import TRUST
from edge_agent.daemon.switches import Kind
from edge_agent.mqtt.options import CenterOptions, Permission
from tests.house.source import ROOT
from tests.peers.listener import Listener

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto

PAGE = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")


def names() -> set[str]:
    classes = (
        assemble.Ping,
        assemble.Health,
        assemble.TakeSnapshot,
        assemble.ConfigGet,
        assemble.ConfigPropose,
        assemble.ModelInstall,
        assemble.Restart,
        assemble.Purge,
    )
    return {one.name for one in classes} | {str(kind) for kind in Kind}


def test_every_verb_can_be_allowed_and_every_word_means_something() -> None:
    assert {str(word) for word in Permission} == names() | {UNBLURRED, TRUST}


def test_the_page_has_a_row_for_every_verb() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Verbs")[2], re.MULTILINE))

    assert rows == names()


def test_the_example_of_a_center_sends_what_a_box_believes(
    broker: Mosquitto, tmp_path: Path
) -> None:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "center.pem").write_bytes(pem)
    code = re.search(r"```py\n(import time.*?)```", PAGE, re.DOTALL)
    assert code
    here = code[1].replace('"center.pem"', repr(str(tmp_path / "center.pem")))
    here = here.replace('hostname="broker.example"', f'hostname="127.0.0.1", port={broker.port}')

    with Listener(broker.port) as listener, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(here, {})  # noqa: S102 (our own page)
        listener.wait_for(lambda heard: bool(heard.of("cmd")))
        payload = listener.of("cmd")[0].payload

    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    letter = open_letter(payload, [public], kind="command", site="palembang", box="plaju-01")
    command = read_command(letter.members)
    assert command
    assert command.verb == "ping"


def test_at_first_nothing_is_changed_or_shown() -> None:
    assert CenterOptions().commands == {"ping", "health"}
