"""What `run` says of its cameras before it begins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_agent.cli.run import _make_state_dir, _name_the_refused
from edge_agent.config.load import load_settings
from edge_agent.errors import EdgeAgentError

if TYPE_CHECKING:
    from edge_agent.config.settings import Settings


def _site(folder: Path, *wrong: str) -> Settings:
    (folder / "cameras.d").mkdir()
    (folder / "agent.toml").write_text(
        'site = "s"\nbox = "b"\n[broker]\nurl = "mqtts://10.0.0.1"\n'
    )
    for name in wrong:
        (folder / f"cameras.d/{name}.toml").write_text("[stream]\n")
    return load_settings(folder)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((), "no camera is watched; add one with `edge-agent add`"),
        (("gate",), "none of 1 camera can be used"),
        (("gate", "yard", "quay"), "none of 3 cameras can be used"),
    ],
)
def test_a_box_that_watches_nothing_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, wrong: tuple[str, ...], words: str
) -> None:
    _name_the_refused(_site(tmp_path, *wrong))

    assert caplog.messages[-1] == words
    assert len(caplog.messages) == len(wrong) + 1


def test_a_folder_that_cannot_be_made_is_no_defect(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(EdgeAgentError, match="state cannot be made: Not a directory") as refused:
        _make_state_dir(tmp_path / "file" / "state")

    assert "state_dir" in refused.value.hint
