"""The picture that `add` leaves for the technician: the camera's own, or what we decoded."""

from pathlib import Path

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.cli.snapshot import size_of
from edge_agent.config.load import camera_ids
from tests.cli.sites import Site
from tests.fakes.onvif_box import PICTURE
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream

_GATE = ("--name", "gate")


class HalfPictureCamera(OnvifCamera):
    """Its pictures are what `picture_sent` says."""

    picture_sent = PICTURE[:150]

    def picture(self, path: str, authorization: str) -> tuple[int, str, bytes]:
        status, kind, _ = super().picture(path, authorization)
        return status, kind, self.picture_sent


@pytest.fixture
def firmware(streams: tuple[Stream, ...]) -> Firmware:
    return Firmware(streams=streams[1:])


def _size(file: Path) -> tuple[int, int]:
    height, width, *_ = cv2.imread(str(file)).shape
    return width, height


def test_the_camera_s_own_picture_is_kept_where_the_technician_is(
    site: Site, firmware: Firmware, tmp_path: Path
) -> None:
    with OnvifCamera(firmware) as camera:
        assert site.with_password(camera, *_GATE) == 0, site.out

    file = tmp_path / "gate.jpg"
    assert f"the camera's snapshot: {file}" in site.out
    assert _size(file) == (64, 36)


@pytest.mark.parametrize("login", ["MD5", "Basic"])
def test_a_picture_behind_an_http_login_is_fetched(
    site: Site, streams: tuple[Stream, ...], tmp_path: Path, login: str
) -> None:
    with OnvifCamera(Firmware(streams=streams[1:], picture_logins=(login,))) as camera:
        assert site.with_password(camera, *_GATE) == 0, site.out

    assert _size(tmp_path / "gate.jpg") == (64, 36)


@pytest.mark.parametrize(
    "content",
    [
        PICTURE[:150],
        PICTURE[:-2],
        b"<html></html>",
        b"\xff\xd8\xff\xd9",
        b"",
        # A header that claims 65535x65535 pixels.
        PICTURE.replace(b"\x00\x24\x00\x40\x01", b"\xff\xff\xff\xff\x01"),
    ],
)
def test_a_broken_picture_is_replaced_by_the_decoded_one(
    site: Site, firmware: Firmware, tmp_path: Path, content: bytes
) -> None:
    with HalfPictureCamera(firmware) as camera:
        camera.picture_sent = content
        assert site.with_password(camera, *_GATE) == 0, site.out

    assert "the decoded picture will do" in site.out
    assert _size(tmp_path / "gate.jpg") == (640, 480)


def test_a_camera_without_onvif_leaves_the_decoded_picture(
    site: Site, open_stream: str, tmp_path: Path
) -> None:
    assert site.add(open_stream, "--name", "yard") == 0, site.out

    assert _size(tmp_path / "yard.jpg") == (640, 480)


def test_a_picture_of_ours_is_replaced_and_one_of_others_is_not(
    site: Site, open_stream: str, tmp_path: Path
) -> None:
    assert site.add(open_stream, "--name", "yard") == 0
    assert site.add(open_stream, "--name", "yard") == 0, site.out
    (tmp_path / "yard.jpg").write_bytes(b"my holidays")

    assert site.add(open_stream, "--name", "yard") == 0, site.out

    assert (tmp_path / "yard.jpg").read_bytes() == b"my holidays"
    where = Path(site.out.partition("a picture of the stream: ")[2].splitlines()[0])
    assert where.name.startswith("edge-agent-yard-")
    assert _size(where) == (640, 480)
    where.unlink()


def test_a_file_that_was_named_and_is_not_ours_stays_and_nothing_is_saved(
    site: Site, open_stream: str, tmp_path: Path
) -> None:
    (tmp_path / "x.jpg").write_bytes(b"my holidays")

    assert site.add(open_stream, "--name", "yard", "--snapshot", "x.jpg") == 1

    assert "x.jpg is there and is no snapshot of ours" in site.out
    assert (tmp_path / "x.jpg").read_bytes() == b"my holidays"
    assert camera_ids(site.folder) == ()


def test_a_place_that_cannot_be_written_is_said(site: Site, open_stream: str) -> None:
    assert site.add(open_stream, "--name", "yard", "--snapshot", "nowhere/x.jpg") == 1

    assert "cannot write a snapshot to nowhere/x.jpg: No such file or directory" in site.out


@given(st.binary(max_size=80).map(lambda tail: b"\xff\xd8" + tail))
def test_any_header_has_a_size_or_none(content: bytes) -> None:
    width, height = size_of(content)

    assert 0 <= width <= 65535
    assert 0 <= height <= 65535
