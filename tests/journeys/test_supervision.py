"""What systemd sees of us, over a real notify socket."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.agent import Agent
from tests.peers.center import Center, until
from tests.peers.mosquitto import Mosquitto
from tests.peers.silent import SilentServer
from tests.peers.supervisor import Supervisor

pytestmark = pytest.mark.journey


def test_systemd_hears_that_we_are_ready_alive_and_going(
    supervisor: Supervisor, broker: Mosquitto, make_agent: Callable[..., Agent]
) -> None:
    with SilentServer() as silent:
        agent = make_agent(broker.url)
        agent.add_camera("gate", f"rtsp://127.0.0.1:{silent.port}/main").start()

        until(lambda: supervisor.heard().count("WATCHDOG=1") >= 2, 20, agent.words)
        code = agent.stop(within_s=5.0)

    heard = supervisor.heard()
    assert code == 0
    assert heard[0] == "READY=1"
    assert any("0 of 1 cameras stream" in line for line in heard)
    assert "STOPPING=1" in heard


def test_two_agents_on_one_folder_are_one_too_many(
    broker: Mosquitto, make_agent: Callable[..., Agent]
) -> None:
    agent = make_agent(broker.url).start()
    until(agent.status, 15, agent.words)

    second = agent.ask("run")

    assert second.returncode == 1
    assert "another edge-agent is already running" in second.stderr + second.stdout
    assert agent.stop() == 0


def test_a_box_tells_how_often_it_began_and_how_it_ended(
    broker: Mosquitto, center: Center, make_agent: Callable[..., Agent]
) -> None:
    def told() -> dict[str, object]:
        online = [one for one in center.statuses() if one["state"] == "online"]
        return dict(online[-1]["starts"]) if online else {}

    agent = make_agent(broker.url).start()
    until(lambda: told() == {"count": 1, "unclean": 0, "last_end": None, "last_unclean": None}, 15)
    agent.kill()
    agent.start()
    until(lambda: (told()["count"], told()["unclean"], told()["last_end"]) == (2, 1, "crash"), 15)
    assert agent.stop() == 0
    agent.start()
    until(lambda: (told()["count"], told()["unclean"], told()["last_end"]) == (3, 1, "stopped"), 15)

    births = [one for one in center.statuses() if "software" in one]
    assert {part[0] for part in births[0]["software"]["parts"]} >= {"agent", "model", "library"}
    assert "the run before this one did not end in order: crash" in agent.words()
    assert agent.ask("status").stdout.count("did not end in order") == 0
    assert agent.stop() == 0


def test_a_terminal_that_is_closed_ends_the_agent_in_order(
    broker: Mosquitto, center: Center, make_agent: Callable[..., Agent]
) -> None:
    agent = make_agent(broker.url)
    # Whoever runs the tests may have said `nohup`; this agent was not told so.
    agent.prefix = ["env", "--default-signal=HUP"]
    agent.start()
    until(center.statuses, 15, agent.words)

    code = agent.stop(how=signal.SIGHUP)
    until(lambda: center.statuses()[-1]["state"] == "stopped", 5, agent.words)

    assert code == 0


def test_an_agent_started_with_nohup_outlives_its_terminal(
    broker: Mosquitto, make_agent: Callable[..., Agent]
) -> None:
    agent = make_agent(broker.url)
    agent.prefix = ["nohup"]
    agent.start()
    until(agent.status, 15, agent.words)

    agent.tell(signal.SIGHUP)

    assert agent.status() is not None
    assert agent.stop() == 0


# Brings the loopback up (SIOCSIFFLAGS, up and running), for not every Debian has `ip`.
_SILENT_NAME_SERVER = (
    "import fcntl, socket, struct, time; s = socket.socket(type=socket.SOCK_DGRAM); "
    "fcntl.ioctl(s, 0x8914, struct.pack('16sh14x', b'lo', 0x41)); "
    "s.bind(('127.0.0.1', 53)); time.sleep(60)"
)


def test_a_dead_name_server_does_not_hold_up_a_stop(
    make_agent: Callable[..., Agent], tmp_path: Path
) -> None:
    world = ["/usr/bin/unshare", "-m", "-n", "true"]
    if subprocess.run(world, check=False, capture_output=True).returncode != 0:  # noqa: S603 (fixed words)
        pytest.skip("a network and a resolv.conf of its own need root")
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    agent = make_agent("mqtt://broker.example:1883")
    words = (
        f"ip link set lo up && mount --bind {tmp_path}/resolv.conf /etc/resolv.conf && "
        f'({sys.executable} -c "{_SILENT_NAME_SERVER}" &) && sleep 0.5 && exec'
    )
    agent.prefix = ["unshare", "-m", "-n", "sh", "-c", f'{words} "$@"', "sh"]

    agent.start()
    until(agent.status, 15, agent.words)
    code = agent.stop(within_s=5.0)

    assert code == 0
    assert "did not end in time" in agent.words()
