"""A rule for what the model has no word for is told of in the journal, not only by `check`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge_agent.config.load import load_settings
from edge_agent.daemon.assemble import CameraAssembly
from edge_agent.domain.sighting import Label
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CAMERA = """[stream]
url = "rtsp://127.0.0.1/gate"
[[zones]]
name = "kerb"
outline = [[0, 0], [1, 0], [1, 1]]
[[rules]]
kind = "intrusion"
zone = "kerb"
labels = ["garbage"]
"""


def test_a_model_that_lacks_a_label_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cameras.d").mkdir()
    (tmp_path / "cameras.d" / "gate.toml").write_text(CAMERA)
    (tmp_path / "agent.toml").write_text(
        'site = "s"\nbox = "b"\nstate_dir = "state"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
    )
    settings = load_settings(tmp_path)
    assembly = CameraAssembly(settings, FakeClock())

    assembly.duty(settings.cameras[0])
    assert caplog.messages == []

    assembly.card = replace(assembly.card, name="older", labels=(Label.PERSON, None, Label.PERSON))
    assembly.duty(settings.cameras[0])
    assert caplog.messages == [
        "model older does not know garbage: rule intrusion-kerb of camera gate will never alert for it"
    ]
