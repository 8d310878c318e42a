"""A certificate is renewed under a running publisher: at a real service, for a real broker."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from edge_agent.certificates.certificate import read_certificates
from edge_agent.certificates.expiry import expiry_of, renewal_wall
from edge_agent.config.load import load_settings
from edge_agent.config.settings import Settings
from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.daemon.renew_loop import RenewLoop
from edge_agent.mqtt.link import Link
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.certificates.town import BOX, USES_IT
from tests.fakes.alerts import an_alert
from tests.fakes.authority import Authority
from tests.fakes.clock import FakeClock
from tests.peers import dripping
from tests.peers.center import until
from tests.peers.deployed import DeployedMosquitto
from tests.peers.dripping import DrippingServer
from tests.peers.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.certificates.town import Town

DAY = 86_400.0


@pytest.fixture
def broker(town: Town, tmp_path: Path) -> Iterator[DeployedMosquitto]:
    with DeployedMosquitto(tmp_path / "broker", town.authority) as broker:
        yield broker


@pytest.fixture
def settings(town: Town, broker: DeployedMosquitto) -> Settings:
    """The box is enrolled, and its certificate is in its last third."""
    more = f'{town.renews_itself}ca_file = "{town.authority.ca_file}"\n'
    town.write(broker=broker.url, lines=USES_IT, more=more)
    town.desk.begins_s, town.desk.ends_s = -20 * DAY, 5 * DAY
    assert town.enroll("--token", "one-time-word") == 0, town.err
    town.desk.begins_s, town.desk.ends_s = -60.0, 25 * DAY
    town.desk.asked.clear()
    return load_settings(town.folder)


@pytest.fixture
def renew(settings: Settings) -> RenewLoop:
    return RenewLoop(settings, SystemClock(), Stop())


@pytest.fixture
def publish(settings: Settings, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """A running publisher; call it to append an alert."""
    with ExitStack() as ending:
        spool = open_spool(tmp_path / "state" / "spool.sqlite", SpoolOptions(size_mb=8))
        ending.callback(spool.close)
        stop = Stop()
        link = Link(settings.broker, site="kota", box=BOX, will_delay_s=0)
        loop = PublishLoop(spool, link, SystemClock(), stop)
        worker = Worker("publish", loop.run, on_failure=lambda: None)
        worker.start()
        ending.callback(worker.join, 10.0)
        ending.callback(stop.tell)

        def append(name: str) -> None:
            spool.append(an_alert(name, picture_bytes=0))
            loop.nudge()

        yield append


def _revoke(town: Town, broker: DeployedMosquitto, certificate: Path) -> None:
    """Have the broker refuse one certificate from its next start on."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    now = datetime.now(UTC)  # noqa: TID251 (the authority's own clock)
    revoked = (
        x509.RevokedCertificateBuilder()
        .serial_number(found.serial_number)
        .revocation_date(now)
        .build()
    )
    listed = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(found.issuer)
        .last_update(now - timedelta(hours=1))
        .next_update(now + timedelta(days=1))
        .add_revoked_certificate(revoked)
        .sign(load_pem_private_key(town.authority.key.read_bytes(), None), SHA256())
    )
    broker.crl.write_bytes(listed.public_bytes(Encoding.PEM))
    broker.settle(revokes=True)


def _names(center: Visitor) -> set[str]:
    return {words.partition(b'"id": "')[2].partition(b'"')[0].decode() for _, words in center.heard}


def test_a_certificate_is_renewed_under_a_running_link_and_nothing_is_lost(
    town: Town,
    broker: DeployedMosquitto,
    renew: RenewLoop,
    publish: Callable[[str], None],
) -> None:
    pair = town.authority.issue("center")
    wanted = {f"visit-{number}" for number in range(40)}
    heard: set[str] = set()
    with Visitor(broker.port, town.authority.ca_file, pair, name="center") as center:
        center.listen("city/v1/+/+/up/alert/#")
        for number in range(20):
            publish(f"visit-{number}")
            if number == 10:
                renew.run_once()
        until(lambda: len(_names(center)) == 20, 15, lambda: center.heard)
        heard |= _names(center)

    assert town.desk.asked == ["simplereenroll"]
    # Only the new pair gets in from here on: the old one is revoked, and all connections are cut.
    _revoke(town, broker, town.files.previous)
    broker.restart()
    with Visitor(broker.port, town.authority.ca_file, pair, name="center") as center:
        center.listen("city/v1/+/+/up/alert/#")
        for number in range(20, 40):
            publish(f"visit-{number}")
        until(lambda: heard | _names(center) == wanted, 30, lambda: center.heard)


