"""Recipe → explainer: where in two pictures their similarity comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError, ImageError, UsageError
from relook.core.records import Box, Image
from relook.descriptors.contributions import Tail
from relook.descriptors.locating import LOCATED, make_located
from relook.descriptors.locations import affine
from relook.descriptors.pyramid import pyramid
from relook.descriptors.sizing import Sizing
from relook.networks.runtime.maps import MapRuntime, load_maps
from relook.search.channels import GLOBAL
from relook.search.recipe import Recipe
from relook.search.vector import (
    VectorParts,
    make_sizing,
    multiscale_of,
    network_of,
    open_pinned,
)

__all__ = ["Explainer", "Grid", "SimilarityMaps", "make_explainer"]

_AGREE = 0.999
"""Cosine of what NumPy and the graph make of one map; less, and the graph does something else."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """What each part of a picture contributes to a similarity.

    Attributes:
        values: ``(rows, columns)`` float32, of any sign; they sum to the similarity.
        frame: what the rows and columns divide evenly, in pixels of the original upright image.
    """

    values: NDArray[np.float32]
    frame: Box


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityMaps:
    """Two pictures explained by one another.

    Attributes:
        query: what each part of the query contributes.
        result: what each part of the other picture contributes.
        similarity: of their vectors, at most 1; the values of each grid sum to it.
    """

    query: Grid
    result: Grid
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """Takes similarities apart; see :mod:`relook.descriptors.contributions`.

    It computes in f32 throughout, so its similarity may differ in the third digit from that of a
    collection that was described in half precision.

    Attributes:
        runtime: gives the maps.
        sizing: at which size the network sees pictures.
        tail: what follows the maps.
    """

    runtime: MapRuntime
    sizing: Sizing
    tail: Tail

    def explain(self, query: Image, result: Image) -> SimilarityMaps | None:
        """What the parts of both pictures contribute to their similarity.

        Args:
            query: or what was cropped from it.
            result: the other picture.

        Returns:
            None where nothing was found in one of them that could be compared.

        Raises:
            ImageError: a picture has no pixels.
            ShapeError: a picture is too small for the network.
            FormatError: the exported network is not the one of the weights.
        """
        maps = [self._maps(image) for image in (query, result)]
        vectors = [self.tail.vector(one) for one in maps]
        if not all(vector.any() for vector in vectors):
            return None
        grids = [
            Grid(self.tail.contributions(one, other).values.astype(np.float32), _frame(image))
            for image, one, other in zip((query, result), maps, vectors[::-1], strict=True)
        ]
        return SimilarityMaps(grids[0], grids[1], float(vectors[0] @ vectors[1]))

    def _maps(self, image: Image) -> list[NDArray[np.float32]]:
        """Of each scale, then of each scale mirrored."""
        multiscale = self.tail.multiscale
        size = self.sizing.size(image)
        sizes = [self.sizing.scaled(size, scale) for scale in multiscale.scales]
        views = list(pyramid(image.pixels, sizes))
        if multiscale.flip:
            views += [np.ascontiguousarray(view[:, ::-1]) for view in views]
        return [self._map(view) for view in views]

    def _map(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        maps, vectors = self.runtime.describe(pixels[None])
        if not np.isfinite(maps).all():
            raise ImageError("the network gave values that are not finite")
        if vectors is not None and vectors.any():
            agreement = float(self.tail.view(maps[0]) @ vectors[0])
            if not agreement > _AGREE:
                raise FormatError(
                    "the exported network pools in another way than its weights say; delete it, "
                    "and it is exported again"
                )
        first: NDArray[np.float32] = maps[0]
        return first


def _frame(image: Image) -> Box:
    rows, columns = image.pixels.shape[:2]
    return Box(*image.offset, columns / image.scale[0], rows / image.scale[1])


def make_explainer(recipe: Recipe) -> Explainer | None:
    """The explainer of a recipe, for one thread.

    Returns:
        None where similarity is not a sum over locations of one map: without a global channel; with
        vectors made of local features; with several vectors per picture, of regions or of scales.
        Nor is there one for a network that only torch can execute.

    Raises:
        FetchError: the weights are not here; the message says where to put them.
        CollectionError: they are not those that the recipe was pinned to.
    """
    channel = recipe.network
    if channel is None or channel.index.kind == "several" or channel.scale_pooling == "keep":
        return None
    weights = open_pinned(channel)
    spec = network_of(channel, weights)
    if spec.pooling not in LOCATED:
        return None
    try:
        runtime = load_maps(weights, spec)
    except UsageError:
        return None
    own, state = weights.spec(), weights.state()
    learned = {
        key.removeprefix("pool."): value
        for key, value in state.items()
        if key.startswith("pool.") and spec.pooling == own.pooling
    }
    pooling = make_located(spec.pooling, spec.options or {}, learned)
    whiten = affine(state, "whiten.") if spec.whitening else None
    projection = VectorParts(channel, recipe.index_hash(GLOBAL), 1).projection
    tail = Tail(pooling, whiten, multiscale_of(channel), projection)
    return Explainer(runtime, make_sizing(channel), tail)
