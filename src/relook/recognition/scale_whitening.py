"""PCA whitening of each scale by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.paths import AnyPath
from relook.core.storage import load_arrays, save_arrays
from relook.vectors import PcaWhitening, Projection

__all__ = ["ScaleWhitening"]

KIND = "relook.scale-whitening"
VERSION = 1

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ScaleWhitening:
    """One whitening per scale, all to as many dimensions.

    Attributes:
        scales: what is applied to each scale.
    """

    scales: tuple[Projection, ...]

    @classmethod
    def fit(cls, descriptors: Float32, *, dimensions: int | None = None, fitted: str = "") -> Self:
        """Learn a PCA whitening of each scale.

        Each scale gets axes of its own. Its similarity to other scales therefore says little: the
        largest entries of a matrix lie on the diagonal, and sums of row and of column maxima
        agree. Turning the axes of all scales onto each other by least squares gained nothing.

        Args:
            descriptors: ``(N, S, D)`` float32 of independent images.
            dimensions: how many to keep; None keeps as many as every scale supports.
            fitted: what it is fitted on, kept in the saved file.

        Raises:
            ShapeError: another shape or type, or values that are not finite.
            UsageError: too few images, or more dimensions than they support.
        """
        check_array("descriptors", descriptors, shape=(None, None, None), dtype=np.float32)
        if not descriptors.shape[1]:
            raise ShapeError("descriptors have no scales; give at least one per image")
        models = [
            PcaWhitening(dimensions, fitted=fitted).fit(np.ascontiguousarray(scale))
            for scale in descriptors.swapaxes(0, 1)
        ]
        least = min(len(model.projection_) for model in models)
        return cls(tuple(model.truncated(least) for model in models))

    @property
    def dimensions(self) -> int:
        """d, the length of what comes out."""
        return self.scales[0].dimensions

    def apply(self, descriptors: Float32) -> Float32:
        """Whiten ``(N, S, D)`` to ``(N, S, d)``, l2-normalized; a zero descriptor stays zero.

        Raises:
            ShapeError: other scales or dimensions, another type, or values that are not finite.
        """
        shape = (None, len(self.scales), len(self.scales[0].mean))
        check_array("descriptors", descriptors, shape=shape, dtype=np.float32)
        white = [
            scale.transform(descriptors[:, number]) for number, scale in enumerate(self.scales)
        ]
        return np.stack(white, axis=1)

    def save(self, path: AnyPath) -> None:
        """Write one file."""
        arrays = {
            "means": np.stack([scale.mean for scale in self.scales]),
            "matrices": np.stack([scale.matrix for scale in self.scales]),
        }
        header = {"method": self.scales[0].method, "fitted": self.scales[0].fitted}
        save_arrays(path, arrays, kind=KIND, version=VERSION, header=header)

    @classmethod
    def load(cls, path: AnyPath) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            FormatError: another kind of file, damaged, or of a newer version.
            StorageError: the file cannot be opened.
        """
        stored = load_arrays(path, kind=KIND, version=VERSION)
        try:
            pairs = zip(stored.arrays["means"], stored.arrays["matrices"], strict=True)
            method, fitted = str(stored.header["method"]), str(stored.header["fitted"])
            scales = tuple(
                Projection(mean, matrix, method=method, fitted=fitted) for mean, matrix in pairs
            )
            if not scales:
                raise UsageError("there is no scale")
            return cls(scales)
        except (KeyError, TypeError, ValueError) as error:  # a ShapeError is a ValueError
            raise FormatError(
                f"{path} is a damaged whitening of scales; fit it again ({error})"
            ) from error
