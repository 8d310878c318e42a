"""`enroll` as a technician runs it, at a center with a real authority and a real service."""

from __future__ import annotations

import argparse
import io
import os
import stat
import time
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_agent.certificates.certificate import read_certificates
from edge_agent.certificates.est import EstServer as EstClient
from edge_agent.certificates.request import public_of
from edge_agent.cli.console import Console
from edge_agent.cli.enroll import run, set_up
from edge_agent.errors import EdgeAgentError
from tests.certificates.town import BOX, TOKEN, USES_IT
from tests.cli.sites import Person
from tests.fakes.authority import Authority
from tests.peers import dripping
from tests.peers.dripping import DrippingServer
from tests.peers.est import Desk, EstServer, a_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.certificates.town import Town
    from tests.peers.mosquitto import Mosquitto


def _installed(town: Town) -> x509.Certificate:
    return x509.load_pem_x509_certificate(town.files.pair.read_bytes())


def test_a_token_makes_a_certificate(town: Town) -> None:
    assert town.enroll_with_token() == 0, town.err

    found = _installed(town)
    assert found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == BOX
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [BOX]
    assert town.desk.asked == ["cacerts", "simpleenroll"]
    assert f"✓ tls    {BOX} has a certificate until" in town.out


def test_the_key_is_for_the_agent_alone_and_in_one_file_with_its_certificate(town: Town) -> None:
    town.enroll_with_token()

    assert stat.S_IMODE(town.files.pair.stat().st_mode) == 0o600
    assert stat.S_IMODE(town.files.folder.stat().st_mode) == 0o750
    assert (
        public_of(town.files.pair.read_bytes()) == read_certificates(town.files.pair)[0].public_der
    )
    assert sorted(file.name for file in town.files.folder.iterdir()) == ["box.pem", "center.pem"]


def test_the_missing_lines_are_shown_and_the_file_is_left_alone(town: Town) -> None:
    before = (town.folder / "agent.toml").read_bytes()

    town.enroll_with_token()

    assert all(f"  {line}\n" in town.out for line in USES_IT.splitlines())
    assert (town.folder / "agent.toml").read_bytes() == before


def test_lines_that_are_there_before_their_files_are_no_mistake(town: Town) -> None:
    town.write(lines=USES_IT)

    assert town.enroll_with_token() == 0, town.err

    assert "agent.toml uses it" in town.out
    assert "write below" not in town.out


def test_again_is_nothing_new(town: Town) -> None:
    town.enroll_with_token()
    pair = town.files.pair.read_bytes()

    assert town.enroll_with_token() == 0

    assert town.files.pair.read_bytes() == pair
    assert town.desk.asked == ["cacerts", "simpleenroll"]


def test_a_new_one_on_purpose_keeps_the_one_before(town: Town) -> None:
    town.enroll_with_token()
    before = town.files.pair.read_bytes()

    assert town.enroll_with_token("--again") == 0, town.err

    assert town.files.previous.read_bytes() == before
    assert public_of(town.files.pair.read_bytes()) != public_of(before)


def test_the_service_of_the_configuration_needs_no_url(town: Town) -> None:
    more = f'{town.renews_itself}ca_file = "{town.authority.ca_file}"\n'
    town.write(lines=USES_IT, more=more)

    assert town.enroll("--token", TOKEN) == 0, town.err

    assert "the agent renews it from" in town.out


def test_a_wrong_token_leaves_the_key_for_the_right_one(town: Town) -> None:
    assert town.enroll_with_token(token="guessed") == 1
    assert "127.0.0.1 does not accept this token for this box\n  next: ask the center" in town.err
    key = (town.files.folder / "next.key").read_bytes()

    assert town.enroll_with_token() == 0

    assert town.files.pair.read_bytes().startswith(key)


def test_a_center_where_a_person_has_to_agree_is_asked_again_with_the_same_key(town: Town) -> None:
    town.desk.waits = 1

    assert town.enroll_with_token() == 1
    assert "has not signed it yet\n  next: run the same again in 120 s" in town.err
    key = (town.files.folder / "next.key").read_bytes()
    assert town.enroll_with_token() == 0
    assert town.files.pair.read_bytes().startswith(key)


def test_a_new_one_on_purpose_is_waited_for_with_one_key_only(town: Town) -> None:
    town.enroll_with_token()
    town.desk.waits = 1

    assert town.enroll_with_token("--again") == 1
    key = (town.files.folder / "next.key").read_bytes()
    assert town.enroll_with_token("--again") == 0

    assert town.files.pair.read_bytes().startswith(key)


def test_a_refusal_is_shown_in_the_centers_words(town: Town) -> None:
    town.desk.fails = (403, "this box was\x1b taken out of service")

    assert town.enroll_with_token() == 1

    assert "refused our request (403): this box was" in town.err


@pytest.mark.parametrize(("status", "words"), [(503, "cannot answer now"), (404, "no certificate")])
def test_a_service_that_is_down_or_elsewhere_is_named(town: Town, status: int, words: str) -> None:
    town.desk.fails = (status, "the vault is closed")

    assert town.enroll_with_token() == 1

    assert words in town.err
    assert "next: " in town.err


