"""One camera as the text of its file. What equals the default stays out, so that defaults can improve."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from edge_agent.config.rule_kinds import kind_of
from edge_agent.config.settings import CameraSettings
from edge_agent.domain.place import Place
from edge_agent.domain.zone import Zone
from edge_agent.inference.options import MotionOptions
from edge_agent.onvif.options import Events
from edge_agent.rules.options import IntrusionOptions
from edge_agent.toml.values import CREDENTIAL, credentials_folder
from edge_agent.video.options import StreamOptions

# Lists hold texts, or pairs of numbers.
Value = str | float | Sequence["Value"]
Line = tuple[str, Value, Value | None]

# What a TOML basic string cannot hold as it is: quotes, backslashes and control characters.
_TO_ESCAPE = re.compile(r'["\\\x00-\x1f\x7f]')


def write_camera(camera: CameraSettings, folder: Path) -> str:
    """Return the TOML text; paths inside `folder` become relative to it."""
    parts = [
        _lines([("name", camera.name, camera.id)]),
        _section("[stream]", _stream(camera.stream, folder)),
        _section("[main_stream]", _stream(camera.main_stream, folder)),
        _section("[motion]", _motion(camera.motion)),
        _section("[onvif]", _onvif(camera)),
        _section("[place]", _place(camera.place)),
        _section("[place.area]", _area(camera.place)),
        *(_section("[[zones]]", _zone(zone)) for zone in camera.zones),
        *(_section("[[masks]]", _zone(mask)) for mask in camera.masks),
        *(_section("[[rules]]", _rule(rule)) for rule in camera.rules),
    ]
    return "\n".join(part for part in parts if part)


def _stream(stream: StreamOptions | None, folder: Path) -> list[Line]:
    if stream is None:
        return []
    default = StreamOptions(url=stream.url)
    file = stream.password_file
    return [
        ("url", stream.url, None),
        ("username", stream.username, default.username),
        ("password_file", _relative(file, folder) if file else "", ""),
        ("open_s", stream.open_s, default.open_s),
        ("read_s", stream.read_s, default.read_s),
        ("idle", stream.idle.value, default.idle.value),
    ]


def _motion(motion: MotionOptions) -> list[Line]:
    default = MotionOptions()
    return [
        ("least_score", motion.least_score, default.least_score),
    ]


def _onvif(camera: CameraSettings) -> list[Line]:
    return [
        ("url", camera.onvif_url, ""),
        ("endpoint", camera.onvif_endpoint, ""),
        ("mac", camera.onvif_mac, ""),
        ("serial", camera.onvif_serial, ""),
        ("source", camera.onvif_source, ""),
        ("events", camera.onvif_events.value, Events.AUTO.value),
    ]


def _place(place: Place | None) -> list[Line]:
    if place is None:
        return []
    name: Line = ("name", place.name, "")
    if place.latitude is None or place.longitude is None:
        return [name]
    return [name, ("latitude", place.latitude, None), ("longitude", place.longitude, None)]


def _area(place: Place | None) -> list[Line]:
    return [(name, text, None) for name, text in place.area] if place else []


def _zone(zone: Zone) -> list[Line]:
    corners: list[list[float]] = [[corner.x, corner.y] for corner in zone.outline.corners]
    return [("name", zone.name, None), ("outline", corners, None)]


def _rule(rule: IntrusionOptions) -> list[Line]:
    kind = kind_of(rule)
    default = type(rule).usual(f"{kind}-{rule.zone.name}", rule.zone, rule.labels)
    return [
        ("kind", kind, None),
        ("name", rule.name, default.name),
        ("zone", rule.zone.name, None),
        ("labels", [label.value for label in sorted(rule.labels)], None),
        ("severity", rule.severity.value, default.severity.value),
        ("patience_s", rule.patience_s, default.patience_s),
        ("absence_s", rule.absence_s, default.absence_s),
        ("update_s", rule.update_s, default.update_s),
        ("agencies", list(rule.agencies or ()), [] if rule.agencies is None else None),
    ]


def _section(header: str, lines: Iterable[Line]) -> str:
    body = _lines(lines)
    return f"{header}\n{body}" if body else ""


def _lines(lines: Iterable[Line]) -> str:
    told = (f"{key} = {_value(value)}\n" for key, value, default in lines if value != default)
    return "".join(told)


def _value(value: Value) -> str:
    if isinstance(value, str):
        return f'"{_TO_ESCAPE.sub(_escape, value)}"'
    if not isinstance(value, int | float):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _relative(file: Path, folder: Path) -> str:
    if file.parent == credentials_folder():
        return f"{CREDENTIAL}{file.name}"
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)
