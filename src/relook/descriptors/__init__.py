"""Image → one vector (or a few): sizes, scales, batches."""

from relook.descriptors.extract import Source, extract
from relook.descriptors.multiscale import MultiScale
from relook.descriptors.packing import pack_vectors, unpack_vectors
from relook.descriptors.sizing import Sizing
from relook.descriptors.vector import VectorDescriber

__all__ = [
    "MultiScale",
    "Sizing",
    "Source",
    "VectorDescriber",
    "extract",
    "pack_vectors",
    "unpack_vectors",
]
