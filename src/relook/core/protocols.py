"""The contracts between the rooms. A fake of any of them is one small class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from relook.core.paths import AnyPath
from relook.core.records import Aggregate, Image, LocalCodes, LocalFeatures, Ranking

__all__ = [
    "Describer",
    "DescriptionStore",
    "Encoder",
    "Extractor",
    "Index",
    "LabelStore",
    "ReRanker",
    "VectorEncoder",
    "VectorIndex",
]


class Extractor(Protocol):
    """Image → local features."""

    def extract(self, image: Image) -> LocalFeatures:
        """Describe one image; an image without features gives an empty record."""
        ...


class Encoder(Protocol):
    """Local features → codes, and codes ↔ the compact bytes that a collection keeps."""

    def encode(self, features: LocalFeatures) -> LocalCodes:
        """Encode a database image: one word per feature."""
        ...

    def encode_query(self, features: LocalFeatures) -> LocalCodes:
        """Encode a query: several words per feature where the encoding has that."""
        ...

    def pack(self, codes: LocalCodes) -> bytes:
        """Write codes as compact bytes."""
        ...

    def unpack(self, blob: bytes) -> LocalCodes:
        """Read what :meth:`pack` wrote."""
        ...


class VectorEncoder(Protocol):
    """Local features → one vector: VLAD, Fisher vector and their kin, once they are fitted."""

    @property
    def dimensions(self) -> int:
        """Of the vectors."""
        ...

    @property
    def descriptor_dimensions(self) -> int:
        """Of the descriptors that it takes."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of everything that decides the vectors."""
        ...

    @property
    def fitted(self) -> Mapping[str, Any]:
        """What it was fitted on and how, for people and for audits."""
        ...

    def encode(self, features: LocalFeatures) -> NDArray[np.float32]:
        """``(dimensions,)`` of length 1; an image without features gives zeros."""
        ...

    def save(self, path: AnyPath) -> None:
        """Write one file."""
        ...


class Index(Protocol):
    """Codes → candidates. Images can be added and removed at any time."""

    def add(self, ids: NDArray[np.int64], codes: Sequence[Aggregate]) -> None:
        """Add images; an id that is present, or was removed before, raises."""
        ...

    def remove(self, ids: Iterable[int]) -> None:
        """Remove images; an id that is not present raises."""
        ...

    def search(self, query: Aggregate, *, top: int) -> Ranking:
        """The ``top`` best images with a positive score; equal scores in order of id."""
        ...

    def __len__(self) -> int: ...


class VectorIndex(Protocol):
    """Vectors → candidates. Images can be added and removed at any time."""

    @property
    def ids(self) -> NDArray[np.int64]:
        """Ids of the images in it."""
        ...

    def add(self, ids: NDArray[np.int64], vectors: Sequence[NDArray[np.float32]]) -> None:
        """Add images, a ``(D,)`` vector each; an id that is present, or was removed, raises."""
        ...

    def remove(self, ids: Iterable[int]) -> None:
        """Remove images; an id that is not present raises."""
        ...

    def search(self, query: NDArray[np.float32], *, top: int) -> Ranking:
        """The ``top`` best images for a ``(D,)`` query by inner product; ties in order of id."""
        ...

    def search_batch(
        self, queries: NDArray[np.float32], *, top: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids and scores, ``(Q, k)`` each, k = min(top, images), for ``(Q, D)`` queries."""
        ...

    def vectors(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """``(N, D)`` vectors of these images, as exact as the index keeps them."""
        ...

    def __len__(self) -> int: ...


class ReRanker(Protocol):
    """Ranking → Ranking."""

    def rerank(self, query: LocalCodes, ranking: Ranking, store: DescriptionStore) -> Ranking:
        """Reorder ``ranking``; the same ids, with evidence where there is some."""
        ...


class DescriptionStore(Protocol):
    """Where the codes of indexed images are found again: those of one channel."""

    def codes(self, ids: Sequence[int]) -> Mapping[int, Any]:
        """The codes of these images; ids that are gone are missing from the answer."""
        ...


class LabelStore(Protocol):
    """Where the names of images are found."""

    def labels(self, ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
        """The labels of these images; an image without labels is missing from the answer."""
        ...


class Describer(Protocol):
    """Image → the bytes that a collection keeps of it, one entry per channel of the recipe."""

    @property
    def describe_hash(self) -> str:
        """Hash of everything that decides whether two descriptions may be mixed."""
        ...

    def describe(self, image: Image) -> Mapping[str, bytes]:
        """Describe one image."""
        ...
