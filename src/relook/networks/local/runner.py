"""ALIKED ready to run: weights in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import FormatError, ShapeError
from relook.networks.local.aliked import CELL, AlikedNetwork

__all__ = ["AlikedRunner"]

Float32 = NDArray[np.float32]


class AlikedRunner:
    """Runs the network on the processor, in float32.

    Args:
        network: in evaluation mode.
        threads: of torch, which has one number of threads for the whole process.
    """

    def __init__(self, network: AlikedNetwork, *, threads: int = 1) -> None:
        self._network = network.eval()
        torch.set_num_threads(threads)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, threads: int = 1) -> Self:
        """The network with the published weights, by their own names.

        Raises:
            FormatError: these are weights of another network, or not finite.
        """
        network = AlikedNetwork()
        state = {name: torch.tensor(array) for name, array in arrays.items()}
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1].strip()
            raise FormatError(f"these are not the weights of ALIKED-N(16): {reason}") from error
        if not all(bool(torch.isfinite(value).all()) for value in state.values()):
            raise FormatError("the weights have values that are not finite: the file is damaged")
        return cls(network, threads=threads)

    def detect(
        self, pixels: NDArray[np.uint8], *, count: int, least: float = 0.0
    ) -> tuple[Float32, Float32, Float32]:
        """Key points of one picture, the strongest first.

        Args:
            pixels: ``(h, w, 3)`` uint8 RGB, sides multiples of 32.
            count: at most this many.
            least: smallest score; 0.2 is that of the authors.

        Returns:
            ``(N, 2)`` (x, y) in pixels, ``(N,)`` scores from 0 to 1, and ``(N, 128)``
            l2-normalized descriptors.

        Raises:
            ShapeError: another shape or type, or other sides.
        """
        check_array("pixels", pixels, shape=(None, None, 3), dtype=np.uint8)
        height, width = pixels.shape[:2]
        if height % CELL or width % CELL or not pixels.size:
            raise ShapeError(f"sides must be multiples of {CELL} pixels, not {width} × {height}")
        with torch.inference_mode():
            found = self._network(torch.tensor(pixels[None]), count=count, least=least)
        points, scores, rows = (part.numpy() for part in found)
        return points, scores, rows
