"""The partition fills up or goes read-only under a box at work, and comes back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_agent.domain.sighting import Severity
from edge_agent.errors import EdgeAgentError
from tests.peers.flaky import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.chaos.scene import Scene
    from tests.peers.publishing_box import PublishingBox

pytestmark = pytest.mark.journey


@pytest.fixture
def small_partition(tmp_path: Path) -> Iterator[Path]:
    """Twelve megabytes for spool, keys and the center's database, to be filled by others."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small partition needs root")
    folder = tmp_path / "partition"
    folder.mkdir()
    mounted = _mount("-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder))
    if mounted.returncode:
        pytest.skip(f"cannot mount here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["/usr/bin/umount", str(folder)], check=True)  # noqa: S603 (fixed)


def _mount(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["/usr/bin/mount", *words], check=False, capture_output=True)  # noqa: S603 (fixed)


def tries(box: PublishingBox, count: int) -> int:
    """Let it see so many; return how often the disk refused, which is no promise."""
    refused = 0
    for _ in range(count):
        try:
            box.see(1, severity=Severity.HIGH)
        except EdgeAgentError as error:
            refused += bool(error.hint)
    return refused


def test_a_disk_that_others_fill_while_the_line_is_down_costs_pictures_only(
    small_partition: Path, set_scene: Callable[..., Scene], tmp_path: Path
) -> None:
    scene = set_scene(tmp_path, box_folder=small_partition / "box")
    scene.line.set(Line.DOWN)
    scene.box.see(100)
    with (small_partition / "others.log").open("ab", buffering=0) as others:
        try:
            while True:
                others.write(bytes(4096))
        except OSError:
            pass

    refused = tries(scene.box, 150)
    scene.line.set(Line.UP)

    assert refused == 0
    scene.ends_well()
    assert scene.box.spool.state().dropped_thumbnails > 0


def test_a_database_that_takes_no_more_writes_refuses_loudly_and_heals(
    set_scene: Callable[..., Scene],
) -> None:
    scene = set_scene()
    scene.line.set(Line.DOWN)
    scene.box.see(20)
    scene.box.spool._connection().execute("PRAGMA query_only = ON")
    refused = tries(scene.box, 10)
    scene.line.set(Line.UP)
    scene.box.comes_back()

    scene.box.spool._connection().execute("PRAGMA query_only = OFF")
    scene.box.see(5)

    assert refused == 10
    scene.ends_well()


def test_a_disk_that_went_read_only_is_named_at_the_start_and_nothing_is_lost(
    small_partition: Path, set_scene: Callable[..., Scene], tmp_path: Path
) -> None:
    scene = set_scene(tmp_path, box_folder=small_partition / "box")
    scene.center.go_away()
    scene.box.see(20)
    scene.end_box()
    assert _mount("-o", "remount,ro", str(small_partition)).returncode == 0
    with pytest.raises(EdgeAgentError) as refusal:
        scene.start_box()

    assert _mount("-o", "remount,rw", str(small_partition)).returncode == 0
    scene.center.come_back()
    scene.start_box()

    assert refusal.value.hint
    scene.ends_well()
