"""What nobody calls is deleted; what is called by somebody else's name is listed with its reason."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.house.source import ROOT, tree_of

VULTURE = Path(sys.executable).with_name("vulture")
LIST = ROOT / "tests" / "house" / "unused_on_purpose.py"


@cache
def _unused() -> dict[str, str]:
    """Everything vulture calls unused without the list, by name, with its place."""
    done = subprocess.run(  # noqa: S603 (a program we name)
        [VULTURE, "edge_agent", "--min-confidence", "60"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return {name: line for line in done.stdout.splitlines() for name in re.findall(r"'(.+)'", line)}


def _listed() -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree_of(LIST))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "_"
    }


def test_nobody_keeps_code_that_nobody_calls() -> None:
    dead = [line for name, line in _unused().items() if name not in _listed()]

    assert not dead, "\n".join(dead)


def test_nothing_is_listed_without_need() -> None:
    assert _listed() - _unused().keys() == set()
