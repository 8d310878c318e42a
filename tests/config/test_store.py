"""What is written is what is read, and what a person wrote stays."""

import errno
import json
import math
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.config.camera import LONGEST_ZONE_NAME
from edge_agent.config.load import load_camera
from edge_agent.config.rule_kinds import KINDS
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import need_room, not_written, save_camera, save_password
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.sighting import Label, Severity
from edge_agent.domain.zone import Zone
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.options import MotionOptions
from edge_agent.rules.options import IntrusionOptions
from edge_agent.runtime.secret import Secret
from edge_agent.toml.problems import BadConfiguration
from edge_agent.video.options import Idle, StreamOptions

_OUTLINE = Polygon((Point(0.1, 0.5), Point(0.9, 0.5), Point(0.9, 0.95)))
_GATE = CameraSettings(
    id="gate",
    name="Gerbang utama",
    stream=StreamOptions(url="rtsp://192.168.1.64/stream2"),
    zones=(Zone("walkway", _OUTLINE),),
)

_texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
# Letters, digits, punctuation and symbols of all scripts: what people name things by.
_visible = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12
)
# As long as a zone's name may be in a message: some of these take four bytes each.
_names = (
    st.lists(_visible, min_size=1, max_size=3)
    .map(" ".join)
    .filter(lambda name: len(json.dumps(name, ensure_ascii=False).encode()) <= LONGEST_ZONE_NAME)
)
_secrets = st.tuples(st.sampled_from(["", " "]), _visible, st.sampled_from(["", " "])).map("".join)
_seconds = st.floats(min_value=1e-3, max_value=86_400)
_radii = st.floats(min_value=0.1, max_value=0.5)


def _star(radii: list[float]) -> Polygon:
    """An outline around the middle, one corner in each direction: it cannot cross itself."""
    turn = math.tau / len(radii)
    corners = (
        Point(0.5 + radius * math.cos(turn * step), 0.5 + radius * math.sin(turn * step))
        for step, radius in enumerate(radii)
    )
    return Polygon(tuple(corners))


_outlines = st.lists(_radii, min_size=3, max_size=7).map(_star)
_words = st.from_regex(r"[a-z0-9_-]{1,32}", fullmatch=True)


@st.composite
def _streams(draw: st.DrawFn, folder: Path, owner: str) -> StreamOptions:
    path = draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12))
    stream = StreamOptions(
        url=f"{draw(st.sampled_from(['rtsp', 'rtsps']))}://10.0.0.7:{draw(st.integers(1, 65535))}/{path}",
        open_s=draw(_seconds),
        read_s=draw(_seconds),
        idle=draw(st.sampled_from(Idle)),
    )
    if draw(st.booleans()):
        return stream
    secret = Secret(draw(_secrets))
    file = save_password(folder, owner, secret)
    return replace(stream, username=draw(_names), password=secret, password_file=file)


@st.composite
def _cameras(draw: st.DrawFn, folder: Path) -> CameraSettings:
    zone_names = draw(st.lists(_names, max_size=3, unique=True))
    zones = tuple(Zone(name, draw(_outlines)) for name in zone_names)
    rule_names = draw(st.lists(_names, max_size=3, unique=True)) if zones else []
    return CameraSettings(
        id="gate",
        name=draw(_names),
        stream=draw(_streams(folder, "gate")),
        main_stream=draw(st.none() | _streams(folder, "gate-main")),
        motion=MotionOptions(least_score=draw(st.floats(min_value=0.01, max_value=0.99))),
        zones=zones,
        rules=tuple(draw(_rules(name, zones)) for name in rule_names),
        masks=tuple(
            Zone(name, draw(_outlines)) for name in draw(st.lists(_names, max_size=2, unique=True))
        ),
        onvif_url=draw(st.sampled_from(["", "http://10.0.0.7:8000/onvif/device_service"])),
        onvif_endpoint=draw(st.just("") | _texts),
        onvif_mac=draw(st.sampled_from(["", "bc:ad:28:aa:0d:40"])),
        onvif_serial=draw(st.just("") | _texts),
        onvif_source=draw(st.just("") | _texts),
    )


@st.composite
def _rules(draw: st.DrawFn, name: str, zones: tuple[Zone, ...]) -> IntrusionOptions:
    return IntrusionOptions(
        name=name,
        zone=draw(st.sampled_from(zones)),
        labels=draw(st.frozensets(st.sampled_from(Label), min_size=1)),
        severity=draw(st.sampled_from(Severity)),
        patience_s=draw(_seconds),
        absence_s=draw(_seconds),
        update_s=draw(_seconds),
    )


