"""Visual words: centers of descriptors, found fast, with the idf frozen beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.storage import load_arrays, save_arrays
from relook.encodings.nearest import WordFinder
from relook.vectors.kmeans import KMeans

__all__ = ["Codebook", "load_codebook", "shipped_codebooks"]

ASSETS = Path(__file__).parent / "assets"
PROBES = 12
"""Coarse cells looked at per descriptor; measured recall of the exact word .986 of 16k words."""


class Codebook:
    """A set of visual words.

    Centers are kept as bytes times one step, so that 16k words of 128 dimensions are 2 MB; the
    words *are* these values, nothing is rounded later.

    Args:
        centers: ``(K, D)`` uint8, in units of ``step``.
        step: value of one unit.
        zero: the byte that stands for 0: 0 for SIFT, 128 for descriptors with negative values.
        coarse: ``(C, D)`` float32 cell centers that words are found by; the K words lie in the
            cell that is nearest to them.
        idf: ``(K,)`` float32 weights of the words, frozen: if they followed a collection, every
            picture that is added would change all scores.
        fitted: what it was fitted on and how, for people and for audits.
    """

    def __init__(
        self,
        centers: NDArray[np.uint8],
        step: float,
        *,
        coarse: NDArray[np.float32],
        idf: NDArray[np.float32],
        fitted: Mapping[str, Any],
        zero: int = 0,
    ) -> None:
        check_array("centers", centers, shape=(None, None), dtype=np.uint8)
        check_array("coarse", coarse, shape=(None, centers.shape[1]), dtype=np.float32)
        check_array("idf", idf, shape=(len(centers),), dtype=np.float32)
        if not (len(centers) and len(coarse)):
            raise ShapeError("a codebook needs at least one word and one cell")
        self.quantized = centers
        self.step = step
        self.coarse = coarse
        self.idf = idf
        self.fitted = dict(fitted)
        self.zero = zero
        self.centers = _values(centers, step, zero)
        self._finder = WordFinder(self.centers, coarse)

    def __len__(self) -> int:
        return len(self.centers)

    @property
    def sha256(self) -> str:
        """Hash of all that decides words, signatures and weights."""
        parts = (self.quantized, np.float64(self.step), self.coarse, self.idf)
        content = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
        if self.zero:  # else as codebooks were hashed before there were others
            content += np.int64(self.zero).tobytes()
        return hashlib.sha256(content).hexdigest()

    @classmethod
    def fit(
        cls,
        images: Sequence[NDArray[np.float32]],
        *,
        words: int = 16384,
        iterations: int = 15,
        seed: int = 0,
        fitted: Mapping[str, Any] | None = None,
    ) -> Self:
        """Learn words by k-means from the descriptors of images, and their idf.

        idf_c = ln(N / n_c), n_c of N images having word c; words that occur nowhere get the
        idf of one image.

        Args:
            images: per image ``(N, D)`` descriptors.
            words: K.
            iterations: of k-means.
            seed: of k-means.
            fitted: what the images are.

        Raises:
            UsageError: fewer descriptors than words.
            ShapeError: values that are not finite, or of another shape.
        """
        for image in images:
            width = images[0].shape[-1]
            check_array("descriptors", image, shape=(None, width), dtype=np.float32)
        rows = np.concatenate(list(images)) if images else np.zeros((0, 1), np.float32)
        check_finite("descriptors", rows)
        centers = KMeans(words, iterations=iterations, seed=seed).fit(rows).centers_
        zero = 128 if rows.min() < 0 else 0
        step = float(np.abs(centers).max()) / (255 - zero) or 1.0
        quantized = (np.round(centers / step) + zero).astype(np.uint8)
        cells = max(1, min(128, words // 16))
        coarse = KMeans(cells, iterations=20, seed=seed).fit(_values(quantized, step, zero))
        book = cls(
            quantized,
            step,
            coarse=coarse.centers_,
            idf=np.ones(words, np.float32),
            zero=zero,
            fitted={**(fitted or {}), "images": len(images), "descriptors": len(rows)},
        )
        book.idf = book.inverse_document_frequency(images)
        return book

    def inverse_document_frequency(
        self, images: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """ln(N / n_c) over these images."""
        count = np.zeros(len(self), np.int64)
        for rows in images:
            count[np.unique(self.assign(rows))] += 1
        return np.log(max(len(images), 1) / np.maximum(count, 1)).astype(np.float32)

    def assign(
        self, descriptors: NDArray[np.float32], *, count: int = 1, probes: int = PROBES
    ) -> NDArray[np.int32]:
        """The ``count`` nearest words of each descriptor, nearest first, ``(N, count)`` int32.

        Raises:
            ShapeError: descriptors of another dimension, or values that are not finite.
        """
        check_array(
            "descriptors", descriptors, shape=(None, self.centers.shape[1]), dtype=np.float32
        )
        check_finite("descriptors", descriptors)
        if count > len(self):
            raise UsageError(f"{count} words asked for, the codebook has {len(self)}")
        if not len(descriptors):
            return np.zeros((0, count), np.int32)
        words = self._finder.find(descriptors, count=count, probes=probes)
        if words.min() < 0:  # the cells looked at hold fewer words than asked for
            words = self._finder.find(descriptors, count=count, probes=len(self.coarse))
        return words

    def save(self, path: Path) -> None:
        """Write the codebook to one file."""
        arrays: dict[str, NDArray[Any]] = {
            "centers": self.quantized,
            "coarse": self.coarse,
            "idf": self.idf,
        }
        header: dict[str, Any] = {"step": self.step, "fitted": self.fitted}
        if self.zero:
            header["zero"] = self.zero
        save_arrays(path, arrays, kind="codebook", version=2 if self.zero else 1, header=header)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            FormatError: another kind of file, damaged, or of a newer version.
        """
        stored = load_arrays(path, kind="codebook", version=2)
        arrays = {name: np.array(array) for name, array in stored.arrays.items()}
        try:
            return cls(
                arrays["centers"],
                float(stored.header["step"]),
                coarse=arrays["coarse"],
                idf=arrays["idf"],
                fitted=stored.header["fitted"],
                zero=int(stored.header.get("zero", 0)),
            )
        except (KeyError, TypeError, ValueError) as error:  # a ShapeError is a ValueError
            raise FormatError(f"{path} is a damaged codebook; fetch it again ({error})") from error


def _values(quantized: NDArray[np.uint8], step: float, zero: int) -> NDArray[np.float32]:
    values = quantized.astype(np.float32)
    return (values - np.float32(zero) if zero else values) * np.float32(step)


def shipped_codebooks() -> list[str]:
    """Names of the codebooks that ship with relook."""
    return sorted(path.stem for path in ASSETS.glob("*.safetensors"))


@lru_cache(maxsize=4)
def load_codebook(name: str) -> Codebook:
    """A shipped codebook by name, or one of your own by path (``….safetensors``)."""
    path = Path(name) if name.endswith(".safetensors") else ASSETS / f"{name}.safetensors"
    if not path.exists():
        choices = ", ".join(shipped_codebooks())
        raise UsageError(
            f"there is no codebook {name!r}; use one of {choices}, or the path of a .safetensors"
        )
    return Codebook.load(path)
