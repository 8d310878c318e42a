"""What `check` says about a broker: each step that can fail has a sentence of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest

from edge_agent.mqtt.options import BrokerOptions
from edge_agent.mqtt.trial import Step, Visit, try_broker
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from tests.fakes.authority import Authority, Pair
from tests.fakes.scripted_broker import Script, ScriptedBroker
from tests.peers.listener import Listener
from tests.peers.mosquitto import Mosquitto
from tests.peers.process import free_port
from tests.peers.silent import HangUpServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    StartBroker = Callable[..., Mosquitto]

_NOTHING = Secret("")


class Center(NamedTuple):
    """A command center's authority, and one that has nothing to do with it."""

    authority: Authority
    stranger: Authority


@pytest.fixture(scope="session")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    folder = tmp_path_factory.mktemp("authorities")
    return Center(Authority(folder / "center"), Authority(folder / "stranger"))


def _secured(start: StartBroker, authority: Authority, pair: Pair, *settings: str) -> int:
    """Start a broker with TLS and return the port of that."""
    port = free_port()
    start(
        settings=(
            f"listener {port} 127.0.0.1",
            f"certfile {pair.certificate}",
            f"keyfile {pair.key}",
            f"cafile {authority.ca_file}",
            *settings,
        )
    )
    return port


def _try(
    url: str,
    *,
    username: str = "",
    password: Secret = _NOTHING,
    ca_file: Path | None = None,
    pair: Pair | None = None,
) -> tuple[Step, ...]:
    options = BrokerOptions(
        url=url,
        username=username,
        password=password,
        ca_file=ca_file,
        certificate_file=pair.certificate if pair else None,
        key_file=pair.key if pair else None,
        insecure=url.startswith("mqtt://"),
    )
    visit = Visit(site="palembang", box="plaju-01", wall=1_795_000_000.0, version="1.2")
    return try_broker(options, visit, Stop())


def _complaint(url: str, at: str = "", **options: object) -> str:
    *before, last = _try(url, **options)  # type: ignore[arg-type]
    assert last.trouble is not None, last
    assert not last.is_remark
    assert all(step.trouble is None or step.is_remark for step in before)
    assert last.trouble.hint, "a technician needs a next step"
    assert at in {"", last.name}
    return last.trouble.what


def _failed(steps: tuple[Step, ...]) -> list[Step]:
    return [step for step in steps if step.trouble and not step.is_remark]


def _remarks(steps: tuple[Step, ...]) -> dict[str, str]:
    return {step.name: step.trouble.what for step in steps if step.trouble and step.is_remark}


def test_all_five_steps_are_told(broker: Mosquitto) -> None:
    with Listener(broker.port):
        steps = _try(broker.url)

    assert [(step.name, step.what) for step in steps] == [
        ("reach", f"127.0.0.1:{broker.port} takes connections"),
        ("TLS", ""),
        ("login", "this box is let in"),
        ("publish", "sent to city/v1/palembang/plaju-01/up/check"),
        ("receipt", "the broker acknowledged it"),
    ]
    assert _remarks(steps) == {"TLS": "not encrypted: whoever shares the network reads the alerts"}


def test_what_is_published_is_small_and_not_retained(broker: Mosquitto) -> None:
    with Listener(broker.port) as center:
        _try(broker.url)
        center.wait_for(lambda heard: bool(heard.of("check")))
        (message,) = center.of("check")

    assert json.loads(message.payload) == {"time": "2026-11-18T11:06:40.000Z", "version": "1.2"}
    assert not message.is_retained
    assert message.content_type == "application/json"


def test_a_broker_where_nobody_listens_is_of_no_use(broker: Mosquitto) -> None:
    steps = _try(broker.url)

    (failed,) = _failed(steps)
    assert (failed.name, str(failed.trouble)) == (
        "receipt",
        "the broker took it, but nobody listens to this box",
    )


def test_a_box_that_may_not_publish_is_told_the_rule(start_broker: StartBroker) -> None:
    broker = start_broker(users={"box": "right"}, acl="user box\ntopic read #")

    complaint = _complaint(broker.url, "publish", username="box", password=Secret("right"))

    assert complaint == (f"127.0.0.1:{broker.port} does not let this box publish: not authorized")


@pytest.mark.parametrize("script", [Script(only_3=True), Script(chokes_on_5=True)])
def test_an_old_broker_is_served_in_its_own_words(script: Script) -> None:
    with ScriptedBroker(script) as broker:
        steps = _try(f"mqtt://127.0.0.1:{broker.port}")

    assert [step.name for step in steps] == ["reach", "TLS", "login", "publish", "receipt"]
    assert not _failed(steps)
    assert _remarks(steps)["receipt"].startswith("acknowledged; MQTT 3.1.1 does not tell")


def test_a_broker_that_hangs_up_over_our_message_is_told() -> None:
    with ScriptedBroker(Script(hang_up={b"check": 0x87})) as broker:
        complaint = _complaint(f"mqtt://127.0.0.1:{broker.port}", "publish")

    assert complaint == f"127.0.0.1:{broker.port} hung up when this box published"


def test_the_right_password_lets_us_in(start_broker: StartBroker) -> None:
    broker = start_broker(users={"box": "right"})

    steps = _try(broker.url, username="box", password=Secret("right"))

    # All but the last: nobody listens at this broker.
    assert [step.name for step in _failed(steps)] == ["receipt"]