@given(st.data())
@settings(
    max_examples=60,
    deadline=None,
    # Every example writes the same two files anew; nothing is left of the one before.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_is_saved_is_what_is_loaded(tmp_path: Path, data: st.DataObject) -> None:
    camera = data.draw(_cameras(tmp_path))

    save_camera(tmp_path, camera)

    assert load_camera(tmp_path, "gate") == camera


@given(_words)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_topic_safe_word_can_be_a_camera(tmp_path: Path, camera_id: str) -> None:
    camera = replace(_GATE, id=camera_id)

    save_camera(tmp_path, camera)

    assert load_camera(tmp_path, camera_id) == camera


def test_the_file_of_a_plain_camera_says_only_what_is_special(tmp_path: Path) -> None:
    file = save_camera(tmp_path, _GATE)

    assert file == tmp_path / "cameras.d/gate.toml"
    assert file.read_text().splitlines() == [
        "# Written by edge-agent. Commands rewrite it; to keep it by hand, delete this line.",
        'name = "Gerbang utama"',
        "",
        "[stream]",
        'url = "rtsp://192.168.1.64/stream2"',
        "",
        "[[zones]]",
        'name = "walkway"',
        "outline = [[0.1, 0.5], [0.9, 0.5], [0.9, 0.95]]",
    ]


def test_a_camera_saved_twice_is_the_newer_one(tmp_path: Path) -> None:
    save_camera(tmp_path, _GATE)

    save_camera(tmp_path, replace(_GATE, zones=()))

    assert load_camera(tmp_path, "gate").zones == ()


def test_a_file_that_a_person_wrote_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "cameras.d/gate.toml"
    file.parent.mkdir()
    file.write_text('# mine\nstream.url = "rtsp://10.0.0.1/"\n')

    with pytest.raises(EdgeAgentError, match="was written by hand") as caught:
        save_camera(tmp_path, _GATE)

    assert 'url = "rtsp://192.168.1.64/stream2"' in caught.value.hint
    assert file.read_text().startswith("# mine")


def test_the_hint_for_a_file_by_hand_works(tmp_path: Path) -> None:
    file = tmp_path / "cameras.d/gate.toml"
    file.parent.mkdir()
    file.write_text('stream.url = "rtsp://10.0.0.1/"\n')
    with pytest.raises(EdgeAgentError) as caught:
        save_camera(tmp_path, _GATE)

    line = caught.value.hint.splitlines()[1]
    file.write_text(f"{line}\n{file.read_text()}")

    save_camera(tmp_path, _GATE)
    assert load_camera(tmp_path, "gate") == _GATE


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_sudo_writes_belongs_to_whom_the_folder_belongs_to(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    os.chown(tmp_path, 4321, 4322)

    password_file = save_password(tmp_path, "gate", Secret("x"))
    camera_file = save_camera(tmp_path, _GATE)

    for path in (password_file, password_file.parent, camera_file, camera_file.parent):
        assert (path.stat().st_uid, path.stat().st_gid) == (4321, 4322), path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_link_in_the_place_of_a_folder_gives_nothing_away(tmp_path: Path) -> None:
    folder, treasure = tmp_path / "etc", tmp_path / "treasure"
    folder.mkdir()
    treasure.mkdir()
    (folder / "secrets").symlink_to(treasure)
    os.chown(folder, 4321, 4322)

    with pytest.raises(EdgeAgentError, match="cannot write"):
        save_password(folder, "gate", Secret("x"))

    assert treasure.stat().st_uid == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _LoiteringOptions(IntrusionOptions):
    """A second kind of rule."""


def test_a_rule_of_another_kind_does_not_become_an_intrusion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = _LoiteringOptions(name="loitering-walkway", zone=_GATE.zones[0])
    camera = replace(_GATE, rules=(rule,))
    with pytest.raises(KeyError):
        save_camera(tmp_path, camera)

    monkeypatch.setitem(KINDS, "loitering", _LoiteringOptions)

    assert 'kind = "loitering"' in save_camera(tmp_path, camera).read_text()
    assert load_camera(tmp_path, "gate").rules == (rule,)


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    bow_tie = Polygon((Point(0.1, 0.1), Point(0.9, 0.9), Point(0.9, 0.1), Point(0.1, 0.9)))
    camera = replace(_GATE, zones=(Zone("walkway", bow_tie),))

    with pytest.raises(BadConfiguration) as caught:
        save_camera(tmp_path, camera)

    assert "crosses itself" in caught.value.problems[0].what
    assert not (tmp_path / "cameras.d").exists()


def test_a_password_is_for_one_user_only_and_in_no_other_file(tmp_path: Path) -> None:
    file = save_password(tmp_path, "gate", Secret("p#ss w@rd"))
    stream = replace(_GATE.stream, username="admin", password=Secret("p#ss w@rd"))

    camera_file = save_camera(tmp_path, replace(_GATE, stream=replace(stream, password_file=file)))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert 'password_file = "secrets/gate"' in camera_file.read_text()
    assert "p#ss" not in camera_file.read_text()


def test_a_folder_that_is_not_there_is_not_invented(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="there is no such folder: ") as caught:
        save_camera(tmp_path / "typo", _GATE)

    assert caught.value.hint.endswith(f"sudo mkdir -p {tmp_path / 'typo'}")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("in the way")

    with pytest.raises(EdgeAgentError, match="cannot write "):
        save_password(tmp_path, "gate", Secret("x"))


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "run this with sudo"),
        (errno.ENOTDIR, "look what is there:  ls -ld"),
    ],
)
def test_each_reason_not_to_write_has_its_own_advice(number: int, advice: str) -> None:
    failure = not_written(Path("/etc/edge-agent/secrets"), OSError(number, os.strerror(number)))

    assert failure.what == f"cannot write /etc/edge-agent/secrets: {os.strerror(number)}"
    assert failure.hint.startswith(advice)


def test_looking_for_room_leaves_nothing_behind(tmp_path: Path) -> None:
    need_room(tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("secret", ["", "two\nlines", "tab\there"])
def test_a_password_that_no_file_can_hold_is_refused(tmp_path: Path, secret: str) -> None:
    with pytest.raises(EdgeAgentError, match="the password is empty or has characters") as caught:
        save_password(tmp_path, "gate", Secret(secret))

    assert caught.value.hint == "copy it anew, without the end of its line"
    assert not (tmp_path / "secrets").exists()


def test_a_password_cannot_be_saved_outside_its_folder(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="cannot be a camera's id"):
        save_password(tmp_path, "../gate", Secret("x"))


def test_a_folder_in_the_place_of_a_camera_is_named(tmp_path: Path) -> None:
    (tmp_path / "cameras.d/gate.toml").mkdir(parents=True)

    with pytest.raises(EdgeAgentError, match=r"cannot read .*: Is a directory") as caught:
        save_camera(tmp_path, _GATE)

    assert caught.value.hint == "run this with sudo"
