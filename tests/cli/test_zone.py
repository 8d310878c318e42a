"""Drawing zones: the words, the file they end up in, and the picture to check them by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_agent.cli.main import main
from edge_agent.config.load import load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.sighting import Label, Severity
from edge_agent.video.options import StreamOptions
from tests.peers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.peers.rtsp import RtspServer

_CORNERS = ["0.1,0.5", "0.9,0.5", "0.9,0.95"]
_OTHER = ["0,0", "0.5,0", "0.5,0.5", "0,0.5"]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one camera, as `add` writes it; commands need no --config."""
    folder = tmp_path / "site"
    folder.mkdir()
    stream = StreamOptions(url=f"rtsp://127.0.0.1:{free_port()}/sub")
    save_camera(folder, CameraSettings(id="gate", name="gate", stream=stream))
    monkeypatch.setenv("EDGE_AGENT_CONFIG", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def _zone(*words: str) -> int:
    return main(["zone", *words])


def _grey(folder: Path, width: int, height: int) -> Path:
    file = folder / "grey.png"
    cv2.imwrite(str(file), np.full((height, width, 3), 128, np.uint8))
    return file


def test_garbage_gets_a_rule_with_more_patience_beside_the_others(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _zone("add", "gate", "kerb", *_CORNERS, "--alert-on", "garbage,person") == 0

    people, garbage = load_camera(site, "gate").rules
    assert (people.name, people.labels, people.patience_s) == (
        "intrusion-kerb",
        {Label.PERSON},
        1.0,
    )
    assert (garbage.name, garbage.labels) == ("garbage-kerb", {Label.GARBAGE})
    assert (garbage.patience_s, garbage.update_s) == (60.0, 3600.0)
    told = "alert on person after 1 s (medium); alert on garbage after 60 s (medium)"
    assert told in capsys.readouterr().out


def test_a_rule_for_people_leaves_that_for_garbage_alone(site: Path) -> None:
    assert _zone("add", "gate", "kerb", *_CORNERS, "--alert-on", "garbage") == 0
    assert _zone("add", "gate", "kerb", *_CORNERS, "--alert-on", "person", "--replace") == 0

    rules = load_camera(site, "gate").rules
    assert [rule.name for rule in rules] == ["garbage-kerb", "intrusion-kerb"]


def test_a_zone_with_an_alert_is_saved(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--alert-on", "person,two_wheeler", "--for", "2.5", "--severity", "high"]

    code = _zone("add", "gate", "walkway", *_CORNERS, *words)

    camera = load_camera(site, "gate")
    (zone,), (rule,) = camera.zones, camera.rules
    assert code == 0
    assert zone.name == "walkway"
    assert zone.outline == Polygon((Point(0.1, 0.5), Point(0.9, 0.5), Point(0.9, 0.95)))
    assert (rule.name, rule.zone, rule.severity) == ("intrusion-walkway", zone, Severity.HIGH)
    assert rule.labels == {Label.PERSON, Label.TWO_WHEELER}
    assert rule.patience_s == 2.5
    assert capsys.readouterr().out.splitlines() == [
        '✓ gate   zone "walkway" saved: alert on person, two_wheeler after 2.5 s (high)',
        "         next: edge-agent zone show gate",
        "a running agent takes it over after: sudo systemctl reload edge-agent",
    ]


def test_a_zone_without_an_alert_says_so(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _zone("add", "gate", "walkway", *_CORNERS)

    assert load_camera(site, "gate").rules == ()
    assert 'zone "walkway" saved: no alert yet' in capsys.readouterr().out


def test_the_next_command_names_the_folder_that_was_given(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDGE_AGENT_CONFIG")

    _zone("add", "gate", "walkway", *_CORNERS, "--config", str(site))

    assert f"next: edge-agent zone show gate --config {site}\n" in capsys.readouterr().out


def test_a_zone_is_not_replaced_by_accident(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _zone("add", "gate", "walkway", *_CORNERS)

    code = _zone("add", "gate", "walkway", *_OTHER)

    assert code == 1
    assert len(load_camera(site, "gate").zones[0].outline.corners) == 3
    assert capsys.readouterr().err.splitlines() == [
        'camera gate has a zone "walkway" already',
        "  next: choose another name, or repeat the command with --replace",
    ]


def test_a_zone_drawn_anew_keeps_its_place_and_its_rule(site: Path) -> None:
    _zone("add", "gate", "walkway", *_CORNERS, "--alert-on", "car", "--for", "9")
    _zone("add", "gate", "lawn", *_OTHER)

    _zone("add", "gate", "walkway", *_OTHER, "--replace")

    camera = load_camera(site, "gate")
    assert [zone.name for zone in camera.zones] == ["walkway", "lawn"]
    assert camera.rules[0].zone == camera.zones[0]
    assert camera.rules[0].patience_s == 9
    assert len(camera.zones[0].outline.corners) == 4


def test_an_alert_can_be_changed_together_with_its_zone(site: Path) -> None:
    _zone("add", "gate", "walkway", *_CORNERS, "--alert-on", "car")

    _zone("add", "gate", "walkway", *_CORNERS, "--alert-on", "bus,truck", "--replace")

    (rule,) = load_camera(site, "gate").rules
    assert rule.labels == {Label.BUS, Label.TRUCK}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["0.1,0.5", "0.9"], 'argument X,Y: "0.9" is no corner; write X,Y as in 0.1,0.5'),
        (["0.1,0.5", "a,b"], 'argument X,Y: "a,b" is no corner; write X,Y as in 0.1,0.5'),
        (["0.1,0.5", "0.9,0.5"], "the outline has 2 corners; it needs 3 to 64"),
        (["0,0", "1,1", "1,0", "0,1"], "the outline crosses itself: the lines after corners 1 and 3 meet"),
        (["0,0", "320,0", "1,1"], "the outline corner 2 (320, 0) lies outside the picture (0 to 1)"),
        ([*_CORNERS, "--alert-on", "persn"], 'argument --alert-on: no label "persn"; did you mean person?'),
        (["-0.1,0.5", "0.9,0.5", "0.9,0.95"], "the outline corner 1 (-0.1, 0.5) lies outside the picture (0 to 1)"),
        (["0,5", "0,9", "1,1"], 'argument X,Y: "0,5" is outside the picture (0 to 1); if you mean 0.5, write it with a point, and a corner as X,Y: 0.1,0.5'),
        ([*_CORNERS, "--alert-on", "car", "--severity", "urgent"], 'argument --severity: no severity "urgent"; known here: high, low, medium'),
        ([*_CORNERS, "--for", "2"], "--for and --severity need --alert-on"),
        ([*_CORNERS, "--severity", "low"], "--for and --severity need --alert-on"),
        ([*_CORNERS, "--alert-on", "car", "--for", "0"], 'argument --for: "0" must be seconds above 0, at most 86400'),
        ([*_CORNERS, "--alert-on", "car", "--for", "x"], 'argument --for: "x" must be seconds above 0, at most 86400'),
    ],
)  # fmt: skip
def test_a_slip_of_the_hand_is_wrong_usage(
    site: Path, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    code = _zone("add", "gate", "walkway", *words)

    assert code == 2
    assert capsys.readouterr().err.splitlines() == [
        f"edge-agent zone add: {complaint}",
        "  next: edge-agent zone add --help",
    ]
    assert load_camera(site, "gate").zones == ()


def test_a_name_that_cannot_be_shown_is_wrong_usage(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _zone("add", "gate", " walkway", *_CORNERS) == 2
    assert "NAME has blanks at an end" in capsys.readouterr().err
    assert load_camera(site, "gate").zones == ()


def test_the_list_can_be_pasted_back(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _zone("add", "gate", "walkway", *_CORNERS, "--alert-on", "person")
    _zone("add", "gate", "lawn", *_OTHER)
    capsys.readouterr()

    assert _zone("list", "gate", "--config", str(site)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "walkway: 0.1,0.5 0.9,0.5 0.9,0.95",
        "  intrusion-walkway: person after 1 s (medium); away for 3 s is the same visit, an update every 30 s",
        "lawn: 0,0 0.5,0 0.5,0.5 0,0.5",
    ]


@pytest.mark.usefixtures("site")
def test_an_empty_list_shows_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    _zone("list", "gate")

    assert capsys.readouterr().out.splitlines() == [
        "camera gate has no zones",
        "next: edge-agent zone add gate NAME X,Y X,Y X,Y --alert-on person",
    ]


def test_a_zone_goes_with_its_rules_and_leaves_the_others(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _zone("add", "gate", "walkway", *_CORNERS, "--alert-on", "person")
    _zone("add", "gate", "lawn", *_OTHER, "--alert-on", "car")
    capsys.readouterr()

    assert _zone("remove", "gate", "walkway") == 0

    camera = load_camera(site, "gate")
    assert [zone.name for zone in camera.zones] == ["lawn"]
    assert [rule.name for rule in camera.rules] == ["intrusion-lawn"]
    assert capsys.readouterr().out.startswith(
        '✓ gate   zone "walkway" and its rule "intrusion-walkway" removed\n'
    )


@pytest.mark.usefixtures("site")
def test_a_zone_that_is_not_there_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    _zone("add", "gate", "walkway", *_CORNERS)

    assert _zone("remove", "gate", "walkwy") == 1
    assert "next: did you mean walkway?" in capsys.readouterr().err


def test_a_file_written_by_hand_is_left_alone_but_helped(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = site / "cameras.d/gate.toml"
    file.write_text('[stream]\nurl = "rtsp://10.0.0.7/sub"\n')

    code = _zone("add", "gate", "walkway", *_CORNERS)

    said = capsys.readouterr().err
    assert code == 1
    assert "was written by hand and is left alone" in said
    assert 'name = "walkway"\noutline = [[0.1, 0.5], [0.9, 0.5], [0.9, 0.95]]' in said
    assert "walkway" not in file.read_text()


def test_zones_are_drawn_where_they_are(site: Path, tmp_path: Path) -> None:
    _zone("add", "gate", "left", "0,0", "0.5,0", "0.5,1", "0,1", "--alert-on", "person")
    out = tmp_path / "out.png"

    code = _zone("show", "gate", "--picture", str(_grey(site, 320, 240)), "--out", str(out))

    drawn = cv2.imread(str(out))
    assert code == 0
    assert drawn is not None
    # Rows below the name; columns left and right of the zone's edge, far from lines of the grid.
    rows = slice(640, 720)
    inside, outside = drawn[rows, 180:280].mean((0, 1)), drawn[rows, 900:1000].mean((0, 1))
    # The grey took the zone's orange inside, and stayed grey outside.
    assert inside[2] - inside[0] > 30
    assert abs(outside[2] - outside[0]) < 1


@pytest.mark.parametrize("size", [(64, 48), (1921, 1081), (48, 480)])
def test_pictures_of_all_sizes_get_their_zones(
    site: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    _zone("add", "gate", "a name as long as names may be, forty ca", "0,0", "0.01,0", "0,0.01")
    picture = _grey(site, *size)

    assert _zone("show", "gate", "--picture", str(picture)) == 0
    assert (tmp_path / "gate-zones.png").stat().st_size > 0


@pytest.mark.usefixtures("site")
def test_a_camera_without_a_picture_is_an_answer_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert _zone("show", "gate") == 1
    assert "refused the connection" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"GIF89a"])
def test_what_is_no_picture_is_refused(
    site: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    file = site / "picture.jpg"
    if content is not None:
        file.write_bytes(content)

    assert _zone("show", "gate", "--picture", str(file)) == 1
    assert "next: name a JPEG or PNG file" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = _grey(site, 64, 48)

    code = _zone("show", "gate", "--picture", str(picture), "--out", str(site / "no/where.png"))

    assert code == 1
    assert "no/where.png: No such file or directory" in capsys.readouterr().err


@pytest.mark.journey
def test_a_picture_is_taken_from_the_camera(
    site: Path,
    tmp_path: Path,
    rtsp_server: Callable[..., RtspServer],
    street_h264: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream = StreamOptions(url=rtsp_server(street_h264).url())
    save_camera(site, CameraSettings(id="gate", name="gate", stream=stream))
    _zone("add", "gate", "walkway", *_CORNERS, "--alert-on", "person")

    assert _zone("show", "gate") == 0
    drawn = cv2.imread(str(tmp_path / "gate-zones.png"))
    assert drawn is not None
    # The street is no even grey.
    assert drawn[100:900, 100:1200].std() > 20
    assert f"1 zone drawn: {tmp_path}/gate-zones.png" in capsys.readouterr().out
