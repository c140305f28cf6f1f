"""The exponential moving average of weights, which is what is kept in the end."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Average"]

EARLY = 10
"""The average keeps at most step / (step + EARLY): early on, it forgets its beginning faster."""


class Average:
    """Averaged floating-point tensors of a module's state; others are copied.

    Args:
        module: whose state.
        keep: share that each step keeps; 0: no average, the state itself.
    """

    def __init__(self, module: nn.Module, keep: float) -> None:
        self._module = module
        self._keep = keep
        self._kept = {k: v.detach().clone() for k, v in module.state_dict().items()} if keep else {}

    @property
    def is_on(self) -> bool:
        """Whether there is one."""
        return self._keep > 0

    @torch.no_grad()
    def update(self, step: int) -> None:
        """After a step, counted from 1: a ← d a + (1 - d) w."""
        if not self._keep:
            return
        share = 1 - min(self._keep, step / (step + EARLY))
        pairs = [(self._kept[k], v) for k, v in self._module.state_dict().items()]
        floats = [(a, v) for a, v in pairs if a.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in floats], [v for _, v in floats], share)
        for kept, value in pairs:
            if not kept.is_floating_point():
                kept.copy_(value)

    def state(self) -> dict[str, Tensor]:
        """The averaged state; the module's own where there is no average."""
        return dict(self._kept) if self._keep else dict(self._module.state_dict())

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state` gave."""
        for key, value in state.items():
            if key in self._kept:
                self._kept[key].copy_(value)
