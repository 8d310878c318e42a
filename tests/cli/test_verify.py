"""`verify` over files as a center writes them: what was done to them, box by box."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.cli import verify
from edge_agent.cli.main import main
from edge_agent.contract import chain
from edge_agent.domain.chain import Link
from edge_agent.spool.chain import NO_HASH
from tests.fakes.box import SealedBox

if TYPE_CHECKING:
    from pathlib import Path


class Office:
    """Has the boxes' keys and what was received; asks whether it is all."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.keys = folder / "boxes.keys"
        self.file = folder / "may.jsonl"
        self.keys.write_text("# our boxes\n\n")
        self.out = self.err = ""
        self._capsys = capsys

    def knows(self, box: SealedBox) -> None:
        with self.keys.open("a") as keys:
            keys.write(f"kota/{box.box} {base64.b64encode(box.key).decode()}\n")

    def line(self, payload: bytes, kind: str = "alert/gate", box: str = "box-7") -> str:
        return json.dumps({"topic": f"city/v1/kota/{box}/up/{kind}", "payload": payload.decode()})

    def status(self, head: bytes, box: str = "box-7") -> str:
        status = json.dumps({"state": "online", "head": head.decode()}).encode()
        return self.line(status, "status", box)

    def verify(self, *lines: str, more: tuple[str, ...] = ()) -> int:
        self.file.write_text("\n".join(lines) + "\n")
        code = main(["verify", str(self.file), "--keys", str(self.keys), *more])
        self.out, self.err = self._capsys.readouterr()
        return code


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path, capsys)


@pytest.fixture
def box(tmp_path: Path, office: Office) -> SealedBox:
    box = SealedBox(tmp_path / "box-7")
    office.knows(box)
    return box


def test_a_whole_chain_is_one_line(office: Office, box: SealedBox) -> None:
    lines = [office.line(one) for one in box.alerts(5)]
    lines.append(office.line(box.record_dropped(5, 5), "record"))

    code = office.verify(
        *lines[1::-1], *lines[2:4], *lines[5:], lines[0], office.status(box.head())
    )

    assert code == 0
    assert "✓ kota/box-7 5 messages, complete up to 6, 1 came again\n" in office.out
    assert "• kota/box-7 given up by the box, which says so: 5\n" in office.out


def test_payloads_in_base64_and_what_nobody_signs_may_stand_in_the_file(
    office: Office, box: SealedBox
) -> None:
    alert = base64.b64encode(box.alert()).decode()
    lines = [
        json.dumps({"topic": "city/v1/kota/box-7/up/alert/gate", "payload_base64": alert}),
        json.dumps({"topic": "city/v1/kota/box-7/up/check", "payload_base64": "/9g="}),
        office.line(b'{"state": "offline"}', "status"),
        "",
        office.status(box.head()),
    ]

    assert office.verify(*lines) == 0


def test_an_altered_message_a_gap_and_a_cut_tail_are_named(office: Office, box: SealedBox) -> None:
    told = box.alerts(9)
    told[1] = told[1].replace(b"visit-1", b"visit-9")
    lines = [office.line(one) for one in (*told[:3], *told[5:7])]

    assert office.verify(*lines, office.status(box.head())) == 1

    assert "✗ kota/box-7 missing: 2, 4-5\n" in office.out
    assert "✗ kota/box-7 missing at the end: 8-9; at 2026-" in office.out
    assert "✗ kota/box-7 1 message: altered\n" in office.out


def test_a_replay_under_another_box_is_told_of_that_box(
    office: Office, box: SealedBox, tmp_path: Path
) -> None:
    other = SealedBox(tmp_path / "box-8", box="box-8")
    office.knows(other)
    mine, its = box.alert(), other.alert()

    code = office.verify(
        office.line(mine),
        office.line(its, box="box-8"),
        office.line(mine, box="box-8"),
        office.status(box.head()),
        office.status(other.head(), "box-8"),
    )

    assert code == 1
    assert "✓ kota/box-7 1 message, complete up to 1\n" in office.out
    assert "✗ kota/box-8 1 message: of another box\n" in office.out


def test_two_messages_with_one_number_are_told(office: Office, box: SealedBox) -> None:
    lines = [office.line(one) for one in box.alerts(2)]
    box.link = Link(2, box.hashes[1])

    assert office.verify(*lines, office.line(box.alert("another"))) == 1
    assert "✗ kota/box-7 two different messages with one number: 2\n" in office.out


