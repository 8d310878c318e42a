"""docs/reference/cli.md and `--help` agree, verb by verb and option by option."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge_agent.cli.main import VERBS, main

_REFERENCE = Path(__file__).parents[2] / "docs/reference/cli.md"
_INNER_VERBS = {
    "camera": ("list", "show", "remove", "set-password", "rediscover"),
    "model": (
        *("list", "show", "install", "use", "verify", "bench", "remove"),
        *("pack", "sign", "key"),
    ),
    "center": (
        *("key", "check", "run", "boxes", "alarms"),
        *("set", "command", "operator", "deliveries", "export"),
        *("quarantine", "hold", "retention"),
    ),
    "key": ("show", "rotate"),
    "zone": ("add", "list", "show", "remove"),
}
_COMMON = {"--help", "--config"}


def _sections() -> dict[str, str]:
    text = _REFERENCE.read_text()
    parts = re.split(r"^## ([\w-]+).*$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _options(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) - _COMMON


def test_the_verbs_are_those_of_the_program_and_in_order() -> None:
    assert list(_sections()) == list(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_described_and_none_is_invented(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main([verb, "--help"])
    for inner in _INNER_VERBS.get(verb, ()):
        main([verb, inner, "--help"])

    assert _options(_sections()[verb]) == _options(capsys.readouterr().out)
