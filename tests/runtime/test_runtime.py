import logging
import random
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.backoff import Backoff
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.files import write_whole
from edge_agent.runtime.logs import Repeats
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.rate import Rate
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.fakes.clock import FakeClock


def test_the_newest_frame_wins_and_the_dropped_are_counted() -> None:
    mailbox: Mailbox[int] = Mailbox(size=1)

    for value in range(5):
        mailbox.put(value)

    assert mailbox.get(0.0) == 4
    assert mailbox.get(0.0) is None
    assert mailbox.dropped == 4


def test_waiting_ends_when_told() -> None:
    stop = Stop()

    stop.tell()

    assert stop.wait(3600.0)


def test_a_worker_that_dies_of_a_defect_is_not_silent(caplog: pytest.LogCaptureFixture) -> None:
    called = []

    def die() -> None:
        raise RuntimeError("defect")

    worker = Worker("gate watch", die, on_failure=lambda: called.append(True))
    worker.start()

    assert worker.join(5.0)
    assert isinstance(worker.failure, RuntimeError)
    assert called == [True]
    assert "gate watch died" in caplog.text


@given(st.integers(0, 1000))
def test_waits_grow_to_the_cap_and_are_spread(seed: int) -> None:
    backoff = Backoff(1.0, 60.0, random.Random(seed))

    waits = [backoff.next_s() for _ in range(40)]

    assert all(0.1 <= wait <= min(60.0, 2.0**i) for i, wait in enumerate(waits))
    backoff.reset()
    assert backoff.next_s() <= 1.0


def test_a_thousand_boxes_do_not_return_at_once() -> None:
    waits = []
    for seed in range(1000):
        backoff = Backoff(1.0, 60.0, random.Random(seed))
        for _ in range(8):
            wait = backoff.next_s()
        waits.append(wait)

    fullest_second = max(sum(n <= wait < n + 1 for wait in waits) for n in range(60))
    assert fullest_second < 50


def _line(text: str, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("x", level, "f", 1, text, (), None)


def test_a_line_that_repeats_is_counted() -> None:
    clock = FakeClock()
    repeats = Repeats(clock.mono)

    passed = [repeats.filter(_line("no picture")) for _ in range(215)]
    clock.advance(61)
    again = _line("no picture")
    passed.append(repeats.filter(again))

    assert passed == [True] + [False] * 214 + [True]
    assert again.getMessage() == "no picture (214 more in the last minute)"


def test_different_lines_do_not_hide_each_other() -> None:
    repeats = Repeats(FakeClock().mono)

    assert all(repeats.filter(_line(f"camera {number} is dark")) for number in range(1000))


def test_a_password_does_not_print() -> None:
    secret = Secret("hunter2")

    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == "hunter2"
    assert not Secret("")


def test_a_file_is_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "password"

    write_whole(path, b"one", mode=0o600)
    write_whole(path, b"two", mode=0o600)

    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["password"]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "inside").touch()

    with pytest.raises(OSError, match="folder"):
        write_whole(path, b"one")

    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


def test_the_kernel_says_whether_the_clock_is_set() -> None:
    state = SystemClock().state()

    assert isinstance(state.is_synced, bool)
    assert state.error_ms is None or state.error_ms >= 0


def test_the_rate_is_that_of_the_last_ten_seconds() -> None:
    rate = Rate()

    for i in range(200):
        slow = rate.tick(i * 1.0)
    for i in range(200):
        fast = rate.tick(200 + i / 10)

    assert slow == pytest.approx(1.0)
    assert fast == pytest.approx(10.0, rel=0.02)


def test_an_error_says_where_what_and_what_next() -> None:
    error = EdgeAgentError("it is dark", hint="switch on the light")
    error.add_note("main stream")
    error.add_note("camera gate")

    assert error.report() == "camera gate: main stream: it is dark\n  next: switch on the light"


def test_a_part_ends_alone_or_with_the_whole() -> None:
    whole = Stop()
    camera, other = whole.part(), whole.part()

    camera.tell()
    assert (camera.is_told, other.is_told, whole.is_told) == (True, False, False)

    whole.tell()
    assert other.is_told
    assert whole.part().is_told


def test_parts_that_have_ended_are_forgotten() -> None:
    whole = Stop()
    for _ in range(100):
        whole.part().tell()

    assert len(whole._parts) <= 1
