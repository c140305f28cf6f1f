"""Key points between pixels: the peaks of a score map."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from relook.networks.local.deformable import sample

__all__ = ["find_peaks"]

_TEMPERATURE = 0.1


def find_peaks(
    scores: Tensor, *, count: int, least: float, radius: int = 2
) -> tuple[Tensor, Tensor]:
    """The strongest peaks of a ``(h, w)`` score map, at the soft maximum of their window.

    Args:
        scores: from 0 to 1.
        count: at most this many.
        least: smallest score of a peak.
        radius: of the window; no other peak lies within, and none so near the border.

    Returns:
        ``(N, 2)`` (x, y) in pixels, and ``(N,)`` the scores there, strongest first.

    Source: Zhao et al., "ALIKE: accurate and lightweight keypoint detection and descriptor
    extraction", IEEE Transactions on Multimedia 2022, section III-B (differentiable detection).
    """
    width = scores.shape[1]
    kept = torch.where(_is_peak(scores, radius), scores, 0.0)
    inside = torch.zeros_like(kept)
    inside[radius:-radius, radius:-radius] = kept[radius:-radius, radius:-radius]
    values, places = inside.flatten().topk(min(count, inside.numel()))
    places = places[values > max(least, 0.0)]
    x, y = places % width, places // width
    points = torch.stack([x, y], dim=1) + _shift(scores, x, y, radius)
    return points, sample(scores[None, None], points[None, None])[0, 0, 0]


def _is_peak(scores: Tensor, radius: int) -> Tensor:
    """Where a score is the largest of its window; then twice more, of what no peak is near to."""
    peaks = scores == _largest(scores, radius)
    for _ in range(2):
        near = _largest(peaks.to(scores.dtype), radius) > 0
        rest = torch.where(near, 0.0, scores)
        peaks = peaks | ((rest == _largest(rest, radius)) & ~near)
    return peaks


def _largest(values: Tensor, radius: int) -> Tensor:
    pooled = functional.max_pool2d(values[None], 2 * radius + 1, stride=1, padding=radius)
    return pooled[0]


def _shift(scores: Tensor, x: Tensor, y: Tensor, radius: int) -> Tensor:
    """From each ``(N,)`` peak to the average of its window, weighed by a softmax: ``(N, 2)``."""
    steps = torch.arange(-radius, radius + 1, device=scores.device)
    below, beside = torch.meshgrid(steps, steps, indexing="ij")
    window = scores[y[:, None] + below.flatten(), x[:, None] + beside.flatten()]
    weights = torch.softmax(window / _TEMPERATURE, dim=1)
    places = torch.stack([beside.flatten(), below.flatten()], dim=1).to(scores.dtype)
    return weights @ places