def test_a_box_that_nobody_vouches_for_is_told(office: Office, tmp_path: Path) -> None:
    stranger = SealedBox(tmp_path / "stranger")

    assert office.verify(office.line(stranger.alert())) == 1
    assert f"signed by keys that nobody vouches for: {stranger.seal.kid}" in office.out


def test_an_old_key_at_work_is_told(office: Office, box: SealedBox) -> None:
    old = box.seal
    lines = [office.line(box.alert()), office.line(box.rotate(), "record")]
    body = b'{"site":"kota","box":"box-7","type":"x","time":""}'

    assert office.verify(*lines, office.line(old.seal(body, box.link).payload)) == 1
    assert "signed by a key that was not in use then: 3" in office.out


def test_a_box_that_lost_its_place_says_so(office: Office, box: SealedBox) -> None:
    box.link = Link(65, NO_HASH)
    lost = box.say(box.seal.restarted(1, 64))

    assert office.verify(office.line(lost, "record")) == 1
    assert "the box lost its place and went on at 65: 1-64 cannot be accounted for" in office.out


def test_what_still_waits_and_a_missing_head_are_good_to_know(
    office: Office, box: SealedBox
) -> None:
    lines = [office.line(one) for one in box.alerts(3)]

    assert office.verify(*lines) == 0
    assert "• kota/box-7 no signed head in these files" in office.out
    assert office.verify(*lines[:2], office.status(box.head(waits_from=3))) == 0
    assert "• kota/box-7 may still be with the box: 3\n" in office.out


def test_many_gaps_are_counted_not_listed(office: Office, box: SealedBox) -> None:
    lines = [office.line(one) for one in box.alerts(40)[1::2]]

    assert office.verify(*lines) == 1
    assert "missing: 1, 3, 5, 7, 9, 11, 13, 15 and 12 more\n" in office.out


def test_a_file_may_begin_after_what_is_stored_elsewhere(office: Office, box: SealedBox) -> None:
    lines = [office.line(one) for one in box.alerts(6)[4:]]

    assert office.verify(*lines, office.status(box.head()), more=("--after", "4")) == 0


def test_a_box_that_has_sent_nothing_yet_is_whole(office: Office, box: SealedBox) -> None:
    assert office.verify(office.status(box.head())) == 0
    assert "0 messages, none was sent yet" in office.out


def test_a_payload_without_its_signature_is_told(office: Office, box: SealedBox) -> None:
    assert office.verify(office.line(box.alert().split(b"\n")[0])) == 1
    assert "1 message: not signed" in office.out


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "1", '{"topic": 1}', '{"topic": "city/v1/a"}', '{"topic": "other/x/a/b/c/d"}'],
)
def test_a_line_that_is_no_message_is_counted(office: Office, line: str) -> None:
    assert office.verify(line) == 1
    assert "✗ may.jsonl line 1 is not a message as we read it\n" in office.out
    assert "no message of any box in these files" in office.out


@pytest.mark.parametrize(
    "box",
    ["x\n✓ kota_box-7 5 messages", "x\x1b[2J", "\ud800", "\u202e7-xob", "x" * 200],
)
def test_a_topic_cannot_write_our_lines(office: Office, box: str) -> None:
    topic = f"city/v1/kota/{box}/up/alert/gate"

    assert office.verify(json.dumps({"topic": topic, "payload": "a\nb"})) == 1
    assert "✗ may.jsonl line 1 is not a message as we read it\n" in office.out
    assert "✓" not in office.out


def test_many_lines_that_are_no_messages_are_counted_not_listed(office: Office) -> None:
    assert office.verify(*["{"] * 50) == 1
    assert office.out.count("is not a message as we read it") == 8
    assert "✗ may.jsonl 42 more lines are not messages as we read them\n" in office.out


