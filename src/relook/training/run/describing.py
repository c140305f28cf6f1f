"""Vectors of pixels in the middle of training, and how well they are found again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from relook.networks.retrieval import RetrievalNetwork

__all__ = ["describe_all", "describe_batch"]

Float32 = NDArray[np.float32]


def describe_batch(network: RetrievalNetwork, pixels: NDArray[np.uint8]) -> Float32:
    """``(B, H, W, 3)`` uint8 → ``(B, D)`` of length 1, by a network in evaluation mode."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        vectors: Float32 = network(torch.from_numpy(pixels).to(device)).float().cpu().numpy()
    return vectors


def describe_all(
    network: RetrievalNetwork, pictures: Iterable[NDArray[np.uint8]], *, size: int = 32
) -> Float32:
    """Describe ``(H, W, 3)`` pictures, neighbors of equal size together."""
    found: list[Float32] = []
    waiting: list[NDArray[np.uint8]] = []
    for pixels in pictures:
        if waiting and (len(waiting) == size or waiting[0].shape != pixels.shape):
            found.append(describe_batch(network, np.stack(waiting)))
            waiting = []
        waiting.append(pixels)
    rest: Sequence[Float32] = [describe_batch(network, np.stack(waiting))] if waiting else []
    return np.concatenate([*found, *rest])
