"""Who is left when the demo ends: nobody."""

from __future__ import annotations

import subprocess
import sys

from tools import debian

_PARENT = """
import subprocess
from demo import family
family.adopt_orphans()
subprocess.run(["/bin/sh", "-c", {command!r}])
print(family.see_everybody_off(patience_s=0.3))
"""


def _see_off(command: str) -> str:
    done = subprocess.run(  # noqa: S603 (the script above)
        [sys.executable, "-c", _PARENT.format(command=command)],
        check=True,
        capture_output=True,
        cwd=debian.REPOSITORY,
        text=True,
        timeout=20,
    )
    return done.stdout.strip()


def test_a_grandchild_that_stays_is_killed_and_named() -> None:
    assert _see_off("sleep 60 &") == "['sleep']"


def test_a_grandchild_that_ends_by_itself_is_only_waited_for() -> None:
    assert _see_off("sleep 0.1 &") == "[]"
