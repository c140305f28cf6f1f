"""int8: weights and activations of convolutions in 8 bits, calibrated on pictures of the caller.

Weights have a scale per channel, activations one per tensor, both symmetric: with zero points
OpenVINO gives NaN for graphs whose sizes vary. What comes first stays in float, depthwise layers
too; on photos the MobileNets keep a cosine of .989 to f32, and .73 if everything is quantized.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

from relook.core.errors import UsageError
from relook.networks.runtime.base import Pixels, check_pixels
from relook.networks.runtime.halves import widen

__all__ = ["quantize"]

FIRST, FIRST_OF_DEPTHWISE = 1, 8
"""Convolutions at the start of a network that stay in float."""


def quantize(model: Path, pictures: Iterable[Pixels], *, least: int) -> bytes:
    """An exported network in int8.

    Args:
        model: as it was exported in f32.
        pictures: ``(B, H, W, 3)`` uint8 as they will be described, 16 or more; some of B may be 1.
        least: pixels that both sides of a picture must have.

    Raises:
        UsageError: there is no picture.
    """
    graph = onnx.load(model)
    widen(graph)
    # Ours is stamped anew; the other entry says that there is nothing to simplify beforehand.
    del graph.metadata_props[:]
    ready = {"onnx.quant.pre_process": "onnxruntime.quant"}
    onnx.helper.set_model_props(graph, ready)
    reader = _Reader(pictures, least=least)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "int8.onnx"
        try:
            quantize_static(
                graph, file, reader,
                quant_format=QuantFormat.QDQ, per_channel=True, op_types_to_quantize=["Conv"],
                activation_type=QuantType.QInt8, weight_type=QuantType.QInt8,
                nodes_to_exclude=_in_float(graph),
                extra_options={"ActivationSymmetric": True, "QuantizeBias": False},
            )  # fmt: skip
        except ValueError as error:
            if reader.count == 0:
                raise UsageError("calibration holds no picture; give 16 or more") from error
            raise
        return file.read_bytes()


def _in_float(graph: Any) -> list[str]:
    layers = [node for node in graph.graph.node if node.op_type == "Conv"]
    depthwise = [node.name for node in layers if _groups(node) > 1]
    first = FIRST_OF_DEPTHWISE if depthwise else FIRST
    return [node.name for node in layers[:first]] + depthwise


def _groups(node: Any) -> int:
    return max((int(entry.i) for entry in node.attribute if entry.name == "group"), default=1)


class _Reader:
    """Gives pictures one batch at a time, as ONNX Runtime asks for them."""

    def __init__(self, pictures: Iterable[Pixels], *, least: int) -> None:
        self._pictures: Iterator[Pixels] = iter(pictures)
        self._least = least
        self.count = 0

    def get_next(self) -> dict[str, Pixels] | None:
        """The next input, None at the end."""
        pixels = next(self._pictures, None)
        if pixels is None:
            return None
        check_pixels(pixels, least=self._least)
        self.count += len(pixels)
        return {"pixels": np.ascontiguousarray(pixels)}

    def __iter__(self) -> Iterator[dict[str, Pixels]]:
        return iter(self.get_next, None)
