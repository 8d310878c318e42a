"""The fuzz itself: it must notice what it is there to notice."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from edge_agent.errors import EdgeAgentError
from tests.soak import fuzz
from tests.soak.fuzz import AdviceError, HangError, run
from tests.soak.mutations import mutate
from tests.soak.parsers import Parser
from tests.soak.seeds import bodies


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, fuzz._alarm)
    yield
    signal.signal(signal.SIGALRM, before)


def reader(read: Callable[[bytes, Random], object]) -> Parser:
    return Parser("reader", (b"<a>b</a>",), read)


def test_a_reader_that_dies_is_noticed_and_its_input_kept(tmp_path: Path) -> None:
    def die(content: bytes, _: Random) -> object:
        return {}[content]

    with pytest.raises(KeyError) as caught:
        run(reader(die), 10, 1, tmp_path / "killer")

    assert (tmp_path / "killer").read_bytes() == caught.value.args[0]
    assert "seed 1, input 0" in caught.value.__notes__[0]


def test_a_reader_that_hangs_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "_LONGEST_S", 0.05)

    def hang(*_: object) -> object:
        while True:
            pass

    with pytest.raises(HangError):
        run(reader(hang), 10, 1, tmp_path / "killer")


def test_a_reader_that_refuses_without_advice_is_noticed(tmp_path: Path) -> None:
    def refuse(*_: object) -> object:
        raise EdgeAgentError("no")

    with pytest.raises(AdviceError):
        run(reader(refuse), 10, 1, tmp_path / "killer")


def test_a_reader_that_keeps_everything_is_seen_to_grow(tmp_path: Path) -> None:
    kept: list[bytes] = []

    told = run(reader(lambda *_: kept.append(b"x" * 200_000)), 1000, 1, tmp_path / "killer")

    assert float(str(told["growth_mb"])) > 50


def test_the_same_seed_spoils_the_same_way() -> None:
    corpus = bodies()

    first, second = ([mutate(corpus[0], corpus, Random(n)) for n in range(50)] for _ in range(2))

    assert first == second
    assert len(set(first)) > 40
