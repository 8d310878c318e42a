from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Sighting
from edge_agent.tracking.belief import Belief, BeliefOptions

# A person needs 0.5 here, a two-wheeler 0.8.
OPTIONS = BeliefOptions(score=0.5, label_scores={Label.TWO_WHEELER: 0.8})


def seen(score: float, label: Label = Label.PERSON) -> Sighting:
    return Sighting(label, score, Box(0.1, 0.1, 0.2, 0.4))


def after(*scores: float, label: Label = Label.PERSON) -> Belief:
    """A belief after these looks; 0 is a miss."""
    belief = Belief(OPTIONS, seen(scores[0], label))
    for score in scores[1:]:
        if score:
            belief.see(seen(score, label))
        else:
            belief.miss()
    return belief


def test_three_good_looks_convince() -> None:
    assert not after(0.6, 0.6).is_convinced
    assert after(0.6, 0.6, 0.6).is_convinced


def test_each_label_is_believed_from_its_own_score() -> None:
    assert after(0.6, 0.6, 0.6).is_convinced
    assert not after(0.6, 0.6, 0.6, label=Label.TWO_WHEELER).is_convinced


def test_one_splendid_frame_among_faint_ones_convinces_nobody() -> None:
    assert not after(0.4, 0.99, 0.4, 0.4, 0.4).is_convinced


@given(st.lists(st.floats(0.01, 0.49), min_size=5, max_size=30), st.integers(0, 29))
def test_a_false_frame_at_any_moment_raises_nothing(faint: list[float], when: int) -> None:
    scores = list(faint)
    scores[when % len(scores)] = 0.99

    assert not after(*scores).is_convinced


def test_who_was_believed_may_be_faint_for_a_while() -> None:
    assert after(0.6, 0.6, 0.6, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4).is_convinced


def test_a_shadow_that_comes_and_goes_is_doubted_again() -> None:
    belief = after(0.6, 0.6, 0.6)

    for _ in range(4):
        for _ in range(4):
            belief.miss()
        belief.see(seen(0.6))

    assert not belief.is_convinced


@given(st.integers(1, 15), st.integers(3, 10))
def test_who_was_hidden_once_is_believed_at_once(misses: int, before: int) -> None:
    belief = after(*[0.6] * before)

    for _ in range(misses):
        belief.miss()
    belief.see(seen(0.6))

    assert belief.is_convinced


def test_a_miss_alone_changes_no_belief() -> None:
    belief = after(0.6, 0.6, 0.6)

    belief.miss()

    assert belief.is_convinced


def test_the_score_is_the_median_of_what_was_seen() -> None:
    assert after(0.6, 0.0, 0.9, 0.7).score == 0.7


def test_a_shy_label_weighs_as_much_as_a_bold_one() -> None:
    belief = after(0.6, 0.6, 0.6)

    # Two hints of a two-wheeler, each just sure enough for its label, against three surer persons.
    belief.see(seen(0.8, Label.TWO_WHEELER))
    belief.see(seen(0.8, Label.TWO_WHEELER))

    assert belief.label is Label.PERSON


@given(st.lists(st.floats(0.0, 1.0), max_size=30))
def test_the_same_looks_give_the_same_belief(scores: list[float]) -> None:
    first, second = after(0.6, *scores), after(0.6, *scores)

    assert (first.is_convinced, first.score, first.label) == (
        second.is_convinced,
        second.score,
        second.label,
    )
