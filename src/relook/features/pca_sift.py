"""PCA-SIFT: descriptors of any extractor, projected onto their principal components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import UsageError
from relook.core.paths import AnyPath
from relook.core.protocols import Extractor
from relook.core.records import Image, LocalFeatures
from relook.features.sift import Sift
from relook.vectors.pca import Pca
from relook.vectors.projection import Projection, load_whitening

__all__ = ["PcaSift"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PcaSift:
    """An extractor whose descriptors are centered, projected and l2-normalized.

    >>> rows = np.random.default_rng(0).random((200, 128), np.float32)
    >>> pca = PcaSift.fit([rows], dimensions=32, fitted="200 random rows")
    >>> pca.projection.dimensions, pca.fitted
    (32, '200 random rows')

    Attributes:
        projection: as it was fitted, on descriptors of such an extractor.
        extractor: finds and describes.
        features: at most this many; None leaves it to the extractor, and is then its number.

    Raises:
        UsageError: the extractor has no number of features that could be changed.

    Source: Radenović, Jégou, Chum, "Multiple measurements and joint dimensionality reduction for
    large scale image search with short vectors", ICMR 2015 (mPCA-SIFT: 80, 64, 48 and 32
    dimensions, learned on different sets).
    """

    projection: Projection
    extractor: Extractor = field(default_factory=Sift)
    features: int | None = None

    def __post_init__(self) -> None:
        present = getattr(self.extractor, "features", None)
        if self.features is None:
            object.__setattr__(self, "features", present)
        elif self.features != present:
            changed = _with_features(self.extractor, self.features)
            object.__setattr__(self, "extractor", changed)

    @classmethod
    def fit(
        cls,
        images: Sequence[NDArray[np.float32]],
        *,
        dimensions: int = 80,
        fitted: str,
        extractor: Extractor | None = None,
    ) -> Self:
        """Learn the components of descriptors.

        Args:
            images: per image ``(N, D)`` descriptors of ``extractor``.
            dimensions: how many to keep.
            fitted: the name of the set that the images are, for people and for audits.
            extractor: whose descriptors they are; None is SIFT.

        Raises:
            UsageError: the set has no name, there are too few descriptors, or all are equal.
            ShapeError: values that are not finite, or of another shape.
        """
        if not fitted.strip():
            raise UsageError("say in fitted what set the projection is learned on")
        for image in images:
            check_array("descriptors", image, shape=(None, images[0].shape[-1]), dtype=np.float32)
        rows = np.concatenate(list(images)) if images else np.zeros((0, 1), np.float32)
        pca = Pca(dimensions, fitted=fitted).fit(rows)
        return cls(projection=pca.as_projection(), extractor=extractor or Sift())

    @property
    def sha256(self) -> str:
        """Hash of the projection."""
        return self.projection.sha256

    @property
    def fitted(self) -> str:
        """The set that the projection was learned on."""
        return self.projection.fitted

    def extract(self, image: Image) -> LocalFeatures:
        """Detect, describe and project; a picture without features gives an empty record.

        Raises:
            ShapeError: the projection is for descriptors of another length.
        """
        found = self.extractor.extract(image)
        return replace(found, descriptors=self.projection.transform(found.descriptors))

    def save(self, path: AnyPath, *, half: bool = False) -> None:
        """Write the projection to one file; ``half`` as in :meth:`Projection.save`."""
        self.projection.save(path, half=half)

    @classmethod
    def load(cls, path: AnyPath, *, extractor: Extractor | None = None) -> Self:
        """Read what :meth:`save` wrote, for such an extractor as it was fitted with.

        Raises:
            FormatError: another kind of file, damaged, or of a newer version.
            StorageError: the file cannot be opened.
        """
        return cls(projection=load_whitening(path), extractor=extractor or Sift())


def _with_features(extractor: Any, features: int) -> Extractor:
    """The same extractor with another number of features."""
    if not hasattr(extractor, "features"):
        raise UsageError(f"a {type(extractor).__name__} has no number of features to change")
    changed: Extractor = replace(extractor, features=features)
    return changed
