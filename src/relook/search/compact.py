"""Describing pictures by one vector that is made of their local features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import CollectionError, UsageError
from relook.core.protocols import Extractor, VectorEncoder
from relook.core.records import Image
from relook.descriptors.packing import pack_vectors, unpack_vectors
from relook.encodings.vector_encoders import load_vector_encoder
from relook.search.channels import CompactChannel
from relook.search.detectors import descriptor_length, make_extractor

__all__ = ["CompactDescriber", "make_compact_describer"]


@dataclass(frozen=True, slots=True)
class CompactDescriber:
    """Describes pictures, those of the collection and queries alike.

    Attributes:
        extractor: pictures to features.
        encoder: features to one vector.
    """

    extractor: Extractor
    encoder: VectorEncoder

    def describe(self, image: Image) -> bytes:
        """Describe a database image."""
        return pack_vectors(self.encoder.encode(self.extractor.extract(image)))

    def describe_query(self, image: Image) -> NDArray[np.float32]:
        """``(1, D)`` vector of a query, rounded as those of the collection are."""
        return unpack_vectors(self.describe(image))


def make_compact_describer(channel: CompactChannel) -> CompactDescriber:
    """The describer of a channel.

    Raises:
        CollectionError: the encoder is not the one that the recipe was pinned to.
        UsageError: the encoder is for descriptors of another length.
    """
    encoder = load_vector_encoder(channel.encoder)
    if channel.encoder_hash not in ("", encoder.sha256):
        raise CollectionError(
            f"encoder {channel.encoder} has changed since the collection was made; bring the old "
            "one back, or index the photos into a new collection"
        )
    extractor = make_extractor(channel.extractor, sift=channel.sift, detector=channel.detector)
    found, wanted = descriptor_length(extractor), encoder.descriptor_dimensions
    if found != wanted:
        raise UsageError(
            f"encoder {channel.encoder} is for descriptors of {wanted} dimensions, those of "
            f"{channel.extractor} have {found}; name the extractor that it was fitted for"
        )
    return CompactDescriber(extractor, encoder)
