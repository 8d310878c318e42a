"""Which number formats a TFLite file computes in, read from the file without running it.

Inputs and outputs may be int8 with floats in between; only the list of all tensors tells. The file
is a FlatBuffer; the numbers of fields and formats are those of TFLite's schema.fbs, which only grows.
"""

import struct
from pathlib import Path

from edge_agent.errors import EdgeAgentError

# enum TensorType of schema.fbs, by its numbers.
_FORMATS = [
    "float32",
    "float16",
    "int32",
    "uint8",
    "int64",
    "string",
    "bool",
    "int16",
    "complex64",
    "int8",
    "float64",
    "complex128",
    "uint64",
    "resource",
    "variant",
    "uint32",
    "uint16",
    "int4",
    "bfloat16",
]
# Sums and shapes are int32 and int64 in every quantised network; all else is bytes.
_QUANTISED = frozenset({"int8", "uint8", "int32", "int64", "bool"})
# A detector has hundreds; a file with more is no detector.
_MOST_TENSORS = 20_000
# In tables Model, SubGraph and Tensor of schema.fbs.
_SUBGRAPHS, _TENSORS, _TYPE = 2, 0, 1


def floating_formats(weights: Path) -> list[str]:
    """Return the formats in the file that no int8 network has, such as float32.

    Raises EdgeAgentError where the file is no TFLite.
    """
    content = weights.read_bytes()
    try:
        if content[4:8] != b"TFL3":
            raise ValueError(content[4:8])  # noqa: TRY301 (the same to the technician as below)
        found = {_FORMATS[kind] for kind in _tensor_kinds(content)}
    except (struct.error, IndexError, ValueError) as error:
        raise EdgeAgentError(
            f"{weights.name} is no TFLite network",
            hint="take the .tflite file that the converter wrote, not an ONNX or a frozen graph",
        ) from error
    return sorted(found - _QUANTISED)


def _tensor_kinds(content: bytes) -> list[int]:
    model = _offset(content, 0)
    kinds: list[int] = []
    for subgraph in _tables(content, model, _SUBGRAPHS):
        for tensor in _tables(content, subgraph, _TENSORS):
            place = _field(content, tensor, _TYPE)
            # What has its default value, float32, is left out of the file.
            kinds.append(content[place] if place else 0)
    if not kinds:
        raise ValueError(kinds)
    return kinds


def _tables(content: bytes, table: int, field: int) -> list[int]:
    """Return where the tables in this list of a table are."""
    place = _field(content, table, field)
    if not place:
        return []
    vector = place + _offset(content, place)
    count = _offset(content, vector)
    if count > _MOST_TENSORS:
        raise ValueError(count)
    places = [vector + 4 + 4 * number for number in range(count)]
    return [place + _offset(content, place) for place in places]


def _field(content: bytes, table: int, field: int) -> int:
    """Return where a field of a table is; 0 where it has its default."""
    (back,) = struct.unpack_from("<i", content, table)
    layout = table - back
    if layout < 0:
        raise ValueError(layout)
    size, place = struct.unpack_from("<H", content, layout)[0], 4 + 2 * field
    if place >= size:
        return 0
    shift: int = struct.unpack_from("<H", content, layout + place)[0]
    return table + shift if shift else 0


def _offset(content: bytes, place: int) -> int:
    number: int = struct.unpack_from("<I", content, place)[0]
    return number
