"""The page in a real browser, as an operator uses it."""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.post import Arrival, Box
from edge_agent.center.quarantine import set_aside
from tests.center_web.city import PLAJU, CityBox, a_picture
from tests.center_web.conftest import PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.center.database import Database
    from tests.fakes.clock import FakeClock
    from tests.peers.browser import Browser

Start = "Callable[..., str]"
HOSTILE = '<script>document.title="taken"</script><img src=x onerror="document.title=1">'


def _names(browser: Browser) -> list[str]:
    return [card.get_attribute("data-key").rpartition("/")[2] for card in browser.all(".card")]


def _log_in(browser: Browser, name: str, password: str = PASSWORD) -> None:
    browser.one("input[name=name]").send_keys(name)
    browser.one("input[name=password]").send_keys(password)
    browser.one(".login-form button").click()


def test_a_new_alert_appears_without_reload_and_above_the_others(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock
) -> None:
    box.raises("first", clock.wall() - 60, a_picture(1))
    browser.open(page())
    browser.driver.execute_script("window.sameDocument = true")

    box.raises("second", clock.wall(), a_picture(2), severity="high")

    browser.until(lambda: _names(browser) == ["second", "first"], "the second alert did not come")
    assert browser.driver.execute_script("return window.sameDocument")
    assert browser.text(".count-high b") == "1"
    drawn = "return document.querySelector('.card img').naturalWidth"
    browser.until(lambda: browser.driver.execute_script(drawn) == 480, "no picture")


def test_a_later_revision_renews_its_card_where_it_is(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock
) -> None:
    box.raises("older", clock.wall() - 60)
    box.raises("newer", clock.wall())
    browser.open(page())

    box.raises("older", clock.wall() + 1, revision=1, state="end")

    browser.until(lambda: "ended" in browser.text('[data-key$="older"]'), "it does not end")
    assert _names(browser) == ["newer", "older"]


def test_the_filter_shows_what_fits_and_keeps_out_what_comes_later(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock
) -> None:
    box.raises("for-bpbd", clock.wall(), agencies=["bpbd"])
    box.raises("for-satpol", clock.wall(), agencies=["satpol-pp", "dishub"])
    browser.open(page())

    browser.one('select[name=agency] option[value=""]')
    browser.driver.execute_script(
        "const s = document.querySelector('select[name=agency]'); s.value = 'satpol-pp';"
        "s.dispatchEvent(new Event('change', {bubbles: true}))"
    )

    browser.until(lambda: _names(browser) == ["for-satpol"], "the filter does not hold")
    box.raises("also-bpbd", clock.wall() + 1, agencies=["bpbd"])
    box.raises("also-satpol", clock.wall() + 2, agencies=["satpol-pp"])
    browser.until(lambda: _names(browser) == ["also-satpol", "for-satpol"], "it does not follow")


@pytest.mark.parametrize("path", ["/", "/alert/palembang/plaju-01/one", "/boxes", "/alarms"])
def test_nothing_is_wider_than_a_phone(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock, path: str
) -> None:
    box.raises("one", clock.wall(), a_picture(), zone="a-rather-long-name-of-a-zone")
    box.is_seen(clock.wall(), place_json="{}")
    box.alarms(clock.wall(), "gap", "x" * 200)
    browser.resize(360, 740)

    browser.open(page() + path)

    script = "return document.documentElement.scrollWidth"
    assert browser.driver.execute_script(script) <= 360


def test_the_page_speaks_both_languages_and_remembers_which(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock
) -> None:
    box.raises("one", clock.wall())
    url = page(language="id")
    browser.open(url)
    assert "Peringatan" in browser.text("nav")
    assert "orang" in browser.text(".card")

    browser.one(".language").click()
    browser.until(lambda: "Alerts" in browser.text("nav"), "it does not change")
    browser.open(f"{url}/boxes")

    assert "Boxes" in browser.text("nav")


def test_times_are_the_sites_with_its_zone_named_and_utc_at_hand(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock
) -> None:
    box.raises("one", clock.wall())

    browser.open(page(time_zone="Asia/Makassar"))

    moment = browser.one(".card time")
    assert "WITA" in moment.text
    assert moment.get_attribute("title") == "2026-11-18T11:06:38.000Z (UTC)"


