import json
import random
from dataclasses import replace
from hashlib import sha256

import pytest

from edge_agent.alerts.album import Picture
from edge_agent.alerts.compose import Composer, Origin
from edge_agent.alerts.identity import Identities
from edge_agent.domain.geometry import Box
from edge_agent.domain.place import Place
from edge_agent.domain.sighting import Finding, Label, Severity, State, Track
from edge_agent.domain.trouble import Trouble, TroubleKind
from tests.fakes.clock import FakeClock
from tests.fakes.frames import grey_frame

ORIGIN = Origin(
    site="palembang",
    box="plaju-01",
    camera="gate",
    boot="b00t",
    model_name="street",
    model_version="1.0.0",
    model_sha256="abc",
)
TRACK = Track(
    id=4,
    label=Label.PERSON,
    score=0.8123,
    box=Box(0.4, 0.4, 0.5, 0.6),
    first_seen=1.0,
    last_seen=9.0,
    is_confirmed=True,
)
FINDING = Finding(
    rule="no-entry",
    kind="intrusion",
    zone="carriageway",
    severity=Severity.HIGH,
    state=State.NEW,
    visit=1,
    track=TRACK,
    began_at=4.0,
    lasted_s=5.0,
)
PICTURE = Picture(b"jpeg", sha256(b"jpeg").hexdigest(), 480, 270, 8.5)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def composer(clock: FakeClock) -> Composer:
    return Composer(ORIGIN, Identities(clock.wall, random.Random(1)), clock.state, clock.mono)


def test_an_alert_says_where_what_and_when_by_both_clocks(composer: Composer) -> None:
    alert = composer.compose(FINDING, grey_frame(9.0, camera_wall=1_795_000_100.5), PICTURE)
    told = json.loads(alert.body)

    assert (told["site"], told["box"], told["camera"]) == ("palembang", "plaju-01", "gate")
    assert (told["type"], told["rule"], told["zone"]) == ("intrusion", "no-entry", "carriageway")
    assert (told["id"], told["revision"]) == (alert.id, 0)
    assert told["time"] == "2026-11-18T11:06:49.000Z"
    assert told["visit"] == {"began": "2026-11-18T11:06:44.000Z", "lasted_s": 5.0}
    assert told["camera_time"] == {"utc": "2026-11-18T11:08:20.500Z", "stream_s": 9.0}
    assert told["clock"] == {
        "synced": True,
        "error_ms": 12.5,
        "boot": "b00t",
        "mono_ms": 100_000,
        "camera_offset_s": None,
    }
    assert told["objects"] == [
        {"label": "person", "score": 0.812, "box": [0.4, 0.4, 0.5, 0.6], "track": 4}
    ]


def test_the_picture_can_be_checked_against_the_alert(composer: Composer) -> None:
    alert = composer.compose(FINDING, grey_frame(), PICTURE)

    thumb = json.loads(alert.body)["thumb"]
    assert thumb["sha256"] == sha256(alert.thumbnail).hexdigest()
    assert thumb["bytes"] == len(alert.thumbnail)


def test_an_alert_says_when_its_picture_was_taken(composer: Composer) -> None:
    told = json.loads(composer.compose(FINDING, grey_frame(9.0), PICTURE).body)

    assert told["thumb"]["taken"] == "2026-11-18T11:06:48.500Z"


def test_a_clock_that_nobody_set_is_told(composer: Composer, clock: FakeClock) -> None:
    clock.is_synced = False

    told = json.loads(composer.compose(FINDING, grey_frame(), None).body)

    assert told["clock"]["synced"] is False
    assert told["clock"]["error_ms"] is None


def test_the_same_picture_travels_once(composer: Composer) -> None:
    first = composer.compose(FINDING, grey_frame(), PICTURE)
    second = composer.compose(replace(FINDING, state=State.UPDATE), grey_frame(), PICTURE)
    better = replace(PICTURE, sha256="other", jpeg=b"better")
    third = composer.compose(replace(FINDING, state=State.END), grey_frame(), better)

    assert (first.thumbnail, second.thumbnail, third.thumbnail) == (b"jpeg", b"", b"better")
    assert json.loads(second.body)["thumb"] is None
    assert [first.id, 0, 1, 2] == [third.id, first.revision, second.revision, third.revision]