def test_a_wrong_password_does_not(start_broker: StartBroker) -> None:
    broker = start_broker(users={"box": "right"})

    complaint = _complaint(broker.url, username="box", password=Secret("wr0ng"))

    assert complaint == (
        "the broker refused us: not authorised: it does not accept our login or our rights"
    )


def test_a_trial_does_not_throw_out_the_running_agent(broker: Mosquitto) -> None:
    _try(broker.url)

    assert "palembang-plaju-01-check" in broker.log_path.read_text()


def test_a_broker_with_the_center_s_certificate_is_trusted(
    start_broker: StartBroker, center: Center
) -> None:
    pair = center.authority.issue("127.0.0.1")
    port = _secured(start_broker, center.authority, pair)

    steps = _try(f"mqtts://127.0.0.1:{port}", ca_file=center.authority.ca_file)

    # All but the last: nobody listens at this broker.
    assert [step.name for step in _failed(steps)] == ["receipt"]
    assert steps[1].what.startswith("TLSv1.3, its certificate ends ")


def test_a_broker_of_an_unknown_authority_is_not(start_broker: StartBroker, center: Center) -> None:
    pair = center.authority.issue("127.0.0.1")
    port = _secured(start_broker, center.authority, pair)

    assert _complaint(f"mqtts://127.0.0.1:{port}") == (
        "the certificate of 127.0.0.1 is signed by an authority that we do not know"
    )


def test_a_certificate_for_another_host_is_not(start_broker: StartBroker, center: Center) -> None:
    pair = center.authority.issue("alerts.example")
    port = _secured(start_broker, center.authority, pair)

    complaint = _complaint(f"mqtts://127.0.0.1:{port}", ca_file=center.authority.ca_file)

    assert complaint == "the certificate is not for 127.0.0.1 but for another name"


def test_an_expired_certificate_points_to_the_clock_first(
    start_broker: StartBroker, center: Center
) -> None:
    pair = center.authority.issue("localhost", days=-1)
    port = _secured(start_broker, center.authority, pair)

    complaint = _complaint(f"mqtts://localhost:{port}", ca_file=center.authority.ca_file)

    assert complaint == "the certificate of localhost has expired"


def test_a_box_with_its_own_certificate_is_let_in(
    start_broker: StartBroker, center: Center
) -> None:
    pair = center.authority.issue("127.0.0.1")
    port = _secured(start_broker, center.authority, pair, "require_certificate true")

    steps = _try(
        f"mqtts://127.0.0.1:{port}",
        ca_file=center.authority.ca_file,
        pair=center.authority.issue("plaju-01"),
    )

    # All but the last: nobody listens at this broker.
    assert [step.name for step in _failed(steps)] == ["receipt"]


@pytest.mark.parametrize("has_certificate", [True, False])
def test_a_box_without_a_certificate_of_the_center_is_told_so(
    start_broker: StartBroker,
    center: Center,
    has_certificate: bool,  # noqa: FBT001 (pytest passes by name)
) -> None:
    pair = center.authority.issue("127.0.0.1")
    port = _secured(start_broker, center.authority, pair, "require_certificate true")

    complaint = _complaint(
        f"mqtts://127.0.0.1:{port}",
        ca_file=center.authority.ca_file,
        pair=center.stranger.issue("plaju-01") if has_certificate else None,
    )

    assert complaint == f"127.0.0.1:{port} refused our certificate"


def test_a_key_of_another_pair_is_noticed_before_we_connect(center: Center) -> None:
    one, other = center.authority.issue("one"), center.authority.issue("other")
    pair = Pair(one.certificate, other.key)

    complaint = _complaint("mqtts://127.0.0.1:1", ca_file=center.authority.ca_file, pair=pair)

    assert complaint == f"{one.certificate} and {other.key} cannot be used"


def test_a_list_of_authorities_that_is_none_is_noticed(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text("hello")

    complaint = _complaint("mqtts://127.0.0.1:1", ca_file=ca_file)

    assert complaint == f"{ca_file} is no list of authorities"


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts"])
def test_a_closed_port_refuses_us(scheme: str) -> None:
    port = free_port()

    assert _complaint(f"{scheme}://127.0.0.1:{port}") == f"127.0.0.1:{port} refused the connection"


def test_a_name_that_nobody_has_cannot_be_found() -> None:
    complaint = _complaint("mqtts://nowhere.invalid")

    assert complaint == 'the name "nowhere.invalid" cannot be found'


def test_a_name_that_nobody_can_have_cannot_be_found() -> None:
    complaint = _complaint(f"mqtts://{'x' * 70}.invalid")

    assert complaint == f'the name "{"x" * 70}.invalid" cannot be found'


def test_a_server_that_hangs_up_is_told_apart() -> None:
    with HangUpServer() as server:
        complaint = _complaint(f"mqtt://127.0.0.1:{server.port}")

    assert complaint == f"127.0.0.1:{server.port} closed the connection without an answer"


def test_plain_words_to_a_port_for_tls_are_hung_up_on(
    start_broker: StartBroker, center: Center
) -> None:
    pair = center.authority.issue("127.0.0.1")
    port = _secured(start_broker, center.authority, pair)

    complaint = _complaint(f"mqtt://127.0.0.1:{port}")

    assert complaint == f"127.0.0.1:{port} closed the connection without an answer"
