"""Where this box gets new versions: files of apt's and systemd's, written from templates, and gone again."""

from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.files import write_whole
from edge_agent.update.places import TIMERS, Places

RINGS = ("canary", "stable")
_KEY_BEGINS = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
# As root's umask may be anything, and apt reads keys as another user.
_FOR_ALL = 0o755


def switch_on(places: Places, url: str, key: Path, release: str, ring: str) -> None:
    """Let new versions come from there, signed by that key, to this ring. Raises EdgeAgentError."""
    parts = urlsplit(url)
    is_web = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    if not is_web or not url.isprintable():
        raise EdgeAgentError(
            f"{url} is no address of an update server",
            hint="edge-agent-updates on https://updates.example --key edge-agent.asc",
        )
    if places.center.exists():
        raise EdgeAgentError(
            "this machine is a center, whose versions nobody may change at night",
            hint="/usr/share/doc/edge-agent-center/examples/edge-agent.sources says how it gets them",
        )
    content = _read_key(key)
    values = {"URL": url, "SUITE": f"{release}-{ring}"}
    filled = {
        target: _filled(places.templates / name, values)
        for name, target in _templates(places).items()
    }
    # The pin before the source: there is no moment in which the server may bring anything else.
    for target, text in {places.key: content, **filled}.items():
        _write(target, text)


def switch_off(places: Places) -> None:
    """Let no new version come any more; what this box refused stays refused."""
    for file in (*reversed(_templates(places).values()), places.key):
        file.unlink(missing_ok=True)


def told_source(places: Places) -> str:
    """Return where new versions come from, as `URL SUITE`; "" where that is off."""
    try:
        lines = places.sources.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    told = dict(line.split(": ", 1) for line in lines if ": " in line and line[0] != "#")
    return f"{told.get('URIs', '?')} {told.get('Suites', '?')}"


def release_of(places: Places) -> str:
    """Return the name of this box's Debian. Raises EdgeAgentError."""
    try:
        lines = (places.root / "etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    told = dict(line.split("=", 1) for line in lines if "=" in line)
    name = told.get("VERSION_CODENAME", "").strip('"')
    if not name:
        raise EdgeAgentError(
            "this Debian does not say its name", hint="see VERSION_CODENAME in /etc/os-release"
        )
    return name


def _templates(places: Places) -> dict[str, Path]:
    return {
        "edge-agent.pref": places.pin,
        "52edge-agent.conf": places.apt_settings,
        **{name: places.timer(name) for name in TIMERS},
        "edge-agent.sources": places.sources,
    }


def _read_key(key: Path) -> bytes:
    try:
        content = key.read_bytes()
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read the update server's key {key}: {(error.strerror or '').lower()}",
            hint="bring the file edge-agent.asc of your city's update server",
        ) from error
    if not content.startswith(_KEY_BEGINS):
        raise EdgeAgentError(
            f"{key} is no public key of an update server",
            hint=f"it begins with {_KEY_BEGINS.decode()}; bring your city's edge-agent.asc",
        )
    return content


def _filled(template: Path, values: dict[str, str]) -> bytes:
    try:
        text = template.read_text(encoding="utf-8")
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read {template}: {(error.strerror or '').lower()}",
            hint="install the package edge-agent again",
        ) from error
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text.encode()


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=_FOR_ALL)
        write_whole(file, content)
    except OSError as error:
        raise EdgeAgentError(
            f"cannot write {file}: {(error.strerror or '').lower()}",
            hint="run it with sudo, and see  df -h /  whether the disk is full",
        ) from error
