"""The poolings of the table, all of them of one feature map. Needs torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from relook.networks.pooling import crow, gem, l2, mac, rmac, spoc

__all__ = ["NAMES", "pool"]

_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "MAC": mac,
    "SPoC": spoc,
    "CroW": crow,
    "R-MAC": rmac,
    "GeM 2": partial(gem, p=2.0, whole=True),
    "GeM 3": partial(gem, p=3.0, whole=True),
}

NAMES = tuple(_FUNCTIONS)


def pool(maps: NDArray[np.float32], names: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """``(1, C, h, w)`` → a normalized ``(C,)`` vector for each pooling."""
    tensor = torch.from_numpy(maps)
    with torch.inference_mode():
        return {name: l2(_FUNCTIONS[name](tensor))[0].numpy() for name in names}
