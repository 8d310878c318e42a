"""The AsyncAPI document and the reference page say what the code does, and are not stale."""

from __future__ import annotations

import inspect
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from jsonschema import Draft7Validator

from edge_agent.alerts import thumbnail
from edge_agent.contract import body
from edge_agent.daemon import health, observer
from edge_agent.mqtt import link, pipe
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.mqtt.topics import Topics
from tests.house.source import ROOT
from tools.contract import FOLDER, documents
from tools.contract_members import PATTERNS, members
from tools.contract_table import PARAMETERS, TOPICS

OFFICIAL = ROOT / "tests" / "house" / "asyncapi" / "3.0.0.schema.json"
TABLE = {topic.name: topic for topic in TOPICS}
# What the box only hears; it is subscribed to all of them at once.
HEARD = {"command", "receipt"}
# Not of this contract: docs/reference/mirrors.md.
MIRRORS = {"onvif", "home"}
# Elements that HTML closes by itself.
_VOID = {"meta", "br"}


def _asyncapi() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((FOLDER / "asyncapi.json").read_text(encoding="utf-8"))
    return told


def _page() -> str:
    return (FOLDER / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["asyncapi.json", "index.html"])
def test_a_document_is_what_the_table_and_the_schemas_make_of_it(name: str) -> None:
    stale = f"{name} is stale: run  python -m tools.contract"

    assert (FOLDER / name).read_text(encoding="utf-8") == documents()[name], stale


def test_the_document_is_lawful_asyncapi_3() -> None:
    official = json.loads(OFFICIAL.read_text(encoding="utf-8"))

    wrong = [
        f"{list(e.path)}: {e.message}" for e in Draft7Validator(official).iter_errors(_asyncapi())
    ]

    assert wrong == []


def test_the_official_schema_sees_a_mistake() -> None:
    official = json.loads(OFFICIAL.read_text(encoding="utf-8"))
    broken = _asyncapi()
    broken["operations"]["sendAlert"]["bindings"]["mqtt"]["qos"] = 3

    assert not Draft7Validator(official).is_valid(broken)


def test_every_reference_leads_somewhere() -> None:
    told = _asyncapi()

    for pointer in re.findall(r'"\$ref": "([^"]+)"', json.dumps(told)):
        file, _, path = pointer.partition("#")
        assert not file or (FOLDER / file).is_file(), pointer
        place: Any = told
        for step in filter(None, path.split("/")):
            place = place[step]


def test_the_table_has_the_topics_that_the_code_has() -> None:
    topics = Topics("{site}", "{box}")
    arguments = {"camera": "{camera}", "alert_id": "{alert_id}", "command_id": "{command_id}"}
    code = set()
    for name, value in inspect.getmembers(topics):
        if name.startswith("_") or name in {"site", "box", *MIRRORS}:
            continue
        wanted = inspect.signature(value).parameters if callable(value) else ()
        code.add(value(**{each: arguments[each] for each in wanted}) if callable(value) else value)

    told = {topic.address for topic in TOPICS}
    assert {address for address in code if not address.endswith("#")} - told == set()
    assert told - code - {TABLE[name].address for name in HEARD} == set()


def test_qualities_are_those_of_the_code() -> None:
    assert TABLE["health"].expiry_s == health._EXPIRY_S
    assert TABLE["observation"].expiry_s == observer._EXPIRY_S
    assert TABLE["picture"].most_bytes == link.LARGEST_PICTURE > thumbnail.MOST_BYTES
    assert TABLE["receipt"].most_bytes == body.MOST_BYTES
    server = _asyncapi()["servers"]["broker"]["bindings"]["mqtt"]
    assert server["keepAlive"] == BrokerOptions(url="").keepalive_s
    assert server["sessionExpiryInterval"] == pipe._SESSION_S
    assert f"{link.WILL_DELAY_S} s" in server["lastWill"]["message"]


def test_the_topics_page_has_the_same_table() -> None:
    page = (ROOT / "docs" / "reference" / "topics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(city/v1/[^`]+)` \| (\d) \| (\w+) \| `([^`]+)` \|", page, re.MULTILINE)

    told = {
        (address.replace("{alert id}", "{alert_id}").replace("{command id}", "{command_id}"), *rest)
        for address, *rest in rows
    }
    table = {
        topic.address: (str(topic.qos), "yes" if topic.is_retained else "no", topic.content_type)
        for topic in TOPICS
    }
    assert told <= {(address, *rest) for address, rest in table.items()}
    missing = {topic.name for topic in TOPICS if topic.address not in {each[0] for each in told}}
    assert missing == set()


def test_every_level_that_differs_is_explained() -> None:
    named = {name for topic in TOPICS for name in re.findall(r"\{(\w+)\}", topic.address)}

    assert named == PARAMETERS.keys()


def test_every_pattern_of_the_schemas_has_words_or_is_a_text() -> None:
    rows = [
        row
        for path in FOLDER.glob("*.schema.json")
        for row in members(json.loads(path.read_text(encoding="utf-8")))
    ]

    assert {row.kind for row in rows} >= set(PATTERNS.values()) - {"word"}
    assert all(row.kind for row in rows)


class _Reader(HTMLParser):
    """Reads a page as a browser would, and notes what it needs and what is left open."""

    def __init__(self) -> None:
        super().__init__()
        self.needs: list[str] = []
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.anchors: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in {"script", "link", "img", "iframe"}:
            self.needs.append(tag)
        if tag not in _VOID:
            self.open.append(tag)
        self.ids |= {told["id"] or ""} if "id" in told else set()
        self.anchors |= {told["href"] or ""} if "href" in told else set()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_needs_nothing_but_itself_and_has_every_member() -> None:
    reader = _Reader()
    reader.feed(_page())

    assert (reader.needs, reader.open) == ([], [])
    assert "@import" not in _page()
    assert "url(" not in _page()
    for anchor in reader.anchors:
        file, _, place = anchor.partition("#")
        assert (FOLDER / file).exists(), anchor
        assert not place or place in reader.ids, anchor
    words = set(reader.words)
    for path in FOLDER.glob("*.schema.json"):
        rows = members(json.loads(path.read_text(encoding="utf-8")))
        assert {row.path for row in rows} <= words, path.name


def test_the_schema_of_an_alert_says_what_the_page_of_the_alert_says() -> None:
    page = (ROOT / "docs" / "reference" / "alert.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", page, re.MULTILINE))
    schema = json.loads((FOLDER / "alert.schema.json").read_text(encoding="utf-8"))

    said = {row.path: row.says for row in members(schema)}

    assert {path: said[path] for path in table if path in said} == {
        path: words for path, words in table.items() if path in said
    }
    assert table.keys() - said.keys() == set()
