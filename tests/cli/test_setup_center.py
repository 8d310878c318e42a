"""The center's key as a person gives it: what is taken for one, and what is refused at once."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.box_key import FOLDER, open_keys
from edge_agent.cli.setup_center import names_of, read_center_keys, refuse_own
from edge_agent.errors import EdgeAgentError

if TYPE_CHECKING:
    from pathlib import Path

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OTHER = "7h0PIU4FuhxLGbQqKysVgdwflepZpMLrvE4whRkJ5Mw="
_KID, _OTHER_KID = "21fe31dfa154a261", "d541f919ddca0055"
_PRINTED = (
    f"✓ key    {_KID} signs receipts, from /srv/center/center.pem\n"
    "         next: every box needs this line: edge-agent setup asks for it there\n"
    f'keys = ["{KEY}"]\n'
)
# Letters that a key in base64 may have, slashes among them, but too few of them.
_TORN = "/" + "0PIU4FuhxLGbQq/ysVgdwflepZpMLrvE4whRkJ5Mw="


@pytest.mark.parametrize("answer", [KEY, f'"{KEY}"', f'keys = ["{KEY}"]', _PRINTED])
def test_the_key_may_be_pasted_alone_or_as_it_was_printed(answer: str) -> None:
    assert read_center_keys(answer) == (KEY,)


@pytest.mark.parametrize("text", [KEY, f"{KEY}\n", _PRINTED, f"[center]{_PRINTED}"])
def test_a_file_may_hold_whatever_the_center_printed(tmp_path: Path, text: str) -> None:
    (tmp_path / "center's key").write_text(text)

    assert read_center_keys(f"{tmp_path}/center's key") == (KEY,)


def test_two_centers_are_both_believed() -> None:
    keys = read_center_keys(f'keys = ["{KEY}", "{OTHER}"]')

    assert names_of(keys) == f"{_KID}, {_OTHER_KID}"


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (_KID, "is no public key"),
        (_TORN, "is no public key"),
        (f"palembang/plaju-01 {KEY}", "is no public key"),
        ("keys = [1]", "is no public key"),
        ("keys = [", "is no public key"),
        ("\x1b[2J", "?[2J"),
        ("é", "is no public key"),
        ("a" * 5_000, "is no public key"),
        ("/\0", "is no public key"),
        ("./" * 5_000, "cannot read"),
        ("~nobody-here/key", "cannot read"),
        ("/", "cannot read /"),
        ("-----BEGIN PRIVATE KEY-----", "that is the center's private key"),
    ],
)
def test_what_is_no_key_is_refused_in_one_sentence(answer: str, what: str) -> None:
    with pytest.raises(EdgeAgentError) as refused:
        read_center_keys(answer)

    assert what in refused.value.what
    assert refused.value.hint


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b'keys = ["abc"]', b"x" * 100_000])
def test_a_file_without_a_key_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "center.txt"
    file.write_bytes(content)

    with pytest.raises(EdgeAgentError, match="holds no key of the center"):
        read_center_keys(str(file))


def test_the_boxs_own_key_is_not_the_centers(tmp_path: Path) -> None:
    refuse_own((KEY,), tmp_path)
    own, _ = open_keys(tmp_path / FOLDER)
    text = base64.b64encode(own.signer.public).decode()

    with pytest.raises(EdgeAgentError, match="this box's own key"):
        refuse_own((KEY, text), tmp_path)
    refuse_own((KEY,), tmp_path)


def test_a_damaged_key_of_the_box_is_somebody_elses_news(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "box.pem").write_text("")

    refuse_own((KEY,), tmp_path)
