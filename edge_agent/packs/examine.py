"""What a model must show before a box uses it: int8 throughout, shapes that fit, sane answers.

Runs the network, so a bad one may crash or hang here: `trial.py` calls this in a process of its own.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge_agent.domain.frame import Frame, Plane
from edge_agent.domain.geometry import Box
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import load_card
from edge_agent.inference.number_formats import floating_formats
from edge_agent.inference.objects import Detector
from edge_agent.inference.runtime import Network
from edge_agent.inference.slots import Raw, Slot

# A sub stream's size, so that the picture is shrunk and padded as in earnest.
_WIDTH_PX, _HEIGHT_PX = 640, 360
# On an even grey and on noise all four detectors we know report nothing.
_MOST_GHOSTS = 5
_WHOLE = Box(0.0, 0.0, 1.0, 1.0)
_SEED = 20_261_124


class Listened:
    """A network that remembers what it said last."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.said: Sequence[Raw] = ()

    @property
    def inputs(self) -> Sequence[Slot]:
        """What goes in."""
        return self._network.inputs

    @property
    def outputs(self) -> Sequence[Slot]:
        """What comes out."""
        return self._network.outputs

    def run(self, picture: Raw) -> Sequence[Raw]:
        """Return the raw outputs, and remember them."""
        self.said = [np.array(output) for output in self._network.run(picture)]
        return self.said


def examine(folder: Path, *, allow_float: bool = False) -> None:
    """Look at a grey picture and at noise with the model in this folder.

    Raises EdgeAgentError with what keeps a box from using it.
    """
    card = load_card(folder)
    floats = floating_formats(card.weights)
    if floats and not allow_float:
        raise EdgeAgentError(
            f'model "{card.name}" computes in {", ".join(floats)}, not in int8 throughout',
            hint="quantise it fully (docs/reference/model-card.md); --allow-float takes it, and the time it costs",
        )
    network = Listened(Network(card.weights))
    detector = Detector(card, network)
    said = []
    for what, luma in (("an even grey", _grey()), ("noise", _noise())):
        seen = detector.look(_frame(luma), [_WHOLE])
        said.append(network.said)
        _check_numbers(card.name, network.said)
        if len(seen) > _MOST_GHOSTS:
            raise EdgeAgentError(
                f'model "{card.name}" sees {len(seen)} objects in {what}',
                hint="its card does not fit it: look at mean, scale, channels, decoding and score",
            )
    if all(np.array_equal(one, other) for one, other in zip(*said, strict=True)):
        raise EdgeAgentError(
            f'model "{card.name}" says the same of every picture',
            hint="its weights are empty, or mean and scale in its card are far off",
        )


def _check_numbers(name: str, outputs: Sequence[Raw]) -> None:
    if not all(np.isfinite(output).all() for output in outputs):
        raise EdgeAgentError(
            f'model "{name}" answers with what is no number',
            hint="it was converted wrongly: convert it again, and look at its ranges",
        )


def _grey() -> Plane:
    return np.full((_HEIGHT_PX, _WIDTH_PX), 114, np.uint8)


def _noise() -> Plane:
    return np.random.default_rng(_SEED).integers(0, 256, (_HEIGHT_PX, _WIDTH_PX), np.uint8)


def _frame(luma: Plane) -> Frame:
    chroma = np.full((_HEIGHT_PX // 2, _WIDTH_PX // 2), 128, np.uint8)
    return Frame(
        taken_at=0.0,
        camera_wall=None,
        received_wall=0.0,
        luma=luma,
        chroma_blue=chroma,
        chroma_red=chroma,
    )
