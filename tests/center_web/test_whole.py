"""From a box to an operator and an agency: the center as a process, a real broker, a real browser."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.database import open_database
from tests.center.boxes import Sender
from tests.center.street import Street
from tests.center_web.agency import Agency
from tests.center_web.city import a_picture
from tests.peers.center import until
from tests.peers.reference_center import ReferenceCenter

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.browser import Browser
    from tests.peers.mosquitto import Mosquitto

pytestmark = pytest.mark.journey
PASSWORD = "a long enough one"
WEB = """
[web]
listen = "127.0.0.1:0"
language = "en"
operators_file = "operators"
[[webhooks]]
agency = "satpol-pp"
url = "{url}"
secret_file = "secret"
"""


def _center(folder: Path, broker: Mosquitto, box: Sender, agency: Agency) -> ReferenceCenter:
    database = str(folder / "center.db")
    center = ReferenceCenter(folder, broker.url, database, more=WEB.format(url=agency.url))
    (folder / "boxes").write_text(f"{box.line}\n")
    (folder / "secret").write_text(f"whsec_{base64.b64encode(bytes(32)).decode()}\n")
    (folder / "secret").chmod(0o600)
    return center


def _add_operator(center: ReferenceCenter, name: str, password: str = PASSWORD) -> None:
    words = center._command("operator", "add", name)
    told = {"input": f"{password}\n", "text": True, "timeout": 60}
    subprocess.run(words, check=True, capture_output=True, **told)  # noqa: S603 (our own command line)


def test_an_alert_comes_to_the_operator_and_to_the_agency(
    tmp_path: Path, broker: Mosquitto, browser: Browser
) -> None:
    box, picture = Sender(tmp_path), a_picture()
    with Agency(503, 204) as agency:
        center = _center(tmp_path / "center", broker, box, agency)
        _add_operator(center, "sari")
        public = center.ask("key").stdout.split('"')[1]
        with center, Street(broker.port, public) as street:
            until(lambda: "connected to" in center.words(), 15, center.words)
            # The page and the connection begin side by side.
            until(lambda: "the page is at" in center.words(), 15, center.words)
            url = re.findall(r"the page is at (\S+)", center.words())[0]
            browser.open(url)

            alert = box.alert("one", picture=picture, agencies=["satpol-pp"])
            street.send(alert, box.picture("one", picture), box.status())

            drawn = "return document.querySelector('.card img')?.naturalWidth"
            browser.until(lambda: browser.driver.execute_script(drawn) == 480, "no picture")
            until(lambda: len(agency.received) == 2, 15, center.words)
            assert json.loads(agency.received[1].body)["data"]["alert"]["id"] == "one"
            browser.one(".card .picture").click()
            assert "✓ verified" in browser.text(".badges")
            done = center.ask("set", str(box.box), "one", "acknowledged", "--by", "budi")
            assert done.returncode == 0, done.stderr
            browser.open(url)
            assert "acknowledged · budi" in browser.text(".card .handling")
            assert center.stop(10) == 0


def test_people_at_the_command_line_are_told_what_does_not_go(
    tmp_path: Path, broker: Mosquitto
) -> None:
    box = Sender(tmp_path)
    with Agency() as agency:
        center = _center(tmp_path / "center", broker, box, agency)
    assert center.ask("key").returncode == 0
    database = open_database(str(center.folder / "center.db"))
    database.write(
        lambda t: t.run(
            "INSERT INTO deliveries (agency, url, site, box, alert_id, revision, body, tries,"
            " since_wall, next_wall, state, last_error)"
            " VALUES ('satpol-pp', ?, 's', 'b', 'one', 0, x'00', 50, 1, 1, 'dead', 'HTTP 500')",
            agency.url,
        )
    )
    database.close()

    unknown = center.ask("set", "palembang/plaju-01", "nothing", "acknowledged", "--by", "budi")
    listed = center.ask("deliveries", "list")
    retried = center.ask("deliveries", "retry")

    assert "has no alert nothing" in unknown.stderr
    assert (unknown.returncode, listed.returncode, retried.returncode) == (1, 1, 0)
    assert "HTTP 500" in listed.stdout
    assert "1 were given up" in listed.stdout
    assert "1 will be tried again" in retried.stdout
    assert "Traceback" not in unknown.stderr + listed.stderr + retried.stderr


def test_two_centers_cannot_have_one_port(tmp_path: Path, broker: Mosquitto) -> None:
    box = Sender(tmp_path)
    with Agency() as agency:
        center = _center(tmp_path / "center", broker, box, agency)
    assert center.ask("key").returncode == 0
    _add_operator(center, "sari")
    file = center.folder / "center.toml"
    file.write_text(file.read_text().replace("127.0.0.1:0", f"127.0.0.1:{broker.port}"))

    done = center.ask("run")

    assert done.returncode == 1
    assert "the page cannot listen" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
