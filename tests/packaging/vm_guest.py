"""What lies on the disk of the virtual machines beside Debian and the package, and how all must end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_agent.alerts.box_key import find_keys
from tests.fakes.box import BOX, SITE
from tests.house.source import ROOT
from tests.packaging.machine import wait_for
from tests.packaging.vm import HOST, Vm, accelerator

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.durable_center import DurableCenter

# Of an agent where QEMU interprets: a start is a minute and a half, and more where others work too.
LONG_S = 600.0
STATE = "/var/lib/edge-agent"
_DROP_INS = "/etc/systemd/system/edge-agent.service.d"
_SETTINGS = f"""\
site = "{SITE}"
box = "{BOX}"
[broker]
url = "mqtt://{HOST}:1883"
insecure = true
"""
_CAMERA = f'[stream]\nurl = "rtsp://{HOST}:8554/main"\n'
_ALERTS = 20
# What waits on the disk from the day before, by the package's own code.
_PREPARE = f"""\
#!/bin/sh
cd /srv && PYTHONPATH=/srv:/usr/lib/edge-agent exec setpriv --reuid=edge-agent \\
  --regid=edge-agent --clear-groups python3 -c '
from pathlib import Path
from edge_agent.alerts.seal import open_seal
from edge_agent.runtime.clock import SystemClock
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.alerts import an_alert
home = Path("{STATE}")
seal = open_seal(home / "keys", site="{SITE}", box="{BOX}", wall=SystemClock().wall)
spool = open_spool(home / "spool.sqlite", SpoolOptions(), seal)
for number in range({_ALERTS}):
    spool.append(an_alert(f"visit-{{number:05}}"))
spool.close()'
"""
_NAMES = [f"visit-{number:05}" for number in range(_ALERTS)]
# What it says of itself goes out by a second serial line: there it is safe from the cut. Before it
# sees anything it looks at what the last cut left of dpkg's notes and of /etc.
_LIVE = f"""\
#!/bin/sh
stty raw -echo </dev/ttyS1
exec >/dev/ttyS1 2>>/var/log/live.log
word() {{ sed -n "s/.*box\\.$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }}
echo "begins $(word life)"
dpkg --audit 2>&1
(cd / && md5sum --quiet -c /srv/etc.md5 2>&1)
cd /srv || exit 1
export PYTHONPATH=/srv:/usr/lib/edge-agent
python3 -m tests.chaos.box {STATE} mqtt://{HOST}:1883 "$(word life)" "$(word most)" "$(word key)"
echo "ends $? $(tail -n 1 /var/log/live.log)"
sync
"""
_SERVICE = """\
[Unit]
DefaultDependencies=no
Requires=wire.service
After=wire.service
Wants=systemd-modules-load.service
[Service]
ExecStart=/srv/live
"""
FILES: dict[str, str | Path] = {
    "srv/prepare": _PREPARE,
    "srv/live": _LIVE,
    "etc/systemd/system/live.service": _SERVICE,
    "etc/systemd/system/live.target": "[Unit]\nRequires=live.service\nDefaultDependencies=no\n",
    # Ten minutes of patience are one here.
    "etc/systemd/system/edge-agent-trial.service.d/patience.conf": (
        "[Service]\nEnvironment=EDGE_AGENT_TRIAL_S=60 EDGE_AGENT_STEADY_S=20\n"
    ),
    **{
        f"srv/{name}": ROOT / name
        for name in (
            *("tests/chaos/box.py", "tests/fakes/alerts.py", "tests/fakes/box.py"),
            "tests/fakes/clock.py",
        )
    },
}


def configure(vm: Vm) -> None:
    """Say who the box is, where its broker is, and that it has a camera, at which nobody answers."""
    vm.write("/etc/edge-agent/agent.toml", _SETTINGS)
    vm.write("/etc/edge-agent/cameras.d/gate.toml", _CAMERA)
    if accelerator() == "tcg":
        # Two networks are tried before it is ready: that took longer than the unit's three minutes.
        vm.write(f"{_DROP_INS}/slow.conf", "[Service]\nTimeoutStartSec=900\n")
        vm.run("systemctl", "daemon-reload")


def delivers(vm: Vm, center: DurableCenter, folder: Path) -> None:
    """The agent runs, and what waited before the cut comes, each once."""
    wait_for(lambda: vm.show("ActiveState") == "active", vm.journal(), LONG_S)
    wait_for(lambda: set(center.names()) >= set(_NAMES), vm.journal(), LONG_S)
    (folder / "keys").mkdir()
    (folder / "keys/box.pem").write_text(vm.read(f"{STATE}/keys/box.pem"))
    found = find_keys(folder / "keys")
    assert found
    assert center.visible_twice() == 0
    assert center.report(SITE, BOX, [found.signer.public]).is_whole
