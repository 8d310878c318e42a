"""The repository as a folder: `public` is what a web server shows, the rest is nobody else's.

reprepro keeps the books (`db`) and writes what apt reads; each change is signed before it is seen.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools import debian, packages
from tools.deb.target import PROCESSORS, RELEASES
from tools.repo import model_package
from tools.repo.unfit import UnfitError

if TYPE_CHECKING:
    from collections.abc import Sequence

# In the order in which they get a version.
RINGS = ("canary", "stable")
NAME = "edge-agent"
# Goes the same way at the same time, for it needs its own version of the other. No box takes it: their
# pin names other packages (packaging/updates/edge-agent.pref).
CENTER = "edge-agent-center"
# What it is for: its files are the same for every processor.
_EVERY = "all"
KEY_FILE = f"{NAME}.asc"
# Who holds our answers back keeps a box at an old version for no longer than this; `sign` begins
# the time anew.
_VALID = "90d"
_FORMAT = "${package} ${version} ${architecture}\n"
_FIELDS = re.compile(r"^(Package|Version|Architecture): (\S+)$", re.MULTILINE)
_PACK = ".pack"


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """One package of a suite."""

    package: str
    version: str
    processor: str

    def __str__(self) -> str:
        """Return it as people write it: `0.2.0+deb12 amd64`, `street-1.1.0`."""
        model = model_package.model_of(self.package, self.version)
        center = " (center)" if self.package == CENTER else ""
        return model or f"{self.version} {self.processor}{center}"

    @property
    def is_ours(self) -> bool:
        """Whether we make such a package from this version of ours."""
        made = {NAME: tuple(PROCESSORS), CENTER: (_EVERY,)}
        return self.processor in made.get(self.package, ())


@dataclass(frozen=True, slots=True)
class Wanted:
    """A version as people say it: the agent's and its center's `0.2.0`, a model's `street-1.1.0`."""

    told: str

    def within(self, release: str) -> tuple[set[str], str]:
        """Return the packages and their version in the suites of a release; a model has one for all."""
        model = model_package.named(self.told)
        if model:
            return {model.package}, model.model.version
        return {NAME, CENTER}, f"{self.told}+{RELEASES[release].suffix}"

    def only(self, release: str) -> str:
        """Return it as reprepro asks for it."""
        names, version = self.within(release)
        either = " | ".join(f"Package (== {name})" for name in sorted(names))
        return f"({either}), Version (== {version})"


