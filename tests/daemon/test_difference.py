"""What another configuration changes, by what stands in the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.config.load import load_settings
from edge_agent.config.move import moved
from edge_agent.daemon.difference import Difference, difference
from edge_agent.onvif.address import read_address
from tests.config.sites import SHORTEST, SHORTEST_CAMERA, ZONES, write_site

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.config.settings import CameraSettings

ONVIF = '[onvif]\nurl = "http://10.0.0.7/onvif/device_service"\nendpoint = "urn:uuid:1"\n'
GATE = SHORTEST_CAMERA + ZONES + ONVIF


def compared(
    folder: Path,
    now: tuple[str, str],
    files: tuple[str, str],
    found: CameraSettings | None = None,
) -> Difference:
    before = load_settings(write_site(folder, now[0], gate=now[1]))
    after = load_settings(write_site(folder, files[0], gate=files[1]))
    return difference(before, after, lambda _: found)


@pytest.mark.parametrize(
    "line",
    [
        "[motion]\nleast_score = 0.8\n",
        '[[rules]]\nkind = "intrusion"\nzone = "walkway"\n',
        '[[masks]]\nname = "window"\noutline = [[0, 0], [1, 0], [1, 1]]\n',
        '[place]\nname = "Plaju"\n',
    ],
)
def test_what_a_camera_is_watched_for_is_no_other_stream(tmp_path: Path, line: str) -> None:
    found = compared(tmp_path, (SHORTEST, GATE), (SHORTEST, GATE + line))

    assert (found.changed, found.rewired) == (("gate",), ())
    assert found.told() == "changed: gate"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rtsp://", "rtsps://"),
        ("[onvif]", '[onvif]\nevents = "off"'),
        ("[onvif]", '[onvif]\nsource = "VS_2"'),
    ],
)
def test_another_stream_or_device_is_connected_to_anew(tmp_path: Path, old: str, new: str) -> None:
    found = compared(tmp_path, (SHORTEST, GATE), (SHORTEST, GATE.replace(old, new)))

    assert (found.changed, found.rewired) == ((), ("gate",))


def test_a_camera_that_was_found_elsewhere_goes_on_whatever_its_file_says(tmp_path: Path) -> None:
    gate = load_settings(write_site(tmp_path, SHORTEST, gate=GATE)).cameras[0]
    there = moved(gate, read_address("http://10.0.0.9/onvif/device_service"))
    new = GATE.replace("10.0.0.7", "10.0.0.9")

    saved = compared(tmp_path, (SHORTEST, GATE), (SHORTEST, new), there)
    unsaved = compared(tmp_path, (SHORTEST, GATE), (SHORTEST, GATE), there)
    elsewhere = compared(
        tmp_path, (SHORTEST, GATE), (SHORTEST, GATE.replace("10.0.0.7", "10.0.0.8")), there
    )

    assert there.stream.url != gate.stream.url
    assert (saved.rewired, unsaved.rewired, elsewhere.rewired) == ((), (), ("gate",))


@pytest.mark.parametrize(
    ("more", "is_other"),
    [
        ("keepalive_s = 20\n", True),
        ("[mirrors]\nonvif = true\n", False),
        ('[center]\ncommands = ["ping"]\n', False),
        ('[center]\nkeys = ["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]\n', True),
    ],
)
def test_the_broker_is_called_anew_only_for_what_concerns_it(
    tmp_path: Path,
    more: str,
    is_other: bool,  # noqa: FBT001 (pytest's)
) -> None:
    found = compared(tmp_path, (SHORTEST, GATE), (SHORTEST + more, GATE))

    assert found.is_broker_other is is_other
    assert found.waits == ()


def test_who_the_box_is_and_what_its_model_gets_wait_for_a_start(tmp_path: Path) -> None:
    more = "[objects]\nthreads = 2\nframes_per_second = 2.0\n[spool]\nsize_mb = 64\n"
    files = SHORTEST.replace("plaju-01", "plaju-02") + more

    found = compared(tmp_path, (SHORTEST, GATE), (files, GATE))

    waits = ("box", "[objects] threads", "[objects] frames_per_second", "[spool] size_mb")
    assert found.waits == waits
    assert found.settings.box == "plaju-01"
    assert found.settings.objects.threads == 0
    assert found.told() == "no camera and no broker is another"
