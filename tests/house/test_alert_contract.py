"""docs/reference/alert.md shows a message that the code really writes, and tells every member."""

from __future__ import annotations

import hashlib
import json
import random
import re
import tempfile
from pathlib import Path

from edge_agent.alerts import thumbnail
from edge_agent.alerts.album import Picture
from edge_agent.alerts.compose import VERSION, Composer, Origin
from edge_agent.alerts.identity import Identities
from edge_agent.contract import split
from edge_agent.domain.chain import Link
from edge_agent.domain.geometry import Box
from edge_agent.domain.place import Place
from edge_agent.domain.sighting import Finding, Label, Severity, State, Track
from edge_agent.mqtt import link
from edge_agent.mqtt.topics import Topics
from tests.fakes.box import a_known_seal
from tests.fakes.clock import FakeClock
from tests.fakes.frames import grey_frame
from tests.house.source import ROOT

PAGE = ROOT / "docs" / "reference" / "alert.md"
TOPICS = ROOT / "docs" / "reference" / "topics.md"
# Its members are the site's own words.
FREE = "place.area"
ORIGIN = Origin(
    site="palembang",
    box="plaju-01",
    camera="gate",
    boot="6f1c2a58-3a0e-4b7e-9d0c-2f6f0a5f7a11",
    model_name="street",
    model_version="1.0.0",
    place=Place(
        name="Simpang Plaju",
        latitude=-2.9933,
        longitude=104.7911,
        area=(("kecamatan", "Plaju"), ("kelurahan", "Plaju Ulu")),
    ),
    agencies=("satpol-pp", "polresta"),
    model_sha256="15ff7e2ec1aff3401f1db6c7edabc5466ade37f1622fb167b0789f6c8e4f4986",
)
TRACK = Track(
    id=41,
    label=Label.PERSON,
    score=0.8123,
    box=Box(0.4012, 0.388, 0.4415, 0.5321),
    first_seen=512.4,
    last_seen=517.2,
    is_confirmed=True,
)
FINDING = Finding(
    rule="intrusion-walkway",
    kind="intrusion",
    zone="walkway",
    severity=Severity.MEDIUM,
    state=State.NEW,
    visit=7,
    track=TRACK,
    began_at=515.1,
    lasted_s=2.1,
)


def example() -> dict[str, object]:
    """The example alert, as composed and sealed."""
    with tempfile.TemporaryDirectory() as folder:
        seal = a_known_seal(Path(folder))
        before = hashlib.sha256(b"the message before").hexdigest()
        payload = seal.seal(_composed(), Link(214, before)).payload
    told: dict[str, object] = json.loads(split(payload)[0])
    return told


def _composed() -> bytes:
    clock = FakeClock()
    identities = Identities(clock.wall, random.Random(7))
    composer = Composer(ORIGIN, identities, clock.state, clock.mono, lambda: -2.4)
    frame = grey_frame(517.2, camera_wall=1_795_000_514.75)
    picture = Picture(b"\xff\xd8" + bytes(17_000), "ab" * 32, 480, 270, taken_at=516.8)
    return composer.compose(FINDING, frame, picture).body


def _members(value: object, place: str = "") -> set[str]:
    match value:
        case dict() if place != FREE:
            inside = {f"{place}.{key}".strip("."): each for key, each in value.items()}
            return set(inside).union(*(_members(each, key) for key, each in inside.items()))
        case [dict() as first, *_]:
            return _members(first, f"{place}[]")
    return set()


def test_the_example_is_what_the_code_writes() -> None:
    found = re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    assert found
    assert json.loads(found[1]) == example()


def test_every_member_is_told_and_none_that_is_not_there() -> None:
    table = re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(table) == _members(example())


def test_both_pages_tell_how_large_a_picture_is_and_may_become() -> None:
    sent = f"at most {thumbnail.MOST_BYTES / 1000:g} KB"
    received = f"pictures up to {link.LARGEST_PICTURE / 1024:g} KiB"

    for page in (PAGE, TOPICS):
        text = " ".join(page.read_text(encoding="utf-8").split())
        told = re.findall(r"(?:at most|pictures up to) \d+ Ki?B", text)
        assert told == [sent, received], page.name


def test_the_page_tells_the_topics_and_the_version() -> None:
    page = PAGE.read_text(encoding="utf-8")
    topics = Topics(ORIGIN.site, ORIGIN.box)

    assert f"`v` is {VERSION}" in page
    assert topics.alert(ORIGIN.camera) in page
    assert topics.thumbnail(ORIGIN.camera, str(example()["id"])) in page
