"""How runs ended, as the next one finds out: by its own note, by systemd's, or by the boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.daemon.starts import (
    DEFECT,
    FAILED,
    FILE,
    RESTARTED,
    SEEN_BY_SYSTEMD,
    STOPPED,
    StartBook,
    Starts,
)

if TYPE_CHECKING:
    from pathlib import Path

WALL = 1_795_000_000.0


def begin(folder: Path, boot: str = "b1") -> Starts:
    return book(folder, boot).begin()


def book(folder: Path, boot: str = "b1") -> StartBook:
    return StartBook(folder, lambda: WALL, boot)


def test_the_first_start_knows_of_none_before(tmp_path: Path) -> None:
    assert begin(tmp_path).told() == {
        "count": 1,
        "unclean": 0,
        "last_end": None,
        "last_unclean": None,
    }


@pytest.mark.parametrize("how", [STOPPED, RESTARTED, FAILED])
def test_an_end_in_order_is_no_unclean_one(tmp_path: Path, how: str) -> None:
    first = book(tmp_path)
    first.begin()
    first.end(how)

    now = begin(tmp_path, "b2")

    assert (now.count, now.unclean, now.last_end) == (2, 0, how)


@pytest.mark.parametrize(
    ("word", "how"),
    [
        ("watchdog killed ABRT\n", "watchdog"),
        ("oom-kill killed KILL\n", "memory"),
        ("signal killed KILL\n", "killed"),
        ("core-dump dumped SEGV\n", "crash"),
        ("exit-code exited 70\n", "crash"),
    ],
)
def test_what_systemd_saw_says_how_it_ended(tmp_path: Path, word: str, how: str) -> None:
    begin(tmp_path)
    (tmp_path / SEEN_BY_SYSTEMD).write_text(word)

    now = begin(tmp_path)

    assert (now.unclean, now.last_end) == (1, how)
    assert now.told()["last_unclean"] == {"end": how, "time": "2026-11-18T11:06:40.000Z"}
    assert not (tmp_path / SEEN_BY_SYSTEMD).exists()


@pytest.mark.parametrize(("boot", "how"), [("b1", "crash"), ("b2", "power")])
def test_where_nobody_saw_it_another_boot_means_that_the_power_failed(
    tmp_path: Path, boot: str, how: str
) -> None:
    begin(tmp_path)

    assert begin(tmp_path, boot).last_end == how


def test_its_own_word_counts_more_than_that_of_systemd(tmp_path: Path) -> None:
    first = book(tmp_path)
    first.begin()
    first.end(DEFECT)
    (tmp_path / SEEN_BY_SYSTEMD).write_text("exit-code exited 70\n")

    now = begin(tmp_path)

    assert (now.unclean, now.last_end) == (1, "defect")


def test_why_it_was_told_to_end_counts_more_than_that_it_did_so_in_order(tmp_path: Path) -> None:
    """The kernel killed a process beside it for its memory, and systemd then stopped the agent."""
    first = book(tmp_path)
    first.begin()
    first.end(STOPPED)
    (tmp_path / SEEN_BY_SYSTEMD).write_text("oom-kill exited 0\n")

    now = begin(tmp_path)

    assert (now.last_end, now.unclean) == ("memory", 1)


def test_the_last_unclean_end_is_remembered_over_clean_ones(tmp_path: Path) -> None:
    begin(tmp_path)
    second = book(tmp_path, "b2")
    second.begin()
    second.end(STOPPED)

    now = begin(tmp_path, "b2")

    assert (now.count, now.unclean, now.last_end, now.last_unclean) == (3, 1, "stopped", "power")


@pytest.mark.parametrize("text", ["", "[]", '{"count": "many"}', '{"more": 1}', "[" * 3000])
def test_a_damaged_book_begins_anew_and_costs_no_start(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text(text)

    assert begin(tmp_path).count == 1
    assert "starts are counted anew" in caplog.text


def test_a_disk_that_refuses_costs_the_count_and_not_the_agent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("no folder")

    book(tmp_path / "state").begin()

    assert "cannot note how often the agent started" in caplog.text
