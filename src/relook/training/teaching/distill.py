"""Learning from what a teacher says: its map at every location, or how it relates the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from relook.core.errors import ShapeError, UsageError
from relook.networks.pooling import widen
from relook.training.teaching.teacher import OF, TeacherSpec

__all__ = [
    "DISTILL",
    "DistillMap",
    "map_distance",
    "read_distill",
    "relation_distance",
    "vector_distance",
]

DISTILL = "distill"


def map_distance(said: Tensor, taught: Tensor, *, shifted: bool = False) -> Tensor:
    """The mean over locations of 1 - cosine: ``(B, d, h, w)`` and ``(B, d, h', w')`` → scalar.

    Args:
        said: by the student.
        taught: by the teacher; resized to the student's where it has another size.
        shifted: the teacher's cells lie one further down and right, less a pixel, as they do where
            it pads as TensorFlow does, and the student on all sides. (With strides of 2 a cell i
            of stride s has its middle at s i + s - 1 instead of s i.)
    """
    said, taught = widen(said), widen(taught)
    if said.shape[2:] == taught.shape[2:]:
        if shifted:
            said, taught = said[:, :, 1:, 1:], taught[:, :, :-1, :-1]
    else:
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


def vector_distance(vectors: Tensor, taught: Tensor) -> Tensor:
    """The mean of 1 - cosine: ``(B, D)`` and ``(B, D)``, unit rows → scalar.

    Raises:
        ShapeError: the teacher's vectors have another length.
    """
    if vectors.shape != taught.shape:
        raise ShapeError(
            f"the teacher's vectors have {taught.shape[1]} dimensions, the network's "
            f"{vectors.shape[1]}; set network.whitening = {taught.shape[1]}"
        )
    return (1 - functional.cosine_similarity(widen(vectors), widen(taught), dim=1)).mean()


class DistillMap(nn.Module):
    """A 1 × 1 projection of the student's map, and :func:`map_distance` to the teacher's."""

    def __init__(self, *, channels: int, dimensions: int, shifted: bool = False) -> None:
        super().__init__()
        self.project = nn.Conv2d(channels, dimensions, 1)
        self.shifted = shifted

    def forward(self, maps: Tensor, taught: Tensor) -> Tensor:
        """``(B, C, h, w)`` and ``(B, d, h', w')`` → scalar."""
        return map_distance(self.project(maps), taught, shifted=self.shifted)


def read_distill(options: Mapping[str, Any]) -> tuple[TeacherSpec, str]:
    """The teacher with what is learned of it, and the student's layer.

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
        raise UsageError(f"distill of must be {', '.join(OF[:-1])} or {OF[-1]}, not {of!r}")
    named = {"teacher": "weights"} | {key: key for key in ("layer", "dimensions", "power", "of")}
    spec = TeacherSpec(**{named[key]: options[key] for key in named if key in options})
    return spec, str(options.get("at", ""))
