"""One step of the optimizer: forward and backward by parts, gradients summed, weights moved."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from relook.core.errors import UsageError
from relook.training.config import Config
from relook.training.records import Batch
from relook.training.steps.average import Average
from relook.training.steps.distributed import sum_gradients, world
from relook.training.steps.optimizer import make_optimizer, set_rate, trained
from relook.training.steps.schedule import rate_at
from relook.training.steps.student import Student
from relook.training.steps.terms import Chunk, Terms

__all__ = ["NotFiniteError", "Stepped", "Stepper", "choose_device"]

_SHORT = {"bf16": torch.bfloat16, "fp16": torch.float16}


class NotFiniteError(Exception):
    """The loss of a step is NaN or infinite; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step found.

    Attributes:
        loss: the weighted sum.
        parts: of each term before it is weighted.
        stop: whether any process was asked to stop.
    """

    loss: float
    parts: tuple[float, ...]
    stop: bool


class Stepper:
    """Holds what changes while it trains.

    Args:
        student: the network.
        terms: the losses.
        config: how.
        device: where both lie.
    """

    def __init__(self, student: Student, terms: Terms, config: Config, device: str) -> None:
        self.student, self.terms, self.device = student, terms, device
        self._config = config
        self._named = trained(student, terms)
        self.optimizer = make_optimizer(
            self._named, config.optimizer, undecayed=terms.class_weights
        )
        self.average = Average(student.network, config.train.ema)
        precision = config.train.precision
        if precision == "fp16" and device != "cuda":
            raise UsageError("fp16 needs a GPU; take precision bf16 or float32")
        self._short = _SHORT.get(precision)
        self.scaler = torch.amp.GradScaler(device, enabled=precision == "fp16")

    def step(self, batch: Batch, number: int, *, stop: bool = False) -> Stepped:
        """Take one step.

        Args:
            batch: of this process.
            number: of the step, from 0; decides the rate and what dropout leaves out.
            stop: whether this process was asked to stop.

        Raises:
            NotFiniteError: the loss is not finite, here or elsewhere.
        """
        config = self._config
        rate = rate_at(number, config.optimizer, iterations=config.train.iterations)
        set_rate(self.optimizer, rate)
        torch.manual_seed((config.seed * 1_000_003 + number) % 2**63)  # of dropout alone
        self.optimizer.zero_grad(set_to_none=True)
        loss, parts, finite = 0.0, np.zeros(len(self.terms.names)), True
        for chunk, share in self._chunks(batch):
            with self._autocast():
                total, values = self.terms(self.student(chunk.pixels), chunk)
            finite = finite and bool(torch.isfinite(total))
            loss += float(total.detach()) * share
            parts += values.cpu().double().numpy() * share
            if finite:
                self.scaler.scale(total * (share / world())).backward()
        bad, halt = self._shared(not finite, stop)
        if bad:
            raise NotFiniteError
        self._move()
        self.average.update(number + 1)
        return Stepped(loss, tuple(parts.tolist()), halt)

    def _shared(self, bad: bool, stop: bool) -> tuple[bool, bool]:
        if world() > 1:
            for _, parameter in self._named:  # all send the same number of numbers
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
        said = sum_gradients([p for _, p in self._named], [float(bad), float(stop)])
        return said[0] > 0, said[1] > 0

    def _move(self) -> None:
        if self._config.optimizer.clip:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_([p for _, p in self._named], self._config.optimizer.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def _autocast(self) -> AbstractContextManager[Any]:
        if self._short is None:
            return nullcontext()
        return torch.autocast(self.device, dtype=self._short)

    def _chunks(self, batch: Batch) -> Iterator[tuple[Chunk, float]]:
        """Parts of a batch and their share of its rows, or of its tuples."""
        tuples = np.unique(batch.parts, return_counts=True)[1] if self._config.mining else None
        units = len(batch.rows) if tuples is None else len(tuples)
        count = self._config.train.accumulate or (1 if tuples is None else units)
        bounds = np.unique(np.linspace(0, units, min(count, units) + 1).astype(int))
        ends = np.arange(units + 1) if tuples is None else np.concatenate([[0], tuples.cumsum()])
        for first, last in itertools.pairwise(bounds):
            rows = slice(int(ends[first]), int(ends[last]))
            sizes = () if tuples is None else tuple(tuples[first:last].tolist())
            yield self._chunk(batch, rows, sizes), float(last - first) / units

    def _chunk(self, batch: Batch, rows: slice, sizes: tuple[int, ...]) -> Chunk:
        extras = {key: self._tensor(array[rows]) for key, array in batch.extras.items()}
        return Chunk(
            self._tensor(batch.pixels[rows]), self._tensor(batch.labels[rows]), sizes, extras
        )

    def _tensor(self, array: Any) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device, non_blocking=True)


def choose_device(wish: str) -> str:
    """``cuda`` or ``mps`` where there is one and no other wish, else ``cpu``.

    Raises:
        UsageError: the wish cannot be met.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wish in there and not there[wish]:
        raise UsageError(f"torch sees no {wish} here; set train.device to cpu or auto")
    if wish == "auto":
        return next((name for name, is_there in there.items() if is_there), "cpu")
    return wish
