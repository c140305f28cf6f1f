"""Learning from what a teacher says: its map at every location, or how it relates the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from relook.core.errors import ShapeError, UsageError
from relook.networks.pooling import widen
from relook.training.teacher import TeacherSpec

__all__ = ["DISTILL", "DistillMap", "map_distance", "read_distill", "relation_distance"]

DISTILL = "distill"
OF = ("map", "relations")


def map_distance(said: Tensor, taught: Tensor) -> Tensor:
    """The mean over locations of 1 - cosine: ``(B, d, h, w)`` and ``(B, d, h', w')`` → scalar.

    The teacher's map is resized to the student's.
    """
    said, taught = widen(said), widen(taught)
    if said.shape[2:] != taught.shape[2:]:
        taught = functional.interpolate(taught, said.shape[2:], mode="bilinear")
    return (1 - functional.cosine_similarity(said, taught, dim=1)).mean()


def relation_distance(vectors: Tensor, taught: Tensor) -> Tensor:
    """1 - cosine of the similarities of all pairs: ``(B, D)`` and ``(B, d)``, unit rows → scalar.

    Source: in the spirit of Park et al. 2019 (relational distillation) and Tung and Mori 2019
    (similarity-preserving distillation); relations of a picture to itself are left out.
    """
    if len(vectors) < 2:
        raise ShapeError("relations need two pictures or more in a batch")
    vectors, taught = widen(vectors), widen(taught)
    others = ~torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    pairs = [(rows @ rows.T)[others] for rows in (vectors, taught)]
    return 1 - functional.cosine_similarity(pairs[0], pairs[1], dim=0)


class DistillMap(nn.Module):
    """A 1 × 1 projection of the student's map, and :func:`map_distance` to the teacher's."""

    def __init__(self, *, channels: int, dimensions: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(channels, dimensions, 1)

    def forward(self, maps: Tensor, taught: Tensor) -> Tensor:
        """``(B, C, h, w)`` and ``(B, d, h', w')`` → scalar."""
        return map_distance(self.project(maps), taught)


def read_distill(options: Mapping[str, Any]) -> tuple[TeacherSpec, str, str]:
    """The teacher, what is learned of it (``map`` or ``relations``), and the student's layer.

    Raises:
        UsageError: an option that there is not, or no teacher.
    """
    known = ("teacher", "layer", "of", "at", "dimensions", "power")
    if unknown := sorted(set(options) - set(known)):
        raise UsageError(f"distill has no {', '.join(unknown)}; choose {', '.join(known)}")
    if "teacher" not in options:
        raise UsageError("distill needs a teacher: the name or file of weights")
    of = options.get("of", OF[0])
    if of not in OF:
        raise UsageError(f"distill of must be {' or '.join(OF)}, not {of!r}")
    named = {"teacher": "weights", "layer": "layer", "dimensions": "dimensions", "power": "power"}
    spec = TeacherSpec(**{named[key]: options[key] for key in named if key in options})
    return spec, str(of), str(options.get("at", ""))
