"""What a box says it runs: bounded, with what matters first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge_agent.daemon.about import About
from edge_agent.daemon.firmware import FILE, FirmwareBook, read_firmware
from edge_agent.daemon.software import MOST_BYTES, Part, told_parts
from edge_agent.daemon.starts import StartBook
from edge_agent.inference.model_file import find_card, load_card
from edge_agent.onvif.device import Device

if TYPE_CHECKING:
    from pathlib import Path

GATE = Device(maker="Acme", model="AC-100", firmware="1.0", serial="7")


def test_what_does_not_fit_is_left_out_from_the_end_and_counted() -> None:
    parts = [Part("camera", f"camera-{n}", "é" * 300) for n in range(60)]

    told = told_parts([Part("agent", "edge-agent", "1"), *parts])

    assert len(json.dumps(told).encode()) <= MOST_BYTES
    assert told["parts"][0] == ["agent", "edge-agent", "1"]
    assert told["left_out"] == 61 - len(told["parts"])
    assert 0 < told["left_out"] < 61


def test_what_is_not_known_is_not_told() -> None:
    assert told_parts([Part("camera", "gate", "", "why")]) == {"parts": [], "left_out": 0}


def test_a_birth_says_everything_and_later_words_only_what_is_new(tmp_path: Path) -> None:
    firmware = FirmwareBook(tmp_path)
    card = load_card(find_card("street"))
    about = About(StartBook(tmp_path, lambda: 0.0, "b"), firmware, card)

    birth, later = about.told(is_birth=True), about.told(is_birth=False)
    firmware.note({"gate": GATE}, {"gate"})
    news, again = about.told(is_birth=False), about.told(is_birth=False)

    kinds = [part[0] for part in birth["software"]["parts"]]
    assert kinds[:6] == ["agent", "python", "system", "processor", "model", "model"]
    assert "library" in kinds
    assert ["model", card.name, card.version, card.sha256] in birth["software"]["parts"]
    assert len(json.dumps(birth["software"]).encode()) <= MOST_BYTES
    assert "software" not in later
    assert ["camera", "gate", "Acme AC-100, firmware 1.0"] in news["software"]["parts"]
    assert "software" not in again


def test_what_a_camera_said_is_known_after_a_start_until_it_is_removed(tmp_path: Path) -> None:
    FirmwareBook(tmp_path).note({"gate": GATE, "yard": GATE}, {"gate", "yard"})
    book = FirmwareBook(tmp_path)
    assert set(book.known) == {"gate", "yard"}

    book.note({}, {"gate"})

    assert read_firmware(tmp_path) == {"gate": "Acme AC-100, firmware 1.0"}


@pytest.mark.parametrize("text", ["", "[]", "nonsense", "[" * 3000])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)

    assert read_firmware(tmp_path) == {}


def test_a_disk_that_refuses_is_told_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = FirmwareBook(tmp_path / "nowhere")

    book.note({"gate": GATE}, {"gate"})

    assert book.known == {"gate": "Acme AC-100, firmware 1.0"}
    assert "cannot note the firmware of the cameras" in caplog.text
