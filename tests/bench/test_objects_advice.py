"""What docs/reference/models.md tells a site was measured, on the model that we ship."""

from __future__ import annotations

import json

import pytest

from bench.objects import advice
from bench.objects.figures import Figures
from edge_agent.inference.model_file import find_card, load_card
from tests.house.source import ROOT

PAGE = advice.PAGE.read_text(encoding="utf-8")


@pytest.fixture
def figures() -> Figures:
    text = (ROOT / "bench" / "results" / "objects.json").read_text(encoding="utf-8")
    return json.loads(text)


def test_the_page_tells_what_was_measured(figures: Figures) -> None:
    assert advice.measured(PAGE) == advice.block(figures)


def test_the_model_that_was_measured_is_the_one_we_ship(figures: Figures) -> None:
    card = load_card(find_card("street"))

    assert figures["models"]["street"]["sha256"] == card.sha256
    assert figures["models"]["street"]["score"] == card.score


def test_the_rest_of_the_page_stays_when_the_figures_change() -> None:
    changed = advice.with_block(PAGE, "\nnew figures\n")

    assert advice.measured(changed) == "\nnew figures\n"
    assert advice.with_block(changed, advice.measured(PAGE)) == PAGE


def test_a_lead_that_chance_could_turn_round_is_no_advice(figures: Figures) -> None:
    row = figures["exams"][advice.STREET]["labels"]["car"]
    row["ap50"] = {"street": 0.6, "nanodet-m": 0.5, "fastestdet": 0.4, "yolox-nano": 0.3}
    row["lead"]["nanodet-m"] = [0.02, 0.2]
    sure = advice.block(figures)
    row["lead"]["nanodet-m"] = [-0.02, 0.2]
    unsure = advice.block(figures)

    assert "**street** 0.60, nanodet-m 0.50 " in sure
    assert "| street 0.60, nanodet-m 0.50: too close to tell " in unsure
