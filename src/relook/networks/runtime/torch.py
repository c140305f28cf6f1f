"""Describe with torch: any network on the processor, half precision on CUDA and Apple's MPS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn

from relook.networks.runtime.base import Pixels, Vectors, check_pixels, check_vectors
from relook.networks.runtime.precision import Choice

__all__ = ["TorchRuntime"]

_TYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


class TorchRuntime:
    """A network that torch executes.

    On the processor torch uses the threads of its whole process (``torch.set_num_threads``).
    """

    backend = "torch"

    def __init__(self, module: nn.Module, least: int, choice: Choice) -> None:
        """Take over a network: it is moved to the device, and changes its memory layout."""
        self._choice, self._least = choice, least
        layout: Any = {"memory_format": torch.channels_last}  # torch's types do not know it
        self._module = module.eval().to(choice.device).to(**layout)
        if choice.device == "cpu":
            torch.set_num_threads(choice.threads)

    @property
    def precision(self) -> str:
        """``f32``, ``bf16`` or ``f16``."""
        return self._choice.precision

    @property
    def device(self) -> str:
        """``cpu``, ``cuda`` or ``mps``."""
        return self._choice.device

    def describe(self, pixels: Pixels) -> Vectors:
        """See :class:`Runtime`."""
        check_pixels(pixels, least=self._least)
        vectors = self._start(pixels)
        return check_vectors(vectors.float().cpu().numpy(), precision=self.precision)

    def describe_all(self, batches: Iterable[Pixels]) -> Iterator[Vectors]:
        """See :class:`Runtime`; a card works on the next batch while one is handed on."""
        if self.device == "cpu":
            yield from map(self.describe, batches)
            return
        waiting: torch.Tensor | None = None
        for pixels in batches:
            check_pixels(pixels, least=self._least)
            vectors = self._start(pixels)
            if waiting is not None:
                yield check_vectors(waiting.float().cpu().numpy(), precision=self.precision)
            waiting = vectors
        if waiting is not None:
            yield check_vectors(waiting.float().cpu().numpy(), precision=self.precision)

    def _start(self, pixels: Pixels) -> torch.Tensor:
        tensor = torch.tensor(pixels)
        if self.device == "cuda":
            tensor = tensor.pin_memory()
        tensor = tensor.to(self.device, non_blocking=self.device == "cuda")
        kind = _TYPES[self.precision]
        # Autocast keeps powers, sums and norms in f32, where a half would overflow or lose digits.
        half = torch.autocast(self.device, kind, enabled=kind is not torch.float32)
        with torch.inference_mode(), half:
            vectors: torch.Tensor = self._module(tensor)
        return vectors
