"""What lies in the center's package, that it is always the same, and what its scripts keep."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import tomllib
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from edge_agent import __version__
from edge_agent.center.settings import load_center
from tests.house.source import ROOT
from tests.peers import process
from tools import debian
from tools.deb import center
from tools.deb.target import PROCESSORS, RELEASES, Target

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 40_000


def _run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (programs we name)
        words, check=False, capture_output=True, text=True, timeout=60
    )


def _build(folder: Path, processor: str = "amd64", release: str = "bookworm") -> Path:
    process.required_program("dpkg-deb")
    return center.build(Target(RELEASES[release], PROCESSORS[processor]), folder)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("center")
    package = _build(folder)
    for how, where in (("-x", folder / "root"), ("-e", folder / "root" / "DEBIAN")):
        subprocess.run(["/usr/bin/dpkg-deb", how, package, where], check=True)  # noqa: S603 (fixed)
    return folder / "root"


def test_it_is_small_and_the_same_to_the_byte_for_every_processor(tmp_path: Path) -> None:
    first, other = (_build(tmp_path / name, name) for name in PROCESSORS)

    assert first.name == other.name == f"edge-agent-center_{__version__}+deb12_all.deb"
    assert first.read_bytes() == other.read_bytes()
    assert first.stat().st_size < _MOST_BYTES


def test_it_needs_exactly_its_own_version_of_the_program(unpacked: Path) -> None:
    control = (unpacked / "DEBIAN/control").read_text()

    assert f"Depends: edge-agent (= {__version__}+deb12), " in control
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {
        one.partition(">")[0].partition("[")[0] for one in extra["optional-dependencies"]["center"]
    }
    assert {name for name in wanted if f"python3-{name} (>=" not in control} == set()


def test_it_has_no_code_of_its_own_and_is_documented(unpacked: Path) -> None:
    page = unpacked / "usr/share/man/man8/edge-agent-center.service.8.gz"
    papers = unpacked / "usr/share/doc/edge-agent-center"

    assert list(unpacked.rglob("*.py")) == []
    assert gzip.decompress(page.read_bytes()).startswith(b'.TH EDGE\\-AGENT\\-CENTER.SERVICE 8 "20')
    assert {"copyright", "changelog.gz", "center-install.md.gz"} <= {
        file.name for file in papers.iterdir()
    }
    assert (papers / "examples/mosquitto/mosquitto.conf").exists()


def test_waits_grow_where_systemd_can_do_that(tmp_path: Path) -> None:
    listed = [
        _run("/usr/bin/dpkg-deb", "-c", _build(tmp_path, release=release)).stdout
        for release in ("bookworm", "trixie")
    ]

    assert ["service.d/back-off.conf" in one for one in listed] == [False, True]
    assert "./usr/lib/systemd/system/edge-agent-center.service\n" in listed[1]


def test_the_bill_of_materials_names_what_it_needs(tmp_path: Path) -> None:
    bill = json.loads(_build(tmp_path).with_suffix(".cdx.json").read_text())

    names = {part["name"] for part in bill["components"]}

    assert {"edge-agent", "python3-flask", "python3-waitress", "tzdata"} <= names
    assert bill["metadata"]["component"]["name"] == "edge-agent-center"


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_the_maintainer_scripts_are_shell_that_any_debian_reads(
    unpacked: Path, script: str
) -> None:
    assert _run("/bin/sh", "-n", unpacked / "DEBIAN" / script).returncode == 0


def test_the_shipped_settings_start_nothing_until_a_broker_is_named(
    unpacked: Path, tmp_path: Path
) -> None:
    shipped = (unpacked / "etc/edge-agent-center/center.toml").read_text()
    script = (unpacked / "usr/lib/edge-agent-center/configured").read_text()
    here = tmp_path / "center.toml"
    asked = script.replace("/etc/edge-agent-center/center.toml", str(here))

    here.write_text(shipped)
    before = _run("/bin/sh", "-c", asked)
    here.write_text(shipped.replace("#[broker]", "[broker]").replace("#url", "url"))
    after = _run("/bin/sh", "-c", asked)

    assert (unpacked / "DEBIAN/conffiles").read_text() == "/etc/edge-agent-center/center.toml\n"
    assert before.returncode == 1
    assert "next: " in before.stdout
    assert after.returncode == 0
    assert load_center(tmp_path).database.where == "/var/lib/edge-agent-center/center.db"


@pytest.fixture
def purge(unpacked: Path, tmp_path: Path) -> list[str | Path]:
    """The package's last script, upon folders of the test's."""
    if not debian.SYSTEM_PYTHON.exists():
        pytest.skip("there is no /usr/bin/python3 here")
    script = tmp_path / "postrm"
    text = (unpacked / "DEBIAN/postrm").read_text()
    text = text.replace("/var/lib/edge-agent-center", str(tmp_path / "state"))
    text = text.replace("/etc/edge-agent-center", str(tmp_path / "etc"))
    script.write_text(text.replace("deb-systemd-helper", ": deb-systemd-helper"))
    for folder in ("state", "etc"):
        (tmp_path / folder).mkdir()
    return ["/bin/sh", script, "purge"]


def _store(folder: Path, messages: int) -> None:
    with closing(sqlite3.connect(folder / "state/center.db")) as database:
        database.execute("CREATE TABLE messages (seq INTEGER)")
        database.executemany("INSERT INTO messages VALUES (?)", [(n,) for n in range(messages)])
        database.commit()


def test_purge_takes_a_center_that_nobody_used(purge: list[str | Path], tmp_path: Path) -> None:
    _store(tmp_path, 0)

    assert _run(*purge).returncode == 0
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("what", ["messages", "a log", "no database", "the key"])
def test_purge_takes_no_evidence_and_no_key_unasked(
    purge: list[str | Path], tmp_path: Path, what: str
) -> None:
    state = tmp_path / "state"
    _store(tmp_path, 3 if what == "messages" else 0)
    (state / "center.toml.kept").write_text("# as it was\n")
    if what == "a log":
        (state / "center.db-wal").write_bytes(b"not taken in")
    if what == "no database":
        (state / "center.db").write_bytes(b"spoiled")
    if what == "the key":
        (state / "center.pem").touch()

    refused = _run(*purge)

    assert refused.returncode == 1
    assert "nothing is purged" in refused.stderr
    assert (tmp_path / "etc/center.toml").read_text() == "# as it was\n"
    assert sorted(path.name for path in state.iterdir() if path.suffix == "") == []
    (state / "purge-evidence").touch()
    assert _run(*purge).returncode == 0
    assert not state.exists()
