"""Two rankings of one collection become one: how surprising is an image to each channel?

Scores of different channels, and of one channel for different queries, cannot be compared. What can
is how far a score stands out from those of the images that do not match, which nearly all of a
ranking are: a query's own background calibrates it, without any training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.records import Evidence, Ranking

__all__ = ["Fusion", "surprise"]

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusion:
    """Add what each witness says, as log-odds: s = log(1 + strength) + a t(z) + b t(z').

    z and z' are the standard scores of the local (logarithmic) and the global similarity among
    those of n strangers, and t(z) = ± n log(1 + z²/n) with the sign of z. Were both normal, z²
    would be twice the log-likelihood ratio; as mean and deviation are themselves known from n
    strangers only, it is Student's: z² where they are many, and less where they are few. Geometry
    speaks by the strength of its evidence.

    Attributes:
        local: a, of the local channel.
        weight: b, of the global channel.
        background: as many of a ranking's best images may be matches; the rest are strangers.
        depth: of each ranking that strangers are taken from, so that asking for more results
            changes no score of an image that lies above it in both.
    """

    local: float = 0.04
    weight: float = 0.04
    background: int = 50
    depth: int = 1000

    def __post_init__(self) -> None:
        if min(self.local, self.weight) < 0 or min(self.background, self.depth) < 1:
            raise UsageError("weights must be 0 or more, background and depth 1 or more")

    def fuse(
        self, local: Ranking, vector: Ranking, evidence: Mapping[int, Evidence | None]
    ) -> Ranking:
        """The images of both rankings, best first; one that a ranking lacks is last there.

        Equal ones are in the order of ``vector``, then of their ids.

        Args:
            local: by local features; scores above 0.
            vector: by global descriptors.
            evidence: of the images that were verified; None where there is none.
        """
        ids = np.union1d(local.ids, vector.ids)
        likeness = np.log(np.maximum(local.scores.astype(np.float64), 1e-6))
        score = self.local * self._spread(ids, local, self._surprise(likeness))
        similar = self._surprise(vector.scores.astype(np.float64))
        score += self.weight * self._spread(ids, vector, similar)
        proofs = [evidence.get(id_) for id_ in ids.tolist()]
        score += np.log1p([0.0 if proof is None else proof.strength for proof in proofs])
        likest = np.full(len(ids), -np.inf)
        likest[np.searchsorted(ids, vector.ids)] = vector.scores
        order = np.lexsort((ids, -likest, -score.astype(np.float32)))
        found = tuple(proofs[row] for row in order)
        return Ranking(ids[order], score[order].astype(np.float32), found)

    def _surprise(self, scores: Float64) -> Float64:
        return surprise(scores, self.background, depth=self.depth)

    @staticmethod
    def _spread(ids: NDArray[np.int64], ranking: Ranking, values: Float64) -> Float64:
        spread = np.full(len(ids), values.min(initial=0.0))
        spread[np.searchsorted(ids, ranking.ids)] = values
        return spread


def surprise(scores: Float64, background: int, *, depth: int = 1000) -> Float64:
    """± n log(1 + z²/n) of ``(N,)`` decreasing scores, z their standard score among n strangers.

    Strangers are what follows the best ``background`` of the first ``depth`` images, and at
    least the last half of these; of fewer than three images nothing stands out.
    """
    first = scores[:depth]
    strangers = first[min(background, len(first) // 2) :]
    if len(strangers) < 2:
        return np.zeros(len(scores))
    spread = float(strangers.std())
    if spread <= 1e-9:
        return np.zeros(len(scores))
    z = (scores - strangers.mean()) / spread
    signed: Float64 = np.sign(z) * len(strangers) * np.log1p(z**2 / len(strangers))
    return signed
