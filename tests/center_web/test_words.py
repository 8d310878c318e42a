"""Every word of the page is in both languages, and an alarm says in Indonesian what it says in English."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import edge_agent
from edge_agent.center import alarm_texts
from edge_agent.center.alarm_texts import OF_HEAD, Said, said, say
from edge_agent.center.alarms import Alarms, Kind
from edge_agent.center.handling import NEXT_STEPS
from edge_agent.center.post import Arrival, Box
from edge_agent.center.quarantine import set_aside
from edge_agent.center.web import problem_texts, proof, texts
from edge_agent.center.web.problem_texts import tell_problem
from edge_agent.contract import Verdict
from edge_agent.daemon import health
from edge_agent.domain.sighting import Label, Severity
from edge_agent.domain.trouble import TroubleKind
from edge_agent.domain.update import Phase, Update
from tests.center_web.city import CityBox, a_picture
from tests.center_web.test_access import Visitor

if TYPE_CHECKING:
    from edge_agent.center.database import Database
    from tests.fakes.clock import FakeClock
    from tests.peers.browser import Browser

Start = "Callable[..., str]"
WEB = Path(edge_agent.__file__).parent / "center" / "web"
PROBLEMS = [
    "3 alerts were dropped for room",
    "2 pictures were dropped",
    "1 commands were refused",
    "gate: its analysis has hung for 12 s",
    "gate: reports of itself: tamper",
]


def _asked_for() -> set[str]:
    """Every key that a template or a module asks for by its name."""
    told = "".join(file.read_text() for file in (WEB / "templates").glob("*.html"))
    keys = set(re.findall(r"""\bt\(['"]([a-z_.]+)['"]\)""", told))
    words = {
        "severity": [one.value for one in Severity],
        "label": [one.value for one in Label],
        "type": ["intrusion", *(one.value for one in TroubleKind)],
        "state": ["new", "update", "end"],
        "handling": list(NEXT_STEPS),
        "do": ["acknowledged", "dispatched", "closed", "reopen", "hold", "release"],
        "alarm": [one.value for one in Kind],
        "status": ["online", "offline", "stopped", "silent", "unknown"],
        "refused": ["conflict", "illegal", "expired", "no_reason", "over", "same"],
        "check": re.findall(r'Check\(\s*"(\w+)"', inspect.getsource(proof)),
        "verdict": [
            *(word for one in Verdict if (word := proof._VERDICTS.get(one))),
            *re.findall(r'verdict="([a-z ]+)"', inspect.getsource(proof)),
            *re.findall(r'Check\("\w+", (?:None|\w+), "([a-z ]+)"', inspect.getsource(proof)),
        ],
    }
    return {f"{kind}.{word}" for kind, several in words.items() for word in several if word} | keys


def test_the_page_asks_for_no_word_that_it_lacks() -> None:
    assert _asked_for() - texts._TEXTS.keys() == set()


def test_every_sentence_of_an_alarm_has_the_same_facts_in_both_languages() -> None:
    for word, (english, indonesian) in alarm_texts._SENTENCES.items():
        assert re.findall(r"{\w+}", english) == re.findall(r"{\w+}", indonesian), word
        assert english != indonesian


def test_every_alarm_that_the_center_raises_has_its_sentence() -> None:
    center = WEB.parent
    told = "".join(file.read_text() for file in center.glob("*.py"))
    words = set(re.findall(r'\bsaid\(\s*"(\w+)"', told))
    words |= set(re.findall(r'Kind\.\w+, "(\w+)"', told))

    assert words <= alarm_texts._SENTENCES.keys()
    assert len(words) > 12


@pytest.mark.parametrize(
    "stored",
    [Said(""), Said("new-word"), Said("gap"), Said("fork", {"numbers": "1"})],
)
def test_what_a_later_center_stored_is_shown_as_it_worded_it(stored: Said) -> None:
    assert say(stored, "id", str) == ""


def test_a_fact_is_never_taken_for_a_pattern() -> None:
    assert say(said("gap", numbers="{time.__class__}"), "id", str) == "hilang: {time.__class__}"
    assert (
        say(said(f"{OF_HEAD}unsigned"), "id", str) == "kepala rantainya: pesan tanpa tanda tangan"
    )


