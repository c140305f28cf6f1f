"""The query plan of a recipe: everything that may differ from search to search, and its cost."""

from __future__ import annotations

from dataclasses import dataclass

from relook.core.errors import UsageError
from relook.features import MOST_FEATURES
from relook.matching import Tolerance

__all__ = [
    "Cost",
    "DiffusionSettings",
    "ExpansionSettings",
    "FusionSettings",
    "HammingExpansionSettings",
    "Plan",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpansionSettings:
    """Query expansion of the global channel; see :class:`relook.reranking.AlphaQueryExpansion`.

    Attributes:
        neighbors: images that the query is averaged with; 0 expands nothing.
        alpha: exponent of their weights; 0 averages plainly.
    """

    neighbors: int = 0
    alpha: float = 3.0

    def __post_init__(self) -> None:
        if self.neighbors < 0 or self.alpha < 0:
            raise UsageError("expand.neighbors must be 0 or more, and expand.alpha 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class HammingExpansionSettings:
    """Hamming query expansion of a channel of local features alone, with binary signatures.

    See :class:`relook.reranking.HammingExpansion`; off where ``neighbors`` is 0.

    Attributes:
        neighbors: at most so many reliable images join the query.
        verified: reliable is what geometry verifies; else what has ``min_matches``.
        max_distance: Hamming distance in bits of a match that makes reliable.
        min_matches: one-to-one matches that make reliable.
        min_images: reliable images that must have a word which the query lacks.
        growth: most words that are added, as a share of those of the query.
    """

    neighbors: int = 0
    verified: bool = True
    max_distance: int = 28
    min_matches: int = 20
    min_images: int = 2
    growth: float = 0.5

    def __post_init__(self) -> None:
        if min(self.neighbors, self.max_distance, self.growth) < 0:
            raise UsageError("hqe.neighbors, hqe.max_distance and hqe.growth must be 0 or more")
        if min(self.min_matches, self.min_images) < 1:
            raise UsageError("hqe.min_matches and hqe.min_images must be 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionSettings:
    """Diffusion on the graph of neighbors of the global channel; off where ``neighbors`` is 0.

    Attributes:
        neighbors: of each image in the graph; part of what is derived, not of a query.
        query_neighbors: images in which the query enters the graph.
        truncate: images of the first stage that the diffusion is confined to.
        alpha: how far it spreads, below 1.
        gamma: exponent of similarities.
        iterations: of the solver, at most.
    """

    neighbors: int = 0
    query_neighbors: int = 10
    truncate: int = 1000
    alpha: float = 0.99
    gamma: float = 3.0
    iterations: int = 20

    def __post_init__(self) -> None:
        if self.neighbors < 0 or not 0 < self.alpha < 1 or self.gamma <= 0:
            raise UsageError(
                "diffuse.neighbors must be 0 or more, diffuse.alpha between 0 and 1, diffuse.gamma "
                "above 0"
            )
        if min(self.query_neighbors, self.truncate, self.iterations) < 1:
            raise UsageError(
                "diffuse.query_neighbors, diffuse.truncate and diffuse.iterations must be 1 or more"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionSettings:
    """How two channels become one ranking; see :class:`relook.reranking.fusion.Fusion`.

    Attributes:
        candidates: images of the global channel that are verified besides those of the local one.
        local: weight of the local channel's surprise.
        weight: of the global channel's surprise.
        background: best images of a query, after which its scores count as those of strangers.
    """

    candidates: int = 100
    local: float = 0.04
    weight: float = 0.04
    background: int = 50

    def __post_init__(self) -> None:
        if min(self.candidates, self.local, self.weight) < 0 or self.background < 1:
            raise UsageError(
                "fuse.candidates, fuse.local and fuse.weight must be 0 or more, fuse.background 1 "
                "or more"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a query is answered.

    Attributes:
        query_features: features of the query; more than database images have cost no storage.
        assignments: nearest words of each query feature.
        soft_sigma: of a bag of words: the σ by which a query feature shares itself out among its
            words; 0 shares equally.
        candidates: images of the first stage that are verified by geometry; 0 verifies none.
        max_distance: Hamming distance in bits of tentative matches; stricter than the index,
            which only adds up.
        min_inliers: fewer are no evidence.
        min_strength: evidence that is worth less is none; see
            :class:`~relook.reranking.SpatialReRanker`.
        verified_strength: from here on a result is called verified.
        tolerance: of the geometry.
        threads: of the verification.
        hqe: Hamming query expansion of the local channel.
        expand: query expansion of the global channel.
        diffuse: diffusion on the graph of the global channel.
        fuse: of two channels.
    """

    query_features: int = 1500
    assignments: int = 5
    soft_sigma: float = 0.0
    candidates: int = 100
    max_distance: int = 48
    min_inliers: int = 5
    min_strength: float = 1.0
    verified_strength: float = 3.0
    tolerance: Tolerance = Tolerance()
    threads: int = 2
    hqe: HammingExpansionSettings = HammingExpansionSettings()
    expand: ExpansionSettings = ExpansionSettings()
    diffuse: DiffusionSettings = DiffusionSettings()
    fuse: FusionSettings = FusionSettings()

    def __post_init__(self) -> None:
        if not 1 <= self.query_features <= MOST_FEATURES:
            raise UsageError(f"query_features must be from 1 to {MOST_FEATURES}")
        if self.assignments < 1 or self.soft_sigma < 0:
            raise UsageError("assignments must be 1 or more, and soft_sigma 0 or more")
        if self.candidates < 0 or self.min_inliers < 3 or self.threads < 1:
            raise UsageError(
                "candidates must be 0 or more, min_inliers 3 or more, threads 1 or more"
            )
        if self.max_distance < 0:
            raise UsageError(f"max_distance must be 0 or more, not {self.max_distance}")
        if self.hqe.neighbors and self.hqe.verified and not self.candidates:
            raise UsageError(
                "hqe.verified needs candidates that are verified; set candidates, or hqe.verified "
                "= false"
            )
        if not 0 <= self.min_strength <= self.verified_strength:
            raise UsageError(
                "min_strength must be 0 or more, and verified_strength at least min_strength"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a recipe was measured to cost; decides nothing.

    Attributes:
        bytes_per_image: size of a collection's directory per image.
        describe_milliseconds: to describe one image on one core.
        query_milliseconds: first stage and verification of one query on two cores.
        measured: by which command, on what.
    """

    bytes_per_image: int
    describe_milliseconds: int
    query_milliseconds: int
    measured: str
