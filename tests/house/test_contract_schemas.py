"""docs/reference/contract holds what the code really writes, member by member."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from edge_agent.alerts.box_key import prepare_rotation
from edge_agent.contract import split
from edge_agent.daemon.health import Health
from edge_agent.domain.chain import Dropped, Link
from edge_agent.domain.clock import ClockStep
from edge_agent.domain.update import Phase, Update
from edge_agent.mqtt.status import Statuses
from edge_agent.mqtt.topics import Topics
from edge_agent.mqtt.trial import Visit
from edge_agent.spool import chain, purging
from tests.daemon.commands.desk import Office
from tests.daemon.test_health import STARTS, WELL
from tests.fakes.box import a_known_seal, a_seal
from tests.fakes.center_key import CenterKey
from tests.fakes.clock import FakeClock
from tests.house.source import ROOT
from tests.house.test_alert_contract import example
from tests.house.test_observation_contract import observed
from tools.contract_table import TOPICS

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.alerts.seal import Seal

VISIT = Visit(site="palembang", box="plaju-01", wall=1_795_000_517.2, version="0.1.0")
FOLDER = ROOT / "docs" / "reference" / "contract"
# Whose writer is called here, and those whose every byte is the same each time.
NAMES = (
    "alert",
    "chain_restarted",
    "check",
    "clock_set",
    "command",
    "dropped",
    "head",
    "health",
    "key_rotated",
    "observation",
    "receipt",
    "response",
    "status",
    "updated",
)
SAME = {
    "alert",
    "chain_restarted",
    "clock_set",
    "dropped",
    "head",
    "observation",
    "status",
    "updated",
}
EXAMPLES = FOLDER / "examples"
SOFTWARE = [
    ["agent", "edge-agent", "0.1.0"],
    ["python", "CPython", "3.11.2"],
    ["system", "Debian GNU/Linux 12 (bookworm)", "6.1.0-31-arm64 aarch64"],
    ["processor", "Raspberry Pi 4 Model B Rev 1.5", "4 cores"],
    ["model", "street", "1.0.0", "ab" * 32],
    ["camera", "gate", "Acme AC-100, firmware 1.0"],
    ["library", "numpy", "1.24.2"],
]
HASH = "ab" * 32
A_STEP = ClockStep(
    boot="6f1c2a58-3a0e-4b7e-9d0c-2f6f0a5f7a11",
    mono_ms=110_000,
    was_wall=15.0,
    is_wall=1_795_000_015.0,
    is_synced=True,
    error_ms=12.5,
)


AN_UPDATE = Update(
    phase=Phase.ROLLED_BACK,
    old="0.1.0+deb12",
    new="0.2.0+deb12",
    why="no camera's pictures are looked at",
    since_wall=1_794_999_990.0,
)


def schema(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return told


def receipt() -> bytes:
    return CenterKey().receipt((210, 214, HASH), pictures=((210, 211), (214, 214)))


def dropped(seal: Seal) -> bytes:
    parts = [
        Dropped(first=7, last=9, sha256=HASH, why=why)
        for why in (chain.DISK_FULL, chain.REFUSED, chain.DAMAGED, purging.PURGED)
    ]
    return seal.seal(seal.dropped(parts), Link(10, HASH)).payload


def restarted(seal: Seal) -> bytes:
    return seal.seal(seal.restarted(8, 64), Link(65, chain.NO_HASH)).payload


def rotated(folder: Path) -> bytes:
    prepare_rotation(folder / "keys", is_lost=False)
    seal = a_seal(folder)
    return seal.seal(seal.rotation("0" * 16), Link(5, HASH)).payload


def written(name: str, folder: Path) -> dict[str, Any]:
    if name == "alert":
        return example()
    if name == "response":
        return Office(folder).ask()
    plain = {
        "observation": observed,
        "check": VISIT.message,
        "receipt": receipt,
        "command": lambda: CenterKey().command(),
    }
    if name in plain:
        read: dict[str, Any] = json.loads(split(plain[name]())[0])
        return read
    seal = a_known_seal(folder)
    head = seal.head(Link(43, HASH), 40)
    if name == "health":
        health = Health(FakeClock(), folder, lambda: head, lambda: 1_795_000_501)
        well: dict[str, Any] = json.loads(health.message(WELL).payload)
        return well
    if name == "status":
        software = {"parts": SOFTWARE, "left_out": 0}
        about = {"starts": STARTS.told(), "software": software}
        statuses = Statuses(
            Topics("palembang", "plaju-01"), FakeClock(), lambda: head, lambda _: about
        )
        statuses.session, statuses.cameras = 1_795_000_501, {"gate": "streaming"}
        told: dict[str, Any] = json.loads(statuses.online(lambda _: True).payload)
        return told
    payload = {
        "head": head.encode,
        "dropped": lambda: dropped(seal),
        "chain_restarted": lambda: restarted(seal),
        "clock_set": lambda: seal.seal(seal.clock_set(A_STEP), Link(5, HASH)).payload,
        "key_rotated": lambda: rotated(folder),
        "updated": lambda: seal.seal(seal.updated(AN_UPDATE), Link(5, HASH)).payload,
    }[name]()
    return json.loads(split(payload)[0])


def test_every_message_has_its_schema() -> None:
    told = {name for topic in TOPICS for name in topic.messages} | {"head", "signature"}

    assert {file.name.removesuffix(".schema.json") for file in FOLDER.glob("*.schema.json")} == told


def test_every_schema_has_an_example_that_it_takes() -> None:
    schemas = {file.name.removesuffix(".schema.json") for file in FOLDER.glob("*.schema.json")}
    examples = {file.stem: json.loads(file.read_text()) for file in EXAMPLES.glob("*.json")}

    assert examples.keys() == schemas
    for name, one in examples.items():
        Draft202012Validator.check_schema(schema(name))
        Draft202012Validator(schema(name)).validate(one)


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_what_the_code_writes(name: str, tmp_path: Path) -> None:
    shown = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    told = written(name, tmp_path)

    if name in SAME:
        assert shown == told
    else:
        assert shown.keys() == told.keys()


@pytest.mark.parametrize("name", NAMES)
def test_what_the_code_writes_is_what_the_schema_says_and_no_more(
    name: str, tmp_path: Path
) -> None:
    told, told_of = written(name, tmp_path), schema(name)
    Draft202012Validator.check_schema(told_of)

    Draft202012Validator(told_of).validate(told)

    assert set(told) == set(told_of["properties"])


@pytest.mark.parametrize("name", NAMES)
def test_a_member_less_or_of_another_kind_is_not_the_message(name: str, tmp_path: Path) -> None:
    told, validator = written(name, tmp_path), Draft202012Validator(schema(name))

    for member in schema(name)["required"]:
        without = {key: value for key, value in told.items() if key != member}
        assert not validator.is_valid(without), member
        assert not validator.is_valid(told | {member: object}), member


@pytest.mark.parametrize("name", NAMES)
def test_members_to_come_are_allowed(name: str, tmp_path: Path) -> None:
    told = written(name, tmp_path) | {"news": 1}

    assert Draft202012Validator(schema(name)).is_valid(told)


def test_a_will_and_a_first_head_are_lawful(tmp_path: Path) -> None:
    will = {**written("status", tmp_path), "state": "offline"}
    first = json.loads(split(a_seal(tmp_path).head(Link(1, chain.NO_HASH), None).encode())[0])

    assert Draft202012Validator(schema("status")).is_valid(
        {key: value for key, value in will.items() if key not in {"head", "cameras"}}
    )
    assert Draft202012Validator(schema("head")).is_valid(first)
