"""Vectors as the nearest of some cells and a product code of what is left: a byte for few values.

H. Jégou, M. Douze, C. Schmid, "Product quantization for nearest neighbor search", 2011; rotated as
T. Ge, K. He, Q. Ke, J. Sun, "Optimized product quantization", 2013, section 3.2 (parametric).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError, UsageError
from relook.core.storage import load_arrays, save_arrays
from relook.index.vectors.kernels import nearest_values
from relook.index.vectors.rows import LARGEST_HALF
from relook.index.vectors.threads import blas_threads, faiss_threads, run_all
from relook.vectors.kmeans import KMeans

__all__ = ["ProductQuantizer", "load", "save", "train"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]

KIND = "product-quantizer"
VERSION = 1

VALUES = 256
BLOCK = 8192
SEED = 0

CELL_SAMPLE, CELL_ROUNDS = 40, 8
"""Rows per cell that k-means looks at, and its iterations."""

BYTE_SAMPLE, BYTE_ROUNDS = 64, 8
"""The same for the 256 values of each byte."""


_NOTHING: Float32 = np.zeros((1, 0, 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ProductQuantizer:
    """What turns a vector into a cell and M bytes.

    Attributes:
        cells: ``(C, D)`` float32 centers of the cells.
        rotation: ``(M d, D)`` float32, orthonormal columns.
        books: ``(M, 256, d)`` float32, what each value of each byte stands for.
        path: its file, once it is saved.
        halves: ``(C,)`` float32, half the squared length of each center.
    """

    cells: Float32
    rotation: Float32
    books: Float32
    path: Path | None = None
    halves: Float32 = field(init=False)

    def __post_init__(self) -> None:
        lengths = np.einsum("cd,cd->c", self.cells, self.cells) / np.float32(2)
        object.__setattr__(self, "halves", lengths)

    @property
    def bytes(self) -> int:
        """Bytes of a code."""
        return len(self.books)

    def assign(self, rows: Float32, *, threads: int) -> Int64:
        """The nearest cell of each of ``(N, D)`` rows."""
        nearest = np.empty(len(rows), np.int64)
        with blas_threads(threads):
            for start in range(0, len(rows), BLOCK):
                part = slice(start, start + BLOCK)
                nearest[part] = np.argmax(self.nearness(rows[part]), axis=1)
        return nearest

    def nearness(self, rows: Float32) -> Float32:
        """``(N, C)``, larger for nearer cells: x · c - ‖c‖² / 2."""
        near: Float32 = rows @ self.cells.T
        near -= self.halves
        return near

    def encode(self, rows: Float32, cells: Int64, *, threads: int) -> UInt8:
        """``(N, M)`` uint8 codes of ``(N, D)`` rows in these cells."""
        codes = np.empty((len(rows), self.bytes), np.uint8)
        books = np.ascontiguousarray(self.books.transpose(0, 2, 1))
        halves = np.einsum("mvd,mvd->mv", self.books, self.books) / np.float32(2)
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            rest: Float32 = rows[part] - self.cells[cells[part]]
            with blas_threads(threads):
                turned: Float32 = rest @ self.rotation.T
            shares = zip(
                np.array_split(turned, threads), np.array_split(codes[part], threads), strict=True
            )
            run_all(
                lambda share: nearest_values(share[0], books, halves, share[1]),
                list(shares),
                threads=threads,
            )
        return codes

    def decode(self, codes: UInt8, cells: Int64) -> Float32:
        """``(N, D)`` float32 that these codes in these cells stand for."""
        rest = self.books[np.arange(self.bytes), codes].reshape(len(codes), -1)
        rows: Float32 = self.cells[cells] + rest @ self.rotation
        return rows

    def table(self, turned: Float32) -> Float32:
        """``(M, 256)`` float32, what each value of each byte adds for a query, given rotated."""
        table: Float32 = np.matmul(self.books, turned.reshape(self.bytes, -1, 1))
        return table[..., 0]


def train(sample: Float32, *, cells: int, code_bytes: int, threads: int) -> ProductQuantizer:
    """Learn cells, rotation and books from ``(N, D)`` rows; the same rows give the same result.

    Raises:
        UsageError: fewer rows than cells or than the 256 values of a byte.
    """
    if len(sample) < max(cells, VALUES):
        raise UsageError(
            f"{len(sample)} vectors cannot train {cells} cells of {VALUES} values; bring more "
            "vectors, or use an exact index"
        )
    width = math.ceil(sample.shape[1] / code_bytes)
    with faiss_threads(threads):
        kmeans = KMeans(cells, iterations=CELL_ROUNDS, sample=CELL_SAMPLE, seed=SEED)
        centers = _rounded(kmeans.fit(sample).centers_)
        rough = ProductQuantizer(centers, _NOTHING[0], _NOTHING)
        rest: Float32 = sample - centers[rough.assign(sample, threads=threads)]
        rotation = _rounded(_rotation(rest, width=width))
        turned: Float32 = rest[: VALUES * BYTE_SAMPLE] @ rotation.T
    books = _books(turned, width=width, threads=threads)
    return ProductQuantizer(centers, rotation, books)


def save(quantizer: ProductQuantizer, folder: Path) -> ProductQuantizer:
    """Write it under a new name."""
    path = folder / f"{uuid4().hex}.quantizer"
    arrays = {
        "cells": _smallest(quantizer.cells),
        "rotation": _smallest(quantizer.rotation),
        "books": quantizer.books,
    }
    save_arrays(path, arrays, kind=KIND, version=VERSION)
    return ProductQuantizer(quantizer.cells, quantizer.rotation, quantizer.books, path)


def load(path: Path, *, dimensions: int) -> ProductQuantizer:
    """Read what :func:`save` wrote.

    Raises:
        FormatError: the file is damaged or of other dimensions.
        StorageError: the file cannot be opened.
    """
    arrays = load_arrays(path, kind=KIND, version=VERSION).arrays
    if set(arrays) != {"cells", "rotation", "books"}:
        raise FormatError(f"{path} is damaged; delete the index and build it again")
    found = {name: np.array(array, np.float32) for name, array in arrays.items()}
    cells, rotation, books = found["cells"], found["rotation"], found["books"]
    fits = (
        cells.ndim == rotation.ndim == 2
        and books.ndim == 3
        and cells.shape[1] == rotation.shape[1] == dimensions
        and books.shape == (len(books), VALUES, books.shape[2])
        and len(rotation) == len(books) * books.shape[2]
        and all(bool(np.all(np.isfinite(array))) for array in found.values())
    )
    if not fits:
        raise FormatError(f"{path} is damaged; delete the index and build it again")
    return ProductQuantizer(cells, rotation, books, path)


def _rotation(rows: Float32, *, width: int) -> Float32:
    """Principal axes, dealt to the bytes so that each gets an equal share of the variance.

    Each axis, the longest first, goes to the byte with the smallest product of variances so far.
    """
    dimensions = rows.shape[1]
    covariance = (rows.T @ rows).astype(np.float64) / len(rows)
    variances, axes = np.linalg.eigh(covariance)
    order = np.argsort(-variances, kind="stable")
    floor = max(float(variances.max(initial=0)), 1e-30) * 1e-9
    bytes_ = math.ceil(dimensions / width)
    loads, filled = np.zeros(bytes_), np.zeros(bytes_, np.int64)
    rotation: Float32 = np.zeros((bytes_, width, dimensions), np.float32)
    for axis in order:
        byte = int(np.argmin(np.where(filled < width, loads, np.inf)))
        rotation[byte, filled[byte]] = axes[:, axis]
        # Relative to the floor, so that every factor is at least 1.
        loads[byte] += math.log(max(float(variances[axis]), floor) / floor)
        filled[byte] += 1
    return rotation.reshape(bytes_ * width, dimensions)


def _books(rows: Float32, *, width: int, threads: int) -> Float32:
    """k-means for every byte, side by side in our own threads."""
    books = np.empty((rows.shape[1] // width, VALUES, width), np.float32)

    def learn(byte: int) -> None:
        part = rows[:, byte * width : (byte + 1) * width]
        with faiss_threads(1):
            kmeans = KMeans(VALUES, iterations=BYTE_ROUNDS, sample=BYTE_SAMPLE, seed=SEED)
            books[byte] = kmeans.fit(np.ascontiguousarray(part)).centers_

    run_all(learn, range(len(books)), threads=threads)
    return books


def _rounded(array: Float32) -> Float32:
    """What float16 can hold, where the numbers are of its size, to halve the file."""
    largest = float(np.abs(array).max(initial=0))
    fits = 1e-3 < largest <= LARGEST_HALF
    return array.astype(np.float16).astype(np.float32) if fits else array


def _smallest(array: Float32) -> NDArray[np.floating]:
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.array_equal(half, array) else array
