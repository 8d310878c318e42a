"""The service under the systemd of both Debians: what it may, what it may not, and who watches it.

`make soak` runs it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.packaging.machine import wait_for
from tests.packaging.site import SETTINGS, Site, opened
from tests.packaging.trials import FORBIDDEN
from tools.deb.target import RELEASES

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.soak

_DROP_INS = "/etc/systemd/system/edge-agent.service.d"
# Run in the service's own namespaces and with its restrictions: in the place of the agent.
_TRIALS = FORBIDDEN | {
    "write_outside": "open('/usr/lib/edge-agent/x', 'w')",
    # Folders of its own user, where only the sandbox is in the way.
    "write_etc": "open('/etc/of-the-agent/x', 'w')",
    "write_var": "open('/var/of-the-agent/x', 'w')",
    "write_settings": "open('/etc/edge-agent/cameras.d/trial', 'w')",
    "write_state": "open('/var/lib/edge-agent/trial', 'w')",
    "see_processor": "assert 'processor' in open('/proc/cpuinfo').read()",
}
_MAY = {"write_settings", "write_state", "see_processor"}


@pytest.fixture(scope="module", params=RELEASES)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with opened(request.param, tmp_path_factory.mktemp("service")) as site:
        site.machine.install(site.package)
        site.machine.shell("install -d -o edge-agent /etc/of-the-agent /var/of-the-agent")
        site.listen()
        site.configure()
        site.machine.run("systemctl", "start", "edge-agent")
        wait_for(lambda: site.hears_more(0), "no alert came")
        yield site


@pytest.fixture(autouse=True)
def _as_shipped(site: Site) -> Iterator[None]:
    """Each test finds, and leaves, the service as the package has it."""
    yield
    site.machine.shell(f"rm -rf {_DROP_INS} && systemctl daemon-reload")
    site.configure()
    site.machine.run("systemctl", "restart", "edge-agent")


def _with(site: Site, lines: str) -> None:
    site.machine.write(f"{_DROP_INS}/trial.conf", f"[Service]\n{lines}\n")
    site.machine.run("systemctl", "daemon-reload")


@pytest.mark.parametrize("trial", _TRIALS)
def test_the_sandbox_permits_what_the_agent_needs_and_nothing_more(site: Site, trial: str) -> None:
    site.machine.write("/opt/trial.py", _TRIALS[trial])
    _with(site, "Type=oneshot\nRestart=no\nExecStart=\nExecStart=/usr/bin/python3 -I /opt/trial.py")

    said = site.machine.run("systemctl", "restart", "edge-agent", is_fine=False)

    assert (site.machine.show("Result") == "success") == (trial in _MAY), said


def test_an_agent_that_hangs_is_started_again(site: Site) -> None:
    _with(site, "WatchdogSec=3\nRestartSec=1")
    site.machine.run("systemctl", "restart", "edge-agent")
    first = site.machine.show("MainPID")

    site.machine.kill("STOP", first)

    wait_for(lambda: site.machine.show("MainPID") not in {first, "0"}, "nobody noticed", 30)
    assert "Watchdog timeout" in site.machine.journal()
    heard = len(site.numbers())
    wait_for(lambda: site.hears_more(heard), "no alert afterwards")
    starts = json.loads(site.machine.read("/var/lib/edge-agent/starts.json"))
    assert (starts["last_end"], starts["last_unclean"]) == ("watchdog", "watchdog")


def test_who_killed_it_is_known_afterwards(site: Site) -> None:
    _with(site, "RestartSec=1")
    site.machine.run("systemctl", "restart", "edge-agent")
    first = site.machine.show("MainPID")

    site.machine.kill("KILL", first)

    wait_for(lambda: site.machine.show("MainPID") not in {first, "0"}, "nobody noticed", 30)
    wait_for(lambda: site.machine.show("ActiveState") == "active", "it did not come back", 30)
    starts = json.loads(site.machine.read("/var/lib/edge-agent/starts.json"))
    assert starts["last_end"] == "killed"


_WITH_PASSWORDS = """\
per_listener_settings true
listener 1883 127.0.0.1
allow_anonymous true
listener 1884 127.0.0.1
allow_anonymous false
password_file /etc/mosquitto/passwords
"""
_LOGIN = 'username = "box"\npassword_file = "credential:broker"\n'
_PASSWORD = "a secret of the broker"


def _ask_for_passwords(site: Site) -> None:
    """Let the broker take alerts on another port only by name and password."""
    machine = site.machine
    machine.shell(
        f"mosquitto_passwd -b -c /etc/mosquitto/passwords box '{_PASSWORD}'"
        " && chown mosquitto /etc/mosquitto/passwords"
    )
    machine.write("/etc/mosquitto/conf.d/test.conf", _WITH_PASSWORDS)
    machine.run("systemctl", "restart", "mosquitto", "ear")


def _credential(site: Site, *, is_encrypted: bool) -> str:
    machine = site.machine
    machine.shell("install -d -m 0700 /etc/credstore /etc/credstore.encrypted")
    if not is_encrypted:
        machine.write("/etc/credstore/edge-agent.broker", f"{_PASSWORD}\n")
        machine.shell("chmod 600 /etc/credstore/edge-agent.broker")
        return "LoadCredential=broker:/etc/credstore/edge-agent.broker"
    file = "/etc/credstore.encrypted/edge-agent.broker"
    machine.shell(
        f"printf '%s' '{_PASSWORD}' | systemd-creds encrypt --with-key=host --name=broker - {file}"
    )
    assert _PASSWORD not in machine.read(file)
    return f"LoadCredentialEncrypted=broker:{file}"


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_a_password_comes_as_a_credential_that_no_file_of_the_agent_has(
    site: Site,
    is_encrypted: bool,  # noqa: FBT001 (pytest's)
) -> None:
    machine = site.machine
    _ask_for_passwords(site)
    _with(site, _credential(site, is_encrypted=is_encrypted))
    site.configure(SETTINGS.replace("1883", "1884") + _LOGIN)

    machine.run("systemctl", "restart", "edge-agent")

    wait_for(lambda: "broker connected" in machine.show("StatusText"), machine.journal(), 30)
    checked = machine.run("edge-agent", "check", is_fine=False)
    assert "there is no credential" not in checked
    machine.run("systemctl", "stop", "edge-agent")
    assert "there is no credential broker" in machine.run("edge-agent", "check", is_fine=False)
    found = machine.shell(f"grep -rlsF '{_PASSWORD}' /etc/edge-agent /var/lib/edge-agent || true")
    assert found == ""


def test_a_reload_takes_files_in_and_keeps_the_process(site: Site) -> None:
    machine = site.machine
    first, said = machine.show("MainPID"), "the configuration is taken in"
    before = machine.journal().count(said)
    site.configure(SETTINGS.replace("[broker]", '[place]\nname = "Plaju"\n[broker]'))

    machine.run("systemctl", "reload", "edge-agent")

    wait_for(lambda: machine.journal().count(said) > before, machine.journal(), 30)
    wait_for(lambda: machine.show("ActiveState") == "active", "it is not ready", 30)
    assert machine.show("MainPID") == first
    assert "connected anew" not in machine.journal()

    site.configure("site = 3\n")
    said = machine.run("systemctl", "reload", "edge-agent", is_fine=False)
    assert "failed" in said
    assert "needs a text" in machine.journal()
    site.configure()
    site.machine.write("/etc/edge-agent/cameras.d/yard.toml", "wrong\n")
    assert "failed" in machine.run("systemctl", "reload", "edge-agent", is_fine=False)
    machine.run("rm", "/etc/edge-agent/cameras.d/yard.toml")

    wait_for(lambda: "was not taken in" in machine.show("StatusText"), machine.journal(), 30)
    assert machine.show("MainPID") == first
    assert machine.show("ActiveState") == "active"


def test_it_is_ready_in_an_orderly_way_and_ends_so(site: Site) -> None:
    site.machine.run("systemctl", "stop", "edge-agent")

    assert site.machine.show("Result") == "success"
    assert site.machine.show("ExecMainStatus") == "0"


def test_wrong_settings_are_told_and_tried_again(site: Site) -> None:
    site.configure('site = "test"\nbox = "box"\nbroker = 3\n')
    _with(site, "RestartSec=1")
    site.machine.run("systemctl", "restart", "edge-agent", is_fine=False)
    wait_for(lambda: int(site.machine.show("NRestarts")) > 1, "it gave up")

    site.configure()

    wait_for(lambda: site.machine.show("ActiveState") == "active", "it did not come back", 30)


def test_without_a_clock_and_a_network_it_starts(site: Site) -> None:
    """Nothing in this machine sets the clock, and there is no network card but loopback."""
    after = site.machine.show("After").split()

    assert {"time-set.target", "systemd-timesyncd.service"} <= set(after)
    # Who waits for these waits for ever.
    wanted = site.machine.show("Wants").split() + site.machine.show("Requires").split()
    assert not {"time-sync.target", "network-online.target"} & {*wanted, *after}
    assert site.machine.show("ActiveState") == "active"


def test_it_is_exposed_as_little_as_promised(site: Site) -> None:
    said = site.machine.run("systemd-analyze", "security", "--no-pager", "edge-agent")

    assert "Overall exposure level for edge-agent.service: 1.0" in said
