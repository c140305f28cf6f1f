"""A network's vectors, the whitening that is fitted on rendered views, and what both are worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relook.core.storage import load_arrays, save_arrays
from relook.datasets.gnd import GroundTruth
from relook.evaluation.rankings import Scores
from relook.networks.runtime import Runtime, load_network
from relook.networks.weights import Weights
from relook.training.batches.making import Maker, MakerSpec
from relook.training.batches.plan import Draw
from relook.training.batches.viewing import make_views
from relook.training.config import Config
from relook.training.sources.gather import gather_pictures
from relook.training.steps.heads import pairs_of
from relook.vectors import LearnedWhitening, Projection
from reproduce.global_descriptors.measuring import scores_of
from reproduce.global_descriptors.pictures import Picture
from reproduce.training.study import WhiteningSettings

__all__ = ["Described", "Describer", "RenderedViews", "begin_with", "fit", "rendered_views"]

Float32 = NDArray[np.float32]
Pixels = NDArray[np.uint8]

_KIND, _VERSION = "relook.reproduce.views", 1
_STEP = 1 << 42
"""A step that no training takes: these views are seen by no row before."""


@dataclass(frozen=True, slots=True, eq=False)
class RenderedViews:
    """What every whitening is fitted on.

    Attributes:
        pixels: ``(N, side, side, 3)``.
        labels: ``(N,)``, equal where two show the same.
        found: pictures that there are to learn from.
    """

    pixels: Pixels
    labels: NDArray[np.int64]
    found: int

    @property
    def batches(self) -> Iterator[Pixels]:
        """A few at a time."""
        for start in range(0, len(self.pixels), 32):
            yield np.ascontiguousarray(self.pixels[start : start + 32])


def rendered_views(
    config: Config, settings: WhiteningSettings, file: Path, *, data: Path
) -> RenderedViews:
    """Make views of the training pictures of a configuration once, and keep them in a file.

    Raises:
        UsageError: a folder is missing.
    """
    pictures = gather_pictures(config.data, root=data).pictures
    if not file.exists():
        count = min(len(pictures), settings.pictures)
        chosen = np.unique(np.linspace(0, len(pictures) - 1, count).astype(np.int64))
        rows = np.repeat(chosen, settings.views)
        maker = Maker(MakerSpec(pictures, make_views(config.views), config.seed))
        made = []
        for start in range(0, len(rows), 64):
            slots = np.arange(start, min(start + 64, len(rows)))
            zeros = np.zeros(len(slots), np.int64)
            draw = Draw(_STEP, rows[slots], zeros, slots, settings.side)
            made.append(maker.make(draw).batch)
        arrays = {
            "pixels": np.concatenate([one.pixels for one in made]),
            "labels": np.concatenate([one.labels for one in made]),
        }
        save_arrays(file, arrays, kind=_KIND, version=_VERSION)
    kept = load_arrays(file, kind=_KIND, version=_VERSION).arrays
    return RenderedViews(kept["pixels"], np.array(kept["labels"], np.int64), len(pictures))


@dataclass(frozen=True, slots=True)
class Described:
    """Pooled vectors of one network, ``(N, D)`` of length 1.

    Attributes:
        benchmark: its database, then its queries.
        views: of training pictures.
    """

    benchmark: Float32
    views: Float32


@dataclass(frozen=True, slots=True)
class Describer:
    """How networks are executed.

    Attributes:
        truth: of the benchmark.
        pictures: of the benchmark, the database first.
        longest: of their sides in pixels.
        threads: of the processor.
        backend: see :func:`relook.networks.runtime.load_network`.
    """

    truth: GroundTruth
    pictures: Sequence[Picture]
    longest: int
    threads: int
    backend: str = "openvino"

    def describe(
        self, weights: Weights, config: Config, views: RenderedViews, *, folder: Path
    ) -> Described:
        """Up to the pooling of a network: the layer after it is not a part of the vectors."""
        part = config.network
        changes = {} if weights.card.pooling else {"pooling": part.pooling, "options": part.options}
        runtime = load_network(
            weights,
            weights.spec(layer=part.layer, whitening=0, **changes),
            backend=self.backend,
            precision="f32",
            device="cpu",
            threads=self.threads,
            folder=folder,
        )
        plain = (one.load(self.longest)[0].pixels[None] for one in self.pictures)
        return Described(_vectors(runtime, plain), _vectors(runtime, views.batches))

    def scores(self, whitening: Projection, vectors: Float32) -> Scores:
        """MAP of whitened vectors, over all queries and by subset."""
        return scores_of(self.truth, whitening.transform(vectors))


def _vectors(runtime: Runtime, batches: Iterable[Pixels]) -> Float32:
    return np.concatenate([runtime.describe(np.ascontiguousarray(batch)) for batch in batches])


def fit(settings: WhiteningSettings, vectors: Float32, views: RenderedViews) -> Projection:
    """Lw of ``(N, D)`` vectors of the views; of fewer dimensions where they have lost some."""
    learned = LearnedWhitening(flatten=settings.flatten, fitted="rendered views")
    fitted = learned.fit(vectors, pairs_of(views.labels, seed=0)).as_projection()
    return fitted.truncated(min(settings.dimensions, fitted.dimensions))


def begin_with(fitted: Projection) -> Projection:
    """The same as the beginning of a trained layer: l2 undoes a scale, the optimizer does not."""
    scale = np.sqrt(fitted.dimensions) / np.linalg.norm(fitted.matrix)
    return Projection(fitted.mean, fitted.matrix * np.float32(scale), method="Lw, scaled")
