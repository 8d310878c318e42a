"""Intrusion on real footage: the scene that must raise it, and its twin that must not."""

import json
from pathlib import Path

import pytest

from edge_agent.config.load import load_settings
from edge_agent.daemon.replay import replay
from edge_agent.domain.alert import Alert
from tests.peers import clips

PATH = "[[0.0, 0.30], [0.55, 0.30], [1.0, 0.55], [1.0, 0.85], [0.0, 0.42]]"
# Nobody steps on this lawn in the first half minute; a tripod, a vest and a bag stand and lie on it.
LAWN = "[[0.0, 0.60], [0.35, 0.62], [0.60, 0.80], [0.60, 1.0], [0.0, 1.0]]"


def alerts_of(folder: Path, clip: Path, outline: str) -> list[Alert]:
    (folder / "cameras.d").mkdir(exist_ok=True)
    (folder / "agent.toml").write_text(
        f'site = "test"\nbox = "box"\nstate_dir = "{folder}/state"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
    )
    (folder / "cameras.d" / "gate.toml").write_text(
        '[stream]\nurl = "rtsp://127.0.0.1:1/main"\n'
        f'[[zones]]\nname = "zone"\noutline = {outline}\n'
        '[[rules]]\nkind = "intrusion"\nzone = "zone"\nlabels = ["person"]\npatience_s = 1.0\n'
    )
    settings = load_settings(folder)
    return [
        alert for _, seen in replay(settings, settings.cameras[0], clip) for alert in seen.alerts
    ]


@pytest.fixture(scope="module")
def street() -> Path:
    return clips.encode(clips.vtest(), clips.Encoding(seconds=30))


def test_people_on_the_path_are_reported(street: Path, tmp_path: Path) -> None:
    alerts = alerts_of(tmp_path, street, PATH)

    new = [json.loads(alert.body) for alert in alerts if alert.revision == 0]
    assert len(new) >= 4
    assert all(told["thumb"]["bytes"] <= 25_000 for told in new)


def test_a_lawn_with_a_tripod_and_a_bag_is_not(street: Path, tmp_path: Path) -> None:
    assert alerts_of(tmp_path, street, LAWN) == []


def test_the_same_clip_gives_the_same_bytes(street: Path, tmp_path: Path) -> None:
    assert alerts_of(tmp_path, street, PATH) == alerts_of(tmp_path, street, PATH)
