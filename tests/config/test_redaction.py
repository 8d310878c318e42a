"""No secret of a box leaves it in a text, however somebody has written it there."""

from __future__ import annotations

import time
import tomllib
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge_agent.config.redaction import STARS, Redaction, secrets_in
from tests.config.sites import write_private, write_site

if TYPE_CHECKING:
    from pathlib import Path

WORD = "hunter_2/&é"
BOTH_ENDS = '"""', "'''"
WRITTEN = {
    "in one line": 'password = "{}"',
    "in a literal": "password = '{}'",
    "without quotes": "password = {}",
    "over lines": 'password = """\n{}\nmore of it\n"""',
    "over lines, literally": "password = '''\n{}\nmore of it'''",
    "cut off": 'password = """\nmore of it\n{}\n',
    "with a quoted key": '"password" = "{}"',
    "with a literal key": "'mqtt_password'=\"{}\"",
    "with a dotted key": 'broker.password = "{}"',
    "with a key of the same meaning": 'api-key = "{}"',
    "with another end": 'password2 = "{}"',
    "in a table beside": 'broker = {{ url = "mqtt://b", "passwd" = "{}" }}',
    "in a list": 'tokens = [\n  "first",\n  "{}",\n]',
    "in a table of that name": '[secret]\nvalue = "{}"',
    "in a comment": "# the old password = {}",
    "in an address": 'url = "rtsp://admin:{}@10.0.0.7/1"',
    "behind an @": 'url = "rtsp://admin:p@{}@10.0.0.7/1"',
    "behind digits": 'url = "rtsp://admin:12/{}@10.0.0.7/1"',
    "in a query": 'url = "rtsp://10.0.0.7/1?user=admin&pwd={}"',
    "in a query, in short": 'url = "rtsp://10.0.0.7/1?user=admin&pass={}"',
    "as cheap cameras want it": 'url = "rtsp://10.0.0.7/user=admin_password={}_channel=1.sdp"',
    "in a comment's address": "# mqtts://me:{}@broker.example",
    "with an escaped key": '"pass\\u0077ord" = "{}"',
    "as a header": "Authorization: Digest {}",
    "as JSON": '{{"user":"a","password":"{}"}}',
}


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("word", [WORD, quote(WORD, safe="")], ids=["plain", "quoted"])
def test_nobody_reads_a_password_that_stands_in_a_file(how: str, word: str) -> None:
    text = f'site = "palembang"\n{WRITTEN[how].format(word)}\n'

    told = Redaction([]).clean_toml(text)

    assert word not in told
    assert "hunter" not in told
    assert "more of it" not in told
    assert STARS in told


def test_where_key_and_secret_are_both_in_numbers_nothing_is_told() -> None:
    escaped = "".join(f"\\u{ord(each):04x}" for each in "hunter")

    assert Redaction([]).clean_toml(f'"pass\\u0077ord" = "{escaped}"\nsite = "x"\n') == STARS


def test_what_is_no_secret_is_told_as_it_is() -> None:
    text = (
        'site = "palembang"\n# tokenless\n[broker]\nurl = "mqtts://broker.example:8883"\n'
        'username = "plaju"\npassword_file = "secrets/broker"\n"password_file" = "x"\n'
        '[models]\nsigning_keys = ["abc="]\n[[zones]]\noutline = [[0.1, 0.5]]\n'
        "password =\n"
    )

    assert Redaction([]).clean_toml(text) == text


def test_a_file_without_its_secrets_can_still_be_read() -> None:
    text = (
        'password = "x1x1"\nurl = "rtsp://a:b@10.0.0.7/1?token=x2x2"\n'
        'token = """\nx3x3\n"""\nlast = 1\n'
    )

    told = tomllib.loads(Redaction([]).clean_toml(text))

    assert told == {
        "password": STARS,
        "url": f"rtsp://{STARS}@10.0.0.7/1?token={STARS}",
        "token": STARS,
        "last": 1,
    }


def test_every_file_that_the_configuration_names_for_a_secret_is_known(tmp_path: Path) -> None:
    folder, outside = tmp_path / "etc", tmp_path / "run"
    folder.mkdir()
    write_private(outside / "broker", "at-the-broker\n")
    write_private(outside / "camera", "at-the-camera\n")
    write_private(folder / "secrets/gate", "x9\n")
    write_site(
        folder,
        f'[broker]\npassword_file = "{outside}/broker"\n',
        gate=f'[stream]\n"password_file" = "../run/camera"\ntoken = "in-the-file"\n{outside}',
        yard='[stream]\npassword_file = "../run/camera"\ntoken = "in-the-file"\n',
    )

    told = Redaction(secrets_in(folder)).clean("at-the-broker at-the-camera in-the-file x9 x95 \n")

    assert told == f"{STARS} {STARS} {STARS} {STARS} x95 \n"


def test_a_short_line_of_a_secret_has_stars_wherever_it_stands_alone() -> None:
    told = Redaction([]).clean_toml('before = 1\npassword = "1\\r00"\nafter = 2\n')

    assert told == f'before = {STARS}\npassword = "{STARS}"\nafter = 2\n'


@given(
    word=st.text(min_size=4).filter(lambda word: word.strip() == word and len(set(word)) > 1),
    key=st.sampled_from(["password", '"password"', "broker.mqtt_token", "'secret'"]),
)
def test_whatever_the_password_is_a_file_that_can_be_read_does_not_tell_it(
    word: str, key: str
) -> None:
    text = f"before = 1\n{key} = {_as_toml(word)}\nafter = 2\n"
    beside = f'before = 1\n{key} = ""\nafter = 2\n'

    told = Redaction([]).clean_toml(text)
    assert _as_toml(word) not in told

    # What stands elsewhere, too, gets stars there: "pass" leaves no key called password to be read.
    assume(not any(line and line in beside for line in word.splitlines()))

    assert tomllib.loads(text)["before"] == 1
    if told != STARS:
        assert _texts(tomllib.loads(told)) == {STARS}


def _as_toml(word: str) -> str:
    quiet = "".join(
        each if each.isprintable() and each not in '"\\' else f"\\U{ord(each):08x}"
        for each in word
        if not "\ud800" <= each <= "\udfff"
    )
    return f'"{quiet}"'


def _texts(value: object) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(_texts(one) for one in value.values()))
    return {value} if isinstance(value, str) else set()


@pytest.mark.parametrize(
    "piece",
    ["password", "://a:", "://a@", "/_pass", "_", 'password = """', "-----BEGIN ", "pw= \\"],
)
def test_no_text_keeps_us_for_long(piece: str) -> None:
    text = f"{piece * (60_000 // len(piece))}\n"
    began = time.process_time()

    Redaction(["hunter"]).clean_toml(text)
    Redaction(["hunter"]).clean_toml(f"url = '''x://{text}'''")

    assert time.process_time() - began < 5
