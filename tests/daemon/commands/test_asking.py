"""A real agent and a real broker: what the center asks is done once, and what others ask is not."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.fakes.center_key import CenterKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.daemon.commands.conftest import Post
    from tests.peers.commander import Commander

pytestmark = pytest.mark.journey


def test_a_ping_is_answered_with_who_it_is(obeys: Callable[..., Commander]) -> None:
    center = obeys("ping")

    answer = center.ask("ping")

    assert answer.result == "done"
    assert answer.data["session"] == center.session()
    assert answer.data["commands"] == ["ping"]


def test_the_answer_carries_what_the_question_gave_for_it(
    obeys: Callable[..., Commander], post: Post
) -> None:
    center = obeys()
    sent = center.write("ping")

    center.post(sent.payload, correlation=b"desk 7")

    center.last(sent)
    assert [one.correlation for one in post.listener.of("res")] == [b"desk 7"]


def test_the_health_is_told_when_it_is_asked_for(obeys: Callable[..., Commander]) -> None:
    health = obeys().ask("health").data["health"]

    assert isinstance(health, dict)
    assert health["type"] == "health"
    assert health["refused"]["commands"] == 0


def test_the_same_command_again_is_answered_again_and_not_done_again(
    obeys: Callable[..., Commander], post: Post
) -> None:
    center = obeys()
    sent = center.send("restart")
    assert center.last(sent, 30).result == "done"
    starts = post.agent.words().count("edge-agent 0.")

    center.post(sent.payload)
    post.listener.wait_for(lambda _: len(center.answers(sent.id)) == 3)

    assert center.ask("ping").result == "done"
    assert post.agent.words().count("edge-agent 0.") == starts == 2


def test_what_was_not_allowed_is_refused(obeys: Callable[..., Commander]) -> None:
    answer = obeys("ping").ask("restart")

    assert answer.result == "refused"
    assert "not among the commands" in answer.reason


def test_a_command_for_an_earlier_start_is_refused(obeys: Callable[..., Commander]) -> None:
    center = obeys()

    answer = center.ask("ping", session=center.session() - 1)

    assert (answer.result, answer.reason) == ("refused", "meant for an earlier start of this box")


def test_strangers_get_one_answer_a_minute_that_tells_nothing(
    obeys: Callable[..., Commander], post: Post
) -> None:
    center = obeys()
    forged = [center.write("restart", key=CenterKey()).payload for _ in range(3)]
    unsigned = center.write("restart").payload.partition(b"\n")[0]
    foreign = center.write("restart", box="other").payload
    large = center.write("restart", {"x": "y" * 66_000}).payload

    for payload in (*forged, unsigned, foreign, large, b"\xff", b"{}"):
        center.post(payload)
    health = center.ask("health").data["health"]

    told = [one for one in center.answers() if one.result == "refused"]
    assert [(one.id, one.verb) for one in told] == [("00000000-0000-0000-0000-000000000000", "")]
    assert isinstance(health, dict)
    assert health["refused"]["commands"] == 8
    assert post.agent.words().count("edge-agent 0.") == 1


def test_a_restart_is_not_repeated_when_the_agent_is_killed_over_it(
    obeys: Callable[..., Commander], post: Post
) -> None:
    center = obeys()
    sent = center.send("restart")
    post.listener.wait_for(lambda _: bool(center.answers(sent.id)))

    post.agent.kill()
    post.agent.start()

    assert center.last(sent, 30).result in {"done", "failed"}
    before = post.agent.words().count("edge-agent 0.")
    time.sleep(2)  # noqa: TID251 (it must not begin anew meanwhile)
    assert post.agent.words().count("edge-agent 0.") == before


def test_a_supervisor_sees_a_restart_as_a_reload_of_the_same_process(
    obeys: Callable[..., Commander],
    post: Post,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(0)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        center = obeys()
        process = post.agent._running().pid

        assert center.ask("restart", seconds=30).result == "done"

        heard = []
        with suppress(BlockingIOError):
            while True:
                heard.append(line.recv(4096).decode().split("\n")[0])
    told = [one for one in heard if one in {"READY=1", "RELOADING=1", "STOPPING=1"}]
    assert told == ["READY=1", "RELOADING=1", "READY=1"]
    assert post.agent._running().pid == process
    assert post.agent.stop() == 0
