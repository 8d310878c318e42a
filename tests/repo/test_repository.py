"""`make repo` and `make promote`: what reprepro signs, a box's own apt reads over HTTP, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_agent.update.refused import refuse
from tests.house.source import ROOT
from tests.repo.city import KEY, public_key, throw_away_key, tiny
from tools.repo.repository import Repository
from tools.repo.unfit import UnfitError

if TYPE_CHECKING:
    from tests.repo.city import City


def test_a_canary_gets_a_version_first_and_the_others_after_its_promotion(city: City) -> None:
    canary, other = city.box("canary"), city.box("stable")
    city.add("0.1.0+deb12")
    city.repository.promote("0.1.0", "canary", "stable")

    city.add("0.2.0+deb12")
    said = canary.update() + other.update()

    assert (canary.candidate(), other.candidate()) == ("0.2.0+deb12", "0.1.0+deb12"), said
    city.repository.promote("0.2.0", "canary", "stable")
    other.update()
    assert other.candidate() == "0.2.0+deb12"


def test_what_is_promoted_are_the_same_bytes(city: City) -> None:
    package = city.add("0.2.0+deb12")
    city.repository.promote("0.2.0", "canary", "stable")

    files = {}
    for ring in ("canary", "stable"):
        box = city.box(ring)
        box.update()
        box.apt("apt-get", "-y", "--download-only", "install", "edge-agent")
        files[ring] = next(box.places.root.glob("var/cache/apt/archives/*.deb")).read_bytes()

    assert files["canary"] == files["stable"] == package.read_bytes()


def test_each_release_and_processor_has_its_own(city: City) -> None:
    for version in ("0.2.0+deb12", "0.2.0+deb13"):
        for processor in ("amd64", "arm64"):
            city.add(version, processor)

    boxes = [city.box("canary", release) for release in ("bookworm", "trixie")]
    for box in boxes:
        box.update()

    assert [box.candidate() for box in boxes] == ["0.2.0+deb12", "0.2.0+deb13"]
    assert [str(one) for one in city.repository.held("trixie-canary")] == [
        "0.2.0+deb13 amd64",
        "0.2.0+deb13 arm64",
    ]


def test_an_index_that_was_altered_on_the_way_is_refused(city: City) -> None:
    city.add("0.1.0+deb12")
    box = city.box("canary")
    signed = city.public / "dists/bookworm-canary/InRelease"
    signed.write_bytes(signed.read_bytes().replace(b"Label: edge-agent", b"Label: edge-agenT"))

    said = box.update()

    assert "rc=100" in said
    assert "signature" in said
    assert box.candidate() == "nothing"


def test_a_package_that_was_altered_on_the_server_is_refused(city: City) -> None:
    package = city.add("0.1.0+deb12")
    box = city.box("canary")
    box.update()
    served = next(city.public.rglob(package.name))
    altered = bytearray(served.read_bytes())
    altered[-1] ^= 1
    served.write_bytes(altered)

    said = box.apt("apt-get", "-y", "--download-only", "install", "edge-agent")

    assert "rc=100" in said
    assert "Hash Sum mismatch" in said


def test_another_key_than_the_citys_counts_for_nothing(city: City) -> None:
    city.add("0.1.0+deb12")
    box = city.box("canary")
    with tempfile.TemporaryDirectory(prefix="gpg-") as home, throw_away_key(Path(home)):
        box.places.key.write_bytes(public_key(Path(home)))

    said = box.update()

    assert "rc=100" in said
    assert "NO_PUBKEY" in said
    assert box.candidate() == "nothing"


def test_nothing_but_edge_agent_comes_from_the_update_server(city: City) -> None:
    """Whoever takes the server over, key and all, gets no other package onto a box."""
    box = city.box("canary")
    city.add("0.1.0+deb12")
    intruder = tiny(city.folder, "99", name="bash")
    city.repository._do("includedeb", "bookworm-canary", str(intruder))
    box.has(("bash", "5.2"), ("edge-agent", "0.0.9+deb12"))
    box.update()

    said = box.apt("apt-get", "--simulate", "dist-upgrade")

    assert "Inst edge-agent" in said
    assert "Inst bash" not in said
    assert box.candidate("bash") == "5.2"


def test_the_centers_package_goes_through_the_rings_and_onto_no_box(city: City) -> None:
    version, name = "0.2.0+deb12", "edge-agent-center"
    for processor in ("amd64", "arm64"):
        city.add(version, processor)
    city.repository.add(tiny(city.folder, version, name=name, processor="all"))
    box = city.box("stable")
    box.has(("edge-agent", "0.1.0+deb12"), (name, "0.1.0+deb12"))

    city.repository.promote("0.2.0", "canary", "stable")
    box.update()

    assert [str(one) for one in city.repository.held("bookworm-stable")] == [
        f"{version} amd64",
        f"{version} arm64",
        f"{version} all (center)",
    ]
    assert (box.candidate(), box.candidate(name)) == (version, "0.1.0+deb12")
    city.repository.withdraw("0.2.0", "stable")
    assert city.repository.held("bookworm-stable") == []


def test_a_center_with_the_shipped_pin_gets_both_and_nothing_else(city: City) -> None:
    version, name = "0.2.0+deb12", "edge-agent-center"
    city.add(version)
    city.repository.add(tiny(city.folder, version, name=name, processor="all"))
    intruder = tiny(city.folder, "99", name="bash")
    city.repository._do("includedeb", "bookworm-canary", str(intruder))
    center = city.box("canary")
    shipped = ROOT / "packaging/center/examples/edge-agent.pref"
    center.places.pin.write_bytes(shipped.read_bytes())
    center.has(("bash", "5.2"), ("edge-agent", "0.1.0+deb12"), (name, "0.1.0+deb12"))
    center.update()

    assert [center.candidate(one) for one in (name, "edge-agent", "bash")] == [
        version, version, "5.2",
    ]  # fmt: skip


def test_a_version_that_a_box_went_back_from_is_not_taken_again_and_the_next_one_is(
    city: City,
) -> None:
    box = city.box("canary")
    city.add("0.2.0+deb12")
    box.has(("edge-agent", "0.1.0+deb12"))

    refuse(box.places.refused, "0.2.0+deb12")

    box.update()
    assert box.candidate() == "0.1.0+deb12"
    assert "Inst" not in box.apt("apt-get", "--simulate", "dist-upgrade")
    city.add("0.3.0+deb12")
    box.update()
    assert box.candidate() == "0.3.0+deb12"


def test_a_version_that_is_withdrawn_comes_to_no_further_box(city: City) -> None:
    box = city.box("canary")
    city.add("0.2.0+deb12")

    city.repository.withdraw("0.2.0", "canary")

    box.update()
    assert box.candidate() == "nothing"


@pytest.mark.parametrize(
    ("version", "name"),
    [("0.1.0", "edge-agent"), ("0.1.0+deb12", "bash"), ("0.1.0+deb12", "edge-agent-center")],
)
def test_a_package_that_is_not_ours_is_not_taken(city: City, version: str, name: str) -> None:
    package = tiny(city.folder, version, name=name)

    with pytest.raises(UnfitError, match="no package of ours"):
        city.repository.add(package)

    assert city.repository.held("bookworm-canary") == []


def test_an_older_version_does_not_come_after_a_newer_one(city: City) -> None:
    city.add("0.2.0+deb12")

    with pytest.raises(UnfitError, match="newer version"):
        city.repository.add(tiny(city.folder, "0.1.0+deb12"))


def test_other_bytes_of_the_same_version_are_not_taken(city: City) -> None:
    first = city.add("0.2.0+deb12")
    (city.folder / "again").mkdir()
    other = tiny(city.folder / "again", "0.2.0+deb12")
    assert first.read_bytes() != other.read_bytes()

    with pytest.raises(subprocess.CalledProcessError):
        city.repository.add(other)


def test_what_was_never_there_cannot_be_promoted(city: City) -> None:
    with pytest.raises(UnfitError, match=r"has no 0\.9\.0"):
        city.repository.promote("0.9.0", "canary", "stable")


def test_a_key_that_gpg_does_not_have_is_told(city: City) -> None:
    with pytest.raises(UnfitError, match="no secret key"):
        Repository(city.folder / "other", "nobody@city.example")


def test_signed_anew_the_lists_are_whole_and_end_later(city: City) -> None:
    city.add("0.1.0+deb12")
    signed = city.public / "dists/bookworm-canary/InRelease"
    signed.unlink()
    box = city.box("canary")

    city.repository.sign()

    assert "rc=0" in box.update()
    assert box.candidate() == "0.1.0+deb12"
    assert b"Valid-Until:" in signed.read_bytes()


def test_an_older_package_does_not_let_the_signatures_run_out(city: City) -> None:
    city.add("0.2.0+deb12")
    signed = city.public / "dists/bookworm-canary/InRelease"
    signed.unlink()
    older = tiny(city.folder, "0.1.0+deb12")
    words = ["-m", "tools.repo", "--key", KEY, "--folder", city.folder / "repo", "add", older]

    done = subprocess.run(  # noqa: S603 (our own)
        [sys.executable, *words], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert f"take {older.name} out of dist/" in done.stdout
    assert b"Valid-Until:" in signed.read_bytes()


def test_the_command_says_what_each_suite_has(city: City) -> None:
    package = tiny(city.folder, "0.3.0+deb13")
    words = ["-m", "tools.repo", "--key", KEY, "--folder", city.folder / "repo"]

    said = [
        subprocess.run(  # noqa: S603 (our own)
            [sys.executable, *words, *more], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        for more in (["add", package], ["promote", "0.3.0"], ["sign"])
    ]

    assert "the canaries have 0.3.0+deb13 amd64" in said[0]
    assert "0.3.0 went from canary to stable" in said[1]
    assert "trixie-stable    0.3.0+deb13 amd64" in said[2]
