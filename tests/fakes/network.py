"""A network that answers what a test wrote down, and insists on being fed properly."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge_agent.inference.slots import Raw, Slot


class FakeNetwork:
    """Implements edge_agent.inference.objects.Runnable; answers come round again and again."""

    def __init__(
        self, inputs: Sequence[Slot], outputs: Sequence[Slot], *answers: Sequence[Raw]
    ) -> None:
        for answer in answers:
            assert [raw.shape for raw in answer] == [slot.shape for slot in outputs]
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.pictures: list[Raw] = []
        self._answers = answers

    def run(self, picture: Raw) -> Sequence[Raw]:
        assert picture.shape == self.inputs[0].shape
        assert picture.dtype == self.inputs[0].dtype
        self.pictures.append(picture)
        return self._answers[(len(self.pictures) - 1) % len(self._answers)]


class HungNetwork(FakeNetwork):
    """Answers the first look, at a start; the next ones do not return until a test is over."""

    def __init__(
        self, inputs: Sequence[Slot], outputs: Sequence[Slot], *answers: Sequence[Raw]
    ) -> None:
        super().__init__(inputs, outputs, *answers)
        self._entered, self._let_go = threading.Event(), threading.Event()

    def run(self, picture: Raw) -> Sequence[Raw]:
        answer = super().run(picture)
        if len(self.pictures) > 1:
            self._entered.set()
            assert self._let_go.wait(30.0), "the test has forgotten us"
        return answer

    @contextmanager
    def hanging(self, look: Callable[[], object]) -> Iterator[None]:
        """Be in a look that does not return, on a thread of its own, as long as the test wants."""
        thread = threading.Thread(target=look, name="gate watch")  # noqa: TID251 (hangs on purpose)
        thread.start()
        try:
            assert self._entered.wait(30.0), "nobody looks"
            yield
        finally:
            self._let_go.set()
            thread.join(30.0)
