"""A technician forgot sudo: each command says so, and none calls it a defect of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOBODY = 65534
# Root without the right to look into everybody's folders is as good as anybody.
_AS_ANYBODY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
_COMMANDS = (
    ("check",),
    ("status",),
    ("run",),
    ("support-bundle", "--out", "bundle.tgz"),
    ("backup", "--out", "box.backup", "--passphrase-file", "passphrase"),
    ("key", "show"),
    ("camera", "list"),
    ("zone", "list", "gate"),
    ("model", "list"),
    ("setup", "--from", "site.toml"),
)


@pytest.fixture(params=["etc", "state"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A box of which one of the two folders is somebody else's."""
    (tmp_path / "etc" / "cameras.d").mkdir(parents=True)
    (tmp_path / "state" / "keys").mkdir(parents=True)
    (tmp_path / "state" / "spool.sqlite.lock").touch()
    text = (
        f'site = "kota"\nbox = "box-7"\nstate_dir = "{tmp_path}/state"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
    )
    (tmp_path / "etc" / "agent.toml").write_text(text)
    (tmp_path / "site.toml").write_text(text)
    (tmp_path / "passphrase").write_text("four words of mine\n")
    (tmp_path / "passphrase").chmod(0o600)
    closed = tmp_path / request.param
    if os.geteuid() == 0:
        os.chown(closed, _NOBODY, _NOBODY)
        closed.chmod(0o700)
    else:
        closed.chmod(0)
    yield tmp_path
    closed.chmod(0o700)


@pytest.mark.parametrize("words", _COMMANDS, ids=lambda words: words[0])
def test_it_is_told_to_use_sudo(site: Path, words: tuple[str, ...]) -> None:
    before = _AS_ANYBODY if os.geteuid() == 0 else ()
    done = subprocess.run(  # noqa: S603 (our own program)
        [*before, sys.executable, "-m", "edge_agent", *words, "--config", site / "etc"],
        cwd=site,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    said = done.stdout + done.stderr
    assert "defect of ours" not in said
    assert "Traceback" not in said
    assert done.returncode in {0, 1, 78}, said
    # Who is let in, or can go on without that folder, has nothing to be told.
    assert done.returncode == 0 or "sudo" in said or "agent may write to" in said, said
