"""The channel of local features at work: describe, index, find candidates, verify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from relook.core.errors import CollectionError, UsageError
from relook.core.protocols import Extractor
from relook.core.records import Aggregate, Image, LocalCodes
from relook.encodings import AsmkEncoder, load_codebook
from relook.encodings.packing import unpack_codes
from relook.index import InvertedIndex, Kernel
from relook.reranking import SpatialReRanker
from relook.search.channels import LOCAL, LocalChannel
from relook.search.engine import Channel
from relook.search.plan import Plan

__all__ = ["LocalDescriber", "LocalParts", "make_encoder", "make_local_describer"]


@dataclass(frozen=True, slots=True)
class LocalDescriber:
    """Describes database images and queries by local features.

    Attributes:
        extractor: for database images.
        query_extractor: for queries, usually with more features.
        encoder: features to codes.
    """

    extractor: Extractor
    query_extractor: Extractor
    encoder: AsmkEncoder

    def describe(self, image: Image) -> bytes:
        """Describe a database image."""
        return self.encoder.pack(self.encoder.encode(self.extractor.extract(image)))

    def describe_query(self, image: Image) -> LocalCodes:
        """Describe a query."""
        return self.encoder.encode_query(self.query_extractor.extract(image))


@lru_cache(maxsize=4)
def make_encoder(channel: LocalChannel, *, assignments: int) -> AsmkEncoder:
    """The encoder of a channel, with its codebook.

    Raises:
        CollectionError: the codebook is not the one that the recipe was pinned to.
    """
    codebook = load_codebook(channel.codebook)
    if channel.codebook_hash not in ("", codebook.sha256):
        raise CollectionError(
            f"codebook {channel.codebook} has changed since the collection was made; bring the "
            "old one back, or index the photos into a new collection"
        )
    return AsmkEncoder(
        codebook,
        aggregated=channel.aggregated,
        binary=channel.binary,
        assignments=assignments,
    )


def make_local_describer(channel: LocalChannel, plan: Plan, *, threads: int = 1) -> LocalDescriber:
    """The describer of a channel, for database images and queries.

    Raises:
        CollectionError: the codebook or the weights are not those that the recipe was pinned to.
        FetchError: weights are not here.
        UsageError: the codebook is for descriptors of another length.
    """
    encoder = make_encoder(channel, assignments=plan.assignments)
    if channel.extractor == "sift":
        sift = channel.sift
        more = replace(sift, features=max(sift.features, plan.query_features))
        return LocalDescriber(sift, more, encoder)
    from relook.features.deep import load_extractor  # noqa: PLC0415 - only what is needed

    deep = load_extractor(channel.extractor, channel.deep, threads=threads)
    blank = Image(np.zeros((64, 64, 3), np.uint8), (64, 64))
    dimensions, wanted = deep.extract(blank).descriptors.shape[1], encoder.codebook.centers.shape[1]
    if dimensions != wanted:
        raise UsageError(
            f"codebook {channel.codebook} is for descriptors of {wanted} dimensions, these have "
            f"{dimensions}; name the whitening and the codebook that were fitted for them"
        )
    features = max(channel.deep.features, plan.query_features)
    return LocalDescriber(deep, deep.with_features(features), encoder)


@dataclass(frozen=True)
class LocalParts:
    """Everything that the channel puts together; codebooks are loaded when they are needed."""

    settings: LocalChannel
    plan: Plan
    index_hash: str

    @property
    def channel(self) -> Channel:
        """The channel as a collection sees it."""
        return Channel(
            name=LOCAL,
            index_hash=self.index_hash,
            unpack=unpack_codes,
            entries=_aggregates,
            make_index=self.make_index,
            load_index=self.load_index,
        )

    def prepare(self) -> None:
        """Export a network where it is not yet, and try it; processes then share the file.

        Raises:
            FetchError: weights are not here; the message says where to put them.
            UsageError: the weights, or the codebook, do not fit the channel.
        """
        if self.settings.extractor != "sift":
            make_local_describer(self.settings, self.plan)

    def make_index(self) -> InvertedIndex:
        """An empty index."""
        kernel, weights = self._kernel
        return InvertedIndex(kernel, weights)

    def load_index(self, folder: Path, state: Mapping[str, Any]) -> InvertedIndex:
        """An index from its files."""
        kernel, weights = self._kernel
        return InvertedIndex.load(folder, dict(state), kernel, weights)

    @cached_property
    def describer(self) -> LocalDescriber:
        """Describes queries."""
        return make_local_describer(self.settings, self.plan, threads=self.plan.threads)

    @cached_property
    def reranker(self) -> SpatialReRanker:
        """Verifies candidates."""
        plan = self.plan
        return SpatialReRanker(
            candidates=plan.candidates,
            min_inliers=plan.min_inliers,
            min_strength=plan.min_strength,
            verified_strength=plan.verified_strength,
            max_distance=plan.max_distance,
            tolerance=plan.tolerance,
            longest=self.settings.longest,
            threads=plan.threads,
        )

    @cached_property
    def _kernel(self) -> tuple[Kernel, Any]:
        settings = self.settings.index
        codebook = make_encoder(self.settings, assignments=self.plan.assignments).codebook
        bits = codebook.centers.shape[1]
        kernel = Kernel(
            words=len(codebook),
            bits=bits,
            binary=self.settings.binary,
            alpha=settings.alpha,
            # Similarity must lie above the threshold: halfway to the next distance.
            threshold=1.0 - (2 * settings.max_distance + 1) / bits,
            burst=settings.burst,
        )
        return kernel, codebook.idf if settings.idf else None


def _aggregates(codes: Sequence[LocalCodes]) -> list[Aggregate]:
    return [code.aggregate for code in codes]