def test_a_renewed_key_is_a_new_one_and_the_old_pair_is_kept(
    town: Town, renew: RenewLoop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = town.files.pair.read_bytes()

    renew.run_once()

    assert town.files.previous.read_bytes() == before
    old, new = (read_certificates(file)[0] for file in (town.files.previous, town.files.pair))
    assert old.public_der != new.public_der
    assert f"the certificate is renewed: {town.files.pair}" in caplog.text


def test_what_is_renewed_is_left_alone(town: Town, renew: RenewLoop) -> None:
    renew.run_once()

    renew.run_once()

    assert town.desk.asked == ["simplereenroll"]


def test_a_new_certificate_that_the_broker_refuses_is_set_aside_and_the_old_one_stays(
    town: Town,
    renew: RenewLoop,
    publish: Callable[[str], None],
    broker: DeployedMosquitto,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # The center signs with a new authority, which this broker has not been told of yet.
    newer = Authority(tmp_path / "newer", "Newer authority")
    town.files.offer(town.authority.ca_file.read_bytes() + newer.ca_file.read_bytes())
    town.files.trust()
    town.desk.signs_with = newer
    before = town.files.pair.read_bytes()

    renew.run_once()

    assert town.files.pair.read_bytes() == before
    assert town.files.refused.exists()
    assert not town.files.following.exists()
    assert "the broker refuses the new certificate, the old one stays: 127.0.0.1" in caplog.text
    pair = town.authority.issue("center")
    with Visitor(broker.port, town.authority.ca_file, pair, name="center") as center:
        center.listen("city/v1/+/+/up/alert/#")
        publish("visit-1")
        until(lambda: _names(center) == {"visit-1"}, 15, lambda: center.heard)


def test_a_new_pair_waits_while_the_broker_is_away(
    town: Town, broker: DeployedMosquitto, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    broker.stop()

    RenewLoop(settings, SystemClock(), Stop()).run_once()

    assert "the certificate is not renewed yet: the broker, for a try: 127.0.0.1" in caplog.text
    assert town.files.following.exists()
    broker.start()
    RenewLoop(settings, SystemClock(), Stop()).run_once()
    assert town.desk.asked == ["simplereenroll"]
    assert not town.files.following.exists()


def test_a_center_that_is_down_is_asked_again_later(
    town: Town, renew: RenewLoop, caplog: pytest.LogCaptureFixture
) -> None:
    town.desk.fails = (503, "the vault is closed")

    renew.run_once()
    renew.run_once()

    assert town.desk.asked == ["simplereenroll"]
    assert "cannot answer now (503): the vault is closed\n  next: " in caplog.text


def test_a_signature_by_a_stranger_is_not_even_tried(
    town: Town, renew: RenewLoop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    town.desk.signs_with = Authority(tmp_path / "stranger")

    renew.run_once()

    assert "the certificate is not signed by the authority in" in caplog.text
    assert not town.files.following.exists()


def test_a_folder_that_cannot_be_written_stops_no_agent(
    town: Town, renew: RenewLoop, caplog: pytest.LogCaptureFixture
) -> None:
    (town.files.folder / "next.key").mkdir()

    renew.run_once()

    assert "the certificate is not renewed yet: cannot use" in caplog.text


def test_a_pair_that_nobody_has_judged_is_judged_after_a_power_cut(
    town: Town, renew: RenewLoop, caplog: pytest.LogCaptureFixture
) -> None:
    other = town.authority.issue("box-8")
    town.files.following.write_bytes(other.key.read_bytes() + other.certificate.read_bytes())

    renew.run_once()

    assert 'the certificate is for "box-8", this box is "box-7"' in caplog.text
    assert not town.files.following.exists()


def test_without_a_service_the_end_is_told_once_a_day(
    town: Town, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    town.write(broker=settings.broker.url, lines=USES_IT)
    clock = FakeClock(wall=SystemClock().wall())
    renew = RenewLoop(load_settings(town.folder), clock, Stop())

    for _ in range(3):
        renew.run_once()
        clock.advance(DAY / 2)

    told = [record for record in caplog.records if "ends on" in record.getMessage()]
    assert len(told) == 2
    assert "in 4 days\n  next: get a new one by hand: edge-agent enroll" in told[0].getMessage()


def test_the_loop_ends_when_told(renew: RenewLoop) -> None:
    worker = Worker("renew", renew.run, on_failure=lambda: None)
    worker.start()
    threading.Event().wait(0.5)

    renew._stop.tell()

    assert worker.join(5.0)
    assert worker.failure is None


def test_a_stop_does_not_wait_for_a_service_that_drips(town: Town, settings: Settings) -> None:
    with DrippingServer(dripping.BODY, town.authority.issue("127.0.0.1")) as server:
        enrolment = replace(settings.enrolment, url=f"https://{server.address}")
        renew = RenewLoop(replace(settings, enrolment=enrolment), SystemClock(), Stop())
        worker = Worker("renew", renew.run, on_failure=lambda: None)
        worker.start()
        assert server.was_asked.wait(10)

        renew._stop.tell()

        assert worker.join(5.0)
    assert worker.failure is None


def test_renewal_is_in_the_last_third_and_not_for_all_boxes_at_once(
    town: Town, settings: Settings
) -> None:
    found = read_certificates(town.files.pair)[0]
    life_s = found.ends_wall - found.begins_wall

    shares = [(renewal_wall(found, drawn) - found.begins_wall) / life_s for drawn in (0.0, 1.0)]

    assert settings.broker.certificate_file == town.files.pair
    assert shares == pytest.approx([2 / 3, 0.7])


def test_the_health_message_is_told_of_every_kind_of_trouble(
    town: Town, settings: Settings, tmp_path: Path
) -> None:
    file = settings.broker.certificate_file
    found = read_certificates(town.files.pair)[0]
    (tmp_path / "rotten").write_text("rotten")

    def told(wall: float, box: str = BOX) -> str:
        return expiry_of(file, box, wall).problem

    assert told(found.begins_wall + 1) == ""
    assert "ends on" in told(found.ends_wall - DAY)
    assert "ended on" in told(found.ends_wall + 1)
    assert "is the clock right" in told(0.0)
    assert told(found.begins_wall + 1, "box-8") == f'this box\'s certificate is for "{BOX}"'
    assert "is damaged" in expiry_of(tmp_path / "rotten", BOX, 0.0).problem
    assert "cannot be read" in expiry_of(tmp_path / "nothing", BOX, 0.0).problem
    assert expiry_of(None, BOX, 0.0).problem == ""


def test_check_tells_of_the_certificate_and_of_the_broker(town: Town, settings: Settings) -> None:
    told = town.check()

    assert settings.broker.ca_file == town.files.authority
    assert "• tls    this box's certificate ends on" in told
    assert "next: get a new one: edge-agent enroll --again" in told
    assert "login: this box is let in" in told


def test_check_refuses_another_boxs_certificate(town: Town, settings: Settings) -> None:
    text = (town.folder / "agent.toml").read_text().replace(f'"{BOX}"', '"box-8"')
    (town.folder / "agent.toml").write_text(text)

    assert f'✗ tls    the certificate is for "{BOX}", this box is "box-8"' in town.check()
    assert settings.box == BOX


def test_check_warns_each_time_of_a_link_without_encryption(town: Town) -> None:
    town.write(broker="mqtt://127.0.0.1:1", lines="insecure = true")

    for _ in range(2):
        assert "• tls    insecure = true in [broker] permits to send alerts" in town.check()
