"""Which cameras a box knows, as far as whoever asks may read its files."""

from __future__ import annotations

import argparse
import io
import os
from pathlib import Path

import pytest

from edge_agent.cli.configured import configured_cameras
from edge_agent.cli.console import Console
from edge_agent.cli.discover import run, set_up
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import need_folder, save_camera, save_password
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.runtime.secret import Secret
from edge_agent.video.options import StreamOptions
from tests.fakes.onvif_camera import OnvifCamera


def _save_gate(folder: Path) -> None:
    secret = Secret("x")
    file = save_password(folder, "gate", secret)
    stream = StreamOptions(
        url="rtsp://10.0.0.9/s", username="admin", password=secret, password_file=file
    )
    camera = CameraSettings(id="gate", name="gate", stream=stream, onvif_endpoint="urn:uuid:1")
    save_camera(folder, camera)


def test_a_camera_is_known_without_the_right_to_read_its_password(tmp_path: Path) -> None:
    _save_gate(tmp_path)
    # As for a user without rights; root reads everything.
    (tmp_path / "secrets" / "gate").unlink()

    known = configured_cameras(tmp_path)

    assert known.ids_at(Address("10.0.0.7"), "urn:uuid:1") == ("gate",)
    assert known.ids_at(Address("10.0.0.7"), "urn:uuid:2") == ()
    # Saved again it would lose its password.
    assert known.cameras == ()
    assert known.closed == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_is_closed_to_us_is_not_an_empty_one(tmp_path: Path) -> None:
    _save_gate(tmp_path)
    tmp_path.chmod(0o700)
    os.seteuid(65534)
    try:
        closed = configured_cameras(tmp_path).closed
        with pytest.raises(EdgeAgentError, match=r"cannot read .*: Permission denied") as caught:
            need_folder(tmp_path)
    finally:
        os.seteuid(0)

    assert closed == f"{tmp_path / 'cameras.d'}"
    assert caught.value.hint == "run this with sudo"


def test_a_camera_whose_address_is_not_to_be_believed_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "cameras.d").mkdir()
    for name, text in (("a", "stream = 5"), ("b", "[stream"), ("c", '[stream]\nurl = "http://x"')):
        (tmp_path / "cameras.d" / f"{name}.toml").write_text(text)

    known = configured_cameras(tmp_path)

    assert (known.cameras, known.half_read, known.closed) == ((), (), "")


def test_what_cannot_be_read_at_all_is_counted_and_said(tmp_path: Path) -> None:
    (tmp_path / "cameras.d" / "gate.toml").mkdir(parents=True)
    out = io.StringIO()
    parser = argparse.ArgumentParser()
    set_up(parser)

    with OnvifCamera() as camera:
        words = ["--address", f"127.0.0.1:{camera.port}"]
        args = parser.parse_args(words, argparse.Namespace(config=tmp_path))
        run(args, Console(out, is_terminal=False, width=200), discovery_port=9)

    assert "1 camera file cannot be read: what is in there looks new" in out.getvalue()
    assert "next: run this with sudo" in out.getvalue()
