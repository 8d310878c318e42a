"""What lies in the package, that it is always the same, and that it starts with what is in it."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from edge_agent import __version__
from edge_agent.cli.main import VERBS
from tests.house.source import ROOT
from tools import debian
from tools.deb import elf, shared, tree, updates, wheels
from tools.deb.__main__ import build
from tools.deb.target import PROCESSORS, RELEASES, Target

if TYPE_CHECKING:
    from pathlib import Path

_MOST_KIB = 200_000
_MOBILE_CODE = ("postinst", "prerm", "postrm")


def _run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (programs we name)
        words, check=False, capture_output=True, text=True, timeout=60
    )


def test_built_again_it_is_the_same_to_the_byte(package: Path, tmp_path: Path) -> None:
    target = Target(RELEASES["bookworm"], PROCESSORS["amd64"])

    again = build(target, tmp_path, is_quick=True)

    assert again.read_bytes() == package.read_bytes()
    bill, other = (path.with_suffix(".cdx.json") for path in (again, package))
    assert bill.read_bytes() == other.read_bytes()


def test_dpkg_finds_everything_whole(unpacked: Path) -> None:
    sums = (unpacked / "DEBIAN" / "md5sums").read_text()

    done = subprocess.run(
        ["/usr/bin/md5sum", "--check", "--quiet"],
        input=sums,
        cwd=unpacked,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0


def test_the_version_is_the_agents(package: Path) -> None:
    said = _run("/usr/bin/dpkg-deb", "-f", package, "Version").stdout

    assert said.strip() == f"{__version__}+deb12"


def test_it_is_no_larger_than_promised(unpacked: Path) -> None:
    assert tree.size_kib(unpacked) < _MOST_KIB


def test_ffmpeg_is_carried_once(unpacked: Path) -> None:
    libraries = [path for path in unpacked.rglob("libav*.so*") if elf.is_elf(path)]

    names = [path.name.partition("-")[0] for path in libraries]

    assert sorted(set(names)) == sorted(names)
    assert {"libavcodec", "libavformat"} <= set(names)


def test_the_command_starts_with_debians_own_python(unpacked: Path) -> None:
    if not debian.SYSTEM_PYTHON.exists():
        pytest.skip("there is no /usr/bin/python3 here")
    launcher = (unpacked / "usr/bin/edge-agent").read_text()
    private = unpacked / tree.PRIVATE
    here = launcher.replace(f"/{tree.PRIVATE}", str(private))

    done = _run(debian.SYSTEM_PYTHON, "-I", "-c", here, "--version")

    assert done.stdout == f"edge-agent {__version__}\n", done.stderr


def test_all_that_is_no_code_of_the_agents_is_there_too(unpacked: Path) -> None:
    """The center's page has templates; models have cards."""
    ours = unpacked / tree.PRIVATE / "edge_agent"
    here = subprocess.run(
        ["git", "ls-files", "edge_agent"],  # noqa: S607 (git, wherever it is)
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    named = [name.removeprefix("edge_agent/") for name in here.stdout.splitlines()]
    assert "center/web/templates/base.html" in named or not (ROOT / ".git").exists()

    assert [name for name in named if not (ours / name).exists()] == []


def test_the_launcher_ignores_what_pip_put_into_the_system(unpacked: Path) -> None:
    launcher = (unpacked / "usr/bin/edge-agent").read_text()
    head = launcher.partition("from edge_agent")[0]

    said = _run(debian.SYSTEM_PYTHON, "-I", "-c", f"{head}\nprint(*sys.path)").stdout

    assert said.split()[0] == f"/{tree.PRIVATE}"
    assert "/usr/local/" not in said


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_a_man_page_with_its_words(unpacked: Path, verb: str) -> None:
    page = gzip.decompress((unpacked / f"usr/share/man/man1/edge-agent-{verb}.1.gz").read_bytes())

    written = verb.replace("-", "\\-")
    assert f"edge\\-agent {written}".encode() in page
    assert page.startswith(f".TH EDGE-AGENT-{verb.upper()} 1".encode())


def test_bash_completes_verbs_and_their_options(unpacked: Path) -> None:
    script = unpacked / "usr/share/bash-completion/completions/edge-agent"
    ask = 'COMP_WORDS=(edge-agent {}); COMP_CWORD={}; _edge_agent; echo "${{COMPREPLY[@]}}"'

    verbs = _run("/bin/bash", "-c", f". {script}; {ask.format('st', 1)}").stdout
    options = _run("/bin/bash", "-c", f". {script}; {ask.format('zone add --al', 3)}").stdout

    assert verbs.split() == ["status"]
    assert options.split() == ["--alert-on"]


def test_every_vendored_file_has_its_licence_named(unpacked: Path) -> None:
    text = (unpacked / "usr/share/doc/edge-agent/copyright").read_text()
    patterns = re.findall(r"/(usr/lib/edge-agent/\S+)", text)
    covered = {path for pattern in patterns for path in unpacked.glob(pattern)}
    private = unpacked / tree.PRIVATE
    ours = {private / "edge_agent", private / "configured"}

    left = {
        path.name
        for path in [*private.iterdir(), *(private / shared.LIBRARIES).iterdir()]
        if not path.is_symlink()
        and path not in covered | ours
        and not any(path in other.parents for other in covered)
        and path.suffix != ".dist-info"
    }

    assert left == set()


def test_the_bill_of_materials_names_what_is_inside_by_its_hash(package: Path) -> None:
    bill = json.loads(package.with_suffix(".cdx.json").read_text())

    packages = {part["name"]: part for part in bill["components"] if "purl" in part}

    assert {*wheels.TAKEN, wheels.DESCRIPTIONS} <= set(packages)
    assert packages["av"]["version"] == wheels.version_of("av")
    assert (
        packages["av"]["hashes"][0]["content"] in (ROOT / "requirements/runtime.lock").read_text()
    )


@pytest.mark.parametrize("script", _MOBILE_CODE)
def test_the_maintainer_scripts_are_shell_that_any_debian_reads(
    unpacked: Path, script: str
) -> None:
    assert _run("/bin/sh", "-n", unpacked / "DEBIAN" / script).returncode == 0


def test_what_watches_updates_needs_nothing_of_the_agents_folder(
    unpacked: Path, tmp_path: Path
) -> None:
    """A version whose library is broken, or half unpacked, must not break the way back."""
    alone = shutil.copy(unpacked / "usr/sbin/edge-agent-updates", tmp_path)

    done = _run(debian.SYSTEM_PYTHON, "-I", alone, "--help")

    assert done.stdout.startswith("usage: edge-agent-updates"), done.stderr
    assert all("site-packages" not in str(path) for path in updates.modules().values())


def test_the_shipped_settings_are_a_conffile_that_starts_nothing(
    unpacked: Path, tmp_path: Path
) -> None:
    settings = unpacked / "etc/edge-agent/agent.toml"
    script = (unpacked / tree.PRIVATE / "configured").read_text()
    here = tmp_path / "agent.toml"
    asked = script.replace("/etc/edge-agent/agent.toml", str(here))

    here.write_text(settings.read_text())
    before = _run("/bin/sh", "-c", asked)
    here.write_text(settings.read_text().replace("#site", "site"))
    after = _run("/bin/sh", "-c", asked)

    named = (unpacked / "DEBIAN/conffiles").read_text().splitlines()
    assert named == ["/etc/edge-agent/agent.toml", "/etc/apt/apt.conf.d/20edge-agent-keep"]
    assert before.returncode == 1
    assert "next: " in before.stdout
    assert after.returncode == 0


def test_what_is_needed_is_inside_or_comes_from_debian() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(r'^  "([\w-]+)>=', text.partition("dependencies = [")[2], re.MULTILINE)
    wanted = set(named[: named.index("tflite-runtime")])

    inside = {*wheels.TAKEN, wheels.DESCRIPTIONS}

    assert wanted == inside | set(wheels.FROM_DEBIAN)
    control = (ROOT / "packaging/debian/control.in").read_text()
    assert all(name in control for name in wheels.FROM_DEBIAN.values())
