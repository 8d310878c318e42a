"""Cut Google Coral's traffic detector so that its int8 part stands alone.

Its file ends in TFLite_Detection_PostProcess, which computes in float32 and suppresses boxes before
we can see them; our decoder `ssd` takes what goes into it. And it begins with two states of an
LSTM. These are always zero: the gates' weights are so small (a scale of 5e-6) that the cell's
output stays 0 whatever goes in, so zeros as constants are exact and no state has to be kept.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_SUPPRESSION = b"TFLite_Detection_PostProcess"


def without_suppression(content: bytes) -> bytes:
    """Return the network from the picture to corrections, scores and anchors, in that order."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    last = graph.operators.pop()
    assert model.operatorCodes[last.opcodeIndex].customCode == _SUPPRESSION  # noqa: S101 (by its digest)
    picture, *states = graph.inputs
    for state in states:
        _make_zero(model, graph.tensors[state])
    graph.inputs = np.array([picture], np.int32)
    graph.outputs = np.array(last.inputs, np.int32)
    # What only the cut part knew: four tensors of floats, at the places of its outputs.
    for place in last.outputs:
        graph.tensors[place].type = schema.TensorType.UINT8
        graph.tensors[place].shape = np.array([1], np.int32)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _make_zero(model: schema.ModelT, tensor: schema.TensorT) -> None:
    """Give an input a constant value that means zero."""
    buffer = schema.BufferT()
    zero = int(tensor.quantization.zeroPoint[0])
    buffer.data = np.full(int(np.prod(tensor.shape)), zero, np.uint8)
    model.buffers.append(buffer)
    tensor.buffer = len(model.buffers) - 1
