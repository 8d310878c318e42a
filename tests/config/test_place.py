"""Where a box stands and whom its alerts concern: what is read, what is refused, how long it may be."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.alerts.album import Picture
from edge_agent.alerts.compose import Composer, Origin
from edge_agent.alerts.identity import Identities
from edge_agent.config.load import load_camera, load_settings
from edge_agent.config.place import MOST_AGENCIES, MOST_PLACE_BYTES
from edge_agent.config.settings import CameraSettings, Settings
from edge_agent.config.store import save_camera
from edge_agent.domain.chain import Link
from edge_agent.domain.geometry import Box
from edge_agent.domain.place import Place
from edge_agent.domain.sighting import Finding, Label, Severity, State, Track
from edge_agent.rules.options import IntrusionOptions
from edge_agent.toml.problems import BadConfiguration
from tests.config.sites import SHORTEST, SHORTEST_CAMERA, ZONES, write_site
from tests.fakes.box import a_seal
from tests.fakes.clock import FakeClock
from tests.fakes.frames import grey_frame

_PLAJU = """
[place]
name = "Simpang Plaju"
latitude = -2.9933
longitude = 104.7911
[place.area]
kecamatan = "Plaju"
kelurahan = "Plaju Ulu"
"""
_RULE = '[[rules]]\nkind = "intrusion"\nzone = "walkway"\n'


def _complaint(folder: Path, text: str) -> str:
    with pytest.raises(BadConfiguration) as caught:
        load_settings(write_site(folder, text))
    (problem,) = caught.value.problems
    return f"{problem.where}: {problem.what}"


def test_a_camera_elsewhere_says_so_itself(tmp_path: Path) -> None:
    yard = SHORTEST_CAMERA + '[place]\nname = "Pasar"\n'
    settings = load_settings(
        write_site(tmp_path, SHORTEST + _PLAJU, gate=SHORTEST_CAMERA, yard=yard)
    )

    gate, other = settings.cameras
    assert settings.place == Place(
        name="Simpang Plaju",
        latitude=-2.9933,
        longitude=104.7911,
        area=(("kecamatan", "Plaju"), ("kelurahan", "Plaju Ulu")),
    )
    assert (gate.place, other.place) == (None, Place(name="Pasar"))


def test_a_rule_may_name_nobody_or_leave_it_to_the_site(tmp_path: Path) -> None:
    silent, nobody = _RULE, _RULE + 'name = "counted"\nagencies = []\n'
    write_site(
        tmp_path, 'agencies = ["dlh"]\n' + SHORTEST, gate=SHORTEST_CAMERA + ZONES + silent + nobody
    )

    settings = load_settings(tmp_path)

    assert settings.agencies == ("dlh",)
    assert [rule.agencies for rule in settings.cameras[0].rules] == [None, ()]


def test_what_is_saved_of_a_place_is_what_is_loaded(tmp_path: Path) -> None:
    text = SHORTEST_CAMERA + _PLAJU + ZONES + _RULE + 'agencies = ["bpbd", "dlh"]\n'
    gate = load_camera(write_site(tmp_path, gate=text), "gate")

    save_camera(tmp_path, replace(gate, id="copy"))

    again = load_camera(tmp_path, "copy")
    assert (again.place, again.rules) == (gate.place, gate.rules)


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("[place]", "place: says nothing"),
        ('[place]\nname = ""', "place.name: has 0 characters; it needs 1 to 64"),
        ('[place]\nnam = "x"\nlatitude = 1\nlongitude = 1', "place.nam: there is no such option"),
        ("[place]\nlatitude = -2.99", "place: has no longitude"),
        ("[place]\nlongitude = 104.79", "place: has no latitude"),
        ("[place]\nlatitude = 104.79\nlongitude = 2", "place.latitude: must be -90 to 90, not 104.79"),
        ("[place]\nlatitude = 1\nlongitude = 181", "place.longitude: must be -180 to 180, not 181"),
        ("[place]\nlatitude = nan\nlongitude = 1", "place.latitude: must be -90 to 90, not nan"),
        ('[place]\nlatitude = "2 S"\nlongitude = 1', 'place.latitude: needs a number without quotes, not "2 S"'),
        ('[place.area]\nKecamatan = "Plaju"', 'place.area.Kecamatan: "Kecamatan" cannot name an area'),
        ("[place.area]\nkecamatan = 3", "place.area.kecamatan: needs a text in quotes, not 3"),
        ('[place]\nname = "' + 32 * "é" + 'é"', "place.name: takes 66 bytes in a message; 64 is the most"),
        ("[place.area]\n" + "".join(f'a{n} = "x"\n' for n in range(9)), "place.area: names 9 areas; 8 is the most"),
        ("[place.area]\n" + "".join(f'a{n} = "{"x" * 60}"\n' for n in range(4)), "place: takes 327 bytes of every alert; 256 is the most"),
    ],
)  # fmt: skip
def test_a_bad_place_is_described(tmp_path: Path, place: str, complaint: str) -> None:
    told = _refused(tmp_path, SHORTEST + place + "\n")

    assert complaint in told


def _refused(folder: Path, text: str) -> list[str]:
    with pytest.raises(BadConfiguration) as caught:
        load_settings(write_site(folder, text))
    return [f"{problem.where}: {problem.what}" for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("agencies", "complaint"),
    [
        ('"dlh"', "agencies: needs a list of texts in quotes"),
        ("[1]", "agencies: needs a list of texts in quotes"),
        ('["Satpol PP"]', 'agencies: "Satpol PP" cannot be an agency'),
        ('["dlh", "dlh"]', 'agencies: names "dlh" twice'),
        (str([f"a{n}" for n in range(9)]), "agencies: names 9 agencies; 8 is the most"),
    ],
)
def test_bad_agencies_are_described(tmp_path: Path, agencies: str, complaint: str) -> None:
    assert _complaint(tmp_path, f"agencies = {agencies}\n{SHORTEST}") == complaint


def _longest(folder: Path) -> tuple[Settings, CameraSettings]:
    """The site whose every name is as long as it may be, in letters of four bytes."""
    agencies = [f"{n}".rjust(32, "a") for n in range(MOST_AGENCIES)]
    name, zone = "\U00020000" * 15 + "wxyz"[:2], "\U00020000" * 9 + "ab"
    filler = MOST_PLACE_BYTES - len(
        '{"name":null,"latitude":-89.123456,"longitude":-179.123456,"area":{"a":""}}'
    )
    areas = {"a": "x" * min(64, filler)}
    while (rest := filler - sum(len(k) + len(v) + 6 for k, v in areas.items()) + 7) > 6 + 32:
        areas[f"{len(areas)}".rjust(32, "k")] = "y" * min(64, rest - 6 - 32)
    lines = "".join(f'{key} = "{text}"\n' for key, text in areas.items())
    text = SHORTEST.replace("palembang", "s" * 32).replace("plaju-01", "b" * 32)
    place = f"[place]\nlatitude = -89.123456\nlongitude = -179.123456\n[place.area]\n{lines}"
    rule = (
        f'[[rules]]\nkind = "intrusion"\nzone = "{zone}"\nname = "{name}"\nagencies = {agencies}\n'
    )
    camera = SHORTEST_CAMERA + ZONES.replace("walkway", zone) + rule
    write_site(folder, text + place, **{"c" * 32: camera})
    settings = load_settings(folder)
    assert settings.refused == ()
    return settings, settings.cameras[0]


def test_an_alert_with_the_longest_names_stays_below_2_kb(tmp_path: Path) -> None:
    settings, camera = _longest(tmp_path)
    (rule,), clock = camera.rules, FakeClock()
    origin = _origin(settings, camera)
    frame = grey_frame(31_536_000.125, camera_wall=1_795_000_514.75)
    picture = Picture(b"\xff" * 25_000, "ab" * 32, 1920, 1080, taken_at=31_535_999.0)
    composer = Composer(
        origin, Identities(clock.wall, random.Random(7)), clock.state, clock.mono, lambda: -86_400.5
    )

    alert = composer.compose(_finding(rule), frame, picture)
    sealed = a_seal(tmp_path).seal(alert.body, Link(2**63, "ab" * 32))

    assert 1900 < len(sealed.payload) < 2048


def _origin(settings: Settings, camera: CameraSettings) -> Origin:
    return Origin(
        site=settings.site,
        box=settings.box,
        camera=camera.id,
        boot="6f1c2a58-3a0e-4b7e-9d0c-2f6f0a5f7a11",
        model_name="m" * 32,
        model_version="10.20.30",
        model_sha256="ab" * 32,
        place=settings.place,
        agencies=camera.rules[0].agencies or (),
    )


def _finding(rule: IntrusionOptions) -> Finding:
    track = Track(
        id=1_000_000,
        label=Label.TWO_WHEELER,
        score=0.8123,
        box=Box(0.4012, 0.3885, 0.4415, 0.5321),
        first_seen=512.4,
        last_seen=517.2,
        is_confirmed=True,
    )
    return Finding(
        rule=rule.name,
        kind="intrusion",
        zone=rule.zone.name,
        severity=Severity.MEDIUM,
        state=State.UPDATE,
        visit=7,
        track=track,
        began_at=0.1,
        lasted_s=86_400.25,
    )
