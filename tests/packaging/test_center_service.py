"""The center's service under the systemd of a real Debian: what it may, what it may not, who watches it.

`make soak` runs it. What does not depend on the release is looked at on Debian 12 alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.packaging.center_host import BROKER, FOLDER, STATE, UNIT, CenterHost, opened
from tests.packaging.machine import wait_for
from tests.packaging.trials import FORBIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.soak

# Run in the service's own namespaces and with its restrictions: in the place of the center.
_TRIALS = FORBIDDEN | {
    "write_outside": "open('/usr/lib/edge-agent-center/x', 'w')",
    "write_settings": f"open('{FOLDER}/x', 'w')",
    "write_state": f"open('{STATE}/trial', 'w')",
    "read_settings": f"open('{FOLDER}/center.toml').read()",
    "see_the_machine": "open('/proc/cpuinfo').read()",
    "read_others_secrets": "open('/etc/credstore/edge-agent-center.broker').read()",
}
_MAY = {"write_state", "read_settings"}
_PASSWORD = "a secret of the broker"
_WITH_PASSWORD = 'username = "center"\npassword_file = "credential:broker"\n'
# The watch's own limit, the watchdog's, and a busy machine.
_HANG_S = 260.0


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CenterHost]:
    with opened("bookworm", tmp_path_factory.mktemp("center")) as host:
        host.install()
        machine = host.machine
        machine.shell(
            f"mosquitto_passwd -b -c /etc/mosquitto/passwords center '{_PASSWORD}'"
            " && chown mosquitto /etc/mosquitto/passwords && install -d -m 0700 /etc/credstore"
        )
        machine.write("/etc/credstore/edge-agent-center.broker", f"{_PASSWORD}\n")
        machine.shell("chmod 600 /etc/credstore/*")
        host.serve("allow_anonymous false\npassword_file /etc/mosquitto/passwords\n")
        host.fill_in(BROKER + _WITH_PASSWORD)
        host.begin()
        yield host


@pytest.fixture(autouse=True)
def _as_shipped(host: CenterHost) -> Iterator[None]:
    """Each test finds, and leaves, the service as the package has it."""
    yield
    host.machine.shell(f"rm -rf /etc/systemd/system/{UNIT}.service.d && systemctl daemon-reload")
    host.machine.run("systemctl", "restart", UNIT)


def _is_connected(host: CenterHost) -> bool:
    return host.machine.show("StatusText", UNIT).startswith("connected to")


def test_a_password_in_the_credential_store_needs_no_drop_in(host: CenterHost) -> None:
    wait_for(lambda: _is_connected(host), host.machine.journal(UNIT), 30)

    assert "✗" not in host.ask("check", is_fine=False)
    found = host.machine.shell(f"grep -rlsF '{_PASSWORD}' {FOLDER} {STATE} || true")
    assert found == ""


def test_a_password_that_is_encrypted_for_this_machine_comes_by_the_sample(
    host: CenterHost,
) -> None:
    machine, name = host.machine, "/etc/credstore.encrypted/edge-agent-center.broker"
    sample = f"/usr/share/doc/{UNIT}/examples/credentials.conf"
    machine.shell(
        f"install -d -m 0700 /etc/credstore.encrypted && printf '%s' '{_PASSWORD}'"
        f" | systemd-creds encrypt --with-key=host --name=broker - {name}"
    )
    machine.run("mv", "/etc/credstore/edge-agent-center.broker", "/srv")

    machine.shell(
        f"install -D -m 0644 {sample} /etc/systemd/system/{UNIT}.service.d/credentials.conf"
    )
    machine.shell(f"systemctl daemon-reload && systemctl restart {UNIT}")

    wait_for(lambda: _is_connected(host), machine.journal(UNIT), 30)
    assert _PASSWORD not in machine.read(name)
    machine.run("mv", "/srv/edge-agent-center.broker", "/etc/credstore")


@pytest.mark.parametrize("trial", _TRIALS)
def test_the_sandbox_permits_what_the_center_needs_and_nothing_more(
    host: CenterHost, trial: str
) -> None:
    host.machine.write("/opt/trial.py", _TRIALS[trial])
    run = "/usr/bin/python3 -I /opt/trial.py"
    host.drop_in(f"Type=oneshot\nRestart=no\nExecStart=\nExecStart={run}")

    said = host.machine.run("systemctl", "restart", UNIT, is_fine=False)

    assert (host.machine.show("Result", UNIT) == "success") == (trial in _MAY), said


def test_a_center_whose_thread_hangs_is_started_again(host: CenterHost) -> None:
    """A list of boxes that never ends: opened, it gives nothing and waits."""
    machine = host.machine
    host.drop_in("WatchdogSec=10\nRestartSec=1\nTimeoutStopSec=5")
    machine.run("systemctl", "restart", UNIT)
    first, boxes = host.pid(), f"{FOLDER}/boxes"
    machine.shell(f"mv {boxes} /srv/boxes && mkfifo {boxes} && chmod 644 {boxes}")

    wait_for(lambda: host.pid() not in {first, "0"}, "nobody noticed", _HANG_S)

    machine.shell(f"rm {boxes} && mv /srv/boxes {boxes}")
    assert "watch has not gone round for more than 120 s: it hangs" in machine.journal(UNIT)
    assert "Watchdog timeout" in machine.journal(UNIT)


def test_wrong_settings_are_told_and_tried_again(host: CenterHost) -> None:
    machine, good = host.machine, host.machine.read(f"{FOLDER}/center.toml")
    machine.write(f"{FOLDER}/center.toml", good + "\nwrong = 3\n")
    host.drop_in("RestartSec=1")
    machine.run("systemctl", "restart", UNIT, is_fine=False)
    wait_for(lambda: int(machine.show("NRestarts", UNIT)) > 1, "it gave up")

    machine.write(f"{FOLDER}/center.toml", good)

    wait_for(lambda: machine.show("ActiveState", UNIT) == "active", "it did not come back", 30)


def test_it_is_ready_in_an_orderly_way_and_ends_so(host: CenterHost) -> None:
    host.machine.run("systemctl", "stop", UNIT)

    assert host.machine.show("Result", UNIT) == "success"
    assert host.machine.show("ExecMainStatus", UNIT) == "0"


def test_it_is_exposed_as_little_as_promised(host: CenterHost) -> None:
    said = host.machine.run("systemd-analyze", "security", "--no-pager", UNIT)

    assert f"Overall exposure level for {UNIT}.service: 1.0" in said