def test_what_a_box_says_of_itself_is_known_here() -> None:
    """As the box words it today: a sentence that changes there must change here."""
    counted = re.findall(r'(?:_\w+|\w+\.\w+), "([^"]+)"\)', inspect.getsource(health.problems))

    assert len(counted) == 6
    for words in counted:
        assert tell_problem(f"7 {words}", "id") != f"7 {words}"
        assert tell_problem(f"7 {words}", "en") == f"7 {words}"
    for one in PROBLEMS:
        assert tell_problem(one, "id") != one
    for phase in (Phase.GOING_BACK, Phase.ROLLED_BACK, Phase.STUCK):
        why = "the service does not run; no package of 0.1.0 is here"
        update = Update(phase=phase, old="0.1.0", new="0.2.0", why=why)
        told = tell_problem(health.update_problem(update), "id")
        assert "versi baru 0.2.0 tidak berhasil" in told
        assert told.endswith(": layanannya tidak berjalan; no package of 0.1.0 is here")
    assert tell_problem("gate: some vendor's own words", "id") == "gate: some vendor's own words"
    assert len(problem_texts._KNOWN) == 9


def _fill(database: Database, box: CityBox, wall: float) -> None:
    """Let every page have everything on it."""
    box.raises("before", wall - 90, agencies=[])
    box.raises("one", wall - 60, a_picture(), severity="high")
    box.raises("one", wall, revision=1, state="end")
    problems = "[" + ", ".join(f'"{one}"' for one in PROBLEMS) + "]"
    cameras = '{"gate": {"state": "no picture"}, "yard": {"state": "streaming"}}'
    health_json = f'{{"cameras": {cameras}, "problems": {problems}}}'
    box.is_seen(wall - 10, health_json=health_json, head_seq=9, whole_upto=2)
    for number, kind in enumerate(Kind):
        CityBox(database, f"b{number}").is_seen(
            wall - 999, state=("stopped", "offline")[number % 2]
        )
        word = {"gap": "gap_more", "altered": "head.unsigned"}.get(kind.value, kind.value)
        facts = said(word, number=7, numbers="4-7", time="2026-11-18T11:00:00Z", kid="ab12",
                     since="2026-11-18T11:00:00Z")  # fmt: skip
        whose = Box("palembang", f"b{number}")
        database.write(lambda t, w=whose, k=kind, f=facts: Alarms(t, wall).raise_alarm(w, k, f))
    arrival = Arrival("city/v1/palembang/plaju-01/up/record", b"?")
    database.write(lambda t: set_aside(t, Box("palembang", "plaju-01"), arrival, "altered", 1.0))


def test_no_word_of_an_indonesian_page_is_english(
    page: Start, browser: Browser, database: Database, box: CityBox, clock: FakeClock
) -> None:
    _fill(database, box, clock.wall())
    indonesian = " ".join(both[1] for both in texts._TEXTS.values())
    english = {
        both[0]
        for both in [*texts._TEXTS.values(), *alarm_texts._SENTENCES.values()]
        if not re.search(rf"\b{re.escape(both[0])}\b", indonesian, re.IGNORECASE)
    }
    # Those with facts: their beginning.
    english = {text.partition("{")[0].strip() for text in english} - {""}
    assert len(english) > 120
    url = page(language="id")

    for path in ("/", "/boxes", "/alarms", "/alert/palembang/plaju-01/one", "/nowhere"):
        browser.open(url + path)
        shown = browser.text("html")
        # What boxes and technicians named.
        shown = re.sub(
            r"palembang/\S+|walkway|gate|edge-agent \S+ \S+ \S+|CSV|JSON lines", "", shown
        )
        assert {text for text in english if re.search(rf"\b{re.escape(text)}\b", shown)} == set()
        assert re.search(r"\b(the|is|was|of|and|not|no)\b", shown) is None, shown
    # Chromium names the page that is not there.
    browser.complaints()


def test_an_alarm_says_its_time_as_the_site_reads_it(
    page: Start, database: Database, clock: FakeClock
) -> None:
    what = said("silent", since="2026-11-18T11:00:00Z")
    database.write(lambda t: Alarms(t, clock.wall()).raise_alarm(Box("a", "b"), Kind.SILENT, what))
    url = page()

    assert (
        "tidak terdengar sejak 18:00:00 WIB 18 Nov 2026" in Visitor(url).ask("/alarms?lang=id")[1]
    )
    assert "nothing heard since 18:00:00 WIB 18 Nov 2026" in Visitor(url).ask("/alarms?lang=en")[1]
    assert database.read(lambda t: t.row("SELECT text FROM alarms")) == (
        "nothing heard since 2026-11-18T11:00:00Z",
    )
