"""The one owner of the TFLite runtime: ai-edge-litert, or tflite-runtime where it has no wheel.

Both offer the same Interpreter. It is imported when a network is opened, because it costs a
quarter of a second and 60 MB that `edge-agent status` does not need.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.errors import EdgeAgentError
from edge_agent.inference.processor import require_instructions
from edge_agent.inference.slots import Raw, Slot

_STDERR = 2


class Network:
    """One loaded TFLite file. Not for two threads at once: it owns one set of buffers."""

    def __init__(self, weights: Path, *, threads: int = 1) -> None:
        """Load the weights and reserve their memory.

        Raises EdgeAgentError if there is no runtime for this processor, or the file is no TFLite.
        """
        self._interpreter = _open(weights, threads)
        self._inputs = self._interpreter.get_input_details()
        self._outputs = self._interpreter.get_output_details()
        self.inputs: tuple[Slot, ...] = tuple(_slot(details) for details in self._inputs)
        self.outputs: tuple[Slot, ...] = tuple(_slot(details) for details in self._outputs)

    def run(self, picture: Raw) -> list[Raw]:
        """Return the raw outputs, in the order of `outputs`, for one raw input picture."""
        self._interpreter.set_tensor(self._inputs[0]["index"], picture)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(details["index"]) for details in self._outputs]


def shares_cores() -> bool:
    """Tell whether more threads make a look quicker on a busy box, too: tflite-runtime's spin while they wait."""
    return find_spec(_PACKAGES[0][0]) is not None


def _open(weights: Path, threads: int) -> Any:
    make = _find_interpreter(_PACKAGES)
    try:
        with _without_chatter():
            interpreter = make(model_path=str(weights), num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError, OSError) as error:
        raise EdgeAgentError(
            f"{weights} cannot be loaded as a TFLite network: {error}",
            hint="copy the model folder to this box again, or choose another model",
        ) from error
    return interpreter


def _find_interpreter(packages: Sequence[tuple[str, Callable[[], Any]]]) -> Any:
    for name, load in packages:
        require_instructions(name)
        try:
            return load()
        except ModuleNotFoundError as error:
            # The package is there but something it needs is not: that must not be hidden.
            if error.name is None or error.name.partition(".")[0] != name:
                raise
    names = " and ".join(name for name, _ in packages)
    raise EdgeAgentError(
        f"no TFLite runtime is installed (looked for {names})",
        hint="install it: pip install ai-edge-litert  (tflite-runtime on 32-bit ARM)",
    )


def _load_litert() -> Any:
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 (60 MB, see above)

    return Interpreter


def _load_tflite() -> Any:
    from tflite_runtime.interpreter import Interpreter  # noqa: PLC0415 (60 MB, see above)

    return Interpreter


# In the order of preference: on int8 the first is 5 to 15 times as fast as the second.
_PACKAGES = (("ai_edge_litert", _load_litert), ("tflite_runtime", _load_tflite))


def _slot(details: dict[str, Any]) -> Slot:
    scale, zero = details["quantization"]
    shape = tuple(int(size) for size in details["shape"])
    return Slot(shape, np.dtype(details["dtype"]), float(scale), int(zero))


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Keep "Created TensorFlow Lite XNNPACK delegate" out of the journal.

    It is written by C++ straight to file descriptor 2 and cannot be turned off; what other
    threads log in these milliseconds is passed on afterwards, with everything else.
    """
    with tempfile.TemporaryFile() as said:
        kept = os.dup(_STDERR)
        os.dup2(said.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
            said.seek(0)
            rest = [line for line in said if b"XNNPACK delegate" not in line]
            os.write(_STDERR, b"".join(rest))
