"""What speaks for each label: the results of a search, read with the labels of the images."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from relook.recognition.observation import Observation

__all__ = ["FEATURES", "RESULTS", "Claims", "make_claims"]

FEATURES = ("one", "strength", "surprise", "query share", "share", "middle", "quiet")
"""The columns of :attr:`Claims.features`.

- one: 1, for a claim at all;
- strength: ln(1 + strength) of the label's best evidence;
- surprise: ln(1 + the highest standard score of its images), none below 0;
- query share, share: √ of the share of the query, and of the image, that its inliers span;
- middle: 1 where the middle of the query lies on what matches, less the farther it is away, 0
  without evidence;
- quiet: -ln(1 + mean strength of the ten strongest results of other labels, or none, that have weak
  evidence): where much is there by accident, a little more says less.

Support by several images is no feature: one thing in the background is seen on all of its pictures.
"""

WEAK = 6.0
"""Strength below which evidence may be there by accident; a stronger result shows something."""

_ACCIDENTS = 10

RESULTS = 16
"""The best results, which may speak for a label."""

_MOST = 10
"""Labels that compete."""


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """The labels that a query may have.

    Attributes:
        labels: ``L`` names, in order of their best image.
        images: ``(L,)`` int64, the image that speaks most for each.
        features: ``(L, F)`` float64, see :data:`FEATURES`.
        turns: ``(L,)`` int64, which of several labels of one image answers: the one with the lowest
            turn. A label that includes another (all results with that have this, too) comes after
            it; otherwise the one whose results have the most evidence together comes first.
        rivals: ``(L, L)`` bool, whether two labels exclude each other: they do unless the image
            that speaks for one has, or shows, the other too.
    """

    labels: tuple[str, ...]
    images: NDArray[np.int64]
    features: NDArray[np.float64]
    turns: NDArray[np.int64]
    rivals: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.labels)


def make_claims(
    observation: Observation,
    labels: Mapping[int, tuple[str, ...]],
    *,
    shows: Mapping[int, frozenset[str]] | None = None,
) -> Claims:
    """What speaks for each label.

    Args:
        observation: what the search found.
        labels: of images; one without labels may be missing.
        shows: labels that images do not have, but that are known to be right for them as well; no
            claims, but no rivals of what the image speaks for either.
    """
    ids = observation.ids[:RESULTS].tolist()
    rows: dict[str, list[int]] = {}
    for row, image in enumerate(ids):
        room = len(rows) < _MOST  # for all labels of an image: the last may say most
        for label in labels.get(image, ()):
            if label in rows or room:
                rows.setdefault(label, []).append(row)
    names = tuple(rows)
    columns = _Columns(observation)
    best = [columns.best(of) for of in rows.values()]
    features = [columns.features(of, top) for of, top in zip(rows.values(), best, strict=True)]
    more = {} if shows is None else shows
    having = [more.get(ids[row], frozenset()).union(labels[ids[row]]) for row in best]
    return Claims(
        names,
        observation.ids[np.array(best, np.int64)],
        np.array(features, np.float64).reshape(len(names), len(FEATURES)),
        _turns(list(rows.values()), best, columns),
        _rivals(names, having),
    )


def _rivals(names: Sequence[str], having: Sequence[frozenset[str]]) -> NDArray[np.bool_]:
    if all(len(labels) == 1 for labels in having):
        return ~np.eye(len(names), dtype=np.bool_)
    pairs = [
        b not in having[i] and a not in having[j]
        for i, a in enumerate(names)
        for j, b in enumerate(names)
    ]
    return np.array(pairs, np.bool_).reshape(len(names), len(names))


def _turns(
    rows: Sequence[Sequence[int]], best: Sequence[int], columns: _Columns
) -> NDArray[np.int64]:
    if len(set(best)) == len(best):  # no two speak by the same image
        return np.arange(len(rows))
    sets = [set(of) for of in rows]
    included = [sum(other < of for other in sets) for of in sets]
    support = [columns.support(of) for of in rows]
    order = sorted(range(len(rows)), key=lambda label: (included[label], -support[label]))
    turns = np.zeros(len(rows), np.int64)
    turns[order] = np.arange(len(rows))
    return turns


class _Columns:
    """The best results in plain numbers: there are so few that arrays would cost more."""

    def __init__(self, seen: Observation) -> None:
        self._strengths = seen.strengths[:RESULTS].tolist()
        self._similarities = seen.similarities[:RESULTS].tolist()
        self._surprises = seen.surprises[:RESULTS].tolist()
        self._query_shares = seen.query_shares[:RESULTS].tolist()
        self._shares = seen.shares[:RESULTS].tolist()
        self._offsets = seen.offsets[:RESULTS].tolist()
        weak = np.flatnonzero((seen.strengths > 0) & (seen.strengths < WEAK))
        order = weak[np.argsort(-seen.strengths[weak], kind="stable")]
        self._weak = list(zip(order.tolist(), seen.strengths[order].tolist(), strict=True))

    def best(self, rows: Sequence[int]) -> int:
        """The row with the strongest evidence; without evidence the most similar."""
        return max(rows, key=lambda row: (self._strengths[row], self._similarities[row]))

    def support(self, rows: Iterable[int]) -> float:
        """What all evidence is worth together."""
        return math.fsum(self._strengths[row] for row in rows)

    def features(self, rows: Sequence[int], best: int) -> tuple[float, ...]:
        strength = self._strengths[best]
        surprise = max(0.0, *(self._surprises[row] for row in rows))
        return (
            1.0,
            math.log1p(strength),
            math.log1p(surprise),
            math.sqrt(self._query_shares[best]),
            math.sqrt(self._shares[best]),
            1.0 - self._offsets[best] if strength > 0 else 0.0,
            -math.log1p(self._accidents(rows)),
        )

    def _accidents(self, rows: Sequence[int]) -> float:
        """Mean strength of the ten strongest weak results but these; nothing counts as 0."""
        others = (strength for row, strength in self._weak if row not in rows)
        return math.fsum(islice(others, _ACCIDENTS)) / _ACCIDENTS
