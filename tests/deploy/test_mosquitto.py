"""docs/deploy/mosquitto as it is: who is let in, and what each may write and read."""

from __future__ import annotations

import socket
import ssl
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import pytest

from edge_agent.mqtt.options import BrokerOptions
from edge_agent.mqtt.trial import Visit, try_broker
from edge_agent.runtime.stop import Stop
from tests.fakes.authority import Authority, Pair
from tests.peers.center import until
from tests.peers.deployed import DEPLOY, DeployedMosquitto
from tests.peers.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALERT, CMD = "city/v1/kota/{}/up/alert/gate", "city/v1/kota/{}/down/cmd"
NOT_AUTHORIZED, NOBODY_LISTENS = 0x87, 0x10


class City:
    """The deployed broker, and who comes to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder / "authority")
        self.broker = DeployedMosquitto(folder / "broker", self.authority)
        self._guests = ExitStack()

    def comes(self, name: str) -> Visitor:
        return self.knocks(self.authority.issue(name), name)

    def knocks(self, pair: Pair | None, name: str = "somebody") -> Visitor:
        port, known = self.broker.port, self.authority.ca_file
        return self._guests.enter_context(Visitor(port, known, pair, name=name))

    def __enter__(self) -> Self:
        self.broker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._guests.close()
        self.broker.stop()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with City(tmp_path) as city:
        yield city


def test_a_box_sends_alerts_and_the_center_hears_them(city: City) -> None:
    center = city.comes("center").listen("$share/center/city/v1/+/+/up/#")

    assert city.comes("box-a").publish(ALERT.format("box-a"), b"alert") == 0

    until(lambda: center.heard == [(ALERT.format("box-a"), b"alert")], 5, lambda: center.heard)


@pytest.mark.parametrize(
    "topic",
    [
        ALERT.format("box-b"),
        CMD.format("box-a"),
        CMD.format("box-b"),
        "city/v1/kota/box-a",
        "city/v1/kota/+/up/alert",
        "city/v2/kota/box-a/up/alert/gate",
        "city/v1/kota/box-a/box-a/up/alert/gate",
        "somewhere/else",
        "$SYS/broker/version",
    ],
)
def test_a_box_writes_nowhere_else(city: City, topic: str) -> None:
    box = city.comes("box-a")
    if "+" in topic:
        with pytest.raises(ValueError, match="wildcards"):
            box.publish(topic)
        return

    assert box.publish(topic) == NOT_AUTHORIZED


def test_a_box_reads_its_own_commands_and_no_others(city: City) -> None:
    box_a, box_b, center = map(city.comes, ("box-a", "box-b", "center"))
    for box in (box_a, box_b):
        box.listen("city/v1/+/+/down/#").listen("#").listen("city/v1/kota/box-b/down/cmd")

    center.publish(CMD.format("box-b"), b"for b")
    center.publish(CMD.format("box-a"), b"for a")
    box_b.publish(ALERT.format("box-b"), b"alert of b")

    until(lambda: {words for _, words in box_b.heard} == {b"for b"}, 5, lambda: box_b.heard)
    until(lambda: {words for _, words in box_a.heard} == {b"for a"}, 5, lambda: box_a.heard)


def test_the_center_cannot_speak_for_a_box(city: City) -> None:
    center = city.comes("center")

    assert center.publish(ALERT.format("box-a")) == NOT_AUTHORIZED
    assert center.publish(CMD.format("box-a")) == NOBODY_LISTENS


def test_a_client_id_gives_no_rights(city: City) -> None:
    copied = city.knocks(city.authority.issue("box-a"), "center")

    assert copied.publish(CMD.format("box-b")) == NOT_AUTHORIZED


def test_nobody_without_a_certificate_is_let_in(city: City) -> None:
    assert not city.knocks(None).is_let_in


def test_nobody_of_another_authority_is_let_in(city: City) -> None:
    foreign = Authority(city.folder / "foreign").issue("center")

    assert not city.knocks(foreign, "center").is_let_in


def test_an_ended_certificate_is_not_let_in(city: City) -> None:
    assert not city.knocks(city.authority.issue("box-a", days=-1), "box-a").is_let_in


def test_old_tls_is_not_spoken(city: City) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(city.authority.ca_file)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    with (
        socket.create_connection(("127.0.0.1", city.broker.port)) as line,
        pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"),
    ):
        context.wrap_socket(line, server_hostname="127.0.0.1")


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("missing", "refused our certificate"),
        ("ended", "refused our certificate"),
        ("foreign", "refused our certificate"),
        ("another", "does not let this box publish"),
    ],
)
def test_check_names_what_the_broker_refuses(city: City, who: str, words: str) -> None:
    pair = {
        "missing": lambda: None,
        "ended": lambda: city.authority.issue("box-a", days=-1),
        "foreign": lambda: Authority(city.folder / "foreign").issue("box-a"),
        "another": lambda: city.authority.issue("box-b"),
    }[who]()
    options = BrokerOptions(
        url=city.broker.url,
        ca_file=city.authority.ca_file,
        certificate_file=pair.certificate if pair else None,
        key_file=pair.key if pair else None,
    )
    visit = Visit(site="kota", box="box-a", wall=1_795_000_000.0, version="1")

    steps = try_broker(options, visit, Stop())

    assert steps[-1].trouble
    assert words in steps[-1].trouble.what
    assert steps[-1].trouble.hint


def test_the_page_says_what_the_files_say() -> None:
    page = (DEPLOY / "mosquitto" / "README.md").read_text(encoding="utf-8")
    rules = (DEPLOY / "mosquitto" / "acl").read_text(encoding="utf-8")

    assert all(line in page for line in rules.splitlines() if line.startswith(("pattern", "topic")))
