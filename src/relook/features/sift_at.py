"""SIFT descriptors of OpenCV at frames that something else detected."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.features.sift import UPSCALING_SHIFT

__all__ = ["sift_at"]

Float32 = NDArray[np.float32]

FIRST_SIGMA, LAYERS = 1.6, 3
"""Of OpenCV's scale space: an octave begins at this σ and has so many layers."""


def sift_at(gray: NDArray[np.uint8], frames: NDArray[np.floating]) -> Float32:
    """Describe the surroundings of frames.

    Args:
        gray: ``(H, W)`` levels.
        frames: ``(N, 4)`` x, y, scale and angle in radians, in pixels of ``gray``. A descriptor
            covers about 12 scales.

    Returns:
        ``(N, 128)`` float32 histograms, not normalized.
    """
    if not len(frames):
        return np.zeros((0, 128), np.float32)
    octaves, layers = _places(frames[:, 2], least=min(gray.shape))
    shift = float(UPSCALING_SHIFT) if octaves.min() < 0 else 0.0
    points = [
        cv2.KeyPoint(x + shift, y + shift, 2 * scale, np.rad2deg(angle) % 360, 1.0, place)
        for (x, y, scale, angle), place in zip(
            np.asarray(frames, np.float64).tolist(),
            ((octaves & 255) | (layers << 8)).tolist(),
            strict=True,
        )
    ]
    _, descriptors = cv2.SIFT.create(nOctaveLayers=LAYERS, sigma=FIRST_SIGMA).compute(gray, points)
    return np.asarray(descriptors, np.float32)


def _places(
    scales: NDArray[np.floating], *, least: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Octave and layer of the picture that is smoothed about as much as each scale says."""
    steps = np.rint(LAYERS * np.log2(scales / FIRST_SIGMA)).astype(np.int64)
    # Layers count from 1 to 3 within an octave; below the doubled picture there is none, and
    # above there is none that has pixels.
    top = max(int(np.log2(least)) - 2, 0)
    octaves = np.clip((steps - 1) // LAYERS, -1, top)
    return octaves, np.clip(steps - LAYERS * octaves, 0, LAYERS)
