"""For whom a package is: a release of Debian, which has one Python, and a kind of processor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Release:
    """A release of Debian. `suffix` keeps the packages of two releases apart, and in order."""

    name: str
    python: tuple[int, int]
    suffix: str
    # Of the C library: the newest wheels that it runs.
    glibc_minor: int
    # Its systemd understands RestartSteps= (254).
    has_back_off: bool


@dataclass(frozen=True, slots=True)
class Processor:
    """A kind of processor, by the names that Debian, Python and the linker have for it."""

    name: str
    machine: str
    triplet: str
    # For xz: code packs 6 % smaller when calls to one place look alike.
    xz_filter: str
    # A whole function: return 0.
    returns_nothing: bytes
    elf_machine: int


@dataclass(frozen=True, slots=True)
class Target:
    """What one .deb is made for."""

    release: Release
    processor: Processor

    @property
    def python(self) -> str:
        """The release's Python, as 3.11."""
        return ".".join(map(str, self.release.python))


RELEASES = {
    "bookworm": Release("bookworm", (3, 11), "deb12", 36, has_back_off=False),
    "trixie": Release("trixie", (3, 13), "deb13", 41, has_back_off=True),
}
PROCESSORS = {
    "amd64": Processor(
        "amd64", "x86_64", "x86_64-linux-gnu", "x86", bytes.fromhex("f30f1efa31c0c3"), 62
    ),
    "arm64": Processor(
        "arm64", "aarch64", "aarch64-linux-gnu", "arm64", bytes.fromhex("00008052c0035fd6"), 183
    ),
}
