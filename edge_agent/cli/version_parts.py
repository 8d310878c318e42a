"""The parts of this box that have a version: system, model, and every library that is loaded."""

import importlib
import platform
import sqlite3
import ssl
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version

from edge_agent.config.settings import Settings
from edge_agent.daemon.model_start import with_chosen_model
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import find_card, load_card
from edge_agent.inference.objects import open_detector

# Whoever imports these has what `run` and `add` load; the runtime comes with the first network.
_ROOTS = ("edge_agent.daemon.service", "edge_agent.onvif.session", "edge_agent.inference.runtime")
_OURS = "edge_agent"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing with a version, or why it is not known."""

    part: str
    name: str
    version: str
    problem: str = ""


def system() -> list[Part]:
    """Return the system and its kernel."""
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        name = "Linux"
    return [Part("system", name, f"{platform.release()} {platform.machine()}")]


def loaded_model(settings: Settings) -> Part:
    """Load the chosen model, which loads its runtime, too."""
    try:
        options = with_chosen_model(settings).objects
        card = load_card(find_card(options.model))
        open_detector(options)
    except EdgeAgentError as failure:
        return Part("model", "model", "", failure.what.partition("\n")[0])
    return Part("model", card.name, f"{card.version} {card.sha256[:12]}")


def libraries() -> list[Part]:
    """Import what the agent imports, and return what was loaded by that, with FFmpeg's own."""
    for root in _ROOTS:
        importlib.import_module(root)
    names = {name.partition(".")[0] for name in sys.modules}
    owners = packages_distributions()
    found = {
        owner: told
        for name in names - set(sys.stdlib_module_names) - {_OURS}
        for owner in owners.get(name, [name])
        if (told := _version_of(owner, name))
    }
    wheels = [Part("library", name, found[name]) for name in sorted(found, key=str.lower)]
    return [*wheels, *_native()]


def _version_of(owner: str, name: str) -> str:
    """Return a distribution's version; else what the module says of itself, where it was vendored."""
    try:
        return version(owner)
    except PackageNotFoundError:
        told = getattr(sys.modules.get(name), "__version__", "")
        return told if isinstance(told, str) else ""


def _native() -> list[Part]:
    """Return what is inside of wheels and of Python itself."""
    numbers = getattr(sys.modules.get("av"), "library_versions", {})
    ffmpeg = [
        Part("ffmpeg", name, ".".join(map(str, number))) for name, number in sorted(numbers.items())
    ]
    # "OpenSSL 3.0.15 3 Sep 2024"
    tls = ssl.OPENSSL_VERSION.partition(" ")
    return [*ffmpeg, Part("tls", tls[0], tls[2]), Part("sqlite", "SQLite", sqlite3.sqlite_version)]
