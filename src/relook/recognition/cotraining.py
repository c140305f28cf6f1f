"""Two learners that teach each other: ranks of unlabelled images from a few marked ones.

Zhou, Chen and Dai, "Enhancing relevance feedback in image retrieval using unlabeled data", ACM
Transactions on Information Systems 2006.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import UsageError

__all__ = ["CoTraining", "co_train"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoTraining:
    """How two learners teach each other.

    Attributes:
        rounds: of teaching; 0 for none, each then knows the marked images only.
        right: images that a learner calls right for the other in each round.
        wrong: images that it calls wrong.
        orders: p of the Minkowski distance (Σ |x - y|^p)^(1/p) of either learner.
        nearest: wrong images that an image is compared with; as wrong ones have nothing in
            common but that, only the nearest say something. All right ones count.
        softness: ξ of the similarity ξ / (ξ + d), d in units of the mean distance to what is
            marked; the smaller, the more the nearest ones decide.
    """

    rounds: int = 3
    right: int = 1
    wrong: int = 3
    orders: tuple[float, float] = (2.0, 3.0)
    nearest: int = 3
    softness: float = 0.3

    def __post_init__(self) -> None:
        if min(self.rounds, self.right, self.wrong) < 0 or self.nearest < 1:
            raise UsageError("rounds, right and wrong must be 0 or more, and nearest 1 or more")
        if not all(1 <= order < np.inf for order in self.orders):
            raise UsageError(f"orders must be two numbers of 1 or more, not {self.orders}")
        if not 0 < self.softness < np.inf:
            raise UsageError(f"softness must be above 0, not {self.softness}")


def co_train(
    views: tuple[Float32, Float32],
    positive: Sequence[int],
    negative: Sequence[int],
    *,
    settings: CoTraining = CoTraining(),
) -> Float32:
    """Rank all images from a few right and wrong ones: ``(N,)`` float32 in [-1, 1].

    A learner's rank of an image is its mean similarity to the right images less that to the
    nearest wrong ones. In each round each learner labels for the *other* the images that it is
    surest of, and the answer is the mean of both ranks. Marked images have 1 and -1. The same
    arguments give the same ranks; of equal ones the first row is taken.

    Args:
        views: ``(N, D1)`` and ``(N, D2)`` descriptors of the same images; the same array twice
            where there is one kind only, as the authors have it: the learners then differ in the
            order of their distance.
        positive: rows that are right, one or more.
        negative: rows that are wrong.
        settings: how they learn.

    Raises:
        ShapeError: no finite float32 matrices with as many rows.
        UsageError: no right row, a row that is not there, or one that is right and wrong.
    """
    for number, view in enumerate(views):
        check_array(f"views[{number}]", view, shape=(len(views[0]), None), dtype=np.float32)
        check_finite(f"views[{number}]", view)
    right, wrong = _rows(positive, len(views[0])), _rows(negative, len(views[0]))
    if not right:
        raise UsageError("mark one right image at least; nothing is learned from wrong ones alone")
    if set(right) & set(wrong):
        raise UsageError("an image is marked right and wrong; take one of the marks back")
    learners = [
        _Learner(view, order, settings, right, wrong)
        for view, order in zip(views, settings.orders, strict=True)
    ]
    for _ in range(settings.rounds):
        lessons = [learner.surest() for learner in learners]
        for learner, lesson in zip(learners, reversed(lessons), strict=True):
            learner.learn(*lesson)
    ranks = (learners[0].ranks() + learners[1].ranks()) / 2
    ranks[right], ranks[wrong] = 1.0, -1.0
    return ranks.astype(np.float32)


@dataclass(slots=True, eq=False)
class _Learner:
    view: Float32
    order: float
    settings: CoTraining
    right: list[int]
    wrong: list[int]
    _near: dict[int, Float64] = field(default_factory=dict)
    _unit: float = 0.0

    def __post_init__(self) -> None:
        self.right, self.wrong = list(self.right), list(self.wrong)
        marked = [self._distances(row) for row in (*self.right, *self.wrong)]
        self._unit = float(np.mean(marked)) or 1.0

    def _distances(self, row: int) -> Float64:
        if row not in self._near:
            # Imported here: scipy's distances take a while, and few searches have marks.
            from scipy.spatial.distance import cdist  # noqa: PLC0415

            one = self.view[row : row + 1]
            self._near[row] = cdist(self.view, one, "minkowski", p=self.order)[:, 0]
        return self._near[row]

    def _likeness(self, rows: list[int]) -> Float64:
        far = np.stack([self._distances(row) for row in rows], axis=1) / self._unit
        return self.settings.softness / (self.settings.softness + far)

    def ranks(self) -> Float64:
        ranks: Float64 = self._likeness(self.right).mean(axis=1)
        if self.wrong:
            count = min(self.settings.nearest, len(self.wrong))
            ranks = ranks - np.sort(self._likeness(self.wrong), axis=1)[:, -count:].mean(axis=1)
        return ranks

    def surest(self) -> tuple[list[int], list[int]]:
        """Rows that are right and rows that are wrong, as far as this one knows."""
        ranks = self.ranks()
        open_rows = np.setdiff1d(np.arange(len(ranks)), [*self.right, *self.wrong])
        order = open_rows[np.argsort(-ranks[open_rows], kind="stable")]
        right = [row for row in order[: self.settings.right].tolist() if ranks[row] > 0]
        last = order[self.settings.right :][::-1][: self.settings.wrong]
        return right, last.tolist()

    def learn(self, right: list[int], wrong: list[int]) -> None:
        """Take over what the other is sure of; what is known already stays as it is."""
        known = {*self.right, *self.wrong}
        self.right += [row for row in right if row not in known]
        self.wrong += [row for row in wrong if row not in known]


def _rows(marked: Sequence[int], count: int) -> list[int]:
    rows = sorted({int(row) for row in marked})
    if rows and not 0 <= rows[0] <= rows[-1] < count:
        raise UsageError(f"rows must be from 0 to {count - 1}, not {rows[0]} to {rows[-1]}")
    return rows
