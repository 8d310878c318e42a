"""A box from its first certificate to its next one, as a process of its own at a real center."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.certificates.town import BOX, TOKEN, USES_IT, Town
from tests.peers.agent import Agent
from tests.peers.center import until
from tests.peers.deployed import DeployedMosquitto

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400.0


@pytest.mark.journey
def test_an_agent_that_runs_renews_its_certificate_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        Town(tmp_path, capsys) as town,
        DeployedMosquitto(tmp_path / "broker", town.authority) as broker,
        Agent(tmp_path / "box", broker.url) as agent,
    ):
        (agent.folder / "agent.toml").write_text(
            f'site = "kota"\nbox = "{BOX}"\nstate_dir = "state"\n'
            f'[broker]\nurl = "{broker.url}"\n{USES_IT}{town.renews_itself}'
        )
        town.desk.begins_s, town.desk.ends_s = -20 * DAY, 5 * DAY
        known = ("--ca-file", str(town.authority.ca_file))
        enrolled = agent.ask("enroll", "--token", TOKEN, *known)
        assert enrolled.returncode == 0, enrolled.stderr
        town.desk.begins_s, town.desk.ends_s = -60.0, 25 * DAY

        agent.start()

        until(lambda: "the certificate is renewed: " in agent.words(), 30, agent.words)
        until(lambda: (agent.status() or {}).get("broker", {}).get("is_connected"), 30, agent.words)
        status = agent.status()
        assert status
        left = status["certificate_ends_wall"] - status["now_wall"]
        assert 24.9 < left / DAY < 25.1
        assert status["certificate_problem"] == ""
        assert town.desk.asked == ["cacerts", "simpleenroll", "simplereenroll"]
        assert agent.stop() == 0
