"""Whether a camera's own events are listened to, as its file says it."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.config.camera import read_camera
from edge_agent.config.camera_text import write_camera
from edge_agent.onvif.options import Events
from edge_agent.toml.problems import Problems
from edge_agent.toml.reader import Table

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.config.settings import CameraSettings

_STREAM = '[stream]\nurl = "rtsp://192.168.1.64/stream2"\n'


def read(text: str, folder: Path) -> tuple[CameraSettings, list[str]]:
    problems = Problems(folder / "gate.toml", text)
    camera = read_camera(Table(tomllib.loads(text), problems), folder, "gate")
    return camera, [str(problem) for problem in problems.found]


@pytest.mark.parametrize(
    ("line", "events"),
    [("", Events.AUTO), ('events = "auto"', Events.AUTO), ('events = "off"', Events.OFF)],
)
def test_events_are_heard_unless_they_are_off(tmp_path: Path, line: str, events: Events) -> None:
    camera, problems = read(f"{_STREAM}[onvif]\n{line}\n", tmp_path)

    assert (camera.onvif_events, problems) == (events, [])


def test_another_word_is_a_problem(tmp_path: Path) -> None:
    _, problems = read(f'{_STREAM}[onvif]\nevents = "no"\n', tmp_path)

    assert len(problems) == 1
    assert "onvif.events" in problems[0]


@pytest.mark.parametrize("events", Events)
def test_what_was_chosen_outlives_a_command_that_writes_the_file(
    tmp_path: Path, events: Events
) -> None:
    camera, _ = read(_STREAM, tmp_path)
    chosen = replace(camera, onvif_url="http://192.168.1.64/x", onvif_events=events)

    again, problems = read(write_camera(chosen, tmp_path), tmp_path)

    assert (again.onvif_events, problems) == (events, [])
