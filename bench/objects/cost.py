"""What one look costs, in three parts: cut the picture, run the network, read its numbers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.objects.eyes import WHOLE
from edge_agent.domain.frame import Frame
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.objects import Detector
from edge_agent.inference.runtime import Network
from edge_agent.inference.slots import Raw

# The first runs fill caches and reserve memory.
_WARM_UP = 10
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """Median CPU milliseconds of the parts of one look, on one thread."""

    cut_ms: float
    network_ms: float
    # Everything after the network: decoding, suppression, sightings.
    reading_ms: float

    @property
    def reading_share(self) -> float:
        """What reading the numbers costs, as a share of running the network."""
        return self.reading_ms / self.network_ms


class _Watched:
    """A network that notes when it began and ended."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.inputs, self.outputs = network.inputs, network.outputs
        self.began_ns = self.ended_ns = 0

    def run(self, picture: Raw) -> list[Raw]:
        """Run the network with a stopwatch."""
        self.began_ns = time.process_time_ns()
        answer = self._network.run(picture)
        self.ended_ns = time.process_time_ns()
        return answer


def measure(card: ModelCard, frames: Sequence[Frame]) -> Cost:
    """Let the agent look at these frames, whole, at the scores of the card."""
    network = _Watched(Network(card.weights))
    detector = Detector(card, network)
    for frame in frames[:_WARM_UP]:
        detector.look(frame, [WHOLE])
    parts = []
    for frame in [*frames] * _ROUNDS:
        began_ns = time.process_time_ns()
        detector.look(frame, [WHOLE])
        ended_ns = time.process_time_ns()
        moments = (began_ns, network.began_ns, network.ended_ns, ended_ns)
        parts.append(np.diff(moments) / 1e6)
    cut_ms, network_ms, reading_ms = np.median(parts, axis=0).tolist()
    return Cost(cut_ms, network_ms, reading_ms)
