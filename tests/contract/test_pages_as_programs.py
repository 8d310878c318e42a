"""A center engineer copies the code of the reference pages, and it works: at a real broker, with a real box."""

from __future__ import annotations

import base64
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
from cryptography.exceptions import InvalidSignature
from jsonschema import Draft202012Validator

from edge_agent.alerts.album import Picture
from edge_agent.alerts.compose import Composer
from edge_agent.alerts.identity import Identities
from edge_agent.alerts.seal import open_seal
from edge_agent.contract import Range, Receipt, read_receipt
from edge_agent.contract.letter import open_letter
from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.daemon.receipts import Receipts
from edge_agent.domain.alert import Alert
from edge_agent.domain.chain import Link as Place
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.spool.chain import NO_HASH
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.box import public_key
from tests.fakes.clock import FakeClock
from tests.fakes.frames import grey_frame
from tests.house.source import ROOT
from tests.house.test_alert_contract import FINDING, ORIGIN
from tests.house.test_contract_schemas import schema
from tests.peers.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.peers.mosquitto import Mosquitto

PAGES = ROOT / "docs" / "reference"
SITE, BOX = ORIGIN.site, ORIGIN.box
USERS = {BOX: "box's word", "center": "center's word"}


def blocks(page: str, language: str) -> list[str]:
    text = (PAGES / page).read_text(encoding="utf-8")
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block for told, block in fenced if told == language]


