"""What `model` says of models that cannot be used as they are, and of rules that they leave alone."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import Desk, answering
from tests.packs.models import SHIPPED, change_card, street

if TYPE_CHECKING:
    from pathlib import Path

# Of a camera at which nothing listens: the commands on models never ask it.
CAMERA = """
name = "Gate"
[stream]
url = "rtsp://127.0.0.1:9/"
[[zones]]
name = "bank"
outline = [[0.0, 0.2], [1.0, 0.2], [1.0, 1.0], [0.0, 1.0]]
[[rules]]
name = "dumping"
kind = "intrusion"
zone = "bank"
labels = ["garbage", "person"]
"""


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def states(desk: Desk) -> dict[str, str]:
    desk.model("list", "--json")
    return {one["name"]: one["state"] for one in json.loads(desk.out)}


def install(desk: Desk, version: str) -> Path:
    assert desk.model("install", desk.packs(version)) == 0, desk.err
    return desk.store.folder / f"street-{version}"


def test_a_model_that_does_not_know_what_a_rule_watches_is_named_when_it_is_chosen(
    desk: Desk,
) -> None:
    (desk.folder / "cameras.d").mkdir()
    (desk.folder / "cameras.d" / "gate.toml").write_text(CAMERA)
    forgetful = street(desk.folder / "2.0.0", "2.0.0")
    change_card(forgetful, '"garbage"', '""')
    change_card(forgetful, "garbage = .*", "")
    pack = desk.folder / "2.0.0.pack"
    assert desk.model("pack", forgetful, "--out", pack) == 0, desk.err
    assert desk.model("install", pack) == 0

    assert desk.model("use", "street-2.0.0") == 0
    assert "✓ model  street-2.0.0 is chosen" in desk.out
    what = "model street does not know garbage: rule dumping of camera gate will never alert for it"
    assert f"✗ gate   {what}\n" in desk.out
    assert "it knows bus, car, person, truck, two_wheeler: change the labels" in desk.out

    assert desk.model("use", "street") == 0
    assert "will never alert" not in desk.out


def test_an_installed_name_in_agent_toml_is_no_model_and_the_list_says_so(desk: Desk) -> None:
    install(desk, "2.0.0")
    desk.write('[objects]\nmodel = "street-2.0.0"')

    assert desk.model("list") == 1
    assert re.search(r"^street-2\.0\.0 +2\.0\.0 +installed +- ", desk.out, re.MULTILINE)
    assert re.search(r"^street-2\.0\.0 +\? +agent\.toml +chosen, missing", desk.out, re.MULTILINE)
    assert (
        'what agent.toml says cannot be used: there is no model called "street-2.0.0"' in desk.out
    )
    assert desk.model("bench") == 1
    assert "take the line out, then: edge-agent model use NAME" in desk.err


@pytest.mark.parametrize("name", ["nosuch", "/nonexistent/folder"])
def test_a_wrong_model_in_agent_toml_does_not_hide_the_list(desk: Desk, name: str) -> None:
    desk.write(f'[objects]\nmodel = "{name}"')

    assert desk.model("list") == 1
    assert re.search(rf"^street +{SHIPPED.version} +shipped", desk.out, re.MULTILINE)
    assert "what agent.toml says cannot be used: " in desk.out
    assert "write a shipped model's name or a folder with / there, or delete that line" in desk.out


def test_a_broken_card_of_a_folder_is_told_with_its_reason(desk: Desk) -> None:
    mine = street(desk.folder / "mine")
    change_card(mine, r"^width_px = .*$", "width_px = 7")
    desk.write(f'[objects]\nmodel = "{mine}"')

    assert desk.model("list") == 1
    assert re.search(r"agent\.toml +chosen, damaged", desk.out)
    told = " ".join(desk.out.split())
    assert "cannot be used: - input.width_px" in told
    assert "correct" in told


def test_nobody_is_told_to_restart_with_a_model_that_is_damaged(desk: Desk) -> None:
    folder = install(desk, "2.0.0")
    desk.model("use", "street-2.0.0")
    change_card(folder, "0.6", "0.1")

    with answering(desk.folder / "state", "street 2.0.0"):
        assert desk.model("list") == 1
    assert "street-2.0.0 is damaged" in desk.out
    assert "still uses" not in desk.out


def test_a_chosen_model_whose_folder_is_gone_is_missed(desk: Desk) -> None:
    folder = install(desk, "2.0.0")
    desk.model("use", "street-2.0.0")
    shutil.rmtree(folder)

    assert desk.model("list") == 1
    assert "street-2.0.0 is chosen, but it is not installed" in desk.out
    assert states(desk)["street-2.0.0"] == "chosen, missing"


def test_a_chosen_model_that_is_damaged_is_still_shown_as_chosen(desk: Desk) -> None:
    folder = install(desk, "2.0.0")
    desk.model("use", "street-2.0.0")
    change_card(folder, "0.6", "0.1")

    assert states(desk)["street-2.0.0"] == "chosen, new, damaged"
    for verb in ("show", "bench", "verify"):
        assert desk.model(verb, "street-2.0.0") == 1
        assert "is not what was installed" in desk.out + desk.err
        assert "next: install the pack again" in desk.out + desk.err


def test_a_model_that_nobody_trusted_signed_is_not_trusted_once_keys_are_asked_for(
    desk: Desk,
) -> None:
    install(desk, "2.0.0")
    desk.trusts(desk.makes_key("fleet.key"))

    assert desk.model("list") == 1
    assert "street-2.0.0 is not trusted: the pack is not signed" in desk.out
    assert "install a pack of it that the fleet's key has signed" in desk.out
    assert states(desk) == {"street": "chosen", "street-2.0.0": "not trusted"}


def test_the_shipped_model_has_a_name_with_its_version_too(desk: Desk) -> None:
    assert desk.model("show", f"street-{SHIPPED.version}") == 0
    assert f"version: {SHIPPED.version}" in desk.out
    assert desk.model("show", "street-0.0.1") == 1
    assert 'no model "street-0.0.1" is installed' in desk.err
