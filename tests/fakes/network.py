"""A network that answers what a test wrote down, and insists on being fed properly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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
