"""Where the networks lie that relook trained itself and that ship inside the package.

Three files for each: ``NAME.card.json``, ``NAME.safetensors`` with weights in float16, and
``NAME.….onnx``, the same network as a graph, which needs no torch. ``tools/ship_network.py`` writes
them.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["FOLDER"]

FOLDER = Path(__file__).parent / "assets"