def test_an_alert_as_it_was_signed_is_verified(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock
) -> None:
    box.raises("before", clock.wall() - 5)
    box.raises("one", clock.wall(), a_picture())
    box.raises("one", clock.wall() + 9, revision=1, state="end")

    browser.open(f"{page()}/alert/palembang/plaju-01/one")

    assert "✓ verified" in browser.text(".badges")
    assert len(browser.all(".revision > summary .mark.sound")) == 2
    assert box.kid in browser.text(".checks")
    assert "± 12 ms" in browser.text(".checks")


ALTERED = {
    "the message": (
        "UPDATE messages SET payload = replace(CAST(payload AS TEXT), 'walkway', 'parking')",
        "altered",
    ),
    "what the page shows": ("UPDATE alerts SET severity = 'low'", "severity"),
    "the picture": ("UPDATE pictures SET content = x'FFD8FF00'", "differs"),
    "the place in the chain": ("UPDATE messages SET prev = sha256", "differs"),
    "the key": ("DELETE FROM keys", "unknown key"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_whatever_is_altered_in_the_database_the_page_says_so(
    page: Start,
    browser: Browser,
    database: Database,
    box: CityBox,
    clock: FakeClock,
    what: str,
) -> None:
    box.raises("one", clock.wall(), a_picture(), severity="high")
    statement, said = ALTERED[what]

    database.write(lambda transaction: transaction.run(statement))
    browser.open(f"{page()}/alert/palembang/plaju-01/one")

    assert "✗ NOT verified" in browser.text(".badges")
    assert said in " ".join(row.text for row in browser.all(".checks .broken"))
    # A picture that is none is named in Chromium's console.
    browser.complaints()


def test_names_from_a_box_are_text_and_nothing_else(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock
) -> None:
    place = {**PLAJU, "name": HOSTILE}
    url = page()
    browser.open(url)
    box.raises("one", clock.wall(), camera=HOSTILE, zone=HOSTILE, place=place, agencies=[HOSTILE])
    box.alarms(clock.wall(), HOSTILE, HOSTILE)

    browser.until(lambda: _names(browser) == ["one"], "it did not come")
    assert HOSTILE in browser.text(".card h2")
    for path in ("/", "/alert/palembang/plaju-01/one", "/alarms"):
        browser.open(url + path)
        assert HOSTILE in browser.text("main")
        assert browser.driver.title not in {"taken", "1"}


def test_what_is_no_jpeg_is_never_shown(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock
) -> None:
    box.raises("one", clock.wall(), b"<svg onload=alert(1)>")

    browser.open(page())

    browser.until(lambda: browser.all(".card img.missing"), "the picture is not marked")
    # Chromium itself names the missing picture in its console; nothing else may be there.
    assert all("404" in line for line in browser.complaints())


def test_an_operator_acknowledges_and_the_list_says_who(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock, operators: Path
) -> None:
    box.raises("one", clock.wall())
    url = page(operators_file=operators)
    browser.open(f"{url}/alert/palembang/plaju-01/one")
    browser.one(".handle a").click()
    _log_in(browser, "sari")

    browser.one("input[name=note]").send_keys("patrol 4 <b>goes</b>")
    browser.one(".do-acknowledged").click()

    browser.until(lambda: browser.all(".steps li"), "no step is shown")
    assert "acknowledged by sari" in browser.text(".steps")
    assert "patrol 4 <b>goes</b>" in browser.text(".steps q")
    browser.open(url)
    assert "acknowledged · sari" in browser.text(".card .handling")


def test_the_second_of_two_operators_is_told(
    page: Start,
    browser: Browser,
    database: Database,
    box: CityBox,
    clock: FakeClock,
    operators: Path,
) -> None:
    box.raises("one", clock.wall())
    url = page(operators_file=operators)
    browser.open(f"{url}/login?back=/alert/palembang/plaju-01/one")
    _log_in(browser, "sari")
    browser.one(".do-acknowledged")

    database.write(
        lambda transaction: transaction.run(
            "UPDATE alerts SET handling = 'acknowledged', handled_by = 'budi'"
        )
    )
    browser.one(".do-acknowledged").click()

    browser.until(lambda: browser.all(".refused"), "nobody is told")
    assert "acknowledged (by budi)" in browser.text(".refused")
    # Chromium names the answer's status (409) in its console.
    assert all("409" in line for line in browser.complaints())


def test_boxes_are_on_the_map_and_in_the_list_with_what_is_wrong(
    page: Start, browser: Browser, database: Database, box: CityBox, clock: FakeClock
) -> None:
    health = '{"cameras": {"gate": {"state": "no picture"}, "yard": {"state": "streaming"}}'
    health += ', "starts": {"count": 9, "unclean": 2, "last_unclean": {"end": "watchdog"}}}'
    software = '{"software": {"parts": [["model", "street", "1.0.0", "abab"], 7, ["x"]]}}'
    box.is_seen(clock.wall() - 10, health_json=health, status_json=software)
    box.alarms(clock.wall(), "gap", "numbers 4-7 are missing")
    CityBox(database, "ilir-02").is_seen(clock.wall() - 600)
    arrival = Arrival("city/v1/palembang/plaju-01/up/record", b"?")
    database.write(lambda t: set_aside(t, Box("palembang", "plaju-01"), arrival, "altered", 1.0))

    browser.open(f"{page()}/boxes")

    assert len(browser.all(".map.wide .mark circle")) == 1, "both stand at one corner: one mark"
    rows = [row.text for row in browser.all("table.boxes tbody tr")]
    assert "silent" in rows[0]
    assert "no picture: gate" in rows[1]
    browser.one("table.boxes details summary").click()
    assert "street 1.0.0 abab" in browser.text("table.software")
    assert "9 starts, 2 not in order (watchdog)" in rows[1]
    assert "messages set aside: 1" in rows[1]
    assert "set aside" not in rows[0]


_NAMES = """
const own = document.querySelector('.map.tall svg').getBoundingClientRect();
return [...document.querySelectorAll('.map.tall .mark text')].map(t => {
  const b = t.getBoundingClientRect();
  return [t.textContent, b.left - own.left, b.top - own.top, b.right - own.left, b.bottom - own.top,
          own.width, own.height, parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a];
});
"""


def test_on_a_phone_the_names_on_the_map_are_large_whole_and_apart(
    page: Start, browser: Browser, database: Database, clock: FakeClock
) -> None:
    places = {
        "Simpang Plaju": (-2.9935, 104.7981),
        "Benteng Kuto Besak": (-2.9919, 104.7594),
        "Jakabaring Sport City": (-3.0195, 104.7889),
        "Simpang Sako": (-2.9287, 104.7931),
        "Stasiun Kertapati": (-3.0169, 104.7519),
        "Simpang Charitas": (-2.9755, 104.7548),
    }
    for number, (name, (latitude, longitude)) in enumerate(places.items()):
        told = json.dumps({"name": name, "latitude": latitude, "longitude": longitude})
        CityBox(database, f"b{number}").is_seen(clock.wall(), place_json=told)
    browser.resize(360, 740)

    browser.open(f"{page()}/boxes")

    assert not browser.one(".map.wide").is_displayed()
    names = browser.driver.execute_script(_NAMES)
    assert {name for name, *_ in names} == set(places)
    for _, left, top, right, bottom, width, height, size in names:
        assert size >= 12
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    for (one, *a), (other, *b) in combinations(names, 2):
        is_apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert is_apart, f"{one} and {other} overlap"


_BROKEN = """
const broken = [];
for (const { firstChild: text } of document.querySelectorAll('.count span'))
  for (const word of text.data.matchAll(/\\S+/g)) {
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    if (range.getClientRects().length > 1) broken.push(word[0]);
  }
return broken;
"""


def test_on_a_phone_no_word_of_the_counts_is_broken(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock
) -> None:
    box.raises("one", clock.wall())
    browser.resize(360, 740)

    browser.open(page(language="id"))

    assert browser.driver.execute_script(_BROKEN) == []


def test_on_a_desktop_no_word_of_the_list_of_boxes_is_broken(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock
) -> None:
    problems = json.dumps({"problems": ["the camera says something rather long " * 9]})
    box.is_seen(clock.wall(), state="stopped", health_json=problems)

    browser.open(f"{page(language='id')}/boxes")

    assert browser.driver.execute_script(_BROKEN.replace(".count span", ".boxes th")) == []


def test_a_list_that_has_stopped_says_so(
    browser: Browser, database: Database, clock: FakeClock
) -> None:
    from edge_agent.center.web.options import WebOptions  # noqa: PLC0415 (only here)
    from tests.center_web.conftest import serving  # noqa: PLC0415 (only here)

    options = WebOptions(listen="127.0.0.1:0", language="en")
    with serving(options, database, clock) as url:
        browser.open(url)
        browser.one(".link")

    browser.until(lambda: "connection lost" in browser.text(".link"), "nobody notices")
    assert all("REFUSED" in line or "RESET" in line for line in browser.complaints())
