"""The picture of the center in the documents: `python -m demo.center_picture`, after `make setup`.

Real alerts: the agent watches Debian's street clip. Five places share what it saw, so that a page is
full; they are invented, like their boxes. A real browser then draws the page that a center serves.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge_agent.center.database import Database, open_database
from edge_agent.center.handling import Wish, change_handling
from edge_agent.center.web.options import WebOptions
from edge_agent.center.web.server import WebServer
from edge_agent.runtime.clock import SystemClock, rfc3339
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.center_web.city import CityBox
from tests.peers.browser import Browser
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_TARGET = debian.REPOSITORY / "docs" / "center.png"
_SITE = """
site = "palembang"
box = "plaju-01"
state_dir = "{folder}/state"
[broker]
url = "mqtt://127.0.0.1:1"
insecure = true
"""
_CAMERA = """
[stream]
url = "rtsp://127.0.0.1/street"
[[zones]]
name = "walkway"
outline = [[0.02, 0.30], [0.98, 0.30], [0.98, 0.98], [0.02, 0.98]]
[[rules]]
kind = "intrusion"
zone = "walkway"
name = "after-hours"
labels = ["person"]
patience_s = 2.0
"""
# Name, place, kelurahan, kecamatan, latitude, longitude.
_PLACES = (
    ("plaju-01", "Simpang Plaju", "Plaju Ulu", "Plaju", -2.9935, 104.7981),
    ("ilir-02", "Benteng Kuto Besak", "19 Ilir", "Bukit Kecil", -2.9919, 104.7594),
    ("jakabaring-03", "Jakabaring Sport City", "15 Ulu", "Seberang Ulu I", -3.0195, 104.7889),
    ("sako-04", "Simpang Sako", "Sako", "Sako", -2.9287, 104.7931),
    ("kertapati-05", "Stasiun Kertapati", "Kertapati", "Kertapati", -3.0169, 104.7519),
)
_SEVERITIES = ("high", "medium", "medium", "low")
_AGENCIES = (("satpol-pp", "polresta"), ("satpol-pp",), ("dishub",), ("bpbd",), ("polresta",))
_MOST = 24
# As wide as a document is shown.
_SCALE = 0.7


def main() -> None:
    """Draw it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = open_database(str(folder / "center.db"))
        _fill(database, _watch(folder))
        with _serving(database) as url, Browser(folder / "browser") as browser:
            wide = _look(browser, folder, url, (1440, 900), "dark")
            narrow = _look(browser, folder, url, (390, 900), "light")
            alert = url + browser.one(".card .picture").get_attribute("href").removeprefix(url)
            proof = _look(browser, folder, alert, (390, 900), "light")
        database.close()
    gap = np.full((wide.shape[0], 24, 3), 255, np.uint8)
    whole = np.hstack([wide, gap, narrow, gap, proof])
    small = cv2.resize(whole, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(_TARGET), small, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"wrote {_TARGET.relative_to(debian.REPOSITORY)}")


def _watch(folder: Path) -> list[tuple[dict[str, Any], bytes]]:
    """Let the agent watch the clip; return its first alerts with their pictures."""
    (folder / "cameras.d").mkdir()
    (folder / "agent.toml").write_text(_SITE.format(folder=folder))
    (folder / "cameras.d" / "gate.toml").write_text(_CAMERA)
    out = folder / "alerts"
    agent = [sys.executable, "-m", "edge_agent", "--config", folder, "replay"]
    subprocess.run([*agent, debian.CACHE / "vtest.avi", "--alerts", out], check=True)
    told = [(json.loads(file.read_bytes()), file) for file in sorted(out.glob("*.json"))]
    pairs = [(body, file.with_suffix(".jpg")) for body, file in told if body["state"] == "new"]
    return [(body, picture.read_bytes()) for body, picture in pairs if picture.exists()][:_MOST]


def _fill(database: Database, alerts: list[tuple[dict[str, Any], bytes]]) -> None:
    now = SystemClock().wall()
    boxes = []
    for name, *_ in _PLACES:
        box = CityBox(database, name)
        boxes.append(box)
        seen = now - 900 if name == "kertapati-05" else now - 12
        box.is_seen(seen, place_json=json.dumps(_place(len(boxes) - 1)))
    boxes[4].alarms(now - 700, "silent", "nothing heard for 3 minutes")
    for number, (body, picture) in enumerate(alerts):
        place = number * 3 % len(boxes)
        wall = now - (len(alerts) - number) * 47
        boxes[place].raises(
            body["id"],
            wall,
            picture,
            **{name: body[name] for name in ("camera", "rule", "zone", "objects")},
            visit={"began": rfc3339(wall - 2), "lasted_s": body["visit"]["lasted_s"]},
            severity=_SEVERITIES[number % len(_SEVERITIES)],
            agencies=list(_AGENCIES[place]),
            place=_place(place),
        )
    for number, steps in ((3, 1), (5, 2), (8, 3)):
        at = len(alerts) - number
        box = boxes[at * 3 % len(boxes)]
        _handle(database, box, alerts[at][0]["id"], steps, now - 30)


def _place(number: int) -> dict[str, Any]:
    _, name, kelurahan, kecamatan, latitude, longitude = _PLACES[number]
    area = {"kecamatan": kecamatan, "kelurahan": kelurahan}
    return {"name": name, "latitude": latitude, "longitude": longitude, "area": area}


def _handle(database: Database, box: CityBox, alert_id: str, steps: int, wall: float) -> None:
    states = ("new", "acknowledged", "dispatched", "closed")
    for was, becomes in islice(pairwise(states), steps):
        who = Wish(
            site=box.site, box=box.box, alert_id=alert_id, was=was, becomes=becomes, by_whom="sari"
        )
        change_handling(database, who, wall)


@contextmanager
def _serving(database: Database) -> Iterator[str]:
    stop = Stop()
    options = WebOptions(listen="127.0.0.1:0", language="en")
    server = WebServer(options, database, SystemClock(), silent_s=180.0)
    worker = Worker("page", lambda: server.run(stop), on_failure=stop.tell)
    worker.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        stop.tell()
        worker.join(10)


def _look(
    browser: Browser, folder: Path, url: str, size: tuple[int, int], scheme: str
) -> NDArray[np.uint8]:
    browser.resize(*size)
    browser.prefer(scheme)
    browser.open(url)
    drawn = "return [...document.images].every(i => i.complete && i.naturalWidth > 0)"
    lazy = "for (const i of document.images) i.loading = 'eager'"
    browser.driver.execute_script(lazy)
    browser.until(lambda: browser.driver.execute_script(drawn), "pictures are missing")
    browser.screenshot(folder / "page.png")
    return cv2.imread(str(folder / "page.png"))  # type: ignore[return-value]  # cv2 types every picture as any number


if __name__ == "__main__":
    main()
