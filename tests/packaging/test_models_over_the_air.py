"""Models over the air on a real Debian: apt, unattended-upgrades, dpkg, systemd, mosquitto, and bad packs.

One journey on each release; `make soak` runs it. Ten minutes of patience are one here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from edge_agent.packs.pack_file import make_head
from edge_agent.packs.signature import make_key, sign
from tests.packaging.machine import wait_for
from tests.packaging.town import LONG_S, Town, opened_town
from tests.packs.hanging import hanging
from tests.packs.models import packed, street
from tools.repo import model_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.soak

_PACKAGE = "edge-agent-model-street"
_STATE = "/var/lib/edge-agent/models"


class Fleet:
    """Who makes models for the town's boxes, and signs them."""

    def __init__(self, town: Town, key: Path) -> None:
        self.town, self.site, self.machine, self._key = town, town.site, town.machine, key
        self._folder = town.folder / "models"
        self._folder.mkdir()

    def pack(
        self, version: str, make: Callable[..., Path] = street, key: Path | None = None
    ) -> Path:
        model = make(self._folder / version, version)
        head = sign(make_head(model), key or self._key)
        return packed(model, self._folder / f"street-{version}.pack", head)

    def publish(self, version: str, make: Callable[..., Path] = street) -> None:
        self.town.repository.add(self.pack(version, make))

    def publish_signed_by_another(self, version: str) -> None:
        other = self._folder / f"{version}.key"
        make_key(other)
        self.town.repository.add(self.pack(version, key=other))

    def publish_damaged(self, version: str) -> None:
        """By a repository whose maker did not look, for ours takes no such pack."""
        whole = model_package.build(self.pack(version), self._folder)
        rotten = self.town.changed(whole, version, version, _rots)
        for suite in ("bookworm-canary", "trixie-canary"):
            self.town.repository._do("includedeb", suite, str(rotten))

    @property
    def status(self) -> dict[str, Any]:
        said = self.machine.run("edge-agent", "status", "--json", is_fine=False)
        return json.loads(said) if said.startswith("{") else {}

    @property
    def model(self) -> str:
        return str(self.status.get("model", ""))

    def tells(self, version: str, result: str, why: str = "") -> None:
        """The signed record comes to the broker, once, and begins with these words."""
        try:
            wait_for(lambda: self._told(version, result), "", LONG_S)
        except AssertionError:
            pytest.fail(f"not {result}: {self.town.told()}")
        [record] = self._told(version, result)
        assert str(record["why"]).startswith(why)
        assert bool(record["why"]) == bool(why)

    def _told(self, version: str, result: str) -> list[dict[str, object]]:
        told = self.town.updated("model")
        return [one for one in told if (one["new"], one["result"]) == (f"street-{version}", result)]

    def uses(self, version: str) -> None:
        """The box sees with it, and alerts."""
        wait_for(
            lambda: self.model == f"street {version}", f"not {version}: {self.town.told()}", LONG_S
        )
        heard = len(self.site.numbers())
        wait_for(lambda: self.site.hears_more(heard), "no alert")

    def is_whole(self, version: str) -> bool:
        words = ["dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}", _PACKAGE]
        return self.machine.run(*words) == f"ii {version}" and not self.machine.run(
            "dpkg", "--audit"
        )


def _rots(tree: Path) -> None:
    [pack] = (tree / "usr/share/edge-agent/models").iterdir()
    content = bytearray(pack.read_bytes())
    content[-1000] ^= 1
    pack.write_bytes(content)


@pytest.fixture(params=["bookworm", "trixie"])
def fleet(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Fleet]:
    key = tmp_path / "fleet.key"
    trusts = f'[models]\nsigning_keys = ["{make_key(key)}"]\n'
    with opened_town(request.param, tmp_path, monkeypatch, trusts) as town:
        yield Fleet(town, key)


def test_a_bad_model_is_taken_back_once_and_a_good_one_stays(fleet: Fleet) -> None:
    machine = fleet.machine
    _comes_for_the_first_time(fleet, "1.0.1")
    _goes_back_from_one_that_hangs(fleet, "1.1.0", "1.0.1")
    _does_not_install(fleet, "1.2.0", fleet.publish_damaged, "1.0.1")
    _does_not_install(fleet, "1.2.1", fleet.publish_signed_by_another, "1.0.1")
    _is_kept_through_a_power_cut(fleet, "1.3.0")
    _comes_after_the_agent(fleet, "0.2.0", "1.4.0")

    machine.run("apt-get", "remove", "-y", _PACKAGE)
    machine.run("systemctl", "restart", "edge-agent")

    fleet.uses("1.4.0")
    assert machine.run("dpkg", "--audit") == ""


def _comes_for_the_first_time(fleet: Fleet, version: str) -> None:
    fleet.publish(version)
    machine = fleet.machine
    machine.run("apt-get", "update")

    said = machine.run("apt-get", "install", "-y", _PACKAGE)

    assert f"the agent takes the model street {version}" in said
    fleet.tells(version, "kept")
    fleet.uses(version)
    # What was tried was tried as the agent's user: nothing of it is root's.
    owners = machine.run("find", _STATE, "!", "-user", "edge-agent")
    assert owners == ""


def _goes_back_from_one_that_hangs(fleet: Fleet, version: str, back: str) -> None:
    fleet.publish(version, hanging)

    said = fleet.town.upgrade()

    assert fleet.is_whole(version), said
    fleet.tells(version, "rolled back", "the ")
    fleet.uses(back)
    status = fleet.status
    assert status["model_problem"].startswith(f"street-{version} was given up: ")
    assert status["model_update"]["phase"] == "rolled back"
    # Neither the next night nor a restart takes it again.
    assert version not in fleet.town.upgrade()
    fleet.machine.run("systemctl", "restart", "edge-agent")
    fleet.uses(back)
    assert f"street-{version}" in fleet.machine.read(f"{_STATE}/refused.json")


def _does_not_install(
    fleet: Fleet, version: str, publish: Callable[[str], None], back: str
) -> None:
    publish(version)

    said = fleet.town.upgrade()

    assert fleet.is_whole(version), said
    fleet.tells(version, "rolled back", "not installed: ")
    fleet.uses(back)
    assert not fleet.machine.exists(f"{_STATE}/street-{version}")


def _is_kept_through_a_power_cut(fleet: Fleet, version: str) -> None:
    fleet.publish(version)
    fleet.town.upgrade()
    trial = f"{_STATE}/trial.json"
    wait_for(
        lambda: json.loads(fleet.machine.read(trial))["phase"] == "watched", "no trial", LONG_S
    )

    fleet.machine.cut_power()
    fleet.machine.boot()
    fleet.site.listen()

    fleet.tells(version, "kept")
    fleet.uses(version)
    assert fleet.is_whole(version)


def _comes_after_the_agent(fleet: Fleet, agent: str, version: str) -> None:
    """Both come in one night: the model waits until the agent's new version is kept."""
    fleet.town.publish(agent, lambda _: None)
    fleet.publish(version)

    fleet.town.upgrade()

    fleet.town.ends("kept", agent)
    fleet.tells(version, "kept")
    fleet.uses(version)
    told = [
        (one["part"], one["result"]) for one in fleet.site.records() if one["type"] == "updated"
    ]
    assert told[-2:] == [("agent", "kept"), ("model", "kept")]