def test_a_line_without_an_end_is_passed_over_and_the_next_one_is_read(
    office: Office, box: SealedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python would read it whole, whatever its size."""
    monkeypatch.setattr(verify, "_MOST_LINE", 4096)
    lines = [office.line(box.alert()), office.status(box.head())]

    assert office.verify(lines[0], "0" * 20_000, lines[1]) == 1
    assert "✗ may.jsonl line 2 is not a message as we read it\n" in office.out
    assert "✓ kota/box-7 1 message, complete up to 1\n" in office.out
    assert office.verify(*lines, "0" * 20_000) == 1


def test_a_device_is_no_file(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "/dev/zero", "--keys", str(office.keys)]) == 1
    assert "cannot read /dev/zero: it is a device" in capsys.readouterr().err


def test_keys_may_be_a_file_that_key_show_was_led_into(office: Office, box: SealedBox) -> None:
    shown = "✓ key    b0140e50135f60b5 signs for kota/box-7\n"
    office.keys.write_text(shown + office.keys.read_text())

    assert office.verify(office.line(box.alerts(1)[0]), office.status(box.head())) == 0


@pytest.mark.parametrize("number", ["5", "100"])
def test_nobody_hides_a_gap_behind_a_number_that_is_too_large(
    office: Office, box: SealedBox, number: str
) -> None:
    lines = [office.line(one) for one in box.alerts(4)]

    assert office.verify(lines[0], *lines[2:], more=("--after", number)) == 1
    assert f"nothing after {number} is here: the newest message is 4" in office.out


def test_a_number_below_zero_is_wrong_usage(office: Office, box: SealedBox) -> None:
    line = office.line(box.alerts(1)[0])

    assert office.verify(line, more=("--after=-3",)) == 2
    assert "must be the number of a message: 0 or more" in office.err


def test_the_newest_message_may_stand_first_also_with_many_after_a_new_key(
    office: Office, box: SealedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "_MOST_HELD", 3)
    lines = [office.line(box.alert()), office.line(box.rotate(), "record")]
    lines += [office.line(one) for one in box.alerts(10)]
    lines.append(office.status(box.head()))

    assert office.verify(*lines[::-1]) == 0
    assert "✓ kota/box-7 12 messages, complete up to 12\n" in office.out


def test_the_hint_for_missing_keys_is_about_keys(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.file.write_text("")

    assert main(["verify", str(office.file), "--keys", str(office.folder / "none")]) == 1
    assert "edge-agent key show" in capsys.readouterr().err


@given(st.binary(max_size=200), st.binary(max_size=200))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)
def test_no_file_makes_it_fail_in_its_own_words(
    office: Office, lines: bytes, payload: bytes
) -> None:
    content = base64.b64encode(payload).decode()
    told = json.dumps({"topic": "city/v1/kota/b/up/status", "payload_base64": content})
    office.file.write_bytes(lines + b"\n" + told.encode())

    assert main(["verify", str(office.file), "--keys", str(office.keys)]) == 1


def test_a_file_that_cannot_be_read_is_named(office: Office) -> None:
    code = main(["verify", str(office.folder / "none"), "--keys", str(office.keys)])

    assert code == 1


def test_a_bad_line_among_the_keys_is_named(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.keys.write_text("kota/box-7 nokey\n")

    assert office.verify("") == 1
    assert f"line 1 of {office.keys} is not a box and its key" in office.err
    assert capsys.readouterr().out == ""


def picture(jpeg: bytes, alert_id: str, box: str = "box-7") -> str:
    return json.dumps(
        {
            "topic": f"city/v1/kota/{box}/up/thumb/gate/{alert_id}",
            "payload_base64": base64.b64encode(jpeg).decode(),
        }
    )


def alert_with_picture(box: SealedBox, alert_id: str, jpeg: bytes) -> bytes:
    thumb = {"sha256": hashlib.sha256(jpeg).hexdigest()}
    told = {"type": "intrusion", "time": "", "site": "kota", "box": "box-7", "id": alert_id}
    return box.say(json.dumps(told | {"thumb": thumb}, separators=(",", ":")).encode())


def test_pictures_are_those_that_signed_alerts_name(office: Office, box: SealedBox) -> None:
    lines = [picture(b"jpeg one", "one")]
    lines += [
        office.line(alert_with_picture(box, name, f"jpeg {name}".encode()))
        for name in ("one", "two")
    ]

    code = office.verify(*lines, office.status(box.head()))

    assert code == 0
    assert "✓ kota/box-7 1 pictures are those that the alerts name\n" in office.out
    assert "• kota/box-7 1 pictures that alerts name are not in these files\n" in office.out


@pytest.mark.parametrize(("jpeg", "alert_id"), [(b"another", "one"), (b"jpeg one", "two")])
def test_a_picture_that_was_exchanged_is_told(
    office: Office, box: SealedBox, jpeg: bytes, alert_id: str
) -> None:
    alert = office.line(alert_with_picture(box, "one", b"jpeg one"))

    code = office.verify(alert, picture(jpeg, alert_id), office.status(box.head()))

    assert code == 1
    assert "✗ kota/box-7 1 pictures that no signed alert names\n" in office.out


def test_the_head_of_a_health_message_counts_too(office: Office, box: SealedBox) -> None:
    first, _ = box.alerts(2)
    health = json.dumps({"type": "health", "head": box.head().decode()}).encode()

    code = office.verify(office.line(first), office.line(health, "health"))

    assert code == 1
    assert "missing at the end: 2" in office.out
