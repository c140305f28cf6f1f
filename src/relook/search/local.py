"""The channel of local features at work: describe, index, find candidates, verify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from relook.core.errors import UsageError
from relook.core.protocols import Extractor
from relook.core.records import Aggregate, Image, LocalCodes
from relook.encodings.packing import unpack_codes
from relook.index import InvertedIndex, Kernel
from relook.reranking import HammingExpansion, SpatialReRanker
from relook.search.channels import LOCAL, LocalChannel
from relook.search.detectors import descriptor_length, make_extractor
from relook.search.encoding import AnyEncoder, make_encoder, make_kernel
from relook.search.engine import Channel
from relook.search.local_search import LocalSearch
from relook.search.plan import Plan

__all__ = ["LocalDescriber", "LocalParts", "make_local_describer"]


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
    encoder: AnyEncoder

    def describe(self, image: Image) -> bytes:
        """Describe a database image."""
        return self.encoder.pack(self.encoder.encode(self.extractor.extract(image)))

    def describe_query(self, image: Image) -> LocalCodes:
        """Describe a query."""
        return self.encoder.encode_query(self.query_extractor.extract(image))


def make_local_describer(channel: LocalChannel, plan: Plan, *, threads: int = 1) -> LocalDescriber:
    """The describer of a channel, for database images and queries.

    Raises:
        CollectionError: the codebook or the weights are not those that the recipe was pinned to.
        FetchError: weights are not here.
        UsageError: the codebook is for descriptors of another length.
    """
    encoder = make_encoder(channel, assignments=plan.assignments, soft_sigma=plan.soft_sigma)
    if not channel.of_network:
        make = partial(
            make_extractor, channel.extractor, sift=channel.sift, detector=channel.detector
        )
        extractor = make()
        _check_length(extractor, encoder, channel)
        return LocalDescriber(extractor, make(features=plan.query_features), encoder)
    from relook.features.deep import load_extractor  # noqa: PLC0415 - only what is needed

    deep = load_extractor(channel.extractor, channel.deep, threads=threads)
    _check_length(deep, encoder, channel)
    features = max(channel.deep.features, plan.query_features)
    return LocalDescriber(deep, deep.with_features(features), encoder)


def _check_length(extractor: Extractor, encoder: AnyEncoder, channel: LocalChannel) -> None:
    found = descriptor_length(extractor)
    wanted = encoder.codebook.dimensions
    if found != wanted:
        raise UsageError(
            f"codebook {channel.codebook} is for descriptors of {wanted} dimensions, these have "
            f"{found}; name the codebook, and where there is one the whitening, that were fitted "
            "for them"
        )


@dataclass(frozen=True)
class LocalParts:
    """Everything that the channel puts together; codebooks are loaded when they are needed."""

    settings: LocalChannel
    plan: Plan
    index_hash: str

    def __post_init__(self) -> None:
        signed = self.settings.encoding != "bow" and self.settings.binary
        if self.plan.hqe.neighbors and not signed:
            raise UsageError(
                "plan.hqe adds up binary signatures, which this recipe has none of; take one of "
                "Hamming embedding, SMK* or ASMK*, or set plan.hqe.neighbors = 0"
            )

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
        if self.settings.of_network:
            make_local_describer(self.settings, self.plan)

    def make_index(self) -> InvertedIndex:
        """An empty index."""
        kernel, weights = self._kernel
        return InvertedIndex(kernel, weights, threads=self.plan.threads)

    def load_index(self, folder: Path, state: Mapping[str, Any]) -> InvertedIndex:
        """An index from its files."""
        kernel, weights = self._kernel
        return InvertedIndex.load(folder, dict(state), kernel, weights, threads=self.plan.threads)

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
    def search(self) -> LocalSearch:
        """Answers what was described."""
        hqe = self.plan.hqe
        expansion = HammingExpansion(**asdict(hqe)) if hqe.neighbors else None
        return LocalSearch(self.reranker, expansion)

    @cached_property
    def _kernel(self) -> tuple[Kernel, Any]:
        return make_kernel(self.settings, make_encoder(self.settings, assignments=1))


def _aggregates(codes: Sequence[LocalCodes]) -> list[Aggregate]:
    return [code.aggregate for code in codes]
