"""The shipped examples and the reference mention every option with its true default."""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from edge_agent.alerts.options import MirrorOptions
from edge_agent.certificates.options import EnrolmentOptions
from edge_agent.config.load import load_settings
from edge_agent.config.site import STATE_DIR
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.zone import Zone
from edge_agent.inference.options import MotionOptions, ObjectOptions
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.rules.options import IntrusionOptions
from edge_agent.spool.options import SpoolOptions
from edge_agent.tracking.options import ObservationOptions
from edge_agent.video.options import StreamOptions

_DOCS = Path(__file__).parents[2] / "docs"
_EXAMPLES = _DOCS / "examples"
_ZONE = Zone("walkway", Polygon((Point(0, 0), Point(1, 0), Point(1, 1))))
_OPTIONS = {
    "broker": BrokerOptions(url=""),
    "enrolment": EnrolmentOptions(),
    "spool": SpoolOptions(),
    "objects": ObjectOptions(),
    "observations": ObservationOptions(),
    "mirrors": MirrorOptions(),
    "stream": StreamOptions(url=""),
    "motion": MotionOptions(),
    "rules": IntrusionOptions(name="", zone=_ZONE),
}
# Read from its file, never written.
_NOT_WRITTEN = {"password"}


def _example(folder: Path) -> Path:
    site = folder / "site"
    shutil.copytree(_EXAMPLES, site)
    return site


def _defaults(section: str) -> dict[str, Any]:
    """Return what each optional key of a section is where the file is silent."""
    options = _OPTIONS[section]
    optional = [each for each in fields(options) if each.default is not MISSING]
    values = {each.name: getattr(options, each.name) for each in optional}
    return {key: _toml(value) for key, value in values.items() if key not in _NOT_WRITTEN}


def _toml(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(label.value for label in value)
    return None if value == () else value


def _examples() -> dict[str, Any]:
    agent = tomllib.loads((_EXAMPLES / "agent.toml").read_text())
    camera = tomllib.loads((_EXAMPLES / "cameras.d/gate.toml").read_text())
    return agent | camera | {"rules": camera["rules"][0]}


def _rows(section: str) -> dict[str, str]:
    """Return the defaults that the reference tells, by option, of one section."""
    text = (_DOCS / "reference/configuration.md").read_text()
    part = text.partition(f"[{section}]")[2].partition("\n#")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", part, re.MULTILINE))


def test_the_example_is_a_site_without_problems(tmp_path: Path) -> None:
    settings = load_settings(_example(tmp_path))

    assert settings.refused == ()
    assert [camera.id for camera in settings.cameras] == ["gate"]


def test_the_example_says_nothing_but_defaults(tmp_path: Path) -> None:
    settings = load_settings(_example(tmp_path))

    (camera,) = settings.cameras
    assert settings.state_dir == STATE_DIR
    assert settings.broker == BrokerOptions(url=settings.broker.url)
    assert settings.spool == SpoolOptions()
    assert settings.objects == ObjectOptions()
    assert camera.stream == StreamOptions(url=camera.stream.url)
    assert camera.motion == MotionOptions()
    assert camera.rules == (IntrusionOptions(name="intrusion-walkway", zone=camera.zones[0]),)


def test_the_example_from_palembang_is_right() -> None:
    settings = load_settings(_EXAMPLES / "palembang")

    assert settings.refused == ()
    named = {
        word for camera in settings.cameras for rule in camera.rules for word in rule.agencies or ()
    }
    assert named | set(settings.agencies) == {"satpol-pp", "polresta", "dishub", "bpbd", "dlh"}


def test_what_the_example_only_suggests_is_right_as_well(tmp_path: Path) -> None:
    site = _example(tmp_path)
    for file in site.rglob("*.toml"):
        file.write_text(re.sub(r"^#(?=[a-z\[])", "", file.read_text(), flags=re.MULTILINE))
    for name in ("broker", "gate"):
        (site / "secrets").mkdir(exist_ok=True)
        (site / "secrets" / name).touch(0o600)
        (site / "secrets" / name).write_text("secret\n")
    for name in ("center.pem", "box.pem"):
        (site / "tls").mkdir(exist_ok=True)
        (site / "tls" / name).touch(0o600)

    settings = load_settings(site)

    (camera,) = settings.cameras
    assert camera.name == "Main gate"
    assert camera.place
    assert camera.rules[0].agencies == ("satpol-pp", "dishub")
    assert settings.place
    assert settings.place.area == (("kecamatan", "Plaju"), ("kelurahan", "Plaju Ulu"))
    assert camera.main_stream is not None
    assert camera.onvif_endpoint
    assert settings.broker.key_file == site / "tls/box.pem"
    assert settings.enrolment.ca_file == site / "tls/center.pem"


@pytest.mark.parametrize("section", _OPTIONS)
def test_the_example_mentions_every_option(section: str) -> None:
    text = "".join(file.read_text() for file in _EXAMPLES.rglob("*.toml"))
    active = _examples()[section]

    for key, default in _defaults(section).items():
        if default in (None, ""):
            assert f"\n#{key} = " in text, f"{section}.{key} is not suggested"
        else:
            assert active[key] == default, f"{section}.{key}"


@pytest.mark.parametrize("section", _OPTIONS)
def test_the_reference_tells_every_option_and_its_default(section: str) -> None:
    rows = _rows(section)

    for key, default in _defaults(section).items():
        told = rows.pop(key)
        if default in (None, ""):
            assert "`" not in told, f"{section}.{key}"
        else:
            assert tomllib.loads(f"x = {told.strip('`')}")["x"] == default, f"{section}.{key}"
    needed = {each.name for each in fields(_OPTIONS[section]) if each.default is MISSING}
    assert set(rows) - {"kind"} == needed
