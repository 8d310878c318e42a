"""Garbage on real photos, held still: the heap that must raise an alert, and the bins that must not."""

import json
from pathlib import Path

import pytest

from edge_agent.config.load import load_settings
from edge_agent.daemon.replay import replay
from edge_agent.domain.sighting import State
from tests.peers import clips

# None of these trained the model: `training.objects.split` keeps them apart.
HEAPS = ("001699", "001759", "001950", "002009")
# Full ones among them, and those that look most like a heap to the model.
BINS = ("000044", "001075", "002273", "003265")


def told(folder: Path, photo: str) -> list[dict[str, object]]:
    """Return what is told of half a minute of a camera that shows this photo."""
    (folder / "cameras.d").mkdir()
    (folder / "agent.toml").write_text(
        f'site = "test"\nbox = "box"\nstate_dir = "{folder}/state"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
    )
    (folder / "cameras.d" / "kerb.toml").write_text(
        '[stream]\nurl = "rtsp://127.0.0.1:1/main"\n'
        '[[zones]]\nname = "kerb"\noutline = [[0, 0], [1, 0], [1, 1], [0, 1]]\n'
        '[[rules]]\nkind = "intrusion"\nzone = "kerb"\nlabels = ["garbage"]\npatience_s = 5.0\n'
    )
    settings = load_settings(folder)
    file = next((clips.shared_data() / "garbage" / "images").glob(f"{photo}_*.jpg"))
    clip = clips.still(file, seconds=30)
    seen = [one for _, one in replay(settings, settings.cameras[0], clip)]
    return [json.loads(alert.body) for one in seen for alert in one.alerts]


@pytest.mark.parametrize("photo", HEAPS)
def test_a_heap_of_rubbish_that_lies_there_is_told_once(tmp_path: Path, photo: str) -> None:
    alerts = told(tmp_path, photo)

    new = [one for one in alerts if one["state"] == State.NEW]
    assert len(new) == 1
    assert {thing["label"] for one in new for thing in one["objects"]} == {"garbage"}


@pytest.mark.parametrize("photo", BINS)
def test_bins_may_stand_there(tmp_path: Path, photo: str) -> None:
    assert told(tmp_path, photo) == []
