import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.video.stream_clock import StreamClock


def test_a_steady_stream_keeps_its_own_time() -> None:
    clock = StreamClock()

    stamps = [clock.stamp(500.0 + i * 0.1, 20.0 + i * 0.1 + (i % 3) * 0.02) for i in range(100)]

    assert stamps == [pytest.approx(i * 0.1) for i in range(100)]


def test_a_reconnection_counts_the_time_that_really_passed() -> None:
    clock = StreamClock()
    clock.stamp(7.0, 100.0)

    assert clock.stamp(0.0, 130.0) == pytest.approx(30.0)
    assert clock.stamp(0.1, 130.1) == pytest.approx(30.1)


def test_a_camera_that_sets_its_clock_does_not_age_anybody() -> None:
    clock = StreamClock()
    clock.stamp(10.0, 100.0)

    assert clock.stamp(10.0 + 7200.0, 100.1) == pytest.approx(0.1)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0.0, 100.0)), min_size=2, max_size=50))
def test_whatever_a_camera_says_time_does_not_run_back(told: list[tuple[float, float]]) -> None:
    clock = StreamClock()
    mono = 0.0
    stamps = []
    for presented_s, gap_s in told:
        mono += gap_s
        stamps.append(clock.stamp(presented_s, mono))

    assert stamps == sorted(stamps)
    # Nobody ages by more than what passed on the box, but for jitter at each step.
    assert stamps[-1] <= mono - told[0][1] + 5.0 * len(told)


def test_a_first_frame_without_a_time_does_not_make_the_next_one_jump() -> None:
    clock = StreamClock()
    clock.stamp(50.0, 100.0)

    stamps = [clock.stamp(told, mono) for told, mono in ((None, 130.0), (3.0, 130.1), (3.1, 130.2))]

    assert stamps == [pytest.approx(30.0), pytest.approx(30.1), pytest.approx(30.2)]
