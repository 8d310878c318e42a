"""A configuration on trial comes back as it was, wherever the power goes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edge_agent.daemon.proposal import FOLDER, Proposal

if TYPE_CHECKING:
    from pathlib import Path

OLD = {"agent.toml": b"old", "cameras.d/gate.toml": b"gate"}
NEW = {"agent.toml": b"new", "cameras.d/gate.toml": None, "cameras.d/yard.toml": b"yard"}
# Dies at the n-th file that is renamed or removed.
DYING = """
import os, sys
from pathlib import Path
from edge_agent.daemon.proposal import Proposal
count = int(sys.argv[2])
def dying(real):
    def work(self, *args, **more):
        global count
        count -= 1
        if count < 0:
            os._exit(9)
        return real(self, *args, **more)
    return work
Path.replace = dying(Path.replace)
Path.unlink = dying(Path.unlink)
Proposal(Path(sys.argv[1])).begin(
    "id", 60, {"agent.toml": b"new", "cameras.d/gate.toml": None, "cameras.d/yard.toml": b"yard"}
)
print("whole")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cameras.d").mkdir()
    for name, content in OLD.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "agent.toml").chmod(0o640)
    return tmp_path


def there(folder: Path) -> dict[str, bytes]:
    files = [folder / "agent.toml", *(folder / "cameras.d").glob("*.toml")]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def begun(folder: Path) -> None:
    """Write a proposal, as an agent does that begins anew with it."""
    proposal = Proposal(folder)
    proposal.begin("id", 60, NEW)
    proposal._let_go()  # as the kernel does


def test_what_is_confirmed_stays_and_what_was_before_is_kept(folder: Path) -> None:
    begun(folder)
    started = Proposal(folder)
    started.start()
    assert started.on_trial

    started.confirm()

    assert there(folder) == {"agent.toml": b"new", "cameras.d/yard.toml": b"yard"}
    assert (folder / FOLDER / "previous" / "agent.toml").read_bytes() == b"old"
    again = Proposal(folder)
    again.start()
    assert again.on_trial is None


def test_a_second_start_without_a_word_puts_it_back(folder: Path) -> None:
    begun(folder)
    first = Proposal(folder)
    first.start()
    first._let_go()

    second = Proposal(folder)
    second.start()

    assert there(folder) == OLD
    assert (folder / "agent.toml").stat().st_mode & 0o777 == 0o640
    ended = second.ended()
    assert ended
    assert (ended.id, ended.why) == ("id", "the agent ended before it was confirmed")


def test_another_agent_on_the_same_folder_does_not_touch_the_trial(folder: Path) -> None:
    begun(folder)
    running = Proposal(folder)
    running.start()

    Proposal(folder).start()

    assert there(folder)["agent.toml"] == b"new"


@pytest.mark.parametrize("moment", range(14))
def test_whenever_it_is_cut_short_all_is_old_or_all_is_new(folder: Path, moment: int) -> None:
    done = subprocess.run(  # noqa: S603 (ourselves)
        [sys.executable, "-c", DYING, str(folder), str(moment)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109 (the checkout)
    )

    Proposal(folder).start()

    if done.stdout.strip() == "whole":
        assert there(folder)["agent.toml"] == b"new"
    else:
        assert done.returncode == 9, done.stderr
        assert there(folder) == OLD
