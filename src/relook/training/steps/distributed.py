"""Several processes that share each batch: gradients are summed in one message per step.

Whatever is a mean over rows is divided by the number of processes, and losses that relate pictures
see those of all; the sum of the gradients is then that of one process with the whole batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed

__all__ = ["agree", "gathered", "rank", "shared_group", "sum_gradients", "world"]


def world() -> int:
    """How many processes share the work."""
    return distributed.get_world_size() if _is_on() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return distributed.get_rank() if _is_on() else 0


def _is_on() -> bool:
    return distributed.is_available() and distributed.is_initialized()


@contextmanager
def shared_group(*, rank: int, world: int, port: int, backend: str) -> Iterator[None]:
    """Meet the other processes of this computer."""
    distributed.init_process_group(
        backend, init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world
    )
    try:
        yield
    finally:
        distributed.destroy_process_group()


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows) for _ in range(world())]
        distributed.all_gather(parts, rows.contiguous())
        ctx.size = len(rows)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        total = grads[0].contiguous()
        distributed.all_reduce(total)
        return total[rank() * ctx.size : (rank() + 1) * ctx.size]


def gathered(rows: Tensor) -> Tensor:
    """The rows of all processes, in their order; gradients find their way back."""
    if world() == 1:
        return rows
    gather: Any = _Gather  # torch gives it no types
    found: Tensor = gather.apply(rows)
    return found


def sum_gradients(parameters: Sequence[Tensor], flags: Sequence[float]) -> list[float]:
    """Sum the gradients of all processes, and some numbers that all should know."""
    if world() == 1:
        return list(flags)
    grads = [p.grad for p in parameters if p.grad is not None]
    said = torch.tensor(flags, device=grads[0].device, dtype=grads[0].dtype)
    flat = torch.cat([*(grad.reshape(-1) for grad in grads), said])
    distributed.all_reduce(flat)
    past = 0
    for grad in grads:
        grad.copy_(flat[past : past + grad.numel()].reshape(grad.shape))
        past += grad.numel()
    return [float(value) for value in flat[-len(flags) :]] if flags else []


def agree(value: Any) -> Any:
    """What the first process says."""
    if world() == 1:
        return value
    box = [value]
    distributed.broadcast_object_list(box)
    return box[0]
