"""docs/reference/observation.md shows a message that the code really writes, and tells every member."""

from __future__ import annotations

import json
import re

from edge_agent.alerts.observation import write_observation
from edge_agent.domain.sighting import Label
from edge_agent.domain.tally import Count, Tally
from tests.house.source import ROOT

PAGE = ROOT / "docs" / "reference" / "observation.md"
TALLY = Tally(
    began_at=217.0,
    lasted_s=300.0,
    frames=1500,
    moving=640,
    counts={
        Label.TWO_WHEELER: Count(new=54, most=9),
        Label.PERSON: Count(new=31, most=6),
        Label.CAR: Count(new=12, most=3),
    },
)


def observed() -> bytes:
    names = {"site": "palembang", "box": "plaju-01", "camera": "gate"}
    return write_observation(TALLY, **names, ended_wall=1_795_000_800.2)


def test_the_example_is_what_the_code_writes() -> None:
    found = re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    assert found
    assert json.loads(found[1]) == json.loads(observed())


def test_every_member_is_told_and_none_that_is_not_there() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}

    inside = {f"objects.*.{name}" for name in ("new", "most")}
    assert told == json.loads(observed()).keys() | inside


def test_the_largest_observation_is_small() -> None:
    counts = {label: Count(10_000, 10_000) for label in Label}
    tally = Tally(began_at=0, lasted_s=3600.125, frames=108_000, moving=1, counts=counts)

    names = {"site": "s" * 32, "box": "b" * 32, "camera": "c" * 32}
    assert len(write_observation(tally, **names, ended_wall=0.0)) < 600
