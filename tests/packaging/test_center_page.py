"""docs/center-install.md, followed as it stands: its own commands, typed on a real Debian 12.

`make soak` runs it. A person's hand is played by three small programs: sudo, editor, and a password.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from edge_agent import __version__
from tests.house.source import ROOT
from tests.packaging.center_host import FOLDER, STATE, UNIT, CenterHost, opened
from tests.packaging.machine import wait_for
from tests.packaging.site import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.soak

PAGE = (ROOT / "docs" / "center-install.md").read_text(encoding="utf-8")
_SUDO = """\
#!/bin/sh
if [ "$1" = -u ]; then user=$2; shift 2; exec runuser -u "$user" -- "$@"; fi
exec "$@"
"""
# Who types says yes; what is merely recommended does not lie in this machine's cache.
_APT = 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n'
_MORE = ("sqlite3", "openssl")
# What an authority gives to a box, as docs/deploy/mosquitto has it.
_BOX = """\
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout box.key -out box.csr -subj /CN=box
openssl x509 -req -in box.csr -CA authority.pem -CAkey authority.key -days 90 -out box.pem \
  -extfile <(printf 'subjectAltName=DNS:box\\nextendedKeyUsage=clientAuth\\n')
install -o edge-agent -m 0600 box.key box.pem authority.pem /etc/edge-agent/
"""
_WITH_TLS = (
    'ca_file = "authority.pem"\ncertificate_file = "box.pem"\nkey_file = "box.key"\n'
    "[center]\nkeys = {key}\n"
)


class Reader:
    """Somebody who types what the page says, section by section."""

    def __init__(self, host: CenterHost) -> None:
        self.host, self.machine = host, host.machine
        for name, text in (("sudo", _SUDO), ("editor", "#!/bin/sh\nexec sh /srv/hand $1\n")):
            self.machine.write(f"/usr/bin/{name}", text)
            self.machine.run("chmod", "755", f"/usr/bin/{name}")
        self.machine.write("/srv/password", "a long password\n")
        self.machine.write("/etc/apt/apt.conf.d/99hand", _APT)
        self.machine.shell("echo 127.0.0.1 alerts.example >> /etc/hosts")

    def types(self, heading: str, *, block: int = 0, hand: str = "") -> str:
        """Type one block below a heading; `hand` is what is done in the editor, in sed's words."""
        section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
        text = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[block]
        self.machine.write("/srv/hand", f"sed -i '{hand}' $1\n")
        text = text.replace("0.1.0", __version__).replace("add sari ", "add sari </srv/password ")
        return self.machine.run("bash", "-ec", f"cd /srv\n{text}")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with opened("bookworm", tmp_path_factory.mktemp("page"), _MORE) as host:
        for package in host.packages:
            (host.machine.root / "srv" / package.name).write_bytes(package.read_bytes())
        yield Reader(host)


def test_the_page_leads_from_nothing_to_a_center_and_back(reader: Reader) -> None:
    _reaches_a_running_center(reader)
    _keeps_the_key_as_a_credential(reader)
    _comes_back_from_a_backup(reader)
    reader.machine.run("touch", f"{STATE}/purge-evidence")
    reader.types("Away with it")
    assert not reader.machine.exists(FOLDER)


def _reaches_a_running_center(reader: Reader) -> None:
    host, machine = reader.host, reader.machine
    reader.types("1. The packages")
    reader.types("2. The broker", block=0)
    reader.types("2. The broker", block=1)
    lines = (
        r"s/^#\(\[broker\]\|url\|ca_file\|certificate_file\|key_file\|\[web\]\|operators_file\)/\1/"
    )
    said = reader.types("3. Settings, key, first operator", hand=lines)
    assert "✗" not in said, said
    reached = "connected to mqtts://alerts.example; "
    wait_for(lambda: machine.show("StatusText", UNIT).startswith(reached), machine.journal(UNIT))

    machine.run("bash", "-ec", f"cd /srv\n{_BOX}")
    host.key = said.split("keys = ")[1].split("\n")[0]
    url = SETTINGS.replace("mqtt://127.0.0.1:1883", "mqtts://alerts.example")
    url = url.replace("insecure = true\n", "")
    host.configure(url + _WITH_TLS.format(key=host.key))
    machine.run("systemctl", "start", "edge-agent")
    machine.shell(f"edge-agent key show | grep ^test/box >> {FOLDER}/boxes")
    wait_for(lambda: host.has(2), f"{machine.journal(UNIT)}{machine.journal()}")
    assert "test/box" in reader.types("4. Boxes")


def _keeps_the_key_as_a_credential(reader: Reader) -> None:
    hand = r's|^file = ".*center.pem"|file = "credential:center.pem"|'

    said = reader.types("Secrets as credentials", hand=hand)

    assert "✗" not in said, said
    assert not reader.machine.exists(f"{STATE}/center.pem")
    before = reader.host.told()["whole_upto"]
    wait_for(lambda: reader.host.has(before + 2), reader.machine.journal(UNIT))
    reader.machine.run("systemctl", "stop", UNIT)
    assert "only while the service runs" in reader.host.ask("check", is_fine=False)
    reader.machine.run("systemctl", "start", UNIT)


def _comes_back_from_a_backup(reader: Reader) -> None:
    """What was confirmed after the backup is missing, and told."""
    host, machine = reader.host, reader.machine
    reader.types("Backup", block=0)
    kept = host.told()["whole_upto"]
    wait_for(lambda: host.has(kept + 3), machine.journal(UNIT))

    machine.shell("cd /srv && mv center-*.tgz kept && mv kept center-2026-11-28.tgz")
    said = reader.types("Backup", block=1)

    assert "✗" not in said, said
    wait_for(lambda: "gap" in host.ask("alarms", is_fine=False), host.ask("alarms", is_fine=False))
