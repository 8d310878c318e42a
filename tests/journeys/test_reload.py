"""`systemctl reload`: what is changed counts, and whoever has nothing to do with it goes on."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from edge_agent.alerts.box_key import FOLDER, find_keys
from edge_agent.contract import Chain, Report
from tests.peers.center import Center, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.peers.agent import Agent
    from tests.peers.mosquitto import Mosquitto
    from tests.peers.rtsp import RtspServer
    from tests.peers.supervisor import Supervisor

pytestmark = [pytest.mark.journey, pytest.mark.usefixtures("supervisor")]

TAKEN = "the configuration is taken in"
# Told again and again while it lasts: then a visit is seen to go on.
OFTEN = "update_s = 1.0\n"


def reload(agent: Agent, word: str = TAKEN) -> None:
    before = agent.words().count(word)
    agent.tell(signal.SIGHUP)
    until(lambda: agent.words().count(word) > before, 15, agent.words)


def edit(agent: Agent, name: str, old: str, new: str) -> None:
    file = agent.folder / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def camera(agent: Agent, name: str) -> dict[str, Any]:
    status = agent.status()
    assert status is not None
    return next(one for one in status["cameras"] if one["id"] == name)


def revisions(center: Center, name: str) -> list[dict[str, Any]]:
    return [alert for alert in center.alerts() if alert["camera"] == name]


def open_at_the_end(alerts: list[dict[str, Any]]) -> set[str]:
    last = {alert["id"]: alert["state"] for alert in alerts}
    return {name for name, state in last.items() if state != "end"}


def test_who_is_watched_goes_on_being_watched_over_a_reload(
    rtsp_server: Callable[..., RtspServer],
    street_h264: Path,
    center: Center,
    broker: Mosquitto,
    make_agent: Callable[..., Agent],
    supervisor: Supervisor,
) -> None:
    street = rtsp_server(street_h264)
    agent = make_agent(broker.url)
    agent.add_camera("gate", street.url())
    edit(agent, "cameras.d/gate.toml", "patience_s = 0.4\n", f"patience_s = 0.4\n{OFTEN}")
    agent.start()
    until(lambda: open_at_the_end(revisions(center, "gate")), 40, agent.words)

    edit(agent, "agent.toml", "[broker]", '[place]\nname = "Plaju"\n[broker]')
    reload(agent)
    until(lambda: any(one["place"] for one in revisions(center, "gate")), 40, agent.words)

    before = {one["id"] for one in revisions(center, "gate") if not one["place"]}
    after = {one["id"] for one in revisions(center, "gate") if one["place"]}
    assert before & after, "no visit went on"
    assert street.connections == 1
    assert camera(agent, "gate")["connections"] == 1
    assert camera(agent, "gate")["broken_frames"] == 0
    heard = supervisor.heard()
    told = heard.index("RELOADING=1")
    assert heard[told + 1].startswith("MONOTONIC_USEC=")
    assert "READY=1" in heard[told:]
    assert agent.stop() == 0


def test_another_zone_counts_at_once_and_the_old_visits_end(
    rtsp_server: Callable[..., RtspServer],
    street_h264: Path,
    center: Center,
    broker: Mosquitto,
    make_agent: Callable[..., Agent],
) -> None:
    street = rtsp_server(street_h264)
    agent = make_agent(broker.url).add_camera("gate", street.url()).start()
    until(lambda: open_at_the_end(revisions(center, "gate")), 40, agent.words)

    edit(agent, "cameras.d/gate.toml", '"street"', '"pavement"')
    reload(agent)
    until(
        lambda: any(one["zone"] == "pavement" for one in revisions(center, "gate")),
        40,
        agent.words,
    )

    old = [one for one in revisions(center, "gate") if one["zone"] == "street"]
    assert not open_at_the_end(old)
    assert street.connections == 1
    assert agent.stop() == 0


def test_cameras_come_and_go_and_are_connected_anew_alone(
    rtsp_server: Callable[..., RtspServer],
    street_h264: Path,
    center: Center,
    broker: Mosquitto,
    make_agent: Callable[..., Agent],
) -> None:
    stays, goes, comes, other = (rtsp_server(street_h264) for _ in range(4))
    agent = make_agent(broker.url)
    agent.add_camera("stays", stays.url()).add_camera("goes", goes.url())
    agent.add_camera("changes", other.url())
    agent.start()
    until(lambda: open_at_the_end(revisions(center, "goes")), 40, agent.words)

    (agent.folder / "cameras.d" / "goes.toml").unlink()
    agent.add_camera("comes", comes.url())
    edit(agent, "cameras.d/changes.toml", "[[zones]]", 'idle = "full"\n[[zones]]')
    reload(agent)
    until(lambda: revisions(center, "comes"), 40, agent.words)
    until(lambda: other.connections == 2, 20, agent.words)
    until(
        lambda: (
            center.statuses()[-1]["cameras"]
            == dict.fromkeys(("stays", "comes", "changes"), "streaming")
        ),
        30,
        agent.words,
    )

    assert "added: comes; removed: goes; connected anew: changes" in agent.words()
    assert (stays.connections, goes.connections, comes.connections) == (1, 1, 1)
    until(lambda: not open_at_the_end(revisions(center, "goes")), 10, agent.words)
    assert agent.stop() == 0


def test_a_file_that_is_wrong_changes_nothing(
    rtsp_server: Callable[..., RtspServer],
    street_h264: Path,
    center: Center,
    broker: Mosquitto,
    make_agent: Callable[..., Agent],
    supervisor: Supervisor,
) -> None:
    street = rtsp_server(street_h264)
    agent = make_agent(broker.url).add_camera("gate", street.url()).start()
    until(center.verified, 40, agent.words)

    edit(agent, "agent.toml", "[broker]", '[place]\nname = "Plaju"\n[broker]')
    edit(agent, "cameras.d/gate.toml", 'zone = "street"', 'zone = "stret"')
    reload(agent, "the configuration was not taken in, the one before goes on")
    before = len(center.alerts())
    until(lambda: len(center.alerts()) > before, 40, agent.words)

    assert 'there is no zone "stret"' in agent.words()
    assert TAKEN not in agent.words()
    assert center.alerts()[-1]["place"] is None
    assert "was not taken in" in (agent.status() or {})["files_problem"]
    assert any(
        line.startswith("STATUS=") and "was not taken in" in line for line in supervisor.heard()
    )

    edit(agent, "cameras.d/gate.toml", 'zone = "stret"', 'zone = "street"')
    reload(agent)
    assert (agent.status() or {})["files_problem"] == ""
    assert street.connections == 1
    assert agent.stop() == 0


def test_the_command_waits_for_it_and_fails_where_a_file_is_wrong(
    broker: Mosquitto, make_agent: Callable[..., Agent]
) -> None:
    agent = make_agent(broker.url).add_camera("gate", "rtsp://127.0.0.1:1/main").start()
    until(agent.status, 20, agent.words)

    edit(agent, "agent.toml", "[broker]", '[place]\nname = "Plaju"\n[broker]')
    well = agent.ask("reload")
    assert (well.returncode, well.stdout) == (0, "✓ files  taken in\n")
    assert agent.words().count(TAKEN) == 1

    edit(agent, "cameras.d/gate.toml", 'zone = "street"', 'zone = "stret"')
    wrong = agent.ask("reload")
    assert wrong.returncode == 1
    assert 'there is no zone "stret"' in wrong.stdout

    edit(agent, "agent.toml", "[broker]", "[brokr]")
    assert agent.ask("reload").returncode == 78
    assert agent.words().count("was not taken in") == 1
    assert agent.stop() == 0


def test_an_agent_started_by_hand_is_not_ended_by_the_command(
    broker: Mosquitto, make_agent: Callable[..., Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET")
    agent = make_agent(broker.url).start()
    until(agent.status, 20, agent.words)

    refused = agent.ask("reload")

    assert refused.returncode == 1
    assert "was not started by systemd" in refused.stderr
    assert agent.status() is not None
    assert agent.stop() == 0


def test_what_only_a_start_can_change_is_named_in_one_line(
    broker: Mosquitto, make_agent: Callable[..., Agent]
) -> None:
    agent = make_agent(broker.url).start()
    until(agent.status, 20, agent.words)

    edit(agent, "agent.toml", 'box = "box"', 'box = "other"')
    edit(agent, "agent.toml", "[broker]", "[objects]\nthreads = 2\n[spool]\nsize_mb = 64\n[broker]")
    reload(agent)

    wanted = "counts only after a restart: box, [objects] threads, [spool] size_mb"
    assert wanted in agent.words()
    status = agent.status() or {}
    assert (status["box"], status["files_problem"]) == ("box", wanted)
    assert agent.stop() == 0


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_another_way_to_the_center_costs_no_alert(
    rtsp_server: Callable[..., RtspServer],
    street_h264: Path,
    start_broker: Callable[..., Mosquitto],
    make_agent: Callable[..., Agent],
    is_elsewhere: bool,  # noqa: FBT001 (pytest's)
) -> None:
    old = start_broker()
    new = start_broker() if is_elsewhere else old
    street = rtsp_server(street_h264)
    agent = make_agent(old.url)
    agent.add_camera("gate", street.url())
    edit(agent, "cameras.d/gate.toml", "patience_s = 0.4\n", f"patience_s = 0.4\n{OFTEN}")
    with ExitStack() as running:
        centers = [running.enter_context(Center(one.port)).listens() for one in {old, new}]
        agent.start()
        until(lambda: count(centers), 40, agent.words)
        for seconds in (20, 21, 22):
            go_another_way(agent, old, new, seconds)
            old, new = new, old
            before = count(centers)
            until(lambda many=before: count(centers) > many, 40, agent.words)
        report, statuses = end(agent, centers)

    assert report.is_whole, report
    assert street.connections == 1
    assert agent.words().count("left the broker") == 3
    # A broker is left for good, but for itself: there nobody notices.
    assert [one["state"] for one in statuses].count("stopped") == (4 if is_elsewhere else 1)
    assert all(one["state"] != "offline" for one in statuses)
    assert len({one["session"] for one in statuses}) == 1


def count(centers: list[Center]) -> int:
    return sum(len(one.alerts()) for one in centers)


def go_another_way(agent: Agent, old: Mosquitto, new: Mosquitto, seconds: int) -> None:
    edit(agent, "agent.toml", old.url, new.url)
    edit(agent, "agent.toml", "[broker]", f"[broker]\nkeepalive_s = {seconds}")
    reload(agent, "connected to the broker")
    edit(agent, "agent.toml", f"keepalive_s = {seconds}\n", "")


def end(agent: Agent, centers: list[Center]) -> tuple[Report, list[dict[str, Any]]]:
    """Stop it; return what the signatures tell of all that came, and every status."""
    keys = find_keys(agent.folder / "state" / FOLDER)
    assert keys
    assert agent.stop() == 0
    until(lambda: agent.kept() <= set().union(*(one.got() for one in centers)), 20)
    until(lambda: all(one.statuses()[-1]["state"] == "stopped" for one in centers), 10)
    chain = Chain("test", "box", [keys.signer.public])
    for payload in [payload for one in centers for payload in one._signed]:
        chain.take(payload)
    return chain.report(), [status for one in centers for status in one.statuses()]
