"""What several processes that share each batch can do; asked before any of them starts."""

from __future__ import annotations

from collections.abc import Iterator

from relook.core.errors import UsageError
from relook.training.config import Config, LossPart
from relook.training.losses import LOSSES
from relook.training.teaching.distill import DISTILL, read_distill

__all__ = ["check_shares"]


def check_shares(config: Config) -> None:
    """Every process must have the same number of rows, or of tuples.

    Raises:
        UsageError: it cannot.
    """
    train = config.train
    if train.batch % train.processes:
        raise UsageError(
            f"{train.processes} processes cannot share a batch of {train.batch} evenly; take a "
            "multiple"
        )
    if train.accumulate and (train.batch // train.processes) % train.accumulate:
        raise UsageError(
            f"{train.batch // train.processes} cannot be worked on in {train.accumulate} equal "
            "parts; change train.accumulate"
        )
    relating = next(_relating(config.loss), None)
    if train.processes > 1 and config.mining is not None and relating is not None:
        # Tuples differ in size, so processes would gather different numbers of rows.
        raise UsageError(
            f"the loss {relating} relates all pictures of a batch, and {train.processes} processes "
            "cannot gather those of [mining]; set train.processes = 1, leave [mining] out, or take "
            "a loss on tuples, such as triplet"
        )


def _relating(parts: tuple[LossPart, ...]) -> Iterator[str]:
    """Names of the losses that see the rows of all processes together."""
    for part in parts:
        if part.name == DISTILL:
            if read_distill(part.options)[0].of == "relations":
                yield f"{DISTILL} of relations"
        elif getattr(LOSSES.get(part.name), "kind", "") == "batch":
            yield part.name