class Repository:
    """One folder, signed by one key. Every method leaves it whole, and signed, or as it was."""

    def __init__(self, folder: Path, key: str) -> None:
        """`key` is any name that gpg knows the secret key by. Raises UnfitError, Unavailable."""
        self._folder = folder
        self._reprepro = debian.program("reprepro")
        self._gpg = debian.program("gpg")
        if not (self._reprepro and self._gpg):
            raise packages.Unavailable(["reprepro", "gnupg"])
        self._key = self._fingerprint(key)
        self.suites = [f"{release}-{ring}" for release in RELEASES for ring in RINGS]

    def lay_out(self) -> None:
        """Say which suites there are and who signs; give the public key to who installs boxes."""
        conf, public = self._folder / "conf", self._folder / "public"
        for folder in (conf, public):
            folder.mkdir(parents=True, exist_ok=True)
        (conf / "distributions").write_text("\n".join(map(self._described, self.suites)))
        key = self._run(self._gpg, "--batch", "--armor", "--export", self._key)
        (public / KEY_FILE).write_text(key)

    def add(self, file: Path) -> Held:
        """Give a package, or a model pack, to the canaries it is for; return what they have now."""
        if file.suffix == _PACK:
            with tempfile.TemporaryDirectory(prefix="edge-agent-repo-") as folder:
                package = model_package.build(file, Path(folder))
                return self._include(package, file, list(RELEASES))
        held = self._named(file)
        releases = [one for one in RELEASES.values() if held.version.endswith(f"+{one.suffix}")]
        if not (held.is_ours and releases):
            raise UnfitError(f"{file.name} is no package of ours: {held.package} {held}")
        return self._include(file, file, [releases[0].name])

    def _include(self, package: Path, file: Path, releases: Sequence[str]) -> Held:
        held = self._named(package)
        for suite in (f"{release}-{RINGS[0]}" for release in releases):
            self._do("includedeb", suite, str(package))
            if held not in self.held(suite):
                raise UnfitError(
                    f"{suite} has a newer version than {held}; take {file.name} out of dist/, or go"
                    " back to it by withdrawing the newer one first"
                )
        return held

    def promote(self, version: str, source: str, target: str) -> None:
        """Give what the ring `source` has of this version to the ring `target`, the same bytes."""
        found = 0
        for release, suite in self._of(version, source):
            wanted = Wanted(version)
            self._do("copyfilter", f"{release}-{target}", suite, wanted.only(release))
            if not self._held(suite, wanted, release) <= set(self.held(f"{release}-{target}")):
                raise UnfitError(f"{release}-{target} has a newer version than {version}")
            found += 1
        if not found:
            raise UnfitError(f"the ring {source} has no {version}")

    def withdraw(self, version: str, ring: str) -> None:
        """Take a version out of a ring: a box that has it keeps it, no other one gets it."""
        suites = self._of(version, ring)
        if not suites:
            raise UnfitError(f"the ring {ring} has no {version}")
        for release, suite in suites:
            self._do("removefilter", suite, Wanted(version).only(release))

    def sign(self) -> None:
        """Write and sign every index anew, with a new date."""
        self._do("export")

    def held(self, suite: str) -> list[Held]:
        """Return what a suite has, each once: what is for every processor is in all lists."""
        told = self._do("--list-format", _FORMAT, "list", suite)
        return sorted({Held(*line.split()) for line in told.splitlines()})

    def _of(self, version: str, ring: str) -> list[tuple[str, str]]:
        suites = [(release, f"{release}-{ring}") for release in RELEASES]
        return [
            (release, suite)
            for release, suite in suites
            if self._held(suite, Wanted(version), release)
        ]

    def _held(self, suite: str, wanted: Wanted, release: str) -> set[Held]:
        names, version = wanted.within(release)
        return {one for one in self.held(suite) if one.package in names and one.version == version}

    def _described(self, suite: str) -> str:
        return "\n".join(
            [
                # What the boxes' pin and unattended-upgrades know us by.
                f"Origin: {NAME}",
                f"Label: {NAME}",
                f"Codename: {suite}",
                f"Suite: {suite}",
                f"Architectures: {' '.join(PROCESSORS)}",
                "Components: main",
                f"ValidFor: {_VALID}",
                f"SignWith: {self._key}",
                "",
            ]
        )

    def _fingerprint(self, key: str) -> str:
        if not key:
            raise UnfitError("say who signs:  make repo KEY=updates@city.example")
        words = ["--batch", "--with-colons", "--list-secret-keys", f"={key}" if " " in key else key]
        try:
            told = self._run(self._gpg, *words)
        except subprocess.CalledProcessError as error:
            raise UnfitError(f"gpg has no secret key {key}; see  gpg --list-secret-keys") from error
        # The first is the main key's; one key only, else nobody knows who signs.
        lines = [line.split(":") for line in told.splitlines()]
        if len([line for line in lines if line[0] == "sec"]) != 1:
            raise UnfitError(f"gpg has several secret keys {key}; say the fingerprint of one")
        return next(line[9] for line in lines if line[0] == "fpr")

    def _named(self, file: Path) -> Held:
        told = dict(_FIELDS.findall(self._run("dpkg-deb", "-f", str(file))))
        return Held(told["Package"], told["Version"], told["Architecture"])

    def _do(self, *words: str) -> str:
        base = ["--basedir", str(self._folder), "--outdir", "+b/public"]
        return self._run(self._reprepro, "--silent", *base, *words)

    def _run(self, *words: Path | str | None) -> str:
        command: Sequence[str] = [str(word) for word in words]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=debian.environment()
        )
        return done.stdout
