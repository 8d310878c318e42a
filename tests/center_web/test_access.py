"""Who may see and change what: asked over HTTP, as a browser would and as an attacker would."""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest

from edge_agent.center.operators import add_operator, read_operators
from edge_agent.center.web.address import read_listen
from edge_agent.center.web.options import WebOptions
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.secret import Secret
from tests.center_web.city import a_picture
from tests.center_web.conftest import PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.center.database import Database
    from tests.center_web.city import CityBox
    from tests.fakes.clock import FakeClock

Start = "Callable[..., str]"
pytestmark = pytest.mark.usefixtures("one")
ALERT = "/alert/palembang/plaju-01/one"


@dataclass
class Visitor:
    """Speaks HTTP and keeps cookies, with whatever headers a test wants."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str]:
        line = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        told = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **headers}
        body = None
        if form is not None:
            body = urlencode(form)
            told["Content-Type"] = "application/x-www-form-urlencoded"
        line.request("GET" if form is None else "POST", path, body, told)
        answer = line.getresponse()
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        text = answer.read().decode("utf-8", "replace")
        line.close()
        return answer.status, text

    def token(self, path: str = "/login") -> str:
        return re.findall(r'name="token" value="([^"]+)"', self.ask(path)[1])[0]

    def log_in(self, name: str = "sari", password: str = PASSWORD, **headers: str) -> int:
        form = {"name": name, "password": password, "token": self.token()}
        return self.ask("/login", form, **headers)[0]


def _handling(database: Database) -> tuple[object, ...]:
    return database.read(lambda t: t.rows("SELECT handling, handled_by FROM alerts"))[0]


@pytest.fixture
def one(box: CityBox, clock: FakeClock) -> CityBox:
    box.raises("one", clock.wall(), a_picture())
    return box


def test_without_a_file_of_operators_nothing_can_be_changed(
    page: Start, database: Database
) -> None:
    visitor = Visitor(page())

    assert visitor.ask(ALERT, {"was": "new", "becomes": "acknowledged"})[0] == 403
    assert visitor.ask("/login")[0] == 404
    assert _handling(database) == ("new", None)
    assert visitor.cookies == {}


def test_nobody_changes_anything_without_a_login(
    page: Start, database: Database, operators: Path
) -> None:
    visitor = Visitor(page(operators_file=operators))
    form = {"was": "new", "becomes": "acknowledged", "token": visitor.token()}

    assert visitor.ask(ALERT, form)[0] == 403
    assert _handling(database) == ("new", None)


def test_an_operator_takes_the_steps_in_their_order_only(
    page: Start, database: Database, operators: Path
) -> None:
    visitor = Visitor(page(operators_file=operators))
    assert visitor.log_in() == 303
    token = visitor.token(ALERT)

    def step(was: str, becomes: str) -> int:
        return visitor.ask(ALERT, {"was": was, "becomes": becomes, "token": token})[0]

    assert step("new", "closed") == 409
    assert step("new", "acknowledged") == 303
    assert step("acknowledged", "new") == 409
    assert step("acknowledged", "dispatched") == 303
    assert step("dispatched", "closed") == 303
    assert step("acknowledged", "dispatched") == 409
    assert step("closed", "acknowledged") == 303
    kept = database.read(lambda t: t.rows("SELECT became, by_whom FROM handling ORDER BY number"))
    assert [became for became, _ in kept] == [
        "acknowledged",
        "dispatched",
        "closed",
        "acknowledged",
    ]
    assert {who for _, who in kept} == {"sari"}


@pytest.mark.parametrize("attack", ["no token", "foreign token", "foreign origin"])
def test_another_pages_form_changes_nothing(
    page: Start, database: Database, operators: Path, attack: str
) -> None:
    url = page(operators_file=operators)
    visitor = Visitor(url)
    visitor.log_in()
    token = {"no token": "", "foreign token": Visitor(url).token()}.get(attack) or ""
    headers = {}
    if attack == "foreign origin":
        token, headers = visitor.token(ALERT), {"Origin": "https://evil.example"}
    form = {"was": "new", "becomes": "acknowledged", "token": token}

    status, _ = visitor.ask(ALERT, form, **headers)

    assert status == 403
    assert _handling(database) == ("new", None)


def test_a_guesser_waits_and_so_does_whoever_comes_with_the_right_password(
    page: Start, operators: Path, clock: FakeClock
) -> None:
    visitor = Visitor(page(operators_file=operators))

    assert [visitor.log_in(password=f"wrong {n}") for n in range(5)] == [403] * 5
    assert visitor.log_in() == 429
    clock.advance(61)

    assert visitor.log_in() == 303


def _guess(visitor: Visitor, *addresses: str) -> list[int]:
    """Try a wrong password from each of these, as the web server before the page tells them."""
    return [visitor.log_in(password="wrong", **{"X-Forwarded-For": one}) for one in addresses]


def test_behind_a_web_server_a_guesser_keeps_nobody_out_who_asks_from_elsewhere(
    page: Start, operators: Path
) -> None:
    visitor = Visitor(page(operators_file=operators, trusted_proxy="127.0.0.1"))

    _guess(visitor, *["203.0.113.9"] * 5)

    assert visitor.log_in(**{"X-Forwarded-For": "203.0.113.9"}) == 429
    assert visitor.log_in(**{"X-Forwarded-For": "198.51.100.7"}) == 303


@pytest.mark.parametrize(
    "addresses",
    [
        # What the guesser writes stands before what the web server adds.
        [f"198.51.100.{n}, 203.0.113.9" for n in range(6)],
        [f"2001:db8::{n}" for n in range(6)],
    ],
)
def test_a_guesser_does_not_choose_who_guesses(
    page: Start, operators: Path, addresses: list[str]
) -> None:
    visitor = Visitor(page(operators_file=operators, trusted_proxy="127.0.0.1"))

    assert _guess(visitor, *addresses) == [403] * 5 + [429]


@pytest.mark.parametrize("proxy", ["", "127.0.0.2"])
def test_nobody_but_the_web_server_says_who_asks(page: Start, operators: Path, proxy: str) -> None:
    visitor = Visitor(page(operators_file=operators, trusted_proxy=proxy))

    assert _guess(visitor, *(f"203.0.113.{n}" for n in range(6))) == [403] * 5 + [429]


def test_a_new_password_or_a_removed_operator_ends_the_session(
    page: Start, operators: Path
) -> None:
    url = page(operators_file=operators)
    visitor, other = Visitor(url), Visitor(url)
    visitor.log_in("sari")
    other.log_in("budi")
    assert 'class="who">sari' in visitor.ask("/")[1]

    add_operator(operators, "sari", Secret("another long one"))
    lines = [line for line in operators.read_text().splitlines() if not line.startswith("budi")]
    operators.write_text("\n".join(lines) + "\n")

    assert 'class="who"' not in visitor.ask("/")[1]
    assert 'class="who"' not in other.ask("/")[1]


def test_a_login_at_one_center_holds_at_another_with_the_same_file(
    page: Start, operators: Path
) -> None:
    visitor = Visitor(page(operators_file=operators))
    visitor.log_in()

    other = Visitor(page(operators_file=operators), cookies=visitor.cookies)

    assert 'class="who">sari' in other.ask("/")[1]


def test_looking_can_ask_for_a_login_too(page: Start, operators: Path) -> None:
    visitor = Visitor(page(operators_file=operators, login_to_read=True))
    picture = "/picture/palembang/plaju-01/one/abc.jpg"

    assert [visitor.ask(path)[0] for path in ("/", ALERT, "/changes?after=0", picture)] == [302] * 4
    visitor.log_in()
    assert visitor.ask("/")[0] == 200


def test_a_name_of_somebody_elses_is_turned_away(page: Start) -> None:
    visitor = Visitor(page(url="https://center.example"))

    assert visitor.ask("/", Host="evil.example")[0] == 421
    assert visitor.ask("/", Host="127.0.0.1.evil.example:80")[0] == 421
    assert visitor.ask("/", Host="center.example")[0] == 200
    assert visitor.ask("/", Host="localhost:8480")[0] == 200


def test_every_answer_forbids_frames_foreign_scripts_and_guessing(page: Start) -> None:
    visitor = Visitor(page())

    for path in ("/", ALERT, "/changes?after=0", "/static/live.js", "/nowhere"):
        visitor.ask(path)
        assert "default-src 'none'" in visitor.headers["content-security-policy"]
        assert "unsafe" not in visitor.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in visitor.headers["content-security-policy"]
        assert visitor.headers["x-content-type-options"] == "nosniff"
        assert visitor.headers["x-frame-options"] == "DENY"
    assert "server" not in visitor.headers


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/static/../app.py",
            "/static/%2e%2e/app.py",
            "/static/..%2fapp.py",
            "/static//etc/passwd",
        ),
        *("/picture/../../etc/passwd.jpg", "/picture/a/b/c/..%2f..%2fx.jpg", "/message/a/b/1e9"),
        *("/alert/a/b/%00", "/message/palembang/plaju-01/99999999999999999999999999"),
    ],
)
def test_no_path_leads_out_of_the_page(page: Start, path: str) -> None:
    status, text = Visitor(page()).ask(path)

    assert status in {301, 308, 404}
    assert "root:" not in text


@pytest.mark.parametrize(
    "query", ["?before=nan", "?before=x", "?after=x", "?after=-1", "?agency=%25'", "?lang=../x"]
)
def test_odd_questions_get_a_page(page: Start, query: str) -> None:
    visitor = Visitor(page())

    assert visitor.ask(f"/{query}")[0] == 200
    assert visitor.ask(f"/changes{query}")[0] == 200


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "/\n/x"]
)
def test_a_login_leads_nowhere_else(page: Start, operators: Path, back: str) -> None:
    visitor = Visitor(page(operators_file=operators))
    form = {"name": "sari", "password": PASSWORD, "token": visitor.token(), "back": back}

    assert visitor.ask("/login", form)[0] == 303
    assert visitor.headers["location"] == "/"


def test_a_signed_message_comes_as_it_was_stored(page: Start, database: Database) -> None:
    stored = database.read(lambda t: t.rows("SELECT payload FROM messages"))[0][0]
    visitor = Visitor(page())

    status, text = visitor.ask("/message/palembang/plaju-01/1")

    assert (status, text.encode()) == (200, bytes(stored))
    assert visitor.headers["content-disposition"].startswith("attachment")


def test_what_is_stored_can_be_taken_along(page: Start, database: Database) -> None:
    visitor = Visitor(page())

    status, table = visitor.ask("/export/alerts.csv?severity=medium")
    _, none = visitor.ask("/export/alerts.csv?severity=high")
    _, lines = visitor.ask("/export/messages.jsonl")

    assert status == 200
    assert len(table.splitlines()) == 2
    assert len(none.splitlines()) == 1
    for what, lines_of_it in (("rule=walkway", 2), ("rule=x", 1), ("agency=satpol-pp", 2),
                              ("agency=bpbd", 1), ("handling=closed", 1)):  # fmt: skip
        chosen = visitor.ask(f"/export/alerts.csv?{what}")[1]
        assert len(chosen.splitlines()) == lines_of_it, "what is filtered is what is exported"
    assert visitor.ask("/export/alerts.csv?for=excel")[1].startswith("\ufeffreceived (")
    assert visitor.headers["content-type"] == "text/csv; charset=utf-8"
    stored = database.read(lambda t: t.rows("SELECT payload FROM messages"))[0][0]
    assert json.loads(lines)["payload"].encode() == bytes(stored)
    assert visitor.ask("/export/everything")[0] == 404


@pytest.mark.parametrize("listen", ["0.0.0.0:8480", "[::]:8480", "192.0.2.1:80"])
def test_plain_http_beyond_this_machine_must_be_asked_for(listen: str) -> None:
    with pytest.raises(EdgeAgentError, match="plain HTTP"):
        read_listen(WebOptions(listen=listen))

    assert read_listen(WebOptions(listen=listen, insecure=True))[1] in {80, 8480}


@pytest.mark.parametrize("listen", ["8480", "localhost:8480", "127.0.0.1", "127.0.0.1:x", ""])
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(EdgeAgentError, match="no address"):
        read_listen(WebOptions(listen=listen))


def test_a_file_of_operators_that_others_may_read_is_refused(operators: Path) -> None:
    operators.chmod(0o644)

    with pytest.raises(EdgeAgentError, match="others may read"):
        read_operators(operators)


@pytest.mark.parametrize(
    ("name", "password"), [("a b", PASSWORD), ("", PASSWORD), ("sari", "short")]
)
def test_no_odd_names_and_no_short_passwords(tmp_path: Path, name: str, password: str) -> None:
    with pytest.raises(EdgeAgentError):
        add_operator(tmp_path / "operators", name, Secret(password))

    assert not (tmp_path / "operators").exists()
