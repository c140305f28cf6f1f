"""Which layers stay in f32 where the rest of a network computes in bf16.

bf16 has eight digits in binary. ResNets and VGGs do not mind; networks of depthwise convolutions
do: as a whole in bf16, MobileNetV1 and V2 keep a cosine to f32 of .998 on photos. With the
depthwise layers, the residual sums and the first 18 convolutions in f32 they keep .9996.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import openvino

__all__ = ["keep_precise"]

FIRST = 18
"""Convolutions at the start of a depthwise network that stay in f32."""


def keep_precise(core: Any, model: Any) -> Any:
    """The model with its sensitive layers marked for f32; the same model where it has none."""
    if not any(layer.get_type_name() == "GroupConvolution" for layer in model.get_ops()):
        return model
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.xml"
        openvino.save_model(model, file, compress_to_fp16=False)
        text = _mark(ET.parse(file))  # noqa: S314 - OpenVINO wrote it just now
        weights = np.fromfile(file.with_suffix(".bin"), np.uint8)
    return core.read_model(model=text, weights=openvino.Tensor(weights))


def _mark(tree: ET.ElementTree[Any]) -> bytes:
    """Set the attribute that OpenVINO's own passes set on layers that must not be compressed."""
    layers = list(tree.iter("layer"))
    convolutions = [layer for layer in layers if "Convolution" in layer.get("type", "")]
    last = int(convolutions[min(FIRST, len(convolutions)) - 1].get("id", 0))
    for layer in layers:
        kind, place = layer.get("type"), int(layer.get("id", 0))
        if place <= last or kind in ("GroupConvolution", "Add"):
            about = layer.find("rt_info")
            if about is None:
                about = ET.Element("rt_info")
                layer.insert(0 if layer.find("data") is None else 1, about)
            ET.SubElement(about, "attribute", {"name": "precise", "version": "0"})
    text: bytes = ET.tostring(tree.getroot())
    return text
