"""What the center may do, and what nobody may see, as the files say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_agent.cli.check_box import check_box
from edge_agent.cli.check_camera import check_rules
from edge_agent.config.load import load_camera, load_settings
from tests.config.sites import (
    SHORTEST,
    SHORTEST_CAMERA,
    ZONES,
    complaints_about,
    complaints_about_camera,
    write_site,
)
from tests.fakes.center_key import CenterKey
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

MASKS = '[[masks]]\nname = "window"\noutline = [[0, 0], [0.2, 0], [0.2, 0.3]]\n'


def commands(folder: Path, text: str) -> set[str]:
    settings = load_settings(write_site(folder, f"{SHORTEST}[center]\n{text}"))
    return {str(one) for one in settings.center.commands}


def test_without_a_word_a_center_may_ask_how_we_are(tmp_path: Path) -> None:
    assert commands(tmp_path, "") == {"ping", "health"}


def test_an_empty_list_allows_nothing(tmp_path: Path) -> None:
    assert commands(tmp_path, "commands = []") == set()


def test_a_command_that_is_misspelt_is_named(tmp_path: Path) -> None:
    text = f'{SHORTEST}[center]\ncommands = ["ping", "restrat"]\n'

    told = complaints_about(write_site(tmp_path, text))

    assert told[:2] == [
        'agent.toml, line 7: center.commands: does not know "restrat"',
        "  next: did you mean restart?",
    ]


def test_check_tells_what_the_center_may_do(tmp_path: Path) -> None:
    state = f'state_dir = "{tmp_path}/state"\n'
    keys = f'[center]\nkeys = ["{CenterKey().text}"]\n'

    def told(text: str) -> tuple[bool | None, str]:
        settings = load_settings(write_site(tmp_path, state + SHORTEST + text))
        (fact,) = [one for one in check_box(settings, FakeClock()) if one.part == "center"]
        assert (fact.hint != "") is (fact.ok is None)
        return fact.ok, fact.what

    # Good to know, with its next step: nothing is broken, and no tick either.
    nobody = "no key of the center is known: receipts and commands are taken from nobody"
    assert told("") == (None, nobody)
    assert told(keys) == (True, "may give these commands: health, ping")
    assert told(keys + "commands = []") == (True, "may give no commands")


def test_a_mask_is_read_and_counted_by_check(tmp_path: Path) -> None:
    write_site(tmp_path, gate=SHORTEST_CAMERA + ZONES + MASKS)
    camera = load_camera(tmp_path, "gate")

    facts = check_rules(camera, None, tmp_path)

    assert [mask.name for mask in camera.masks] == ["window"]
    assert "1 part of the picture hidden: window" in [fact.what for fact in facts]


def test_two_masks_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    told = complaints_about_camera(tmp_path, SHORTEST_CAMERA + MASKS + MASKS)

    assert 'there are two masks "window"' in told[0]
