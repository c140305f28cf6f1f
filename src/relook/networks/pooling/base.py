"""What all poolings have in common, and checks of their options."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from relook.core.errors import UsageError

__all__ = ["Pooling", "check_count", "weights_of_channels"]


class Pooling(nn.Module):
    """Feature maps ``(B, C, h, w)`` → vectors ``(B, D)``, or ``(B, R, D)`` where regional.

    Vectors are float32 also where the maps are half precision; they are not normalized unless the
    method says so.

    Attributes:
        dims: D, the length of a vector.
        is_regional: it gives R vectors per map.
        is_dynamic: an exported graph is right for maps of any height and width. Otherwise it is
            right for the size that it was exported with, and each size needs its own.
    """

    is_regional = False
    is_dynamic = True

    def __init__(self, dims: int) -> None:
        super().__init__()
        self.dims = dims


def check_count(name: str, value: object, *, least: int) -> int:
    """Raise :class:`UsageError` unless an option is a whole number of at least ``least``."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return value


def weights_of_channels(
    name: str, value: float | Sequence[float], *, channels: int, per_channel: bool
) -> Tensor:
    """One number for all channels, ``(1,)``, or one for each, ``(C,)``."""
    try:
        numbers = torch.as_tensor(value, dtype=torch.float32, device="cpu").flatten()
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} must be a number or a list of them, not {value!r}") from error
    if not bool(torch.isfinite(numbers).all()):
        raise UsageError(f"{name} must be finite, not {value!r}")
    size = channels if per_channel else 1
    if len(numbers) not in (1, size):
        raise UsageError(
            f"{name} has {len(numbers)} numbers; give one, or per_channel = true and {channels}"
        )
    return numbers.expand(size).clone()
