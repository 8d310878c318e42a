"""Every rule has a page, a scene that must raise it and a twin that must not."""

from __future__ import annotations

import re

import pytest

from edge_agent.config.rule_kinds import KINDS
from edge_agent.rules import options
from tests.house.source import ROOT


def _documents() -> str:
    pages = (ROOT / "docs" / "reference").glob("*.md")
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_has_a_section_in_the_reference(kind: str) -> None:
    assert re.search(rf"^#+ .*\b{kind}\b", _documents(), re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_has_its_file_and_its_options(kind: str) -> None:
    assert (ROOT / "edge_agent" / "rules" / f"{kind}.py").is_file()
    assert hasattr(options, f"{kind.title().replace('_', '')}Options")


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_has_scenes_that_raise_it_and_twins_that_do_not(kind: str) -> None:
    scenes = (ROOT / "tests" / "rules" / f"test_{kind}.py").read_text(encoding="utf-8")

    names = re.findall(r"^def (test_\w+)", scenes, re.MULTILINE)

    assert len(names) >= 2
    assert any(re.search(r"_not_|_no_|nobody|may_", name) for name in names), "no twin"


def test_no_rule_is_hidden_from_the_configuration() -> None:
    files = {path.stem for path in (ROOT / "edge_agent" / "rules").glob("*.py")}

    assert files - {"__init__", "options"} == set(KINDS)
