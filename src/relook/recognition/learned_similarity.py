"""A similarity that is learned from matrices of pairs whose answer is known.

What a thesis on instance recognition proposed and did not try. Small regressors were compared on
five scales, each fitted on pairs of one kind of pictures (objects from all sides, rendered views of
photos) and judged on the other. Multilayer perceptrons, boosted trees, and logistic regression with
a usual penalty could fall far below every fixed measure. With a strong penalty logistic regression
stayed among the better measures, and once came out above all of them. That is what is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.paths import AnyPath
from relook.core.storage import load_arrays, save_arrays

__all__ = ["LearnedSimilarity"]

KIND = "relook.learned-similarity"
VERSION = 1
FEWEST, MOST = 10, 20_000
"""Pairs of either kind that are needed, and that are used."""
BLOCK = 65_536
"""Matrices that are scored at a time, which bounds the memory."""

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LearnedSimilarity:
    """Logistic regression on a similarity matrix.

    It sees the entries as they are (which scale answers which), sorted (however the scales lie),
    and the maxima of rows and columns.

    Attributes:
        shape: (S, T) of the matrices.
        weights: ``(F,)`` float64 of the features.
        bias: added to their sum.
        fitted: what it was fitted on, for people and for audits.
    """

    shape: tuple[int, int]
    weights: Float64
    bias: float
    fitted: str = ""

    @classmethod
    def fit(
        cls,
        matrices: Float32,
        same: NDArray[np.bool_],
        *,
        seed: int,
        penalty: float = 1.0,
        fitted: str = "",
    ) -> Self:
        """Learn from pairs of independent images.

        Pairs of both kinds weigh the same in total. The direction is found under the penalty, its
        scale without, so that :meth:`score` means something. Let a good part of the pairs that do
        not show the same be similar ones: these are what a search has to tell apart.

        Args:
            matrices: ``(P, S, T)`` float32.
            same: ``(P,)`` bool, whether the two images show the same.
            seed: decides which pairs are used where there are very many.
            penalty: λ of ½ λ ‖w‖² beside the mean loss, on standardized features.
            fitted: what the pairs are, kept in the saved file.

        Raises:
            ShapeError: other shapes or types, or values that are not finite.
            UsageError: fewer than ten pairs of a kind, or a penalty that is not above 0.
        """
        check_array("matrices", matrices, shape=(None, None, None), dtype=np.float32)
        check_array("same", same, shape=(len(matrices),), dtype=np.bool_)
        if not 0 < penalty < np.inf:
            raise UsageError(f"penalty must be above 0, not {penalty}")
        check_finite("matrices", matrices)
        rows = _draw(same, np.random.default_rng(seed))
        features, answers = _features(matrices[rows]).astype(np.float64), same[rows]
        mean, spread = features.mean(axis=0), features.std(axis=0)
        spread[spread <= 1e-6] = 1.0  # what never changes says nothing, and gets no weight
        standard = (features - mean) / spread
        direction, _ = _regress(standard, answers, strength=1 / (penalty * len(rows)))
        along = standard @ direction
        length = float(along.std()) or 1.0
        (slope,), offset = _regress(along[:, None] / length, answers, strength=1.0)
        weights = direction * slope / (length * spread)
        shape = (matrices.shape[1], matrices.shape[2])
        return cls(shape, weights, float(offset - mean @ weights), fitted)

    def score(self, matrices: Float32) -> Float32:
        """Log of the odds that two images show the same, where half of all pairs do.

        A probability would be 1 for the best of float32, all alike.

        Args:
            matrices: ``(…, S, T)`` float32.

        Returns:
            ``(…)`` float32; above 0 where it is more likely than not.

        Raises:
            ShapeError: matrices of another shape or type.
        """
        if matrices.shape[-2:] != self.shape or matrices.dtype != np.float32:
            raise ShapeError(
                f"matrices must be float32 of shape (…, {self.shape[0]}, {self.shape[1]}), not "
                f"{matrices.dtype.name} of shape {matrices.shape}; this similarity was learned for "
                "these numbers of descriptors"
            )
        flat = matrices.reshape(-1, *self.shape)
        out = np.empty(len(flat), np.float32)
        for start in range(0, len(flat), BLOCK):
            part = slice(start, start + BLOCK)
            out[part] = _features(flat[part]) @ self.weights + self.bias
        return out.reshape(matrices.shape[:-2])

    def save(self, path: AnyPath) -> None:
        """Write one file."""
        header = {"shape": list(self.shape), "bias": self.bias, "fitted": self.fitted}
        save_arrays(path, {"weights": self.weights}, kind=KIND, version=VERSION, header=header)

    @classmethod
    def load(cls, path: AnyPath) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            FormatError: another kind of file, damaged, or of a newer version.
            StorageError: the file cannot be opened.
        """
        stored = load_arrays(path, kind=KIND, version=VERSION)
        try:
            rows, columns = (int(side) for side in stored.header["shape"])
            weights = np.array(stored.arrays["weights"], np.float64)
            wanted = _features(np.zeros((1, rows, columns), np.float32)).shape[1]
            check_array("weights", weights, shape=(wanted,), dtype=np.float64)
            bias, fitted = float(stored.header["bias"]), str(stored.header["fitted"])
            return cls((rows, columns), weights, bias, fitted)
        except (KeyError, TypeError, ValueError) as error:  # a ShapeError is a ValueError
            raise FormatError(
                f"{path} is a damaged similarity; learn it again ({error})"
            ) from error


def _features(matrices: Float32) -> Float32:
    """``(P, S, T)`` to ``(P, 2 S T + S + T)``."""
    entries = matrices.reshape(len(matrices), matrices.shape[1] * matrices.shape[2])
    parts = [entries, np.sort(entries, axis=1), matrices.max(axis=2), matrices.max(axis=1)]
    return np.concatenate(parts, axis=1)


def _draw(same: NDArray[np.bool_], random: np.random.Generator) -> NDArray[np.int64]:
    """At most so many pairs of either kind, in their order."""
    kinds = [np.flatnonzero(same), np.flatnonzero(~same)]
    if min(len(kind) for kind in kinds) < FEWEST:
        raise UsageError(
            f"there are {len(kinds[0])} pairs that show the same and {len(kinds[1])} that do not; "
            f"bring at least {FEWEST} of each"
        )
    return np.sort(np.concatenate([random.permutation(kind)[:MOST] for kind in kinds]))


def _regress(
    features: Float64, answers: NDArray[np.bool_], *, strength: float
) -> tuple[Float64, float]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=1000)
    model.fit(features, answers)
    return model.coef_[0].astype(np.float64), float(model.intercept_[0])
