"""Whether two devices are the same one, from words of which each is weak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.onvif.identity import Identity

CARD, OTHER_CARD = "02:00:00:00:00:01", "02:00:00:00:00:99"
GATE = Identity(endpoint="urn:uuid:1", mac=CARD, serial="S1")
_words = st.sampled_from(["", "0000", "a1", "A1", "b2"])
_identities = st.builds(Identity, endpoint=_words, mac=_words, serial=_words)


@pytest.mark.parametrize("told", [Identity(mac=CARD.upper()), Identity(serial="s1"), GATE])
def test_a_device_with_the_same_card_or_number_resembles_it(told: Identity) -> None:
    assert GATE.resembles(told)


@pytest.mark.parametrize(
    "told",
    [
        Identity(),
        Identity(endpoint=GATE.endpoint),
        Identity(mac=OTHER_CARD, serial="S1"),
        Identity(mac=CARD, serial="S2"),
    ],
)
def test_a_name_alone_or_a_contradiction_is_no_resemblance(told: Identity) -> None:
    assert not GATE.resembles(told)


def test_a_serial_number_of_zeros_says_nothing() -> None:
    zeros, one = Identity(serial="00000000"), Identity(serial="SER1")

    assert not zeros.resembles(zeros)
    assert not zeros.is_another(one)
    assert not one.is_another(zeros)
    assert not zeros.is_known


def test_what_differs_is_said_in_words_the_serial_number_first() -> None:
    both = Identity(mac=OTHER_CARD, serial="S2")

    assert GATE.told_apart(both) == ("serial S1", "serial S2")
    assert GATE.told_apart(Identity(mac=OTHER_CARD)) == (f"MAC {CARD}", f"MAC {OTHER_CARD}")
    assert GATE.told_apart(Identity(endpoint="urn:uuid:2")) is None


def test_what_either_does_not_say_is_neither_the_same_nor_another() -> None:
    nobody = Identity()

    answers = (GATE.same_name(nobody), GATE.same_card(nobody), nobody.same_serial(GATE))

    assert answers == (None, None, None)


@given(_identities, _identities)
def test_nobody_resembles_another_and_both_see_it_alike(one: Identity, other: Identity) -> None:
    assert not (one.resembles(other) and one.is_another(other))
    assert one.resembles(other) == other.resembles(one)
    assert one.is_another(other) == other.is_another(one)
