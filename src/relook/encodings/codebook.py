"""Visual words: centers of descriptors, found fast, with the idf frozen beside them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.paths import AnyPath
from relook.core.storage import load_arrays, save_arrays
from relook.encodings.document_frequency import document_frequency
from relook.encodings.learned_words import FitOptions, Kind, fit_words
from relook.encodings.soft import SIGMA, soft_weights
from relook.vectors.nearest import CellFinder, check_starts, probes_of, valued
from relook.vectors.rows import BLOCK
from relook.vectors.tree import Tree, TreeFinder, check_tree

__all__ = ["Codebook", "load_codebook", "shipped_codebooks"]

ASSETS = Path(__file__).parent / "assets"


class Codebook:
    """A set of visual words.

    Centers are kept as bytes times one step, so that 16k words of 128 dimensions are 2 MB; the
    words *are* these values, nothing is rounded later.

    Args:
        centers: ``(K, D)`` uint8, in units of ``step``.
        step: value of one unit.
        zero: the byte that stands for 0: 0 for SIFT, 128 for descriptors with negative values.
        coarse: ``(C, D)`` float32 cell centers that words are found by; the K words lie in the
            cell that is nearest to them. None where the words are leaves of a tree.
        starts: ``(C + 1,)`` int64 first word of each cell, where words lie in the order of cells.
        inner: ``(I, D)`` uint8 inner nodes of the tree, see :class:`relook.vectors.tree.Tree`.
        children: ``(1 + I + K,)`` uint16 children of its nodes.
        idf: ``(K,)`` float32 weights of the words, frozen: if they followed a collection, every
            picture that is added would change all scores.
        fitted: what it was fitted on and how, for people and for audits.
    """

    def __init__(
        self,
        centers: NDArray[np.uint8],
        step: float,
        *,
        idf: NDArray[np.float32],
        fitted: Mapping[str, Any],
        coarse: NDArray[np.float32] | None = None,
        starts: NDArray[np.int64] | None = None,
        inner: NDArray[np.uint8] | None = None,
        children: NDArray[np.uint16] | None = None,
        zero: int = 0,
    ) -> None:
        check_array("centers", centers, shape=(None, None), dtype=np.uint8)
        check_array("idf", idf, shape=(len(centers),), dtype=np.float32)
        check_finite("idf", idf)
        if not (math.isfinite(step) and step > 0):
            raise ShapeError(f"the step must be a positive number, not {step}")
        if (coarse is None) == (inner is None) or (inner is None) != (children is None):
            raise ShapeError("a codebook has either cells or a tree")
        if coarse is not None:
            check_array("coarse", coarse, shape=(None, centers.shape[1]), dtype=np.float32)
            check_finite("coarse", coarse)
        if not (len(centers) and (coarse is None or len(coarse))):
            raise ShapeError("a codebook needs at least one word and one cell")
        if coarse is not None and starts is not None:
            check_starts(starts, cells=len(coarse), centers=len(centers))
        self.tree: Tree | None = None
        if inner is not None and children is not None:
            self.tree = Tree(centers, inner, children)
            check_tree(self.tree)
        self.quantized = centers
        self.step = step
        self.coarse = coarse
        self.starts = starts
        self.idf = idf
        self.fitted = dict(fitted)
        self.zero = zero

    def __len__(self) -> int:
        return len(self.quantized)

    @property
    def dimensions(self) -> int:
        """D, of the descriptors that it is for."""
        return int(self.quantized.shape[1])

    @cached_property
    def centers(self) -> NDArray[np.float32]:
        """All words, ``(K, D)`` float32; made when first asked for, and kept.

        Of a million words it takes half a gigabyte; :meth:`values` gives some.
        """
        return valued(self.quantized, self.step, self.zero)

    def values(self, words: NDArray[np.integer]) -> NDArray[np.float32]:
        """The centers of some words: ``(…)`` to ``(…, D)`` float32."""
        return valued(self.quantized[words], self.step, self.zero)

    @property
    def probes(self) -> int:
        """Cells that a descriptor looks into unless it is said otherwise; paths, in a tree."""
        return 1 if self.coarse is None else probes_of(len(self.coarse))

    @property
    def sha256(self) -> str:
        """Hash of all that decides words, signatures and weights."""
        parts: list[Any] = [self.quantized, np.float64(self.step)]
        parts += [part for part in (self.coarse, self.idf) if part is not None]
        if self.zero:  # else as codebooks were hashed before there were others
            parts.append(np.int64(self.zero))
        parts += [] if self.starts is None else [self.starts]
        parts += [] if self.tree is None else [self.tree.inner, self.tree.children]
        content = hashlib.sha256()
        for part in parts:
            content.update(np.ascontiguousarray(part).data)
        return content.hexdigest()

    @classmethod
    def fit(
        cls,
        images: Sequence[NDArray[np.floating]],
        *,
        words: int = 16384,
        kind: Kind = "flat",
        branching: int = 10,
        depth: int | None = None,
        iterations: int | None = None,
        seed: int = 0,
        threads: int = 1,
        checkpoint: Path | None = None,
        report: Callable[[str, int, int], None] | None = None,
        fitted: Mapping[str, Any] | None = None,
    ) -> Self:
        """Learn words by k-means from the descriptors of images, and their idf.

        idf_c = ln(N / n_c), n_c of N images having word c; words that occur nowhere get the
        idf of one image.

        Args:
            images: per image ``(N, D)`` descriptors, float32, or float16 to take half the memory.
            words: K; of a tree about K, and only where ``depth`` is None.
            kind: ``"flat"``, exact k-means; ``"approximate"``, k-means for up to millions of words,
                :class:`relook.vectors.approximate.ApproximateKMeans`; ``"tree"``, a vocabulary
                tree, :class:`relook.vectors.hierarchical.HierarchicalKMeans`.
            branching: children per node of a tree.
            depth: levels of a tree, so at most ``branching ** depth`` words.
            iterations: of k-means; 15 flat, 8 approximate, 12 per node of a tree.
            seed: of k-means.
            threads: that an approximate fit, a tree and the idf work with; the words are the same.
            checkpoint: where an approximate fit keeps what is done, to go on if interrupted.
            report: called with what is under way, the number done and the total.
            fitted: what the images are.

        Raises:
            UsageError: fewer different descriptors than words, options that are wrong, or more
                memory needed than there is: it names both before the work begins.
            ShapeError: values that are not finite, or of another shape.
        """
        options = FitOptions(
            words=words, kind=kind, branching=branching, depth=depth, iterations=iterations,
            seed=seed, threads=threads, checkpoint=checkpoint, report=report,
        )  # fmt: skip
        found = fit_words(images, options)
        made = {} if kind == "flat" else {"kind": kind}
        rows = sum(map(len, images))
        book = cls(
            found.centers,
            found.step,
            **{name: getattr(found, name) for name in ("coarse", "starts", "inner", "children")},
            idf=np.ones(len(found.centers), np.float32),
            zero=found.zero,
            fitted={**(fitted or {}), **made, "images": len(images), "descriptors": rows},
        )
        book.idf = book.inverse_document_frequency(images, threads=threads)
        return book

    def inverse_document_frequency(
        self, images: Sequence[NDArray[np.floating]], *, threads: int = 1
    ) -> NDArray[np.float32]:
        """ln(N / n_c) over these images, n_c of N having word c; of no image as of one."""
        count = document_frequency(
            images, lambda rows: self.assign(rows, threads=threads)[:, 0], words=len(self)
        )
        return np.log(max(len(images), 1) / np.maximum(count, 1)).astype(np.float32)

    def stop_words(self, share: float) -> NDArray[np.int32]:
        """The most frequent words by the images that have them, this share of all, ascending.

        Of words that are equally frequent the first ones are taken. They say little, and most of
        the time of a search goes into them.

        Raises:
            UsageError: the share is not from 0 to below 1.
        """
        if not 0 <= share < 1:
            raise UsageError(f"the share of stop words must be 0 to below 1, not {share}")
        most = np.argsort(self.idf, kind="stable")[: round(share * len(self))]
        return np.sort(most).astype(np.int32)

    def assign(
        self,
        descriptors: NDArray[np.float32],
        *,
        count: int = 1,
        probes: int | None = None,
        threads: int = 1,
    ) -> NDArray[np.int32]:
        """The ``count`` nearest words of each descriptor, nearest first, ``(N, count)`` int32.

        Args:
            descriptors: ``(N, D)``.
            count: words per descriptor.
            probes: cells that each looks into, or paths that it takes down a tree; None: as many
                as find the nearest word nearly always, or in a tree the one greedy path.
            threads: that share the work; the words do not depend on it.

        Raises:
            ShapeError: descriptors of another dimension, or values that are not finite.
            UsageError: more words asked for than there are.
        """
        if descriptors.ndim == 2 and descriptors.shape[1] != self.dimensions:
            raise ShapeError(
                f"descriptors must have shape (any, {self.dimensions}) as this codebook's words, "
                f"not {descriptors.shape}; use the codebook that was fitted for them"
            )
        check_array("descriptors", descriptors, shape=(None, self.dimensions), dtype=np.float32)
        check_finite("descriptors", descriptors)
        for name, value in (("count", count), ("probes", probes), ("threads", threads)):
            if value is not None and value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")
        if count > len(self):
            raise UsageError(f"{count} words asked for, the codebook has {len(self)}")
        if not len(descriptors):
            return np.zeros((0, count), np.int32)
        probes = self.probes if probes is None else probes
        words = self._finder.find(descriptors, count=count, probes=probes, threads=threads).words
        if words.min() < 0:  # the cells looked at hold fewer words than asked for
            words = self._finder.find(
                descriptors, count=count, probes=len(self), threads=threads
            ).words
        return words

    def soft_assign(
        self,
        descriptors: NDArray[np.float32],
        *,
        count: int = 3,
        sigma: float = SIGMA,
        probes: int | None = None,
        threads: int = 1,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The nearest words, ``(N, count)`` int32, and their weights, ``(N, count)`` float32.

        Weights are exp(-d² / 2σ²), normalized to sum 1 per descriptor, as
        :func:`relook.encodings.soft.soft_weights` says.

        Raises:
            ShapeError: as :meth:`assign`.
            UsageError: as :meth:`assign`, or sigma is not positive.
        """
        words = self.assign(descriptors, count=count, probes=probes, threads=threads)
        squares = np.empty(words.shape, np.float32)
        for start in range(0, len(words), BLOCK):
            part = slice(start, start + BLOCK)
            away = self.values(words[part]) - descriptors[part, None]
            squares[part] = np.einsum("ncd,ncd->nc", away, away)
        return words, soft_weights(squares, sigma=sigma)

    def save(self, path: AnyPath) -> None:
        """Write the codebook to one file."""
        arrays: dict[str, NDArray[Any] | None] = {
            "centers": self.quantized,
            "coarse": self.coarse,
            "idf": self.idf,
            "starts": self.starts,
            "inner": None if self.tree is None else self.tree.inner,
            "children": None if self.tree is None else self.tree.children,
        }
        kept = {name: array for name, array in arrays.items() if array is not None}
        header: dict[str, Any] = {"step": self.step, "fitted": self.fitted}
        if self.zero:
            header["zero"] = self.zero
        version = 3 if len(kept) != 3 else 2 if self.zero else 1
        save_arrays(path, kept, kind="codebook", version=version, header=header)

    @classmethod
    def load(cls, path: AnyPath) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            FormatError: another kind of file, damaged, or of a newer version.
        """
        stored = load_arrays(path, kind="codebook", version=3)
        arrays = {name: np.array(array) for name, array in stored.arrays.items()}
        try:
            return cls(
                arrays.pop("centers"),
                float(stored.header["step"]),
                idf=arrays.pop("idf"),
                fitted=stored.header["fitted"],
                zero=int(stored.header.get("zero", 0)),
                **arrays,
            )
        except (KeyError, TypeError, ValueError) as error:  # a ShapeError is a ValueError
            raise FormatError(f"{path} is a damaged codebook; fetch it again ({error})") from error

    @cached_property
    def _finder(self) -> CellFinder | TreeFinder:
        units: Any = {"step": self.step, "zero": self.zero}
        if self.coarse is not None:
            return CellFinder(self.quantized, self.coarse, starts=self.starts, **units)
        return TreeFinder(cast("Tree", self.tree), **units)


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
