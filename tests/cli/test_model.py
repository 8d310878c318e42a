"""`model` as a technician and a fleet's engineer run it, over the real command line."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.cli.main import main
from edge_agent.cli.model_list import card_facts
from edge_agent.domain.sighting import Label
from edge_agent.inference.model_file import MODELS
from edge_agent.packs.choice import Choice
from tests.cli.desk import Desk, answering
from tests.packs.models import SHIPPED, change_card, street

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_from_the_desk_to_the_box(desk: Desk) -> None:
    """The whole way: key, pack, sign, install, use, verify, list."""
    desk.trusts(desk.makes_key("fleet.key"))
    pack = desk.packs("2.0.0")

    assert desk.model("install", pack) == 1
    assert "the pack is not signed, and this site takes signed ones only" in desk.err
    assert desk.store.installed() == ()

    assert desk.model("sign", pack, "--key", desk.folder / "fleet.key") == 0
    assert desk.model("install", pack) == 0
    assert "✓ model  street-2.0.0 works on this box and is installed, signed by" in desk.out
    assert f"next: edge-agent model use street-2.0.0 --config {desk.folder}" in desk.out

    assert desk.model("use", "street-2.0.0") == 0
    assert "next: sudo systemctl restart edge-agent" in desk.out
    assert desk.store.choice() == Choice(wanted="street-2.0.0")

    assert desk.model("verify") == 0
    assert "street-2.0.0: files, signature and answers are right" in desk.out

    assert desk.model("list") == 0
    assert re.search(r"street-2\.0\.0 +2\.0\.0 +installed +chosen, new", desk.out)
    assert re.search(rf"street +{SHIPPED.version} +shipped +fall-back", desk.out)


def test_the_shipped_model_can_be_packed_as_it_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)

    assert desk.model("pack", MODELS / "street") == 0
    assert desk.model("install", f"street-{SHIPPED.version}.pack") == 0
    assert desk.model("use", f"street-{SHIPPED.version}") == 0


def test_going_back_to_the_shipped_model_is_a_choice_like_any(desk: Desk) -> None:
    desk.model("install", desk.packs("2.0.0"))
    desk.model("use", "street-2.0.0")

    assert desk.model("use", "street") == 0
    assert desk.store.choice() == Choice()


def test_an_older_version_is_installed_with_a_remark(desk: Desk) -> None:
    desk.model("install", desk.packs("2.0.0"))

    assert desk.model("install", desk.packs("1.9.0")) == 0
    assert "• model  it is older than street-2.0.0, which is installed too" in desk.out


def test_installing_twice_says_so(desk: Desk) -> None:
    pack = desk.packs("2.0.0")
    desk.model("install", pack)

    assert desk.model("install", pack) == 0
    assert "street-2.0.0 is installed already, and sound" in desk.out


def test_a_damaged_pack_is_one_clear_line_and_the_next_step(desk: Desk) -> None:
    pack = desk.packs("2.0.0")
    pack.write_bytes(pack.read_bytes()[:-100])

    assert desk.model("install", pack) == 1
    what, hint = desk.err.splitlines()
    assert what == f"{pack}: the pack is damaged: it ends in the middle of street.tflite"
    assert hint.startswith("  next: copy it to this box again")


def test_a_folder_that_no_box_would_take_is_not_packed(desk: Desk) -> None:
    folder = street(desk.folder / "mine")
    change_card(folder, r"^width_px = .*$", "width_px = 640")

    assert desk.model("pack", folder, "--out", desk.folder / "mine.pack") == 1
    assert "the card says 1x320x640x3" in desk.err
    assert not (desk.folder / "mine.pack").exists()


def test_a_pack_is_signed_while_it_is_made(desk: Desk) -> None:
    desk.trusts(desk.makes_key("fleet.key"))

    assert desk.model("install", desk.packs("2.0.0", "--key", desk.folder / "fleet.key")) == 0


def test_a_box_that_names_its_model_in_agent_toml_says_who_decides(desk: Desk) -> None:
    mine = street(desk.folder / "mine", "7.0")
    desk.write(f'[objects]\nmodel = "{mine}"')

    assert desk.model("use", "street") == 1
    assert f"agent.toml says model = {mine}, and decides" in desk.err
    assert desk.model("list") == 0
    assert re.search(r"street +7\.0 +agent\.toml +chosen", desk.out)
    assert f"agent.toml says model = {mine}" in desk.out


def test_what_was_given_up_is_listed_with_its_reason(desk: Desk) -> None:
    desk.model("install", desk.packs("2.0.0"))
    desk.store.save(lambda _: Choice(failed="street-2.0.0", failure="it sees ghosts"))

    assert desk.model("list") == 0
    assert "• model  street-2.0.0 was given up: it sees ghosts" in desk.out


def test_a_model_that_the_disk_damaged_is_found(desk: Desk) -> None:
    desk.model("install", desk.packs("2.0.0"))
    card = desk.store.folder / "street-2.0.0" / "model.toml"
    card.write_text(card.read_text().replace("0.6", "0.1"))

    assert desk.model("verify") == 1
    assert "✗ street-2.0.0" in desk.out
    assert "✓ street " in desk.out
    assert desk.model("list") == 1
    assert "street-2.0.0 is damaged" in desk.out


def test_a_pack_is_verified_without_installing_it(desk: Desk) -> None:
    pack = desk.packs("2.0.0")

    assert desk.model("verify", pack) == 0
    assert "street-2.0.0: files and answers are right" in desk.out
    assert desk.store.installed() == ()


def test_removing_forgets_a_model_that_nobody_uses(desk: Desk) -> None:
    desk.model("install", desk.packs("2.0.0"))

    assert desk.model("remove", "street") == 1
    assert desk.model("remove", "street-2.0.0") == 0
    assert desk.store.installed() == ()


def test_a_card_is_shown_for_people_and_for_programs(desk: Desk) -> None:
    assert desk.model("show", "street") == 0
    assert "licence: Apache-2.0" in desk.out
    assert f"idn_tidar/test mean: {SHIPPED.quality['idn_tidar/test mean']}" in desk.out

    assert desk.model("show", "street", "--json") == 0
    assert json.loads(desk.out)["version"] == SHIPPED.version


def test_the_card_of_a_folder_is_shown_by_its_path(desk: Desk, tmp_path: Path) -> None:
    shutil.copytree(MODELS / "street", tmp_path / "mine")

    assert desk.model("show", f"{tmp_path}/mine") == 0
    assert f"✓ street {tmp_path}/mine" in desk.out
    assert desk.model("show", f"{tmp_path}/mine", "--json") == 0

    shown = json.loads(desk.out)
    assert (shown["name"], shown["folder"]) == ("street", str(tmp_path / "mine"))


def test_where_some_labels_have_a_score_of_their_own_that_of_each_is_shown() -> None:
    card = replace(SHIPPED, score=0.4, label_scores={Label.CAR: 0.7})

    shown = card_facts(card)["score"]

    others = dict.fromkeys(("bus", "garbage", "person", "truck", "two_wheeler"), 0.4)
    assert shown == {"car": 0.7, **others}


def test_one_score_for_all_labels_is_shown_as_one() -> None:
    assert card_facts(replace(SHIPPED, score=0.4, label_scores={}))["score"] == 0.4


def test_the_list_is_there_for_programs(desk: Desk) -> None:
    assert desk.model("list", "--json") == 0
    assert json.loads(desk.out) == [
        {
            "name": "street",
            "version": SHIPPED.version,
            "from": "shipped",
            "state": "chosen",
            "signed_by": "-",
            "licence": "Apache-2.0",
            "problem": "",
        }
    ]


def test_a_key_that_is_no_key_is_a_problem_of_the_site_file(desk: Desk) -> None:
    desk.trusts("secret")

    assert desk.model("list") == 78
    assert 'models.signing_keys: "secret" is no public key' in desk.err


def test_signing_keys_stand_in_a_list(desk: Desk) -> None:
    desk.write('[models]\nsigning_keys = "one"')

    assert desk.model("list") == 78
    assert "needs a list of texts in quotes" in desk.err


def test_check_looks_at_the_chosen_model(desk: Desk) -> None:
    desk.model("install", desk.packs("2.0.0"))
    desk.model("use", "street-2.0.0")

    main(["check", "--json", "--config", str(desk.folder)])

    desk.out, _ = desk._capsys.readouterr()
    facts = {fact["part"]: fact["what"] for fact in json.loads(desk.out)}
    assert facts["model"] == "street 2.0.0 loads on this processor"


def test_an_agent_that_was_not_restarted_is_told(desk: Desk) -> None:
    desk.model("install", desk.packs("2.0.0"))
    desk.model("use", "street-2.0.0")

    with answering(desk.folder / "state", model="street 1.0.0"):
        desk.model("list")
    before = desk.out
    with answering(desk.folder / "state", model="street 2.0.0"):
        desk.model("list")

    assert "• model  the running agent still uses street 1.0.0\n" in before
    assert "next: sudo systemctl restart edge-agent" in before
    assert "still uses" not in desk.out
