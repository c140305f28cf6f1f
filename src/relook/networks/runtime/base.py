"""What every runtime does, and the checks that all of them share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ShapeError

__all__ = ["Pixels", "Runtime", "Vectors", "check_pixels", "check_vectors"]

Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]


class Runtime(Protocol):
    """A network that is ready to describe; safe to use from several threads.

    Runtimes of the same weights agree: on unit vectors to 1e-4 in f32, to a cosine of .9995 in bf16
    and f16, and of .98 in int8. How many pictures share a batch changes nothing beyond that.
    """

    @property
    def backend(self) -> str:
        """``openvino``, ``onnx`` or ``torch``."""
        ...

    @property
    def precision(self) -> str:
        """``f32``, ``bf16``, ``f16`` or ``int8``."""
        ...

    @property
    def device(self) -> str:
        """``cpu``, ``cuda`` or ``mps``."""
        ...

    def describe(self, pixels: Pixels) -> Vectors:
        """``(B, H, W, 3)`` uint8 RGB to what the network's spec says, float32.

        Raises:
            ShapeError: another shape or type, or pictures too small for this network.
        """
        ...

    def describe_all(self, batches: Iterable[Pixels]) -> Iterator[Vectors]:
        """Describe batches of any sizes, in order; two at a time where that is faster."""
        ...


def check_pixels(pixels: NDArray[Any], *, least: int) -> None:
    """Raise :class:`ShapeError` unless these are pictures with sides of ``least`` or more."""
    check_array("pixels", pixels, shape=(None, None, None, 3), dtype=np.uint8)
    batch, height, width = pixels.shape[:3]
    if batch == 0:
        raise ShapeError("pixels hold no picture; give a batch of 1 or more")
    if min(height, width) < least:
        raise ShapeError(
            f"pictures of {width} × {height} pixels are too small for this network; "
            f"enlarge or pad them to {least} or more on both sides"
        )


def check_vectors(vectors: NDArray[Any], *, precision: str) -> Vectors:
    """What a backend gave, as float32; raise :class:`ShapeError` where it is not finite."""
    result = np.ascontiguousarray(vectors, np.float32)
    if not np.isfinite(result).all():
        raise ShapeError(
            f"the network gives values that are not finite in {precision}; "
            "check its weights, or ask for precision f32"
        )
    return result
