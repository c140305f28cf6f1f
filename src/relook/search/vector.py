"""The channel of one vector per picture at work: describe, whiten, index, expand, diffuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import CollectionError, FetchError, FormatError, UsageError
from relook.core.records import Image
from relook.descriptors.multiscale import MultiScale
from relook.descriptors.packing import pack_vectors, unpack_vectors
from relook.descriptors.sizing import Sizing
from relook.descriptors.vector import VectorDescriber
from relook.index.vectors import SeveralIndex, load_vector_index, make_vector_index
from relook.networks.runtime import Runtime, load_network
from relook.networks.spec import NetworkSpec
from relook.networks.weights import Weights, open_weights
from relook.search.channels import GLOBAL, OF_WEIGHTS, CompactChannel, GlobalChannel
from relook.search.engine import Channel
from relook.vectors import Projection
from relook.vectors.shipped import find_whitening

if TYPE_CHECKING:
    from relook.search.compact import CompactDescriber

__all__ = ["GlobalDescriber", "VectorParts", "make_vector_describer"]

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class GlobalDescriber:
    """Describes database images by what the network says, before any whitening.

    Attributes:
        describer: pictures to vectors.
    """

    describer: VectorDescriber

    def describe(self, image: Image) -> bytes:
        """Describe a database image."""
        return pack_vectors(self.describer.describe(image))

    def describe_query(self, image: Image) -> Float32:
        """``(R, D)`` vectors of a query, rounded as those of the collection are."""
        return unpack_vectors(self.describe(image))


def make_vector_describer(
    settings: GlobalChannel | CompactChannel, *, threads: int
) -> GlobalDescriber | CompactDescriber:
    """The describer of a channel.

    Raises:
        FetchError: the weights are not here; the message says where to put them.
        CollectionError: they, or the encoder, are not those that the recipe was pinned to.
    """
    if isinstance(settings, CompactChannel):
        from relook.search.compact import make_compact_describer  # noqa: PLC0415

        return make_compact_describer(settings)
    runtime = load_runtime(settings, threads=threads)
    return GlobalDescriber(VectorDescriber(runtime, make_sizing(settings), multiscale_of(settings)))


def load_runtime(
    settings: GlobalChannel,
    *,
    threads: int,
    calibration: Sequence[NDArray[np.uint8]] | None = None,
) -> Runtime:
    """The network of a channel, ready to run; ``calibration`` as :func:`load_network` has it."""
    weights = open_pinned(settings)
    return load_network(
        weights,
        network_of(settings, weights),
        backend=settings.backend,
        precision=settings.precision,
        threads=threads,
        calibration=calibration,
    )


def network_of(settings: GlobalChannel, weights: Weights) -> NetworkSpec:
    """The network that a channel puts its weights into."""
    changes: dict[str, Any] = {"layer": settings.layer}
    if settings.pooling:
        options = {"p": settings.p} if settings.pooling == "gem" else {}
        changes |= {"pooling": settings.pooling, "options": options}
    return weights.spec(**changes)


def make_sizing(settings: GlobalChannel) -> Sizing:
    """How pictures are brought to a size."""
    return Sizing(longest=settings.longest, multiple=settings.multiple)


def multiscale_of(settings: GlobalChannel) -> MultiScale:
    """At which scales they are described."""
    return MultiScale(
        scales=settings.scales, pool=settings.scale_pooling, p=settings.p, flip=settings.flip
    )


@dataclass(frozen=True)
class VectorParts:
    """Everything that the channel puts together; weights are opened when they are needed."""

    settings: GlobalChannel | CompactChannel
    index_hash: str
    threads: int

    @property
    def channel(self) -> Channel:
        """The channel as a collection sees it."""
        return Channel(
            name=GLOBAL,
            index_hash=self.index_hash,
            unpack=self.unpack,
            entries=self.entries,
            make_index=self.make_index,
            load_index=self.load_index,
            form=lambda vectors: f"{vectors.shape[1]} dimensions",
        )

    @cached_property
    def describer(self) -> GlobalDescriber | CompactDescriber:
        """Describes queries."""
        return make_vector_describer(self.settings, threads=self.threads)

    def prepare(self) -> None:
        """Export the network where it is not yet, and try it; processes then share the file.

        Raises:
            FetchError: the weights are not here; the message says where to put them.
            UsageError: they, or the whitening, do not fit the channel.
        """
        data = make_vector_describer(self.settings, threads=self.threads).describe(_sample())
        try:
            self.unpack(data)
        except FormatError as error:
            raise UsageError(str(error)) from error

    @cached_property
    def projection(self) -> Projection | None:
        """The whitening, cut to the channel's dimensions."""
        settings = self.settings
        if isinstance(settings, CompactChannel) or not settings.whitening:
            return None
        if settings.whitening.startswith(OF_WEIGHTS):
            found = _of_weights(open_pinned(settings), settings.whitening.removeprefix(OF_WEIGHTS))
        else:
            found = find_whitening(settings.whitening)
        return found.truncated(settings.dimensions) if settings.dimensions else found

    def unpack(self, data: bytes) -> Float32:
        """``(R, D)`` vectors of a description.

        Raises:
            FormatError: damaged, several where one is wanted, or not of the network that the
                whitening is for.
        """
        vectors = unpack_vectors(data)
        if len(vectors) > 1 and self.settings.index.kind != "several":
            raise FormatError(
                f"a description has {len(vectors)} vectors, which only channels.global.index.kind "
                '= "several" takes'
            )
        expected = None if self.projection is None else len(self.projection.mean)
        if expected not in (None, vectors.shape[1]):
            raise FormatError(
                f"a description has {vectors.shape[1]} dimensions, the recipe's whitening is for "
                f"{expected}: it is of another network"
            )
        return vectors

    def entries(self, codes: Sequence[Float32]) -> list[Float32]:
        """``(d,)`` vectors as the index takes them, or ``(R, d)`` where images have several."""
        if not codes:
            return []
        several = self.settings.index.kind == "several"
        rows = self.whitened(np.concatenate(codes))
        parts = np.split(rows, np.cumsum([len(code) for code in codes])[:-1])
        return parts if several else [part[0] for part in parts]

    def query(self, vectors: Float32) -> Float32:
        """What the index is asked: one entry."""
        return self.entries([vectors])[0]

    def whitened(self, rows: Float32) -> Float32:
        """``(N, D)`` described to ``(N, d)`` indexed vectors."""
        return rows if self.projection is None else self.projection.transform(rows)

    def make_index(self) -> Any:
        """An empty index."""
        index = self.settings.index
        options: dict[str, Any] = {}
        if index.kind == "several":
            return SeveralIndex(self._dimensions, match=index.match, threads=self.threads)
        if index.kind == "flat":
            options["precision"] = index.precision
        return make_vector_index(self._dimensions, kind=index.kind, threads=self.threads, **options)

    @cached_property
    def _dimensions(self) -> int:
        """Of the vectors in the index; without a whitening the network has to say it."""
        if self.projection is not None:
            return self.projection.dimensions
        return int(self.describer.describe_query(_sample()).shape[1])

    def load_index(self, folder: Path, state: Mapping[str, Any]) -> Any:
        """An index from its files."""
        return load_vector_index(folder, state, threads=self.threads)


def _sample() -> Image:
    """A little picture that every network takes, twice as wide as high."""
    levels = np.arange(160 * 320 * 3, dtype=np.uint32) * 2654435761 >> 24
    return Image(levels.astype(np.uint8).reshape(160, 320, 3), (320, 160))


def open_pinned(settings: GlobalChannel) -> Weights:
    """The weights of a channel.

    Raises:
        FetchError: they are not here; the message says where to put them.
        CollectionError: they are not those that the recipe was pinned to.
    """
    path = Path(settings.weights)
    if path.is_absolute() and not path.is_file():
        raise FetchError(f"the weights {path} are not here; bring the file back to this place")
    weights = open_weights(settings.weights)
    if settings.weights_hash not in ("", weights.sha256):
        raise CollectionError(
            f"the weights {settings.weights} have changed since the collection was made; bring the "
            "old file back, or index the photos into a new collection"
        )
    return weights


def _of_weights(weights: Weights, name: str) -> Projection:
    found = weights.whitenings
    if name not in found:
        choices = ", ".join(found) or "none"
        raise UsageError(f"{weights.card.name} has no whitening {name!r}; it has {choices}")
    return Projection(*found[name], method="of the weights")
