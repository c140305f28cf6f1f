"""An exported network in half the bytes: its weights in float16, what is computed still in float32.

Each matrix and each kernel is kept as float16 and cast to float32 by a node of its own, which every
runtime carries out once, when it opens the file. Biases and other short arrays stay as they are.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from relook.core.errors import UsageError

__all__ = ["halve", "widen"]

_HALF = ".half"


def halve(content: bytes) -> bytes:
    """The ONNX file with weights of two or more axes rounded to float16.

    Raises:
        UsageError: a weight is beyond what float16 holds.
    """
    model = onnx.load_from_string(content)
    graph, casts = model.graph, []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or len(tensor.dims) < 2:
            continue
        name = tensor.name
        with np.errstate(over="ignore"):
            half = numpy_helper.to_array(tensor).astype(np.float16)
        if not np.isfinite(half).all():
            raise UsageError(
                f"{name} has values beyond float16; train with weight decay, or in f32"
            )
        tensor.CopyFrom(numpy_helper.from_array(half, name + _HALF))
        casts.append(helper.make_node("Cast", [name + _HALF], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    result: bytes = model.SerializeToString()
    return result


def widen(model: onnx.ModelProto) -> None:
    """Undo :func:`halve` in place, for tools that look for weights and find casts."""
    graph = model.graph
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT16 and tensor.name.endswith(_HALF):
            name = tensor.name.removesuffix(_HALF)
            array = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(array, name))
    kept = [
        node
        for node in graph.node
        if not (node.op_type == "Cast" and node.input[0].endswith(_HALF))
    ]
    del graph.node[:]
    graph.node.extend(kept)
