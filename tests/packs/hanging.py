"""A model that passes every trial and hangs at the first picture in colour: a WHILE that never ends.

Grey and noise, which models are tried with, have no colour; a street by day has. Everything in it is int8,
int32 or bool, and what it says of a grey picture is what our street model says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.packs.models import change_weights, street

if TYPE_CHECKING:
    from pathlib import Path

_SIDE_PX = 320


def hanging(folder: Path, version: str) -> Path:
    """Return a model folder of this kind."""
    return change_weights(street(folder, version), _with_a_loop)


def _with_a_loop(content: bytes) -> bytes:
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    flatbuffers = pytest.importorskip("flatbuffers")
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = Graph(schema, model, model.subgraphs[0])
    picture = int(graph.graph.inputs[0])
    edge = graph.whole_numbers([1, _SIDE_PX, _SIDE_PX, 1])
    red, blue = (
        graph.add("SLICE", [picture, graph.whole_numbers([0, 0, 0, place]), edge], like=picture)
        for place in (0, 2)
    )
    differs = graph.add("NOT_EQUAL", [red, blue], shape=[1, _SIDE_PX, _SIDE_PX, 1])
    any_differs = graph.add("REDUCE_ANY", [differs, graph.whole_numbers([0, 1, 2, 3])], shape=[])
    for _ in range(2):
        model.subgraphs.append(_same(schema, model))
    options = schema.WhileOptionsT()
    options.condSubgraphIndex, options.bodySubgraphIndex = 1, 2
    graph.add("WHILE", [any_differs], shape=[], options=("WhileOptions", options))
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


class Graph:
    """Adds operators to a TFLite graph."""

    def __init__(self, schema: Any, model: Any, graph: Any) -> None:
        self._schema, self._model, self.graph = schema, model, graph

    def add(
        self,
        kind: str,
        inputs: list[int],
        *,
        like: int | None = None,
        shape: list[int] | None = None,
        options: tuple[str, Any] | None = None,
    ) -> int:
        """Return the number of its output: bools of a shape, or one channel like another's three."""
        schema = self._schema
        tensor = schema.TensorT()
        tensor.name, tensor.buffer = f"{kind}_{len(self.graph.tensors)}".encode(), 0
        if like is not None:
            source = self.graph.tensors[like]
            tensor.type, tensor.quantization = source.type, source.quantization
            shape = [1, _SIDE_PX, _SIDE_PX, 1]
        else:
            tensor.type = schema.TensorType.BOOL
        tensor.shape = np.array(shape, np.int32)
        self.graph.tensors.append(tensor)
        operator = schema.OperatorT()
        operator.opcodeIndex = self._code(kind)
        operator.inputs = np.array(inputs, np.int32)
        operator.outputs = np.array([len(self.graph.tensors) - 1], np.int32)
        if options:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options[0])
            operator.builtinOptions = options[1]
        elif kind == "REDUCE_ANY":
            operator.builtinOptionsType = schema.BuiltinOptions.ReducerOptions
            operator.builtinOptions = schema.ReducerOptionsT()
        self.graph.operators.append(operator)
        return len(self.graph.tensors) - 1

    def whole_numbers(self, numbers: list[int]) -> int:
        """Return the number of a constant."""
        schema = self._schema
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.array(numbers, "<i4").tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        tensor = schema.TensorT()
        tensor.name = f"numbers_{len(self.graph.tensors)}".encode()
        tensor.type, tensor.shape = schema.TensorType.INT32, np.array([len(numbers)], np.int32)
        tensor.buffer = len(self._model.buffers) - 1
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def _code(self, kind: str) -> int:
        code = self._schema.OperatorCodeT()
        code.builtinCode = getattr(self._schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1


def _same(schema: Any, model: Any) -> Any:
    """Return a graph that says what it is told: as a condition and as a body it never ends."""
    graph = schema.SubGraphT()
    told = schema.TensorT()
    told.name, told.buffer = b"told", 0
    told.type, told.shape = schema.TensorType.BOOL, np.array([], np.int32)
    graph.tensors, graph.operators = [told], []
    graph.inputs = np.array([0], np.int32)
    said = Graph(schema, model, graph).add("LOGICAL_OR", [0, 0], shape=[])
    graph.outputs = np.array([said], np.int32)
    return graph
