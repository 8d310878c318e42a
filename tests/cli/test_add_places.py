"""What `add` needs of this box is looked at before the camera is asked anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_agent.cli.login import Login, Nobody
from edge_agent.errors import EdgeAgentError
from tests.cli.sites import Person, Site
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream


@contextmanager
def unasked_camera() -> Iterator[OnvifCamera]:
    """A camera that nobody may ask anything."""
    with OnvifCamera(Firmware(password="")) as camera:
        yield camera
        assert camera.seen.operations == []


def test_a_folder_that_is_not_there_is_said_first(site: Site) -> None:
    site.folder.rmdir()
    with unasked_camera() as camera:
        assert site.add_camera(camera) == 1

    assert f"there is no such folder: {site.folder}" in site.out
    assert f"correct --config, or make it:  sudo mkdir -p {site.folder}" in site.out


def test_a_file_in_the_place_of_the_folder_is_said_first(site: Site) -> None:
    site.folder = site.folder / "agent.toml"
    site.folder.write_text("")
    with unasked_camera() as camera:
        assert site.add_camera(camera) == 1

    assert f"{site.folder} is a file; --config names the folder it is in" in site.out
    assert f"write --config {site.folder.parent}" in site.out


@pytest.mark.skipif(
    not Path("/sys/kernel").is_dir(), reason="needs a folder where root cannot write"
)
def test_a_folder_that_cannot_be_written_is_said_first(site: Site) -> None:
    site.folder = Path("/sys/kernel")
    with unasked_camera() as camera:
        assert site.add_camera(camera) == 1

    assert "cannot write /sys/kernel: " in site.out


def test_a_place_for_the_snapshot_that_is_not_there_is_said_first(site: Site) -> None:
    with unasked_camera() as camera:
        assert site.add_camera(camera, "--snapshot", "typo/gate.jpg") == 1

    assert "cannot write a snapshot to typo/gate.jpg: No such file or directory" in site.out


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_password_file_that_cannot_be_used_is_said_first(
    site: Site, content: bytes | None
) -> None:
    site.password_file.unlink()
    if content is not None:
        site.password_file.write_bytes(content)
    with unasked_camera() as camera:
        assert site.with_password(camera) == 1

    assert str(site.password_file) in site.out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_password_file_of_another_user_gets_its_own_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("password").write_text("secret")
    Path("password").chmod(0)
    os.seteuid(65534)
    try:
        with pytest.raises(EdgeAgentError, match="Permission denied") as caught:
            Login("admin", "password", Nobody()).look()
    finally:
        os.seteuid(0)

    assert caught.value.hint == "run this with sudo, or let this user read it:  ls -l password"


def test_nobody_at_the_keyboard_gets_the_whole_command(
    site: Site, streams: tuple[Stream, ...]
) -> None:
    with OnvifCamera(Firmware(streams=streams)) as camera:
        assert site.add_camera(camera, "--user", "admin", "--name", "gate") == 1

        command = f"edge-agent add 127.0.0.1:{camera.port} --name gate --user admin"
    assert "nobody is here to type the password; give it in a file:  " in site.out
    assert f"{command} --password-file FILE --config {site.folder}" in site.out


def test_a_question_that_yes_forbids_is_said_so(site: Site) -> None:
    with OnvifCamera() as camera:
        assert site.add_camera(camera, "--yes", person=Person()) == 1

    assert "--yes asks nothing; give it in a file:  edge-agent add " in site.out
    assert "--user NAME --password-file FILE" in site.out