def test_an_answer_that_is_no_certificate_is_named(town: Town) -> None:
    town.desk.fails = (200, "<html>please log in to this hotel's network</html>")

    assert town.enroll_with_token() == 1

    assert "127.0.0.1 answered with something that is no certificate" in town.err


def test_a_port_that_speaks_no_tls_is_named(town: Town, broker: Mosquitto) -> None:
    url = f"https://127.0.0.1:{broker.port}"

    assert town.enroll("--token", TOKEN, "--url", url) == 1

    assert "127.0.0.1 cannot be reached: " in town.err


@pytest.mark.parametrize(
    "url", ["http://center", "center.example", "https://a:b@center", "https://a:x"]
)
def test_an_address_of_another_kind_is_named(town: Town, url: str) -> None:
    assert town.enroll("--token", TOKEN, "--url", url) == 1

    assert f'"{url}" is not the address of a certificate service' in town.err


def test_nobody_there_is_named(town: Town) -> None:
    url = "https://127.0.0.1:9/.well-known/est"

    assert town.enroll("--token", TOKEN, "--url", url) == 1

    assert "127.0.0.1:9 refused the connection\n  next: " in town.err


@pytest.mark.parametrize("says", [dripping.HEADERS, dripping.BODY], ids=["headers", "body"])
def test_a_service_that_drips_its_answer_is_left_in_time(town: Town, says: bytes) -> None:
    with DrippingServer(says, town.authority.issue("127.0.0.1")) as server:
        service = EstClient(f"https://{server.address}", town.authority.ca_file, 1.0)
        began = time.monotonic()

        with pytest.raises(EdgeAgentError, match="did not answer within 1 s"):
            service.authorities()

    assert time.monotonic() - began < 10


def test_a_server_of_an_unknown_authority_is_told_nothing(town: Town, tmp_path: Path) -> None:
    foreign = Authority(tmp_path / "foreign")

    assert (
        town.enroll("--token", TOKEN, "--url", town.server.url, "--ca-file", foreign.ca_file) == 1
    )

    assert "is signed by an authority that we do not know" in town.err
    assert "--ca-file FILE" in town.err
    assert town.desk.asked == []


def test_a_certificate_of_another_authority_than_the_center_names_is_refused(
    town: Town, tmp_path: Path
) -> None:
    town.desk.signs_with = Authority(tmp_path / "foreign")

    assert town.enroll_with_token() == 1

    assert "the certificate is not signed by the authority in" in town.err
    assert not town.files.pair.exists()
    assert not town.files.following.exists()


def test_a_box_in_1970_is_told_of_its_clock(town: Town) -> None:
    town.desk.begins_s = 40 * 86_400.0
    town.desk.ends_s = 80 * 86_400.0

    assert town.enroll_with_token() == 1

    assert "the certificate begins on" in town.err
    assert "next: set the clock of this box" in town.err


def test_a_service_that_seems_to_come_from_the_future_points_at_the_clock(
    town: Town, tmp_path: Path
) -> None:
    desk = Desk(
        town.authority,
        begins_s=86_400.0,
        ends_s=2 * 86_400.0,
        usage=ExtendedKeyUsageOID.SERVER_AUTH,
    )
    with EstServer(town.desk, a_server(desk, tmp_path)) as service:
        url, known = service.url, town.authority.ca_file
        assert town.enroll("--token", TOKEN, "--url", url, "--ca-file", known) == 1

    assert "the certificate of 127.0.0.1 is not valid yet" in town.err
    assert "next: the clock of this box is probably wrong" in town.err
    assert town.desk.asked == []


def test_what_root_writes_belongs_to_the_agent(town: Town) -> None:
    state = town.folder / "state"
    state.mkdir()
    if os.geteuid() == 0:
        os.chown(state, 65_534, 65_534)

    town.enroll_with_token()

    owners = {file.stat().st_uid for file in (town.files.folder, *town.files.folder.iterdir())}
    assert owners == {state.stat().st_uid}


def test_a_token_is_read_where_nobody_else_sees_it(town: Town) -> None:
    words = ["--token", "-", "--url", town.server.url, "--ca-file", str(town.authority.ca_file)]
    parser = argparse.ArgumentParser()
    set_up(parser)
    args = parser.parse_args(words, argparse.Namespace(config=town.folder))
    person = Person(secrets=[TOKEN])

    assert run(args, Console(io.StringIO(), is_terminal=False), keyboard=person) == 0

    assert person.questions == ["the center's token for this box: "]
    assert town.files.pair.exists()


def test_an_ended_certificate_is_refused(town: Town) -> None:
    town.desk.begins_s, town.desk.ends_s = -100.0, -1.0

    assert town.enroll_with_token() == 1

    assert "the certificate ended on" in town.err


def test_a_certificate_for_servers_only_is_refused(town: Town) -> None:
    town.desk.usage = ExtendedKeyUsageOID.SERVER_AUTH

    assert town.enroll_with_token() == 1

    assert "is not for logging in at a broker" in town.err


def test_without_a_url_the_next_step_is_said(town: Town) -> None:
    assert town.enroll("--token", TOKEN) == 1

    assert "nobody has told this box where" in town.err
    assert "--url" in town.err
