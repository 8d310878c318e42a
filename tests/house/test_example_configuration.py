"""The example configuration works as it is, and tells every option with its true default."""

from __future__ import annotations

import dataclasses
import re
import shutil
import tomllib
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.options import MirrorOptions
from edge_agent.cli import setup_seed
from edge_agent.config.camera import read_camera
from edge_agent.config.load import load_settings
from edge_agent.config.site import read_site
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.zone import Zone
from edge_agent.inference.options import MotionOptions, ObjectOptions
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.rules.options import IntrusionOptions
from edge_agent.spool.options import SpoolOptions
from edge_agent.toml.problems import Problems
from edge_agent.toml.reader import Table
from edge_agent.tracking.options import ObservationOptions
from edge_agent.video.options import StreamOptions
from tests.house.source import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = ROOT / "docs" / "examples"
_CORNERS = tuple(Point(x, y) for x, y in ((0, 0), (1, 0), (1, 1)))
DEFAULTS: dict[str, object] = {
    "broker": BrokerOptions(url=""),
    "spool": SpoolOptions(),
    "objects": ObjectOptions(),
    "observations": ObservationOptions(),
    "mirrors": MirrorOptions(),
    "stream": StreamOptions(url=""),
    "motion": MotionOptions(),
    "rules": IntrusionOptions(name="", zone=Zone("", Polygon(_CORNERS))),
}
_SECTION = re.compile(r"#?\s*\[\[?([a-z_]+)\]\]?\s*(?:#.*)?")
_OPTION = re.compile(r"#?\s*([a-z_]+) = (.+)")


def _cameras() -> list[Path]:
    return sorted((EXAMPLES / "cameras.d").glob("*.toml"))


def _mentioned(text: str) -> dict[tuple[str, str], list[object]]:
    """Return what the file says of each option of each section, commented out or not."""
    section, told = "", {}
    for line in text.splitlines():
        if header := _SECTION.fullmatch(line):
            section = header[1]
        elif option := _OPTION.fullmatch(line):
            told.setdefault((section, option[1]), []).append(_value(option[0]))
    return told


def _value(line: str) -> object:
    try:
        return next(iter(tomllib.loads(line.lstrip("# ")).values()))
    except tomllib.TOMLDecodeError:
        return None  # goes on in the next line, or is prose


def _asked(table: Table) -> set[tuple[str, str]]:
    """Return every option that the code looked for."""
    inside = list(table._all())
    sections = {part.name for part in inside}
    asked = {(part.name, key) for part in inside for key in part._asked}
    return {(name, key) for name, key in asked if f"{name}.{key}".strip(".") not in sections}


def _options_of_a_site(text: str) -> set[tuple[str, str]]:
    table = Table(tomllib.loads(text), Problems(EXAMPLES / "agent.toml", text))
    read_site(table, EXAMPLES)
    return _asked(table)


def _options_of_a_camera() -> set[tuple[str, str]]:
    """Ask for everything there can be: an empty zone, mask and rule show what each would read."""
    table = Table({"zones": [{}], "masks": [{}], "rules": [{}]}, Problems(EXAMPLES))
    read_camera(table, EXAMPLES, "gate")
    return _asked(table) - {("", "main_stream")}


def _copy_with_files(tmp_path: Path) -> Path:
    """Copy the examples and put there the files that they name, for the agent's eyes only."""
    folder = tmp_path / "edge-agent"
    shutil.copytree(EXAMPLES, folder)
    for file in folder.rglob("*.toml"):
        for name in re.findall(
            r'^\w+_file = "(.+)"', file.read_text(encoding="utf-8"), re.MULTILINE
        ):
            secret = folder / name
            assert secret.is_relative_to(folder), f"{file.name} names {name}, outside the folder"
            secret.parent.mkdir(parents=True, exist_ok=True)
            secret.write_text("secret\n")
            secret.chmod(0o600)
    return folder


def test_the_examples_work_as_they_are(tmp_path: Path) -> None:
    settings = load_settings(_copy_with_files(tmp_path))

    assert [str(problem) for one in settings.refused for problem in one.problems] == []
    assert settings.cameras


def test_the_site_file_tells_every_option() -> None:
    text = (EXAMPLES / "agent.toml").read_text(encoding="utf-8")

    assert _options_of_a_site(text) - _mentioned(text).keys() == set()


def test_the_answers_for_many_boxes_tell_every_option(tmp_path: Path) -> None:
    """Each of its lines, also those that are commented out, is one that `setup --from` takes."""
    text = (EXAMPLES / "site.toml").read_text(encoding="utf-8")
    whole = re.sub(r"^#(?=[a-z_]+ = )", "", text, flags=re.MULTILINE)
    whole = whole.replace("/etc/edge-agent/center.pem", "center.pem")
    for name in re.findall(r'_file = "(.+)"', whole):
        (tmp_path / name).write_text("secret\n")
        (tmp_path / name).chmod(0o600)
    problems = Problems(tmp_path / "site.toml", whole)
    table = Table(tomllib.loads(whole), problems)

    setup_seed._read_all(table, "", tmp_path)
    table.close()

    assert [str(problem) for problem in problems.found] == []
    told = {key for _, key in _mentioned(text)}
    assert {key for _, key in _asked(table)} - told <= {"broker", "center", "enrolment", "zones"}


def test_the_camera_files_tell_every_option() -> None:
    told = {key for file in _cameras() for key in _mentioned(file.read_text(encoding="utf-8"))}

    assert _options_of_a_camera() - told == set()


@pytest.mark.parametrize("section", DEFAULTS)
def test_the_examples_tell_true_defaults(section: str) -> None:
    files = [EXAMPLES / "agent.toml", *_cameras()]
    told: dict[str, list[object]] = {}
    for file in files:
        for (place, key), values in _mentioned(file.read_text(encoding="utf-8")).items():
            if place == section:
                told.setdefault(key, []).extend(values)

    wrong = [
        f"[{section}] {key}: the default is {_plain(default)}, the examples say {told.get(key)}"
        for key, default in _defaults_of(DEFAULTS[section])
        if _plain(default) not in told.get(key, [])
    ]

    assert not wrong, "\n".join(wrong)


def _defaults_of(options: object) -> list[tuple[str, object]]:
    """Return the options that have a default of their own; an empty one says nothing."""
    assert dataclasses.is_dataclass(options)
    needless = {field.name for field in dataclasses.fields(options) if not _is_needed(field)}
    values = [(name, getattr(options, name)) for name in sorted(needless)]
    return [(name, value) for name, value in values if value or value is False]


def _is_needed(field: dataclasses.Field[object]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
