"""What all losses have in common: the precision that they are computed in, and checks."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, ParamSpec

import torch
from torch import Tensor, nn

from relook.core.errors import ShapeError, UsageError
from relook.networks.pooling.numerics import widen

__all__ = [
    "Loss",
    "check_labels",
    "check_option",
    "check_tuple",
    "check_vectors",
    "in_full_precision",
]


class Loss(nn.Module):
    """Something that training makes small: a scalar, float32 also of half-precision vectors.

    Attributes:
        kind: what ``forward`` takes. ``"tuple"``: a query ``(D,)``, a positive ``(D,)`` and
            negatives ``(N, D)``. ``"batch"``: vectors ``(B, D)`` and labels ``(B,)``.
            ``"classes"``: the same, by a loss that is made with ``dims`` and ``classes`` and learns
            weights of its own. ``"maps"``: scores of an FCN, one ``(B, C, h, w)`` or several, and
            labels ``(B,)``. ``"locations"``: a tuple, then scores ``(k, C)`` of k locations of the
            query, and its label. Vectors are l2-normalized.
    """

    kind: ClassVar[str]


P = ParamSpec("P")


def in_full_precision(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Compute in float32 or wider, also under autocast: exp, sums and small distances need it."""
    run_it: Callable[..., Tensor] = function

    @wraps(function)
    def run(*data: P.args, **options: P.kwargs) -> Tensor:
        places = {value.device.type for value in data if isinstance(value, Tensor)}
        with torch.autocast(places.pop() if places else "cpu", enabled=False):
            return run_it(*map(_widened, data), **options)

    return run


def _widened(value: Any) -> Any:
    return widen(value) if isinstance(value, Tensor) else value


def check_option(
    name: str,
    value: object,
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    most: float = math.inf,
) -> float:
    """Raise :class:`UsageError` unless an option is a finite number in these bounds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number) and above < number and least <= number <= most:
            return number
    bounds = [f"above {above:g}"] * (above > -math.inf)
    bounds += [f"at least {least:g}"] * (least > -math.inf)
    bounds += [f"at most {most:g}"] * (most < math.inf)
    wanted = " and ".join(bounds) or "finite"
    raise UsageError(f"{name} must be a number {wanted}, not {value!r}")


def check_vectors(vectors: Tensor, labels: Tensor) -> None:
    """Raise :class:`ShapeError` unless these are vectors ``(B, D)`` and labels ``(B,)``."""
    if vectors.ndim != 2:
        raise ShapeError(f"vectors must have shape (B, D), not {tuple(vectors.shape)}")
    if labels.shape != vectors.shape[:1] or labels.is_floating_point():
        raise ShapeError(
            f"{len(vectors)} vectors need as many whole numbers as labels, "
            f"not {labels.dtype} of shape {tuple(labels.shape)}"
        )


def check_labels(labels: Tensor, *, classes: int) -> None:
    """Raise :class:`ShapeError` where a label is none of 0 … classes - 1."""
    bad = labels[(labels < 0) | (labels >= classes)]
    if len(bad):
        raise ShapeError(
            f"label {int(bad[0])} is none of 0 to {classes - 1}; "
            f"make the loss with classes = {int(labels.max()) + 1} or more"
        )


def check_tuple(query: Tensor, positive: Tensor, negatives: Tensor) -> None:
    """Raise :class:`ShapeError` unless these are ``(D,)``, ``(D,)`` and ``(N, D)``."""
    shapes = [tuple(part.shape) for part in (query, positive, negatives)]
    if query.ndim != 1 or query.shape != positive.shape or shapes[2][1:] != shapes[0]:
        raise ShapeError(
            "query, positive and negatives must have shapes (D,), (D,) and (N, D), "
            f"not {shapes[0]}, {shapes[1]} and {shapes[2]}"
        )
