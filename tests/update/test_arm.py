"""What is kept before a new version comes, and the watcher that is set upon it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.domain.update import TRIAL_FILE, Phase
from edge_agent.update import packages, unit
from edge_agent.update.__main__ import main
from edge_agent.update.arm import keep
from edge_agent.update.condition import Condition
from edge_agent.update.refused import forgive, refuse, refused
from edge_agent.update.trial import read_trial
from tests.repo.city import tiny
from tests.update.box import NEW, OLD, WELL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.update.box import Box


def _kept(box: Box) -> set[str]:
    return {box.dpkg.fields(file)[1] for file in box.places.packages.iterdir()}


def test_the_new_package_and_the_old_one_are_kept(box: Box) -> None:
    assert keep(box.places, box.dpkg, [box.package(NEW)]) == []

    assert _kept(box) == {OLD, NEW}


def test_packages_of_others_are_nothing_to_us(box: Box) -> None:
    other = tiny(box.folder, "5", name="bash")
    liar = other.with_name("edge-agent_9.deb")
    liar.write_bytes(other.read_bytes())

    assert keep(box.places, box.dpkg, [other, liar]) == []

    assert _kept(box) <= {OLD}


def test_what_nobody_kept_is_packed_anew_from_what_lies_on_the_box(box: Box) -> None:
    """The first package of a box comes by hand, and whoever brought it took it away again."""
    installed = (box.places.root / "usr/share/edge-agent").read_bytes()
    keep(box.places, box.dpkg, [box.package(NEW)])
    box.install(NEW)
    assert (box.places.root / "usr/share/edge-agent").read_bytes() != installed

    found = packages.find(box.places.packages, OLD)
    assert found
    box.dpkg.install(found)

    assert box.version == OLD
    assert (box.places.root / "usr/share/edge-agent").read_bytes() == installed
    fields = _field(found, "Status"), _field(found, "Description")
    assert fields == ("", "a tiny package of the tests")


@pytest.mark.parametrize("was_kept", [True, False], ids=["kept", "packed anew"])
def test_what_a_technician_wrote_stays_through_the_way_back_and_the_next_version(
    box: Box, *, was_kept: bool
) -> None:
    """Were it packed as the package's own, dpkg would replace it by the next version's, unasked."""
    written = box.places.settings / "agent.toml"
    written.write_text('site = "palembang"\n')
    if was_kept:
        keep(box.places, box.dpkg, [box.package(OLD)])
    box.upgrade(condition=Condition())

    box.looks(box.watch(), 700)
    assert (box.version, written.read_text()) == (OLD, 'site = "palembang"\n')
    box.condition = WELL
    box.upgrade("0.3.0+deb12")

    assert (box.version, written.read_text()) == ("0.3.0+deb12", 'site = "palembang"\n')


def test_a_folder_that_is_a_link_on_the_box_is_a_folder_in_the_package(box: Box) -> None:
    """Debian 12: /lib is usr/lib, and packages that name /lib must go on doing so."""
    root = box.places.root
    (root / "usr/share").rename(root / "elsewhere")
    (root / "usr/share").symlink_to(root / "elsewhere")

    keep(box.places, box.dpkg, [box.package(NEW)])

    found = packages.find(box.places.packages, OLD)
    assert found
    words = ["/usr/bin/dpkg-deb", "-c", found]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout  # noqa: S603 (fixed)
    kinds = {line.split()[5]: line[0] for line in said.splitlines()}
    assert kinds["./usr/share/"] == "d"
    assert kinds["./usr/share/edge-agent"] == "-"


def test_apts_own_copy_is_taken_where_it_is_still_there(box: Box) -> None:
    store = box.places.root / "var/cache/apt/archives"
    store.mkdir(parents=True)
    (store / box.package(OLD).name).write_bytes(box.package(OLD).read_bytes())

    keep(box.places, box.dpkg, [box.package(NEW)])

    found = packages.find(box.places.packages, OLD)
    assert found
    assert found.read_bytes() == box.package(OLD).read_bytes()


def test_no_more_is_kept_than_is_needed(box: Box) -> None:
    for version in (NEW, "0.3.0+deb12", "0.4.0+deb12"):
        keep(box.places, box.dpkg, [box.package(version)])
        box.install(version)

    assert _kept(box) == {"0.3.0+deb12", "0.4.0+deb12"}


def test_a_box_without_room_says_that_nobody_watches(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "_SPARE_BYTES", 10**15)

    said = keep(box.places, box.dpkg, [box.package(NEW)]) + box.arm()

    assert "edge-agent: the old is not kept to go back to: too little room on the disk" in said
    assert any("no package of 0.1.0+deb12 to go back to" in line for line in said)
    assert read_trial(box.places.folder / TRIAL_FILE) is None


def test_the_watcher_is_a_copy_that_starts_with_the_box(box: Box) -> None:
    said = box.arm()

    assert "is watched" in said[0]
    assert box.places.copy.read_bytes() == box.program.read_bytes()
    text = box.places.unit.read_text()
    assert f"ExecStart=/usr/bin/python3 -I {box.places.copy} watch" in text
    assert box.places.wants.resolve() == box.places.unit
    unit.remove(box.places)
    assert not box.places.wants.is_symlink()
    assert not box.places.unit.exists()


def test_what_the_old_one_did_not_do_is_not_asked_of_the_new_one(box: Box) -> None:
    box.condition = replace(WELL, is_seeing=False)

    box.arm()

    assert (box.trial.was_seeing, box.trial.was_connected) == (False, True)
    assert box.is_phase(Phase.WATCHED)


@pytest.mark.parametrize("version", [OLD, "0.0.9+deb12"])
def test_an_older_version_is_somebodys_wish_and_not_watched(box: Box, version: str) -> None:
    assert box.arm(version) == []

    assert read_trial(box.places.folder / TRIAL_FILE) is None


def test_a_damaged_trial_is_none(box: Box) -> None:
    box.arm()
    file = box.places.folder / TRIAL_FILE

    for text in ("", "[]", '{"phase": "watched"}', file.read_text().replace("watched", "eaten")):
        file.write_text(text)
        assert read_trial(file) is None
    assert box.watch().run_once()


def test_the_status_says_how_it_stands(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    box.upgrade(condition=Condition())
    box.looks(box.watch(), 700)

    assert main(["status"], box.places) == 0

    said = capsys.readouterr().out
    assert f"installed  {OLD}" in said
    assert f"{OLD} -> {NEW}, rolled back since 2026-" in said
    assert "the service does not run" in said
    assert f"refused    {NEW}" in said


def test_the_status_says_which_model_comes_by_a_package(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["status"], box.places)
    without = capsys.readouterr().out

    box.dpkg.install(tiny(box.folder, "1.1.0", name="edge-agent-model-street", processor="all"))
    main(["status"], box.places)

    assert (
        "model      none comes; to change that: sudo apt install edge-agent-model-NAME" in without
    )
    assert "model      edge-agent-model-street 1.1.0" in capsys.readouterr().out


def test_what_was_refused_can_be_forgiven(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    for version in (NEW, "0.3.0+deb12", NEW):
        refuse(box.places.refused, version)
    assert refused(box.places.refused) == ["0.3.0+deb12", NEW]

    main(["forgive"], box.places)

    assert f"may come again: 0.3.0+deb12, {NEW}" in capsys.readouterr().out
    assert (refused(box.places.refused), forgive(box.places.refused)) == ([], [])


def test_a_person_may_accept_a_version_however_it_does(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    box.upgrade(condition=Condition())

    assert main(["accept"], box.places) == 0

    assert "nobody watches" in capsys.readouterr().out
    assert box.watch().run_once()
    assert box.version == NEW


def _field(package: Path, name: str) -> str:
    words = ["/usr/bin/dpkg-deb", "-f", package, name]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 (fixed)
