"""The encoding of a channel of local features, and the kernel that compares its codes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import CollectionError
from relook.encodings import AsmkEncoder, BagOfWordsEncoder, HammingEncoder, load_codebook
from relook.encodings.bow import tf_idf_weights
from relook.encodings.hamming import load_hamming
from relook.index import Kernel
from relook.search.channels import LocalChannel

__all__ = ["AnyEncoder", "make_encoder", "make_kernel"]

AnyEncoder = AsmkEncoder | BagOfWordsEncoder | HammingEncoder


@lru_cache(maxsize=4)
def make_encoder(channel: LocalChannel, *, assignments: int, soft_sigma: float = 0.0) -> AnyEncoder:
    """The encoder of a channel, with its codebook.

    Raises:
        CollectionError: a file is not the one that the recipe was pinned to.
    """
    codebook = load_codebook(channel.codebook)
    if channel.codebook_hash not in ("", codebook.sha256):
        raise _changed(f"codebook {channel.codebook}")
    if channel.encoding == "bow":
        return BagOfWordsEncoder(codebook, assignments=assignments, soft_sigma=soft_sigma or None)
    if channel.encoding == "he":
        embedding = load_hamming(channel.hamming)
        if channel.hamming_hash not in ("", embedding.sha256):
            raise _changed(f"Hamming embedding {channel.hamming}")
        return HammingEncoder(codebook, embedding, assignments=assignments)
    return AsmkEncoder(
        codebook,
        aggregated=channel.aggregated,
        binary=channel.binary,
        assignments=assignments,
    )


def make_kernel(
    channel: LocalChannel, encoder: AnyEncoder
) -> tuple[Kernel, NDArray[np.float32] | None]:
    """What compares the codes of an encoder, and the weights of words; None for ones."""
    settings, codebook = channel.index, encoder.codebook
    if isinstance(encoder, AsmkEncoder):
        bits = codebook.dimensions
        kernel = Kernel(
            words=len(codebook),
            bits=bits,
            binary=encoder.binary,
            alpha=settings.alpha,
            # Similarity must lie above the threshold: halfway to the next distance.
            threshold=1.0 - (2 * settings.max_distance + 1) / bits,
            burst=settings.burst,
            norm=settings.norm,
        )
        return kernel, codebook.idf if settings.idf else None
    if isinstance(encoder, HammingEncoder):
        kernel = Kernel.hamming(
            len(codebook),
            bits=encoder.embedding.bits,
            max_distance=settings.max_distance,
            sigma=settings.sigma,
            burst=settings.burst,
        )
    else:
        kernel = Kernel.bag_of_words(len(codebook), value=settings.value)
    return kernel, tf_idf_weights(codebook.idf, stop=settings.stop)


def _changed(what: str) -> CollectionError:
    return CollectionError(
        f"{what} has changed since the collection was made; bring the old one back, or index the "
        "photos into a new collection"
    )
