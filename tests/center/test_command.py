"""The center's operator asks a real box, over a real broker, and believes the box only."""

from __future__ import annotations

import base64
import json
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.box_key import find_keys
from edge_agent.cli.center_command import read_args
from edge_agent.errors import EdgeAgentError
from tests.fakes.center_key import CenterKey
from tests.peers.agent import Agent
from tests.peers.center import until
from tests.peers.listener import Listener
from tests.peers.mosquitto import Mosquitto
from tests.peers.reference_center import ReferenceCenter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.peers.rtsp import RtspServer


class City:
    """A broker, a center, and one box that obeys it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        (folder / "broker").mkdir()
        self.broker = stack.enter_context(Mosquitto(folder / "broker"))
        self.center = ReferenceCenter(folder / "center", self.broker.url, f"{folder}/center.db")
        made = self.center.ask("key")
        key = made.stdout.split('"')[1]
        allowed = 'commands = ["ping", "snapshot"]'
        self.agent = Agent(
            folder / "box", self.broker.url, more=f'[center]\nkeys = ["{key}"]\n{allowed}'
        )
        self._stack = stack

    def begin(self) -> City:
        self._stack.enter_context(self.agent)
        self.agent.start()
        state = self.agent.folder / "state" / "keys"
        until((state / "box.pem").exists, 30, self.agent.words)
        keys = find_keys(state)
        assert keys
        line = base64.b64encode(keys.signer.public).decode()
        (self.center.folder / "boxes").write_text(f"test/box {line}\n")
        self._stack.enter_context(self.center)
        until(
            lambda: '"online"' in self.center.ask("boxes", "--json").stdout, 30, self.center.words
        )
        return self


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with ExitStack() as stack:
        yield City(tmp_path, stack)


@pytest.mark.journey
def test_a_box_answers_its_center(city: City) -> None:
    city.begin()

    done = city.center.ask("command", "test/box", "ping")

    assert (done.returncode, done.stderr) == (0, "")
    first, _, data = done.stdout.partition("\n")
    assert first == "✓ test/box ping: done"
    assert json.loads(data)["commands"] == ["ping", "snapshot"]


@pytest.mark.journey
def test_what_the_box_does_not_allow_is_refused_with_its_reason(city: City) -> None:
    city.begin()

    done = city.center.ask("command", "test/box", "restart")

    assert done.returncode == 1
    assert "✗ test/box restart: refused: restart is not among the commands" in done.stdout


@pytest.mark.journey
def test_the_picture_of_a_camera_comes_with_the_answer(
    city: City, tmp_path: Path, rtsp_server: Callable[..., RtspServer], street_h264: Path
) -> None:
    city.agent.add_camera("gate", rtsp_server(street_h264).url())
    city.begin()
    file = tmp_path / "seen.jpg"
    words = ("command", "test/box", "snapshot", "camera=gate", "--out", str(file))

    until(lambda: city.center.ask(*words).returncode == 0, 40, city.agent.words)

    assert file.read_bytes()[:2] == b"\xff\xd8"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.journey
def test_who_is_not_the_box_answers_in_vain(city: City) -> None:
    city.begin()
    city.agent.stop()
    # The listener has its name at the broker; a command needs no running center.
    city.center.stop()
    forger = CenterKey()
    words = city.center._command("command", "test/box", "ping", "--within", "5")
    with (
        Listener(city.broker.port) as listener,
        subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as asking,  # noqa: S603 (ours)
    ):
        listener.wait_for(lambda heard: bool(heard.of("cmd")), 30)
        asked = json.loads(listener.of("cmd")[0].payload.partition(b"\n")[0])
        told = {"id": asked["id"], "verb": "ping", "result": "done", "reason": "", "data": {}}
        whose = {"type": "response", "time": "", "site": "test", "box": "box"}
        listener.publish("city/v1/test/box/up/res", forger.letter(**told, **whose))
        _, complaint = asking.communicate(timeout=30)

    assert asking.returncode == 1
    assert "test/box did not answer within the time" in complaint
    assert "next: " in complaint


def test_a_box_that_nobody_has_listed_is_not_asked(city: City) -> None:
    done = city.center.ask("command", "test/other", "ping")

    assert done.returncode == 1
    assert "test/other is not in the list of boxes" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["camera=gate"], {"camera": "gate"}),
        (["on=false", "n=3"], {"on": False, "n": 3}),
        (['files={"agent.toml": null}'], {"files": {"agent.toml": None}}),
        (["until=2026-11-18T11:00:00Z", "empty="], {"until": "2026-11-18T11:00:00Z", "empty": ""}),
    ],
)
def test_arguments_are_words_or_json(words: list[str], told: dict[str, object]) -> None:
    assert read_args(words) == told


@pytest.mark.parametrize("words", [["camera"], ["=gate"], ["a=1", "a=2"]])
def test_what_is_no_argument_is_told(words: list[str]) -> None:
    with pytest.raises(EdgeAgentError, match="is no argument, or stands twice"):
        read_args(words)