def _shell(commands: str, folder: Path) -> str:
    done = subprocess.run(  # noqa: S603 (our own page)
        ["/bin/sh", "-ec", commands], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def an_alert(number: int) -> Alert:
    """An alert as a box composes it, with a picture that it names."""
    clock = FakeClock()
    jpeg = b"\xff\xd8" + random.Random(number).randbytes(3000)
    picture = Picture(jpeg, sha256(jpeg).hexdigest(), 480, 270, taken_at=516.8)
    names = Identities(clock.wall, random.Random(number))
    composer = Composer(ORIGIN, names, clock.state, clock.mono)
    return composer.compose(FINDING, grey_frame(517.2), picture)


class Box:
    """A box that forgets nothing before the center's receipt."""

    def __init__(self, folder: Path, broker: Mosquitto, center_key: str) -> None:
        seal = open_seal(folder / "keys", site=SITE, box=BOX, wall=SystemClock().wall)
        self.seal, self.key = seal, public_key(seal)
        self.spool = open_spool(folder / "spool.db", SpoolOptions(size_mb=16), seal)
        self._is_started = False
        self.stop, clock = Stop(), SystemClock()
        options = BrokerOptions(
            url=broker.url, insecure=True, username=BOX, password=Secret(USERS[BOX])
        )
        link = Link(options, site=SITE, box=BOX, head=self.spool.head)
        self._link = link
        link.listen()
        receipts = Receipts(self.spool, clock, [center_key], site=SITE, box=BOX)
        self.loop = PublishLoop(self.spool, link, clock, self.stop, receipts)
        self.worker = Worker("publish", self.loop.run, on_failure=self.stop.tell)

    def start(self) -> None:
        self.worker.start()
        self._is_started = True

    def keep(self, *numbers: int) -> None:
        for number in numbers:
            self.spool.append(an_alert(number))
        self.loop.nudge()

    def until_forgotten(self, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while self.spool.state().waiting:
            assert time.monotonic() < deadline, (self.loop.state(), self.spool.state())
            threading.Event().wait(0.05)

    def end(self) -> None:
        self.stop.tell()
        self.loop.nudge()
        if self._is_started:
            assert self.worker.join(5)
        else:
            self._link.say_goodbye(0)
        self.spool.close()


class Program:
    """The page's program as a process of its own."""

    def __init__(self, folder: Path, broker: Mosquitto, name: str = "center-1") -> None:
        self._folder = folder
        (folder / "subscriber.py").write_text(*blocks("subscriber.md", "python"))
        (folder / "secret").write_text(USERS["center"] + "\n")
        self._log = folder / f"{name}.log"
        self._command = [
            sys.executable,
            "subscriber.py",
            broker.url,
            *("boxes", "center.pem", "alerts.sqlite", "--username", "center"),
            *("--password-file", "secret", "--name", name),
        ]

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (our own page)
                self._command, cwd=self._folder, stdout=log, stderr=log
            )
        self.until("subscribed")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(5)

    def kill(self) -> None:
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(5)

    def until(self, words: str, seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while words not in self._log.read_text():
            assert time.monotonic() < deadline, self._log.read_text()
            assert self._process.poll() is None, self._log.read_text()
            threading.Event().wait(0.05)

    def rows(self, question: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self._folder / "alerts.sqlite")) as database:
            return database.execute(question).fetchall()


@pytest.fixture
def broker(start_broker: Callable[..., Mosquitto]) -> Mosquitto:
    """A mosquitto with the access rules of both pages, word for word."""
    [boxes] = [block for block in blocks("topics.md", "") if "pattern" in block]
    [center] = blocks("subscriber.md", "acl")
    return start_broker(users=USERS, acl=boxes + center, persistence=True)


@pytest.fixture
def center_key(tmp_path: Path) -> str:
    """Make the center's key as the page says, and return what it prints."""
    [commands] = blocks("subscriber.md", "sh")
    return _shell(commands, tmp_path)


@pytest.fixture
def box(tmp_path: Path, broker: Mosquitto, center_key: str) -> Iterator[Box]:
    box = Box(tmp_path, broker, center_key)
    line = f"{SITE}/{BOX} {base64.b64encode(box.key).decode()}\n"
    (tmp_path / "boxes").write_text("# as `edge-agent key show` prints it\n" + line)
    with ExitStack() as running:
        running.callback(box.end)
        yield box


def _box_says(broker: Mosquitto, path: str, payload: bytes) -> None:
    with Listener(broker.port, BOX, USERS[BOX], wants="none", name="forger") as forger:
        forger.publish(f"city/v1/{SITE}/{BOX}/up/{path}", payload)


def test_the_program_of_the_page_stores_alerts_and_pictures_and_the_box_may_forget_them(
    tmp_path: Path, broker: Mosquitto, box: Box
) -> None:
    with Program(tmp_path, broker) as program:
        box.start()
        box.keep(1, 2, 3)
        box.until_forgotten()

        stored = program.rows("SELECT seq, payload FROM messages ORDER BY seq")
        pictures = {row[0] for row in program.rows("SELECT sha256 FROM pictures")}

    assert [seq for seq, _ in stored] == [1, 2, 3]
    bodies = [json.loads(payload.partition(b"\n")[0]) for _, payload in stored]
    assert {body["thumb"]["sha256"] for body in bodies} == pictures
    assert [body["place"]["name"] for body in bodies] == ["Simpang Plaju"] * 3


def test_killed_in_the_middle_it_loses_nothing_and_stores_nothing_twice(
    tmp_path: Path, broker: Mosquitto, box: Box
) -> None:
    with Program(tmp_path, broker) as program:
        box.start()
        box.keep(*range(20))
        program.until("stored")
        program.kill()
    box.keep(*range(20, 30))
    with Program(tmp_path, broker) as program:
        box.until_forgotten(60)

        stored = program.rows("SELECT seq FROM messages ORDER BY seq")

    assert [seq for (seq,) in stored] == list(range(1, 31))


def test_two_instances_share_the_load_and_one_database(
    tmp_path: Path, broker: Mosquitto, box: Box
) -> None:
    with Program(tmp_path, broker) as one, Program(tmp_path, broker, "center-2") as other:
        box.start()
        box.keep(*range(20))
        box.until_forgotten()

        assert one.rows("SELECT count(*) FROM messages") == [(20,)]
        one.until("stored")
        other.until("stored")


def test_what_is_not_the_box_s_is_refused_and_never_confirmed(
    tmp_path: Path, broker: Mosquitto, box: Box
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    seal = open_seal(folder / "keys", site=SITE, box=BOX, wall=SystemClock().wall)
    unknown = seal.seal(an_alert(1).body, Place(1, NO_HASH)).payload
    genuine = box.seal.seal(an_alert(1).body, Place(9, NO_HASH)).payload
    altered = genuine.replace(b'"seq":9', b'"seq":8')
    # Of a status, by whoever may publish as this box.
    head = box.seal.head(Place(9, NO_HASH), None).encode()
    broken = (b"no json", b"{}\n{}", genuine[:200], b"[" * 60_000 + b"\n", head)

    with Program(tmp_path, broker) as program:
        with Listener(broker.port, "center", USERS["center"], name="ear") as ear:
            for payload in (unknown, altered, *broken):
                _box_says(broker, "alert/gate", payload)
            _box_says(broker, "alert/gate", genuine)
            ear.wait_for(lambda c: any("/down/" in one.topic for one in c.heard))
            down = [one for one in ear.heard if "/down/" in one.topic]
            receipt = _read(down[0].payload, tmp_path)

        whys = [str(why) for (why,) in program.rows("SELECT why FROM refused")]
    assert [one.range for one in receipt.stored] == [Range(9, 9)]
    assert len(down) == 1
    assert (len(whys), "unknown key" in whys[0], "altered" in whys[1]) == (7, True, True)


def _read(payload: bytes, folder: Path) -> Receipt:
    show = blocks("subscriber.md", "sh")[0].splitlines()[1]
    key = base64.b64decode(_shell(show, folder))
    Draft202012Validator(schema("receipt")).validate(json.loads(payload.partition(b"\n")[0]))
    receipt = read_receipt(open_letter(payload, [key], kind="receipt", site=SITE, box=BOX).members)
    assert receipt is not None
    return receipt


def test_the_ten_lines_of_the_chain_page_tell_a_genuine_alert_from_an_altered_one(
    tmp_path: Path,
) -> None:
    [lines] = blocks("chain.md", "python")
    seal = open_seal(tmp_path / "keys", site=SITE, box=BOX, wall=SystemClock().wall)
    payload = seal.seal(an_alert(1).body, Place(1, NO_HASH)).payload
    key = base64.b64encode(public_key(seal)).decode()

    given = {"payload": payload, "key": key}
    exec(lines, given)  # noqa: S102 (our own page)

    assert given["alert"]["seq"] == 1
    assert given["digest"] == sha256(payload.partition(b"\n")[0]).hexdigest()
    with pytest.raises(InvalidSignature):
        exec(lines, given | {"payload": payload.replace(b'"medium"', b'"low"')})  # noqa: S102 (as above)


def test_the_status_of_the_topics_page_is_lawful() -> None:
    [status] = blocks("topics.md", "json")

    Draft202012Validator(schema("status")).validate(json.loads(status))
