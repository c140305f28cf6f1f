"""Where a student's class scores come from, for losses on locations."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from relook.core.errors import UsageError
from relook.networks.pooling import TopK
from relook.training.losses.base import check_option
from relook.training.steps.classification import rescaled
from relook.training.steps.student import Student

__all__ = ["ClassHead"]


class ClassHead(nn.Module):
    """The class layer of a student: that of its pooling ``top_k``, else one of its own.

    One of its own teaches the layers before it and is left behind when training ends, as the
    classes of the other losses are; that of ``top_k`` is part of the network.

    Args:
        student: whose maps are scored.
        classes: of the pictures.
        scales: of the pictures that maps are made of.

    Raises:
        UsageError: the pooling has another number of classes, or a scale is not above 0.
    """

    def __init__(self, student: Student, *, classes: int, scales: Sequence[float] = (1.0,)) -> None:
        super().__init__()
        if not isinstance(scales, list | tuple) or not scales:
            raise UsageError(f"scales must be a list of numbers above 0, not {scales!r}")
        pool = student.network.pool
        if isinstance(pool, TopK) and pool.classify.out_features != classes:
            raise UsageError(
                f"the pooling top_k has {pool.classify.out_features} classes and the pictures "
                f"{classes}; leave network.options.classes out"
            )
        self._student = (student,)  # no part of this module: it is trained once
        self._scales = tuple(check_option("scales", scale, above=0) for scale in scales)
        own = not isinstance(pool, TopK)
        self.classify = nn.Conv2d(student.channels(), classes, 1) if own else None

    def forward(self, maps: Tensor, pixels: Tensor) -> list[Tensor]:
        """The ``(B, K, h, w)`` class map of each scale.

        Args:
            maps: ``(B, C, h, w)`` of the pixels as they are.
            pixels: ``(B, H, W, 3)`` uint8.
        """
        (student,) = self._student
        least = student.network.backbone.smallest
        found = []
        for scale in self._scales:
            resized = rescaled(pixels, scale, least=least)
            same = resized is pixels
            found.append(self._scores(maps if same else student(resized).maps[_at(student)]))
        return found

    def _scores(self, maps: Tensor) -> Tensor:
        if self.classify is not None:
            scores: Tensor = self.classify(maps)
            return scores
        return self._pool().scores(maps)

    def located(self, maps: Tensor) -> Tensor:
        """``(B, k, K)`` scores at the locations that describe each picture.

        Raises:
            UsageError: the student has another pooling than ``top_k``.
        """
        return self._pool().locate(maps).logits

    def _pool(self) -> TopK:
        pool = self._student[0].network.pool
        if not isinstance(pool, TopK):
            raise UsageError('a loss on the k locations needs the pooling "top_k"')
        return pool


def _at(student: Student) -> str:
    return student.network.spec.layer
