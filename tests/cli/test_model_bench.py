"""`model bench` over the real command line; how long things take is the box's business."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from edge_agent.inference import capacity
from tests.cli.desk import Desk
from tests.packs.models import SHIPPED

if TYPE_CHECKING:
    from pathlib import Path

QUICK = ("--looks", "2", "--threads", "1")


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_a_technician_reads_what_looks_and_cameras_cost(desk: Desk) -> None:
    assert desk.model("bench", *QUICK) == 0

    assert re.search(rf"^street {SHIPPED.version} +1( +\d+\.\d){{3}}$", desk.out, re.MULTILINE)
    for street in ("empty", "usual", "busy"):
        assert re.search(
            rf"^street {SHIPPED.version} +{street} +[\d.]+( +\d+\.\d){{4}} +\d+$",
            desk.out,
            re.MULTILINE,
        )
    assert max(map(len, desk.out.splitlines())) <= 80


def test_the_chosen_model_is_measured_where_none_is_named(desk: Desk) -> None:
    desk.model("install", desk.packs("2.0.0"))
    desk.model("use", "street-2.0.0")

    assert desk.model("bench", *QUICK) == 0
    assert "street 2.0.0" in desk.out
    assert f"street {SHIPPED.version}" not in desk.out


def test_models_are_measured_beside_each_other(desk: Desk) -> None:
    desk.model("install", desk.packs("2.0.0"))

    assert desk.model("bench", "street", "street-2.0.0", *QUICK) == 0
    assert f"street {SHIPPED.version}" in desk.out
    assert "street 2.0.0" in desk.out


def test_programs_get_every_figure(desk: Desk) -> None:
    assert desk.model("bench", "--json", *QUICK) == 0

    told = json.loads(desk.out)
    assert told["stream"].keys() == {"frame_ms", "key_frame_ms", "motion_ms"}
    assert [(one["model"], one["threads"]) for one in told["looks"]] == [
        (f"street {SHIPPED.version}", 1)
    ]
    assert [one["street"] for one in told["cameras"]] == ["empty", "usual", "busy"]
    assert all(one["cameras"] >= 0 for one in told["cameras"])


@pytest.mark.parametrize("option", ["--threads", "--looks"])
@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "99999"])
def test_a_number_that_makes_no_sense_is_one_line_and_the_next_step(
    desk: Desk, option: str, value: str
) -> None:
    assert desk.model("bench", f"{option}={value}") == 2

    what, hint = desk.err.splitlines()
    assert re.fullmatch(
        rf'edge-agent model bench: argument {option}: "{value}" must be a whole number, 1 to \d+',
        what,
    )
    assert hint == "  next: edge-agent model bench --help"


def test_a_model_that_is_not_here_is_told_before_anything_is_measured(desk: Desk) -> None:
    assert desk.model("bench", "street", "nanodet", *QUICK) == 1

    assert desk.out == ""
    assert desk.err.splitlines() == [
        'no model "nanodet" is installed',
        "  next: choose one of: street; or bring it: edge-agent model install FILE",
    ]


def test_a_folder_without_a_model_is_told(desk: Desk) -> None:
    assert desk.model("bench", f"{desk.folder}/", *QUICK) == 1
    assert "is no model folder: it has no model.toml" in desk.err


def test_a_box_whose_threads_do_not_suit_it_is_told_which_do(desk: Desk) -> None:
    """One look a second of one crop: one thread is quick enough on any box."""
    desk.write("[objects]\nthreads = 2\ncrops_per_frame = 1\nframes_per_second = 0.1")

    assert desk.model("bench", "--looks", "2") == 0
    assert "1 suit this box, agent.toml says 2" in desk.out
    assert (
        "next: delete that line from [objects]: the agent finds out by itself at each start"
        in desk.out
    )


def test_a_box_that_is_set_as_it_should_be_hears_nothing_of_threads(desk: Desk) -> None:
    desk.write("[objects]\ncrops_per_frame = 1\nframes_per_second = 0.1")

    assert desk.model("bench", "--looks", "2") == 0
    assert "agent.toml" not in desk.out


def test_threads_that_spin_while_they_wait_are_not_advised(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity, "shares_cores", lambda: False)

    assert desk.model("bench", "--json", "--looks", "2") == 0
    assert [one["threads"] for one in json.loads(desk.out)["looks"]] == [1]
