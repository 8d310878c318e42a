"""A city's update server in small: a throw-away key, tiny packages, and a box's apt that reads it."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge_agent.update.places import Places
from edge_agent.update.source import switch_on
from tests.house.source import ROOT
from tests.peers import process
from tools import debian
from tools.repo.repository import KEY_FILE, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "Test updates <updates@city.example>"
_CONTROL = """\
Package: {name}
Version: {version}
Architecture: {processor}
Maintainer: Nobody <nobody@city.example>
Section: video
Priority: optional
Description: a tiny package of the tests
"""


@contextmanager
def throw_away_key(home: Path, name: str = KEY) -> Iterator[None]:
    """Yield while gpg has a secret key of this name in that home."""
    home.chmod(0o700)
    words = ["--batch", "--quiet", "--passphrase", "", "--quick-generate-key", name]
    _gnupg(home, "gpg", *words, "ed25519", "sign", "never")
    try:
        yield
    finally:
        _gnupg(home, "gpgconf", "--kill", "all")


def public_key(home: Path) -> bytes:
    return _gnupg(home, "gpg", "--batch", "--armor", "--export")


def _gnupg(home: Path, program: str, *words: str) -> bytes:
    done = subprocess.run(  # noqa: S603 (programs we name)
        [process.required_program(program), *words],
        check=True,
        capture_output=True,
        env=debian.environment() | {"GNUPGHOME": str(home)},
    )
    return done.stdout


def tiny(folder: Path, version: str, name: str = "edge-agent", processor: str = "amd64") -> Path:
    """Return a package with its name, one file that differs each time, and a file of settings."""
    tree = folder / f"{name}-{version}-{processor}"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        _CONTROL.format(name=name, version=version, processor=processor)
    )
    (tree / "usr/share").mkdir(parents=True)
    (tree / "usr/share" / name).write_bytes(os.urandom(32))
    (tree / "etc" / name).mkdir(parents=True)
    (tree / "etc" / name / "agent.toml").write_text(f"# as {version} has it\n")
    (tree / "DEBIAN/conffiles").write_text(f"/etc/{name}/agent.toml\n")
    package = folder / f"{name}_{version}_{processor}.deb"
    words = ["-Zgzip", "--root-owner-group", "-b", tree, package]
    subprocess.run(["/usr/bin/dpkg-deb", *words], check=True, capture_output=True)  # noqa: S603 (fixed)
    return package


class Box:
    """A box's apt with settings, lists and installed packages of its own; nothing of this machine's."""

    def __init__(self, folder: Path, public: Path) -> None:
        self.places, self._public = Places(folder), public
        self._folder = folder
        templates = self.places.templates
        templates.parent.mkdir(parents=True)
        templates.symlink_to(ROOT / "packaging" / "updates")
        for name in ("var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "etc/apt"):
            (folder / name).mkdir(parents=True)
        self.has()

    def subscribe(self, url: str, ring: str, release: str = "bookworm") -> None:
        switch_on(self.places, url, self._public / KEY_FILE, release, ring)
        # A path below our root is none that apt knows.
        text = self.places.sources.read_text()
        self.places.sources.write_text(text.replace("Signed-By: ", f"Signed-By: {self._folder}"))

    def has(self, *packages: tuple[str, str]) -> None:
        """Let these be installed, as far as apt knows."""
        (self._folder / "status").write_text(
            "\n".join(
                f"Status: install ok installed\n{_CONTROL}".format(
                    name=name, version=version, processor="amd64"
                )
                for name, version in packages
            )
        )

    def apt(self, program: str, *words: str) -> str:
        """Run one of apt's programs; return its words, and how it ended."""
        own = [f"Dir={self._folder}", f"Dir::State::status={self._folder}/status"]
        own += ["APT::Architecture=amd64", "APT::Architectures::=amd64", "APT::Sandbox::User=root"]
        own += ["Acquire::Languages=none", f"Dir::Etc::trusted={self._folder}/none"]
        options = [word for setting in own for word in ("-o", setting)]
        done = subprocess.run(  # noqa: S603 (programs named in the tests)
            [process.required_program(program), *options, *words],
            check=False,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        )
        return f"{done.stdout}{done.stderr}\nrc={done.returncode}"

    def update(self) -> str:
        # Web servers know files by the second, and here two versions come within one.
        shutil.rmtree(self._folder / "var/lib/apt/lists")
        return self.apt("apt-get", "update")

    def candidate(self, package: str = "edge-agent") -> str:
        """Return which version apt would install now."""
        told = self.apt("apt-cache", "policy", package)
        return next(
            (line.split()[1] for line in told.splitlines() if "Candidate:" in line), "nothing"
        )


class City:
    """The repository, who serves it, and its boxes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = Repository(folder / "repo", KEY)
        self.public = folder / "repo" / "public"
        self.url = ""

    def box(self, ring: str, release: str = "bookworm") -> Box:
        box = Box(self.folder / f"box-{release}-{ring}", self.public)
        box.subscribe(self.url, ring, release)
        return box

    def add(self, version: str, processor: str = "amd64") -> Path:
        package = tiny(self.folder, version, processor=processor)
        self.repository.add(package)
        return package
