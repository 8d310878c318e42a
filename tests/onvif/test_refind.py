"""A camera that DHCP has moved, on two hosts of loopback, and those who only say that they are it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from edge_agent.onvif.address import Address
from edge_agent.onvif.identity import Identity
from edge_agent.onvif.refind import Lost, Search, Trace
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from tests.fakes.clock import FakeClock
from tests.fakes.onvif_camera import Firmware, OnvifCamera

HOME, AWAY, ELSEWHERE = "127.0.0.1", "127.0.0.2", "127.0.0.3"
HOSTS = {"home": HOME, "away": AWAY, "elsewhere": ELSEWHERE}
CARD, OTHER_CARD = "02:00:00:00:00:01", "02:00:00:00:00:99"
ENDPOINT = Firmware().endpoint
OTHER_ENDPOINT = "urn:uuid:99999999-3333-4444-5555-666677778888"
# Nobody is there: HTTP's port of a camera that is switched off.
NOBODY = Address(HOME, 1)
GATE = Lost(
    identity=Identity(endpoint=ENDPOINT, mac=CARD, serial="S1"),
    address=NOBODY,
    credentials=Credentials("admin", Secret(Firmware().password)),
)


@contextmanager
def cameras(**firmwares: Firmware) -> Iterator[dict[str, OnvifCamera]]:
    """Switch on cameras by host, all of which hear one question."""
    with ExitStack() as stack:
        on: dict[str, OnvifCamera] = {}
        port = 0
        for name, firmware in firmwares.items():
            host = HOSTS[name]
            camera = OnvifCamera(
                replace(firmware, claimed_host=host), host=host, discovery_port=port
            )
            on[name] = stack.enter_context(camera)
            port = camera.discovery_port
        yield on


def search_on(on: dict[str, OnvifCamera], **cards: str) -> Search:
    """Return a search; `cards` are the network cards that the neighbour table knows, by name."""
    table = {HOSTS[name]: mac for name, mac in cards.items()}
    port = next(iter(on.values())).discovery_port
    return Search(SystemClock(), mac_of=lambda host: table.get(host, ""), port=port, listen_s=1.0)


def find(
    on: dict[str, OnvifCamera], lost: Lost, taken: tuple[str, ...] = (), **cards: str
) -> Trace:
    (trace,) = search_on(on, **cards).find([lost], taken)
    return trace


def test_a_camera_that_moved_is_found_by_its_name_and_its_card_without_a_login() -> None:
    with cameras(away=Firmware()) as on:
        trace = find(on, GATE, away=CARD)

        assert trace == Trace(Address(AWAY, on["away"].port))
        assert on["away"].seen.operations.count("GetDeviceInformation") == 1


def test_where_no_card_is_known_its_serial_number_has_to_be_right() -> None:
    with cameras(away=Firmware()) as on:
        assert find(on, GATE).address == Address(AWAY, on["away"].port)

    with cameras(away=Firmware(serial="S2")) as on:
        trace = find(on, GATE)

        assert trace.address is None
        assert "another serial number" in trace.doubt


def test_one_with_its_name_but_another_card_is_not_believed_and_gets_no_login() -> None:
    with cameras(away=Firmware()) as on:
        trace = find(on, GATE, away=OTHER_CARD)

        assert trace.address is None
        assert f"another network card, {OTHER_CARD}" in trace.doubt
        assert on["away"].seen.operations.count("GetDeviceInformation") == 1


def test_a_camera_that_is_at_home_is_nowhere_else() -> None:
    with cameras(home=Firmware(), away=Firmware()) as on:
        gate = replace(GATE, address=Address(HOME, on["home"].port))

        trace = find(on, gate, home=CARD, away=CARD)

        assert trace.address is None
        assert "still answers" in trace.doubt
        assert on["away"].seen.operations.count("GetDeviceInformation") == 1


def test_a_camera_that_is_silent_to_discovery_is_still_at_home() -> None:
    with cameras(away=Firmware()) as on, OnvifCamera() as quiet:
        gate = replace(GATE, address=Address(HOME, quiet.port))

        assert find(on, gate, home=CARD, away="").address is None
        assert find(on, gate).address is None


def test_another_camera_at_the_old_address_does_not_hide_that_it_moved() -> None:
    with cameras(home=Firmware(endpoint=OTHER_ENDPOINT), away=Firmware()) as on:
        gate = replace(GATE, address=Address(HOME, on["home"].port))

        assert find(on, gate, home=OTHER_CARD, away=CARD).address == Address(AWAY, on["away"].port)
        assert find(on, gate, away=CARD).address == Address(AWAY, on["away"].port)


def test_the_right_one_is_found_beside_one_that_only_has_its_name() -> None:
    with cameras(away=Firmware(), elsewhere=Firmware()) as on:
        trace = find(on, GATE, away=OTHER_CARD, elsewhere=CARD)

        assert trace == Trace(Address(ELSEWHERE, on["elsewhere"].port))


def test_of_two_that_are_equally_good_none_is_chosen() -> None:
    with cameras(away=Firmware(), elsewhere=Firmware()) as on:
        trace = find(on, GATE)

        assert trace.address is None
        assert "several call themselves this camera" in trace.doubt


def test_a_camera_with_a_new_name_at_each_start_is_found_by_its_card() -> None:
    with cameras(away=Firmware(endpoint=OTHER_ENDPOINT)) as on:
        assert find(on, GATE, away=CARD).address == Address(AWAY, on["away"].port)


def test_a_camera_with_a_new_name_is_found_by_a_serial_number_that_it_tells_anybody() -> None:
    firmware = Firmware(endpoint=OTHER_ENDPOINT, password="")
    with cameras(away=firmware) as on:
        assert find(on, GATE).address == Address(AWAY, on["away"].port)


def test_a_stranger_gets_no_login() -> None:
    with cameras(away=Firmware(endpoint=OTHER_ENDPOINT)) as on:
        assert find(on, GATE) == Trace()

        assert on["away"].seen.operations.count("GetDeviceInformation") == 1


def test_a_configured_camera_with_the_same_serial_number_is_not_taken_for_it() -> None:
    firmware = Firmware(endpoint=OTHER_ENDPOINT, password="")
    with cameras(away=firmware) as on:
        assert find(on, GATE, (f"{AWAY}:{on['away'].port}",)) == Trace()


def test_a_serial_number_of_zeros_is_nobodys() -> None:
    lost = replace(GATE, identity=Identity(endpoint=ENDPOINT, serial="0000"))
    firmware = Firmware(endpoint=OTHER_ENDPOINT, serial="0000", password="")
    with cameras(away=firmware) as on:
        assert find(on, lost) == Trace()


def test_another_camera_of_zeros_at_the_old_address_is_not_the_camera_at_home() -> None:
    zeros = Firmware(endpoint=OTHER_ENDPOINT, serial="0000", password="")
    with cameras(home=zeros, away=Firmware(serial="0000")) as on:
        home = Address(HOME, on["home"].port)
        lost = replace(GATE, identity=Identity(endpoint=ENDPOINT, serial="0000"), address=home)

        assert find(on, lost) == Trace(Address(AWAY, on["away"].port))


def test_one_with_its_name_at_the_place_of_a_configured_camera_is_a_doubt_that_is_said() -> None:
    with cameras(away=Firmware()) as on:
        trace = find(on, GATE, (f"{AWAY}:{on['away'].port}",), away=CARD)

    assert trace.address is None
    assert trace.doubt == (
        f"{AWAY}:{on['away'].port} calls itself this camera, at the address of another one"
    )


def test_another_card_at_its_address_is_a_stranger_and_an_unknown_one_is_not() -> None:
    gate = replace(GATE, address=Address(HOME))
    for card, stranger in ((OTHER_CARD, OTHER_CARD), (CARD, ""), (CARD.upper(), ""), ("", "")):
        search = Search(SystemClock(), mac_of={HOME: card}.__getitem__)

        assert search.stranger_at(gate) == stranger


def test_one_of_its_make_in_its_place_does_not_hide_where_it_went() -> None:
    # Cheap cameras all have the name of the first one made.
    with cameras(home=Firmware(), away=Firmware()) as on:
        gate = replace(GATE, address=Address(HOME, on["home"].port))

        trace = find(on, gate, home=OTHER_CARD, away=CARD)

    assert trace == Trace(Address(AWAY, on["away"].port))


def test_a_search_that_others_make_last_for_ever_ends_and_says_so() -> None:
    with cameras(away=Firmware(), elsewhere=Firmware()) as on:
        clock = FakeClock(wall=SystemClock().wall())

        def slow_card(_host: str) -> str:
            clock.advance(31)
            return CARD

        port = on["away"].discovery_port
        search = Search(clock, mac_of=slow_card, port=port, listen_s=0.5)

        (trace,) = search.find([GATE])

    assert trace.address is None
    assert "longer than 60 s" in trace.doubt


def test_a_password_that_is_refused_at_a_new_place_is_never_sent_there_again() -> None:
    with cameras(away=Firmware(password="another")) as on:
        search = search_on(on)

        first, second = (search.find([GATE])[0] for _ in range(2))

        assert on["away"].seen.refused == 1
        assert first == second
        assert "refuses our password" in first.doubt


def test_two_lost_cameras_are_found_with_one_question() -> None:
    wall = replace(GATE, identity=Identity(endpoint=OTHER_ENDPOINT), credentials=None)
    with cameras(away=Firmware(), elsewhere=Firmware(endpoint=OTHER_ENDPOINT)) as on:
        search = search_on(on, away=CARD)

        traces = search.find([GATE, wall])

        assert [each.address and each.address.host for each in traces] == [AWAY, ELSEWHERE]


def test_two_cameras_that_swapped_addresses_are_found_in_each_others_places() -> None:
    with cameras(home=Firmware(endpoint=OTHER_ENDPOINT), away=Firmware()) as on:
        home, away = Address(HOME, on["home"].port), Address(AWAY, on["away"].port)
        gate = replace(GATE, address=home)
        wall = Lost(identity=Identity(endpoint=OTHER_ENDPOINT, mac=OTHER_CARD), address=away)
        search = search_on(on, home=OTHER_CARD, away=CARD)

        assert [search.stranger_at(each) for each in (gate, wall)] == [OTHER_CARD, CARD]
        traces = search.find([gate, wall])

    assert [each.address and each.address.host for each in traces] == [AWAY, HOME]


def test_a_search_ends_with_the_agent() -> None:
    stop = Stop()
    stop.tell()
    with cameras(away=Firmware()) as on:
        port = on["away"].discovery_port
        search = Search(SystemClock(), mac_of=lambda _: CARD, stop=stop, port=port)

        assert search.find([GATE]) == (Trace(),)

        assert on["away"].seen.operations == []


def test_nobody_talks_us_out_of_tls() -> None:
    with cameras(away=Firmware()) as on:
        gate = replace(GATE, address=Address(HOME, 443, scheme="https"))

        trace = find(on, gate, away=CARD)

        assert trace.address == Address(AWAY, 443, scheme="https")
