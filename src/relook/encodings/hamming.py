"""Hamming embedding: where a descriptor lies within the cell of its visual word, in 64 bits."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.memory import check_memory
from relook.core.paths import AnyPath
from relook.core.records import Aggregate, LocalCodes, LocalFeatures
from relook.core.storage import load_arrays, save_arrays
from relook.encodings.asmk import sign_bits
from relook.encodings.codebook import ASSETS, Codebook
from relook.encodings.grouping import run_starts, sort_by_word
from relook.encodings.packing import pack_codes, unpack_codes

__all__ = ["HammingEmbedding", "HammingEncoder", "load_hamming", "shipped_embeddings"]

KIND, VERSION = "relook.hamming", 1
EMBEDDINGS = ASSETS / "hamming"
FEWEST = 8
"""Descriptors of a word from which on their median is believed."""
ZERO, MOST = 128, 127
"""Medians are kept as bytes around ZERO, from -MOST to MOST steps."""

Float32 = NDArray[np.float32]


class HammingEmbedding:
    """A projection P and, of each word, the medians of what is projected.

    Bit i of a descriptor x of word c is 1 where (P (x - c))_i > m_ci. The medians m are those of
    P (x - c), which is the same as comparing P x to its own median, and keeps them small: they are
    bytes times one step, so 16k words of 64 bits take 1 MB. The thresholds *are* these values.

    Args:
        projection: ``(bits, D)`` float32, orthogonal rows.
        medians: ``(words, bits)`` uint8, in units of ``step`` around 128.
        step: value of one unit.
        codebook_sha256: of the codebook that it belongs to.
        fitted: what it was fitted on and how, for people and for audits.

    Source: Jégou, Douze, Schmid, "Hamming embedding and weak geometric consistency for large
    scale image search", ECCV 2008.
    """

    def __init__(
        self,
        projection: Float32,
        medians: NDArray[np.uint8],
        step: float,
        *,
        codebook_sha256: str,
        fitted: Mapping[str, Any],
    ) -> None:
        check_array("projection", projection, shape=(None, None), dtype=np.float32)
        check_finite("projection", projection)
        check_array("medians", medians, shape=(None, len(projection)), dtype=np.uint8)
        _check_bits(*projection.shape)
        if not (math.isfinite(step) and step > 0):
            raise ShapeError(f"the step must be a positive number, not {step}")
        self.projection = projection
        self.quantized = medians
        self.step = step
        self.codebook_sha256 = codebook_sha256
        self.fitted = dict(fitted)
        self.medians = (medians.astype(np.float32) - np.float32(ZERO)) * np.float32(step)

    @property
    def bits(self) -> int:
        """Of a signature."""
        return len(self.projection)

    @property
    def sha256(self) -> str:
        """Hash of all that decides signatures, the codebook among it."""
        parts = (self.projection, self.quantized, np.float64(self.step))
        content = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
        return hashlib.sha256(content + self.codebook_sha256.encode()).hexdigest()

    @classmethod
    def fit(
        cls,
        images: Sequence[NDArray[np.floating]],
        codebook: Codebook,
        *,
        bits: int = 64,
        seed: int = 0,
        fitted: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw a projection and learn the medians from the descriptors of images.

        A word with fewer than 8 descriptors has medians 0: its center decides, which is their
        mean and the best guess of their median.

        Args:
            images: per image ``(N, D)`` descriptors, float32 or float16.
            codebook: the visual words.
            bits: of a signature, a multiple of 64 and at most D.
            seed: of the projection.
            fitted: what the images are.

        Raises:
            ShapeError: descriptors of another dimension, or values that are not finite.
            UsageError: ``bits`` do not fit the descriptors, or more memory is needed than there is.
        """
        _check_bits(bits, codebook.dimensions)
        count, words = sum(map(len, images)), len(codebook)
        check_memory(
            (8 * bits + 24) * count + 13 * bits * words,
            what=f"a Hamming embedding of {words:,} words from {count:,} descriptors",
            instead="bring fewer pictures, or a codebook of fewer words",
        )
        projection = random_projection(bits, codebook.dimensions, seed=seed)
        found = [
            _offsets(rows.astype(np.float32, copy=False), codebook, projection) for rows in images
        ]
        medians = _medians(found, shape=(words, bits))
        step = float(np.abs(medians).max()) / MOST or 1.0
        return cls(
            projection,
            (np.round(medians / step) + ZERO).astype(np.uint8),
            step,
            codebook_sha256=codebook.sha256,
            fitted={
                **(fitted or {}),
                "images": len(images),
                "descriptors": count,
                "seed": seed,
            },
        )

    def signatures(self, words: NDArray[np.int32], residuals: Float32) -> NDArray[np.uint64]:
        """Signatures ``(M, bits / 64)`` of ``(M, D)`` descriptors less the centers of their words.

        Args:
            words: ``(M,)`` int32.
            residuals: ``(M, D)`` float32.
        """
        return sign_bits(_project(residuals, self.projection) - self.medians[words])

    def save(self, path: AnyPath) -> None:
        """Write the embedding to one file."""
        header = {
            "step": self.step,
            "codebook": self.codebook_sha256,
            "fitted": self.fitted,
        }
        arrays: dict[str, NDArray[Any]] = {"projection": self.projection, "medians": self.quantized}
        save_arrays(path, arrays, kind=KIND, version=VERSION, header=header)

    @classmethod
    def load(cls, path: AnyPath) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            FormatError: another kind of file, damaged, or of a newer version.
        """
        stored = load_arrays(path, kind=KIND, version=VERSION)
        arrays = {name: np.array(array) for name, array in stored.arrays.items()}
        try:
            return cls(
                arrays["projection"],
                arrays["medians"],
                float(stored.header["step"]),
                codebook_sha256=str(stored.header["codebook"]),
                fitted=stored.header["fitted"],
            )
        except (KeyError, TypeError, ValueError) as error:  # our own errors are ValueErrors
            raise FormatError(f"{path} is a damaged embedding; fetch it again ({error})") from error


@dataclass(frozen=True, slots=True, eq=False)
class HammingEncoder:
    """Encoder of words and signatures, to be compared by :meth:`relook.index.Kernel.hamming`.

    Attributes:
        codebook: the visual words.
        embedding: what the signatures are made by, fitted with this codebook.
        assignments: nearest words of each feature of a *query*; database images have one.

    Raises:
        UsageError: the embedding is of another codebook.
    """

    codebook: Codebook
    embedding: HammingEmbedding
    assignments: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.assignments <= len(self.codebook):
            raise UsageError(f"assignments must be 1 to {len(self.codebook)}")
        known = len(self.embedding.quantized), self.embedding.projection.shape[1]
        fits = known == (len(self.codebook), self.codebook.dimensions)
        if not fits or self.embedding.codebook_sha256 != self.codebook.sha256:
            raise UsageError(
                "the Hamming embedding is for another codebook, perhaps of another descriptor; "
                "name the codebook that it was fitted with, or fit one with HammingEmbedding.fit"
            )

    def encode(self, features: LocalFeatures) -> LocalCodes:
        """Encode a database image: one word per feature."""
        return self._encode(features, assignments=1)

    def encode_query(self, features: LocalFeatures) -> LocalCodes:
        """Encode a query: ``assignments`` words per feature, a signature for each."""
        return self._encode(features, assignments=self.assignments)

    def pack(self, codes: LocalCodes) -> bytes:
        """Write codes as compact bytes."""
        return pack_codes(codes)

    def unpack(self, blob: bytes) -> LocalCodes:
        """Read what :meth:`pack` wrote."""
        return unpack_codes(blob)

    def _encode(self, features: LocalFeatures, *, assignments: int) -> LocalCodes:
        assigned = self.codebook.assign(features.descriptors, count=assignments)
        words, rows = sort_by_word(assigned)
        residuals = features.descriptors[rows] - self.codebook.values(words)
        signatures = self.embedding.signatures(words, residuals)
        return LocalCodes(
            words=words,
            signatures=signatures,
            features=rows,
            frames=features.frames,
            aggregate=Aggregate(words, signatures),
            size=features.size,
            shapes=features.shapes,
        )


def random_projection(bits: int, dimensions: int, *, seed: int) -> Float32:
    """``(bits, dimensions)`` orthogonal rows of a random rotation."""
    rows = np.random.default_rng(seed).standard_normal((dimensions, dimensions))
    basis, upper = np.linalg.qr(rows)
    basis *= np.sign(np.diag(upper))  # QR leaves the signs open
    return np.ascontiguousarray(basis[:bits], np.float32)


def shipped_embeddings() -> list[str]:
    """Names of the embeddings that ship with relook, those of the codebooks they belong to."""
    return sorted(path.stem for path in EMBEDDINGS.glob("*.safetensors"))


@lru_cache(maxsize=4)
def load_hamming(name: str) -> HammingEmbedding:
    """A shipped embedding by name, or one of your own by path (``….safetensors``)."""
    path = Path(name) if name.endswith(".safetensors") else EMBEDDINGS / f"{name}.safetensors"
    if not path.exists():
        choices = ", ".join(shipped_embeddings())
        raise UsageError(
            f"there is no Hamming embedding {name!r}; use one of {choices}, or the path of a "
            ".safetensors"
        )
    return HammingEmbedding.load(path)


def _check_bits(bits: int, dimensions: int) -> None:
    if bits < 1 or bits % 64 or bits > dimensions:
        raise UsageError(
            f"bits must be a multiple of 64 and at most the {dimensions} dimensions of "
            f"descriptors, not {bits}"
        )


def _project(residuals: Float32, projection: Float32) -> Float32:
    projected: Float32 = residuals @ projection.T
    return projected


def _offsets(
    rows: Float32, codebook: Codebook, projection: Float32
) -> tuple[NDArray[np.int32], Float32]:
    """The word of each descriptor, and where it lies in its cell, projected."""
    words = codebook.assign(rows)[:, 0]
    return words, _project(rows - codebook.values(words), projection)


def _medians(
    found: Sequence[tuple[NDArray[np.int32], Float32]], *, shape: tuple[int, int]
) -> Float32:
    """Medians of the offsets of each word ``(words, bits)``; 0 where there are few."""
    medians = np.zeros(shape, np.float32)
    if not any(len(words) for words, _ in found):
        return medians
    words, offsets = (np.concatenate(part) for part in zip(*found, strict=True))
    flat, rows = sort_by_word(words[:, None])
    sorted_offsets = offsets[rows]
    starts = run_starts(flat)
    for start, stop in zip(starts, np.append(starts[1:], len(flat)), strict=True):
        if stop - start >= FEWEST:
            medians[flat[start]] = np.median(sorted_offsets[start:stop], axis=0)
    return medians
