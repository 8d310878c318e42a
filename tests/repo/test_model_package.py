"""A model travels by the same rings: one small package for all boxes, with the pack inside as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edge_agent.packs.pack_file import make_head
from edge_agent.packs.signature import make_key, sign
from tests.house.source import ROOT
from tests.packs.models import packed, street
from tests.repo.city import KEY, tiny
from tools.repo import model_package
from tools.repo.unfit import UnfitError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repo.city import Box, City

PACKAGE = "edge-agent-model-street"


def pack(folder: Path, version: str, name: str = "street") -> Path:
    model = street(folder / f"{name}-{version}", version, name)
    key = folder / "fleet.key"
    if not key.exists():
        make_key(key)
    return packed(model, folder / f"{name}-{version}.pack", sign(make_head(model), key))


def fields(package: Path) -> dict[str, str]:
    words = ["/usr/bin/dpkg-deb", "-f", package]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout  # noqa: S603 (fixed)
    return dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)


def downloads(box: Box, package: str) -> bytes:
    box.apt("apt-get", "-y", "--download-only", "install", package)
    name = f"{package}_*.deb"
    return next(box.places.root.glob(f"var/cache/apt/archives/{name}")).read_bytes()


def test_the_same_pack_makes_the_same_bytes_whenever_it_is_packed(tmp_path: Path) -> None:
    file = pack(tmp_path, "1.1.0")
    (tmp_path / "again").mkdir()

    one = model_package.build(file, tmp_path).read_bytes()
    os.utime(file, (1.0, 1.0))
    other = model_package.build(file, tmp_path / "again").read_bytes()

    assert one == other


def test_the_pack_lies_inside_as_it_is_and_dpkg_knows_what_it_is(tmp_path: Path) -> None:
    file = pack(tmp_path, "1.1.0")

    package = model_package.build(file, tmp_path)
    words = ["/usr/bin/dpkg-deb", "-x", package, tmp_path / "root"]
    subprocess.run(words, check=True)  # noqa: S603 (fixed)

    inside = tmp_path / "root/usr/share/edge-agent/models/street-1.1.0.pack"
    assert inside.read_bytes() == file.read_bytes()
    told = fields(package)
    assert [told[name] for name in ("Package", "Version", "Architecture", "Depends")] == [
        PACKAGE,
        "1.1.0",
        "all",
        "edge-agent",
    ]
    assert told["Conflicts"] == told["Provides"] == told["Replaces"] == "edge-agent-model"
    copyright_file = tmp_path / f"root/usr/share/doc/{PACKAGE}/copyright"
    assert "License: Apache-2.0" in copyright_file.read_text()


def test_a_models_name_becomes_one_that_debian_takes_and_comes_back(tmp_path: Path) -> None:
    package = model_package.build(pack(tmp_path, "2.0", "night_street"), tmp_path)

    told = fields(package)

    assert told["Package"] == "edge-agent-model-night.street"
    assert model_package.model_of(told["Package"], told["Version"]) == "night_street-2.0"


@pytest.mark.parametrize("spoil", [lambda told: told[:-1], lambda _: b"no pack at all"])
def test_a_pack_that_no_box_would_take_is_not_packed(city: City, spoil) -> None:  # noqa: ANN001 (a change of bytes)
    file = pack(city.folder, "1.1.0")
    file.write_bytes(spoil(file.read_bytes()))

    with pytest.raises(UnfitError, match="no pack that a box would take"):
        city.repository.add(file)

    assert city.repository.held("bookworm-canary") == []


def test_a_model_that_every_box_would_refuse_does_not_travel(city: City) -> None:
    """Its scale is far off, so all pictures are one: its trial says so here as on a box."""
    model = street(city.folder / "ghosts", "1.1.0", scale="[1e9, 1e9, 1e9]")
    file = packed(model, city.folder / "ghosts.pack")

    with pytest.raises(UnfitError, match="no pack that a box would take: model"):
        city.repository.add(file)


def test_a_model_comes_to_the_canaries_of_every_release_first(city: City) -> None:
    boxes = {
        (release, ring): city.box(ring, release)
        for release in ("bookworm", "trixie")
        for ring in ("canary", "stable")
    }
    city.repository.add(pack(city.folder, "1.1.0"))
    for box in boxes.values():
        box.update()
    first = {where: box.candidate(PACKAGE) for where, box in boxes.items()}

    city.repository.promote("street-1.1.0", "canary", "stable")

    for box in boxes.values():
        box.update()
    assert {version for (_, ring), version in first.items() if ring == "canary"} == {"1.1.0"}
    assert {version for (_, ring), version in first.items() if ring == "stable"} == {"nothing"}
    assert {box.candidate(PACKAGE) for box in boxes.values()} == {"1.1.0"}


def test_what_is_promoted_are_the_same_bytes(city: City) -> None:
    file = pack(city.folder, "1.1.0")
    city.repository.add(file)
    city.repository.promote("street-1.1.0", "canary", "stable")
    city.add("0.1.0+deb12")
    city.repository.promote("0.1.0", "canary", "stable")

    got = []
    for ring in ("canary", "stable"):
        box = city.box(ring)
        box.update()
        got.append(downloads(box, PACKAGE))

    assert got[0] == got[1] == model_package.build(file, city.folder).read_bytes()


def test_a_model_that_is_withdrawn_comes_to_no_further_box_and_the_agent_still_does(
    city: City,
) -> None:
    city.add("0.2.0+deb12")
    city.repository.add(pack(city.folder, "1.1.0"))

    city.repository.withdraw("street-1.1.0", "canary")

    box = city.box("canary")
    box.update()
    assert (box.candidate(PACKAGE), box.candidate()) == ("nothing", "0.2.0+deb12")


def test_the_agent_and_a_model_go_their_own_ways(city: City) -> None:
    city.add("0.2.0+deb12")
    city.repository.add(pack(city.folder, "1.1.0"))

    city.repository.promote("street-1.1.0", "canary", "stable")

    assert list(map(str, city.repository.held("bookworm-stable"))) == ["street-1.1.0"]
    told = ["0.2.0+deb12 amd64", "street-1.1.0"]
    assert list(map(str, city.repository.held("bookworm-canary"))) == told


def test_the_family_of_models_may_come_from_there_and_what_only_sounds_like_it_may_not(
    city: City,
) -> None:
    box = city.box("canary")
    city.add("0.1.0+deb12")
    city.repository.add(pack(city.folder, "1.1.0"))
    others = ("edge-agent-modelx", "edge-agent-extra", "xedge-agent-model-street", "bash")
    for name in others:
        intruder = tiny(city.folder, "99", name=name)
        city.repository._do("includedeb", "bookworm-canary", str(intruder))
    installed = [(name, "1.0") for name in (PACKAGE, *others)]
    box.has(("edge-agent", "0.0.9+deb12"), *installed)
    box.update()

    said = box.apt("apt-get", "--simulate", "dist-upgrade")

    assert f"Inst {PACKAGE} " in said
    assert "Inst edge-agent " in said
    assert [name for name in others if f"Inst {name} " in said] == []
    assert {box.candidate(name) for name in others} == {"1.0"}


def test_a_box_that_asked_for_no_model_gets_none(city: City) -> None:
    box = city.box("canary")
    city.add("0.1.0+deb12")
    city.repository.add(pack(city.folder, "1.1.0"))
    box.has(("edge-agent", "0.0.9+deb12"))
    box.update()

    said = box.apt("apt-get", "--simulate", "dist-upgrade")

    assert "Inst edge-agent " in said
    assert PACKAGE not in said


def test_another_model_takes_the_place_of_the_one_before(city: City) -> None:
    box = city.box("canary")
    city.add("0.1.0+deb12")
    for name in ("street", "night"):
        city.repository.add(pack(city.folder, "1.1.0", name))
    box.update()
    first = model_package.build(city.folder / "street-1.1.0.pack", city.folder)
    status = box.places.root / "status"
    box.has(("edge-agent", "0.1.0+deb12"))
    control = "\n".join(f"{name}: {told}" for name, told in fields(first).items())
    status.write_text(f"{status.read_text()}\nStatus: install ok installed\n{control}\n")

    said = box.apt("apt-get", "--simulate", "-y", "install", "edge-agent-model-night")

    assert f"Remv {PACKAGE} " in said
    assert "Inst edge-agent-model-night " in said


def test_an_older_model_does_not_come_after_a_newer_one(city: City) -> None:
    city.repository.add(pack(city.folder, "1.1.0"))

    with pytest.raises(UnfitError, match=r"newer version than street-1\.0\.5"):
        city.repository.add(pack(city.folder, "1.0.5"))


def test_a_pack_that_is_added_again_each_week_is_the_same(city: City) -> None:
    file = pack(city.folder, "1.1.0")

    told = [str(city.repository.add(file)) for _ in range(2)]

    assert told == ["street-1.1.0"] * 2


def test_other_bytes_of_the_same_model_are_not_taken(city: City) -> None:
    file = pack(city.folder, "1.1.0")
    city.repository.add(file)
    model = city.folder / "street-1.1.0"
    packed(model, file, make_head(model))

    with pytest.raises(subprocess.CalledProcessError):
        city.repository.add(file)


def test_a_hand_made_package_of_the_family_is_not_taken(city: City) -> None:
    with pytest.raises(UnfitError, match="no package of ours"):
        city.repository.add(tiny(city.folder, "1.1.0", name=PACKAGE, processor="all"))


def test_the_command_takes_packs_and_moves_them_by_their_names(city: City) -> None:
    file = pack(city.folder, "1.1.0")
    words = ["-m", "tools.repo", "--key", KEY, "--folder", city.folder / "repo"]

    said = [
        subprocess.run(  # noqa: S603 (our own)
            [sys.executable, *words, *more], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        for more in (["add", file], ["promote", "street-1.1.0"])
    ]

    assert "the canaries have street-1.1.0" in said[0]
    assert "street-1.1.0 went from canary to stable" in said[1]
    assert "trixie-stable    street-1.1.0" in said[1]