def test_a_visit_began_when_it_began_however_the_clocks_drift(composer: Composer) -> None:
    first = json.loads(composer.compose(FINDING, grey_frame(9.0), None).body)
    late = replace(grey_frame(60.0), received_wall=1_795_000_099.0)
    last = json.loads(composer.compose(replace(FINDING, state=State.END), late, None).body)

    assert first["visit"]["began"] == last["visit"]["began"]


def test_an_alert_says_where_to_drive_and_who(clock: FakeClock) -> None:
    place = Place(name="Simpang Plaju", latitude=-2.9933, area=(("kecamatan", "Plaju"),))
    origin = replace(
        ORIGIN, place=place, agencies=("satpol-pp",), agencies_of={FINDING.rule: ("dishub", "dlh")}
    )
    composer = Composer(origin, Identities(clock.wall, random.Random(1)), clock.state, clock.mono)

    named = json.loads(composer.compose(FINDING, grey_frame(), None).body)
    other = json.loads(composer.compose(replace(FINDING, rule="x"), grey_frame(), None).body)
    trouble = json.loads(composer.compose_trouble(TROUBLE, 1_795_000_000.0, None, None).body)

    assert named["place"] == {
        "name": "Simpang Plaju",
        "latitude": -2.9933,
        "longitude": None,
        "area": {"kecamatan": "Plaju"},
    }
    assert [told["agencies"] for told in (named, other, trouble)] == [
        ["dishub", "dlh"],
        ["satpol-pp"],
        ["satpol-pp"],
    ]


def test_a_site_that_says_nothing_of_it_sends_no_place_and_nobody(composer: Composer) -> None:
    told = json.loads(composer.compose(FINDING, grey_frame(), None).body)

    assert (told["place"], told["agencies"]) == (None, [])


TROUBLE = Trouble(
    kind=TroubleKind.TAMPER,
    state=State.NEW,
    number=1,
    camera_wall=1_795_000_100.0,
    lasted_s=0.0,
    ago_s=0.0,
)


def test_an_alert_says_how_far_the_camera_s_clock_is_off(clock: FakeClock) -> None:
    identities = Identities(clock.wall, random.Random(1))
    composer = Composer(ORIGIN, identities, clock.state, clock.mono, lambda: -3600.0412)

    told = json.loads(composer.compose(FINDING, grey_frame(), None).body)

    assert told["clock"]["camera_offset_s"] == -3600.0


def test_what_the_camera_says_of_itself_has_every_member_of_an_alert(composer: Composer) -> None:
    seen = json.loads(composer.compose(FINDING, grey_frame(), PICTURE).body)
    alert = composer.compose_trouble(TROUBLE, 1_795_000_050.0, grey_frame(9.0), PICTURE)
    told = json.loads(alert.body)

    assert told.keys() == seen.keys()
    assert (told["type"], told["rule"], told["zone"], told["objects"]) == (
        "tamper",
        "tamper",
        "",
        [],
    )
    assert told["time"] == "2026-11-18T11:07:30.000Z"
    assert told["camera_time"] == {"utc": "2026-11-18T11:08:20.000Z", "stream_s": 9.0}
    assert (told["v"], alert.severity, alert.thumbnail) == (1, Severity.MEDIUM, b"jpeg")


def test_a_trouble_and_its_end_are_one_alert_that_began_once(composer: Composer) -> None:
    end = replace(TROUBLE, state=State.END, lasted_s=60.0, ago_s=30.0)
    first = composer.compose_trouble(TROUBLE, 1_795_000_000.0, None, None)
    last = composer.compose_trouble(end, 1_795_000_095.0, None, None)

    assert (first.id, first.revision, last.revision) == (last.id, 0, 1)
    assert json.loads(last.body)["visit"] == {
        "began": json.loads(first.body)["visit"]["began"],
        "lasted_s": 60.0,
    }


def test_a_rule_that_a_site_calls_tamper_keeps_its_own_visits(composer: Composer) -> None:
    named = replace(FINDING, rule="tamper", visit=1)

    visit = composer.compose(named, grey_frame(), None)
    trouble = composer.compose_trouble(TROUBLE, 1_795_000_000.0, None, None)

    assert visit.id != trouble.id
