"""Batches of context prediction: from each picture that is drawn, one pair of patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.training.batches.plan import ClassPlan, Draw
from relook.training.sources.context import ContextOptions, cut_pair

__all__ = ["ContextDraw", "ContextPlan", "cut_pairs", "read_options"]


@dataclass(frozen=True, slots=True)
class ContextDraw(Draw):
    """What one step shows: every picture in two rows, one after the other, for its two patches.

    Attributes:
        options: how pairs are cut; their side is that of the draw.
    """

    options: ContextOptions = ContextOptions()


@dataclass(frozen=True)
class ContextPlan(ClassPlan):
    """Pictures drawn evenly, whatever their classes; each gives a pair.

    Attributes:
        options: how pairs are cut.
    """

    options: ContextOptions = ContextOptions()

    def __post_init__(self) -> None:
        if self.batch % 2 or self.views != 2:
            raise UsageError(
                f"pairs of patches need an even train.batch and train.views of 2, not {self.batch}"
                f" and {self.views}"
            )

    def draw(self, step: int, *, side: int) -> ContextDraw:
        """The rows of a step."""
        plain = super().draw(step, side=side)
        return ContextDraw(
            step=step,
            rows=np.repeat(plain.rows[::2], 2),
            parts=plain.parts,
            slots=plain.slots,
            side=side,
            options=replace(self.options, side=side),
        )


def read_options(table: Mapping[str, Any]) -> ContextOptions:
    """The options of a configuration.

    Raises:
        UsageError: one that there is not, or that cannot be.
    """
    known = [field.name for field in fields(ContextOptions) if field.name != "side"]
    for key in table:
        if key not in known:
            raise UsageError(f"[views] context has no {key}; choose {', '.join(known)}")
    values: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in table.items()
    }
    try:
        return ContextOptions(**values)
    except TypeError as error:
        raise UsageError(f"[views] context: {error}") from error


def cut_pairs(
    pictures: Sequence[NDArray[np.uint8]], draw: ContextDraw, *, seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Patches ``(B, S, S, 3)`` and positions ``(B,)`` of the B pictures of a draw.

    A pair is a function of the seed, the step and its slot, whoever cuts it.
    """
    patches, positions = [], []
    for picture, slot in zip(pictures[::2], draw.slots[::2].tolist(), strict=True):
        rng = np.random.default_rng((seed, draw.step, slot))
        pair = cut_pair(picture, options=draw.options, rng=rng)
        patches.append(pair.patches)
        positions.append(pair.position)
    return np.concatenate(patches), np.repeat(np.array(positions, np.int64), 2)
