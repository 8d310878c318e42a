"""When the agent looks for a camera, and what it does when it finds it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from edge_agent.config.load import load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import remove_camera, save_camera
from edge_agent.daemon.refind_loop import DARK_S, RefindLoop, Watched
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.zone import Zone
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.refind import Lost, Trace
from edge_agent.runtime.stop import Stop
from edge_agent.video.camera_reader import ReaderState
from edge_agent.video.options import StreamOptions
from tests.fakes.clock import FakeClock

THERE = Trace(Address("192.168.1.77"))
NOWHERE = Trace()
GATE = CameraSettings(
    id="gate",
    name="gate",
    stream=StreamOptions(url="rtsp://192.168.1.64/sub"),
    onvif_url="http://192.168.1.64/onvif/device_service",
    onvif_endpoint="urn:uuid:1",
)
# The second channel of the same recorder, and another camera.
YARD = replace(GATE, id="yard", stream=StreamOptions(url="rtsp://192.168.1.64/2"))
WALL = replace(
    GATE,
    id="wall",
    stream=StreamOptions(url="rtsp://192.168.1.65/sub"),
    onvif_url="http://192.168.1.65/onvif/device_service",
    onvif_endpoint="urn:uuid:2",
)


@dataclass
class FakeReader:
    """Implements edge_agent.daemon.refind_loop.Reader."""

    state: ReaderState = field(default_factory=ReaderState)
    moves: list[str] = field(default_factory=list)

    def move(self, options: StreamOptions) -> None:
        self.moves.append(options.url)

    def streams(self) -> None:
        self.state = ReaderState(is_streaming=True, connections=self.state.connections + 1)

    def is_dark(self) -> None:
        self.state = replace(self.state, is_streaming=False)


@dataclass
class FakeEvents:
    address: Address = field(default_factory=lambda: Address("192.168.1.64"))


@dataclass
class FakeSearch:
    """Implements edge_agent.daemon.refind_loop.Searcher; knows where cameras are by endpoint."""

    where: dict[str, Trace] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    taken: list[set[str]] = field(default_factory=list)
    silence: EdgeAgentError | None = None
    # The network card that the kernel knows at a host.
    cards: dict[str, str] = field(default_factory=dict)

    def stranger_at(self, lost: Lost) -> str:
        card = self.cards.get(lost.address.host, "")
        return card if lost.identity.mac and card != lost.identity.mac else ""

    def find(self, lost: Sequence[Lost], taken: Container[str] = ()) -> tuple[Trace, ...]:
        assert lost, "a search for nobody is a flood"
        assert isinstance(taken, set)
        self.asked.append([one.identity.endpoint for one in lost])
        self.taken.append(set(taken))
        if self.silence:
            raise self.silence
        return tuple(map(self._trace, lost))

    def _trace(self, lost: Lost) -> Trace:
        trace = self.where.get(lost.identity.endpoint, NOWHERE)
        # Who is at home is nowhere else.
        return NOWHERE if trace.address == lost.address else trace


class Box:
    """A box with some cameras, and time."""

    def __init__(self, folder: Path, *cameras: CameraSettings) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.readers = {camera.id: FakeReader() for camera in cameras}
        self.search = FakeSearch()
        self.events = FakeEvents()
        watched = [Watched(camera, self.readers[camera.id], self.events) for camera in cameras]
        for camera in cameras:
            save_camera(folder, camera)
        self.loop = RefindLoop(watched, folder, self.search, self.clock, Stop())

    def passes(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.loop.run_once()
            self.clock.advance(1.0)
        self.loop.run_once()


def test_a_dark_camera_is_looked_for_after_a_while_and_its_reader_sent_there(
    tmp_path: Path,
) -> None:
    box = Box(tmp_path, GATE)
    box.search.where = {"urn:uuid:1": THERE}

    box.passes(DARK_S - 1)
    assert box.search.asked == []
    box.passes(1)

    assert box.readers["gate"].moves == ["rtsp://192.168.1.77/sub"]
    assert box.loop.moves == {"gate": "found again at 192.168.1.77 (was 192.168.1.64)"}
    assert box.events.address == THERE.address


def test_the_new_address_is_saved_and_what_was_changed_meanwhile_stays(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE)
    box.search.where = {"urn:uuid:1": THERE}
    zone = Zone("walkway", Polygon((Point(0, 0), Point(1, 0), Point(1, 1))))
    save_camera(tmp_path, replace(GATE, zones=(zone,)))

    box.passes(DARK_S)

    gate = load_camera(tmp_path, "gate")
    assert gate.stream.url == "rtsp://192.168.1.77/sub"
    assert gate.onvif_url == "http://192.168.1.77/onvif/device_service"
    assert gate.zones == (zone,)


def test_a_file_written_by_hand_is_left_alone_and_the_camera_watched_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = Box(tmp_path, GATE)
    box.search.where = {"urn:uuid:1": THERE}
    file = tmp_path / "cameras.d/gate.toml"
    file.write_text("# mine\n" + file.read_text())
    before = file.read_text()

    box.passes(DARK_S)

    assert file.read_text() == before
    assert box.readers["gate"].moves == ["rtsp://192.168.1.77/sub"]
    assert "its file still says the old address" in box.loop.moves["gate"]
    assert caplog.text.count("could not be saved") == 1


def test_a_camera_that_was_removed_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE)
    box.search.where = {"urn:uuid:1": THERE}
    remove_camera(tmp_path, "gate")

    box.passes(DARK_S)

    assert not (tmp_path / "cameras.d/gate.toml").exists()


def test_a_camera_that_streams_is_never_looked_for(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE)
    box.readers["gate"].streams()

    box.passes(600)

    assert box.search.asked == []


def test_a_short_darkness_is_no_reason_and_the_next_one_counts_anew(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE)

    for _ in range(5):
        box.readers["gate"].is_dark()
        box.passes(DARK_S - 2)
        box.readers["gate"].streams()
        box.passes(1)

    assert box.search.asked == []


def test_a_recorder_with_one_broken_channel_has_not_moved(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE, YARD)
    box.readers["yard"].streams()

    box.passes(600)

    assert box.search.asked == []


def test_all_channels_of_a_recorder_move_together_after_one_question(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE, YARD)
    box.search.where = {"urn:uuid:1": THERE}

    box.passes(DARK_S)

    assert box.search.asked == [["urn:uuid:1"]]
    assert box.readers["gate"].moves == ["rtsp://192.168.1.77/sub"]
    assert box.readers["yard"].moves == ["rtsp://192.168.1.77/2"]


def test_the_places_of_cameras_that_stream_are_taken(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE, WALL)
    box.readers["wall"].streams()

    box.passes(DARK_S)

    assert box.search.taken == [{"192.168.1.65"}]


def test_a_camera_that_stays_away_is_asked_for_more_and_more_rarely(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE)

    box.passes(2 * 3600)

    # A fixed pause would be: every 15 s 480 times, every 300 s 24 times.
    assert 24 <= len(box.search.asked) <= 120


def test_a_second_camera_that_goes_dark_is_looked_for_without_delay(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE, WALL)
    box.readers["wall"].streams()
    box.passes(3600)
    box.search.asked.clear()

    box.readers["wall"].is_dark()
    box.passes(DARK_S)

    assert ["urn:uuid:1", "urn:uuid:2"] in box.search.asked


def test_a_camera_that_moves_twice_is_found_twice(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE)
    box.search.where = {"urn:uuid:1": THERE}
    box.passes(DARK_S)
    box.readers["gate"].streams()
    box.passes(60)

    box.search.where = {"urn:uuid:1": Trace(Address("192.168.1.88"))}
    box.readers["gate"].is_dark()
    box.passes(DARK_S)

    assert box.readers["gate"].moves[-1] == "rtsp://192.168.1.88/sub"
    assert box.loop.moves["gate"] == "found again at 192.168.1.88 (was 192.168.1.77)"
    assert load_camera(tmp_path, "gate").stream.url == "rtsp://192.168.1.88/sub"


def test_why_nobody_was_believed_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = Box(tmp_path, GATE)
    doubt = "192.168.1.99 calls itself this camera but has another network card"
    box.search.where = {"urn:uuid:1": Trace(doubt=doubt)}

    box.passes(3600)

    assert caplog.text.count(doubt) == 1
    assert box.readers["gate"].moves == []
    assert box.loop.moves == {}


def test_a_network_that_is_down_is_said_once_and_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = Box(tmp_path, GATE)
    box.search.silence = EdgeAgentError("cannot ask the network: no route", hint="plug it in")
    box.passes(600)

    box.search.silence = None
    box.search.where = {"urn:uuid:1": THERE}
    box.passes(600)

    assert caplog.text.count("no route") == 1
    assert box.readers["gate"].moves == ["rtsp://192.168.1.77/sub"]


def test_a_camera_without_onvif_is_not_looked_for(tmp_path: Path) -> None:
    box = Box(tmp_path, replace(GATE, onvif_url="", onvif_endpoint=""))

    box.passes(600)

    assert not box.loop.is_needed
    assert box.search.asked == []


GATE_CARD, WALL_CARD, STRANGE_CARD = (f"02:00:00:00:00:0{number}" for number in (1, 2, 9))
CARDED_GATE = replace(GATE, onvif_mac=GATE_CARD)
CARDED_WALL = replace(WALL, onvif_mac=WALL_CARD)


def streaming_box(folder: Path) -> Box:
    """Two cameras that stream, each in its place, for an hour."""
    box = Box(folder, CARDED_GATE, CARDED_WALL)
    box.search.cards = {"192.168.1.64": GATE_CARD, "192.168.1.65": WALL_CARD}
    for reader in box.readers.values():
        reader.streams()
    box.passes(3600)
    assert box.search.asked == []
    return box


def test_two_cameras_that_swapped_addresses_get_back_under_their_own_names(tmp_path: Path) -> None:
    box = streaming_box(tmp_path)
    box.search.cards = {"192.168.1.64": WALL_CARD, "192.168.1.65": GATE_CARD}
    box.search.where = {
        "urn:uuid:1": Trace(Address("192.168.1.65")),
        "urn:uuid:2": Trace(Address("192.168.1.64")),
    }

    box.passes(61)

    assert box.search.asked == [["urn:uuid:1", "urn:uuid:2"]]
    assert box.search.taken == [set()]
    assert box.readers["gate"].moves == ["rtsp://192.168.1.65/sub"]
    assert box.readers["wall"].moves == ["rtsp://192.168.1.64/sub"]
    assert load_camera(tmp_path, "gate").stream.url == "rtsp://192.168.1.65/sub"
    assert load_camera(tmp_path, "wall").stream.url == "rtsp://192.168.1.64/sub"
    assert box.loop.moves["gate"] == "found again at 192.168.1.65 (was 192.168.1.64)"


def test_another_device_in_a_cameras_place_is_said_until_it_leaves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = streaming_box(tmp_path)
    told = f"another device ({STRANGE_CARD}) answers at 192.168.1.64"
    box.search.cards["192.168.1.64"] = STRANGE_CARD

    box.passes(3600)

    assert box.loop.moves == {"gate": told}
    assert caplog.text.count("another device") == 1
    assert box.search.asked[0] == ["urn:uuid:1"]
    assert box.search.taken[0] == {"192.168.1.65"}
    box.search.cards["192.168.1.64"] = GATE_CARD
    box.passes(60)
    assert box.loop.moves == {}


def test_who_answers_is_seen_soon_after_a_new_connection(tmp_path: Path) -> None:
    box = streaming_box(tmp_path)
    box.passes(1)
    box.search.cards["192.168.1.64"] = STRANGE_CARD

    box.readers["gate"].streams()
    box.passes(1)

    assert box.search.asked == [["urn:uuid:1"]]


def test_a_card_that_the_kernel_does_not_know_is_no_contradiction(tmp_path: Path) -> None:
    box = streaming_box(tmp_path)
    box.search.cards.clear()

    box.passes(600)

    assert box.search.asked == []
    assert box.loop.moves == {}


def test_a_camera_whose_place_another_of_ours_has_taken_is_still_looked_for(
    tmp_path: Path,
) -> None:
    box = Box(tmp_path, GATE, WALL)
    box.search.where = {"urn:uuid:1": Trace(Address("192.168.1.65"))}
    box.passes(DARK_S)
    assert box.readers["gate"].moves == ["rtsp://192.168.1.65/sub"]
    box.readers["gate"].streams()
    box.search.asked.clear()

    box.passes(600)

    assert ["urn:uuid:2"] in box.search.asked
