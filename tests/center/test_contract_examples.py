"""The contract's own examples are read as the contract means them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge_agent.center.alert_rows import read_alert
from edge_agent.center.condition import read_condition

EXAMPLES = Path(__file__).parents[2] / "docs" / "reference" / "contract" / "examples"


def test_the_alert_of_the_contract_is_read_whole() -> None:
    row = read_alert(json.loads((EXAMPLES / "alert.json").read_text()))

    assert row
    told = {name: getattr(row, name) for name in row.__dataclass_fields__}
    assert {name for name, value in told.items() if value in {"", None, "[]", "{}"}} == set()


@pytest.mark.parametrize("kind", ["status", "health"])
def test_the_condition_of_the_contract_is_read_whole(kind: str) -> None:
    told = read_condition((EXAMPLES / f"{kind}.json").read_bytes(), is_health=kind == "health")

    assert told
    assert (told.site, told.box, told.state) == ("palembang", "plaju-01", "online")
    assert told.session > 0
    assert told.head.count("\n") == 1
    assert bool(told.place_json) == (kind == "health")
