"""What we publish names no machine of ours, and what the documents point to is there."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.house.source import ROOT

# Put together here, so that this file does not find itself.
_MACHINES = [
    "/" + "work" + "/",
    "/" + "root" + "/",
    "pypi" + ".org",
    "python" + "hosted",
    "deb." + "debian",
]
# What a lock file or a licence may name by its nature.
_NOT_OURS = (":!LICENSE",)


def _grep(words: str) -> str:
    command = ["git", "grep", "-nIF", "--untracked", "-e", words, "--", ".", *_NOT_OURS]
    done = subprocess.run(  # noqa: S603 (a program we name)
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    # 1: nothing found. Anything above is git's own failure.
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


@pytest.mark.parametrize("words", _MACHINES)
def test_no_file_names_a_machine_or_a_registry(words: str) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")

    assert _grep(words) == ""


def test_the_search_can_find_something() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")

    assert "pyproject.toml" in _grep("edge-agent")


def test_every_link_in_the_documents_leads_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    dead = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8"))
        if "://" not in target and not (document.parent / target).exists()
    ]

    assert not dead, "\n".join(dead)


def test_every_document_that_the_code_names_is_there() -> None:
    named = {
        (path.relative_to(ROOT), name)
        for path in [*(ROOT / "edge_agent").rglob("*.py"), ROOT / "pyproject.toml"]
        for name in re.findall(r"docs/[\w./-]*\w", path.read_text(encoding="utf-8"))
    }

    missing = [f"{path}: {name}" for path, name in sorted(named) if not _is_there(name)]

    assert not missing, "\n".join(missing)


def _is_there(name: str) -> bool:
    """A design note may be named by its number alone."""
    return (ROOT / name).exists() or bool(list(ROOT.glob(f"{name}-*.md")))
