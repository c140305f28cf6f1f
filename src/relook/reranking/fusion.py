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
    """Add what each witness says, as log-odds: s = log(1 + strength) + a |z|z + b |z'|z'.

    z and z' are the standard scores of the local (logarithmic) and the global similarity among
    those of strangers; were both normal, their squares would be twice the log-likelihood ratio.
    Geometry speaks by the strength of its evidence.

    Attributes:
        local: a, of the local channel.
        weight: b, of the global channel.
        background: as many of a ranking's best images may be matches; the rest are strangers.
    """

    local: float = 0.05
    weight: float = 0.035
    background: int = 50

    def __post_init__(self) -> None:
        if min(self.local, self.weight) < 0 or self.background < 1:
            raise UsageError("weights must be 0 or more, and background 1 or more")

    def fuse(
        self, local: Ranking, vector: Ranking, evidence: Mapping[int, Evidence | None]
    ) -> Ranking:
        """The images of both rankings, best first; one that a ranking lacks is last there.

        Args:
            local: by local features; scores above 0.
            vector: by global descriptors.
            evidence: of the images that were verified; None where there is none.
        """
        ids = np.union1d(local.ids, vector.ids)
        likeness = np.log(np.maximum(local.scores.astype(np.float64), 1e-6))
        score = self.local * self._spread(ids, local, surprise(likeness, self.background))
        similar = surprise(vector.scores.astype(np.float64), self.background)
        score += self.weight * self._spread(ids, vector, similar)
        proofs = [evidence.get(id_) for id_ in ids.tolist()]
        score += np.log1p([0.0 if proof is None else proof.strength for proof in proofs])
        order = np.lexsort((ids, -score.astype(np.float32)))
        found = tuple(proofs[row] for row in order)
        return Ranking(ids[order], score[order].astype(np.float32), found)

    @staticmethod
    def _spread(ids: NDArray[np.int64], ranking: Ranking, values: Float64) -> Float64:
        spread = np.full(len(ids), values.min(initial=0.0))
        spread[np.searchsorted(ids, ranking.ids)] = values
        return spread


def surprise(scores: Float64, background: int) -> Float64:
    """|z| z of ``(N,)`` decreasing scores, z their standard score among the background.

    The background is what follows the best ``background`` images, and at least the last half; of
    fewer than four images nothing stands out.
    """
    start = min(background, len(scores) // 2)
    strangers = scores[start:]
    if len(strangers) < 2:
        return np.zeros(len(scores))
    spread = float(strangers.std())
    if spread <= 1e-9:
        return np.zeros(len(scores))
    z = (scores - strangers.mean()) / spread
    signed: Float64 = np.abs(z) * z
    return signed
