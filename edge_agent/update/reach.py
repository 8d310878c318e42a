"""Whether cameras and broker could be reached at all: asked only when what is new does not."""

import socket
import tomllib
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

_PORTS = {"rtsp": 554, "rtsps": 322, "mqtt": 1883, "mqtts": 8883}
_DEADLINE_S = 5.0


def camera_answers(settings: Path) -> bool:
    """Tell whether any camera takes a connection."""
    tables = [_table(file, "stream") for file in sorted(settings.glob("cameras.d/*.toml"))]
    return _any_answers(str(table.get("url", "")) for table in tables)


def this_camera_answers(settings: Path, camera: str) -> bool:
    """Tell whether the camera of this name takes a connection."""
    table = _table(settings / "cameras.d" / f"{camera}.toml", "stream")
    return _answers(str(table.get("url", "")))


def broker_answers(settings: Path) -> bool:
    """Tell whether any of the brokers takes a connection."""
    table = _table(settings / "agent.toml", "broker")
    others = table.get("other_urls", [])
    return _any_answers(
        map(str, [table.get("url", ""), *(others if isinstance(others, list) else ())])
    )


def _table(file: Path, name: str) -> dict[str, object]:
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8")).get(name)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _any_answers(urls: Iterable[str]) -> bool:
    return any(_answers(url) for url in urls)


def _answers(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
        if not parts.hostname or not port:
            return False
        socket.create_connection((parts.hostname, port), _DEADLINE_S).close()
    except (OSError, ValueError):
        return False
    return True
