"""Verified pairs of pictures within a class, and how they lie in each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.records import Evidence, LocalCodes
from relook.mapping.alignment import Alignment, fit
from relook.mapping.neighbors import Neighbors

__all__ = ["Pair", "Pairing", "verify_pairs"]

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two pictures of a class that show the same thing.

    Attributes:
        ids: theirs, the lower first.
        strength: of the evidence; see :class:`~relook.core.records.Evidence`.
        inliers: matches that agree.
        transform: ``(3, 3)`` float64, points of the first to points of the second.
        boxes: ``(2, 4)`` float64 left, top, right, bottom of the matches in the first and in the
            second.
        centers: ``(2, 2)`` float64 medians of the matches, where the transform is known best.
        alignment: how the first would lie in the second if one were a copy of the other; None
            where matches say that it is not.
    """

    ids: tuple[int, int]
    strength: float
    inliers: int
    transform: Float64
    boxes: Float64
    centers: Float64
    alignment: Alignment | None = None

    def other(self, id_: int) -> int:
        """The picture at the other end."""
        return self.ids[id_ == self.ids[0]]


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which pairs of a class are looked at, and which count.

    Attributes:
        strength: of evidence, at least.
        whole: classes of up to so many pictures are held against each other pair by pair.
        candidates: in larger ones, each picture against so many of its class: those that the
            index thinks nearest.
    """

    strength: float
    whole: int
    candidates: int


def verify_pairs(
    neighbors: Neighbors,
    ids: Sequence[int],
    *,
    pairing: Pairing,
    done: Callable[[], None],
) -> tuple[Pair, ...]:
    """The verified pairs of a class.

    Args:
        neighbors: of the collection.
        ids: of the class's pictures, each once.
        pairing: see :class:`Pairing`.
        done: called after each picture.
    """
    found = []
    for one, query, others in _rounds(neighbors, sorted(ids), pairing):
        for other, proof in neighbors.verify(query, others).items():
            if proof.strength >= pairing.strength:
                found.append(_make(one, other, proof, others[other].size, query.size))
        done()
    return tuple(sorted(found, key=lambda pair: pair.ids))


def _rounds(
    neighbors: Neighbors, ids: Sequence[int], pairing: Pairing
) -> Iterator[tuple[int, LocalCodes, Mapping[int, LocalCodes]]]:
    """Each picture with those that it is held against; no pair twice."""
    if len(ids) <= pairing.whole:
        codes = neighbors.codes(ids)
        known = [id_ for id_ in ids if id_ in codes]
        for place, one in enumerate(known):
            yield one, codes[one], {other: codes[other] for other in known[place + 1 :]}
        return
    inside, seen = set(ids), set[tuple[int, int]]()
    for one in ids:
        query = neighbors.codes([one]).get(one)
        if query is None:
            continue
        ranking = neighbors.find(query, top=len(neighbors.ids)).ids.tolist()
        near = [id_ for id_ in ranking if id_ in inside and id_ != one][: pairing.candidates]
        new = [id_ for id_ in near if (min(one, id_), max(one, id_)) not in seen]
        seen.update((min(one, id_), max(one, id_)) for id_ in new)
        yield one, query, neighbors.codes(new)


def _make(
    one: int, other: int, proof: Evidence, size: tuple[int, int], own: tuple[int, int]
) -> Pair:
    points = [proof.query_points.astype(np.float64), proof.points.astype(np.float64)]
    transform = proof.transform
    if one > other:
        one, other, size = other, one, own
        points.reverse()
        transform = np.asarray(np.linalg.pinv(transform), np.float64)
    return Pair(
        ids=(one, other),
        strength=proof.strength,
        inliers=proof.inliers,
        transform=transform,
        boxes=np.stack([np.concatenate([at.min(axis=0), at.max(axis=0)]) for at in points]),
        centers=np.stack([np.median(at, axis=0) for at in points]),
        alignment=fit(*(at.astype(np.float32) for at in points), longest=max(size)),
    )
