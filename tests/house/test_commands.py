"""`--help` and docs/reference/cli.md say the same, for every verb and the verbs inside it."""

from __future__ import annotations

import argparse
import importlib
import re
from typing import TYPE_CHECKING

import pytest

from edge_agent.cli import main
from tests.house.source import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE = ROOT / "docs" / "reference" / "cli.md"
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# Everywhere, and said once at the top of the page.
_COMMON = {"--help", "--config", "--version"}


def _parsers(verb: str) -> Iterator[argparse.ArgumentParser]:
    parser = argparse.ArgumentParser(prog=f"edge-agent {verb}", add_help=False)
    importlib.import_module(f"edge_agent.cli.{verb.replace('-', '_')}").set_up(parser)
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


def _options(verb: str) -> set[str]:
    actions = (action for parser in _parsers(verb) for action in parser._actions)
    return {name for action in actions for name in action.option_strings} - _COMMON - {"-h"}


def _section(verb: str) -> str:
    """The part of the page from the heading of a verb to the next verb's."""
    page = REFERENCE.read_text(encoding="utf-8")
    found = re.search(
        rf"^## `?(?:edge-agent )?{verb}(?![\w-]).*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL
    )
    assert found, f'docs/reference/cli.md has no "## {verb}"'
    return found[0]


@pytest.mark.parametrize("verb", main.VERBS)
def test_the_page_tells_every_option_and_no_other(verb: str) -> None:
    told = set(_OPTION.findall(_section(verb))) - _COMMON

    assert told == _options(verb)


@pytest.mark.parametrize("verb", main.VERBS)
def test_the_page_tells_the_verbs_inside_a_verb(verb: str) -> None:
    inside = [parser.prog for parser in _parsers(verb)][1:]

    missing = [name for name in inside if name.split()[-1] not in _section(verb)]

    assert not missing


def test_the_page_tells_the_common_options_and_every_exit_code() -> None:
    page = REFERENCE.read_text(encoding="utf-8")

    assert {name for name in _COMMON if name not in page} == set()
    codes = (main.WRONG_ON_SITE, main.WRONG_USAGE, main.OUR_DEFECT, main.BAD_CONFIGURATION)
    assert {code for code in codes if not re.search(rf"\b{code}\b", page)} == set()


def test_the_page_has_the_verbs_in_the_order_of_the_day() -> None:
    page = REFERENCE.read_text(encoding="utf-8")
    headings = re.findall(r"^## `?(?:edge-agent )?([\w-]+)", page, re.MULTILINE)

    assert [verb for verb in headings if verb in main.VERBS] == list(main.VERBS)


def test_nobody_is_told_of_an_option_that_does_not_exist() -> None:
    """Hints, messages and documents name options; each must be one of ours."""
    known = {option for verb in main.VERBS for option in _options(verb)} | _COMMON
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    commands = [
        (document.name, line)
        for document in documents
        for line in document.read_text(encoding="utf-8").splitlines()
        if "edge-agent " in line
    ]

    unknown = {
        (name, option)
        for name, line in commands
        for option in _OPTION.findall(line.partition("edge-agent ")[2].partition("`")[0])
        if option not in known
    }

    assert unknown == set()
