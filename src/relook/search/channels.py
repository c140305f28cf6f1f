"""Channels of a recipe: the ways in which a picture is described and indexed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import inf
from typing import Any, Literal

from relook.core.errors import UsageError
from relook.features import Sift
from relook.features.deep.settings import DeepSettings
from relook.search.detectors import DetectorName, DetectorSettings

__all__ = [
    "GLOBAL",
    "LOCAL",
    "OF_WEIGHTS",
    "CompactChannel",
    "GlobalChannel",
    "IndexSettings",
    "LocalChannel",
    "VectorSettings",
]

LOCAL = "local"
"""Name of the channel of local features."""
GLOBAL = "global"
"""Name of the channel of one vector per picture."""
Pool = Literal["mean", "gem", "sum", "keep"]
Pooling = Literal[
    "", "crow", "gated", "gem", "mac", "mixed", "netvlad", "regional", "rmac", "spoc", "top_k",
    "tree",
]  # fmt: skip
LocalName = Literal[DetectorName, "deep", "aliked"]
OF_WEIGHTS = "weights:"
"""Starts the name of a whitening that came with the weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """The match kernel; see :class:`relook.index.Kernel`.

    Attributes:
        alpha: exponent of the selectivity.
        max_distance: Hamming distance in bits up to which vectors are similar at all. Float
            vectors are held to the same similarity.
        burst: weigh down repeated matches (for kernels that do not aggregate).
        idf: weigh words by the idf frozen in the codebook, else all alike; the square of the idf
            for Hamming embedding and bags of words, which have it always.
        norm: of the match kernels: an image is worth 1 to ``self``, or is divided by the length of
            the counts of its ``words``, which asks less of repeated structures.
        sigma: of Hamming embedding: of the Gaussian weight of a match, in bits; 0 for none.
        value: of a bag of words: what n occurrences of a word count.
        stop: of both: share of the words, the most frequent ones, that are left out.
    """

    alpha: float = 3.0
    max_distance: int = 52
    burst: bool = False
    idf: bool = False
    norm: Literal["self", "words"] = "self"
    sigma: float = 16.0
    value: Literal["tf", "sqrt", "log", "one"] = "sqrt"
    stop: float = 0.0

    def __post_init__(self) -> None:
        if not (self.alpha >= 0 and self.max_distance >= 0):
            raise UsageError("alpha must be 0 or more, and max_distance must be 0 or more")
        if not (self.sigma >= 0 and 0 <= self.stop < 1):
            raise UsageError("sigma must be 0 or more, and stop a share from 0 to below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalChannel:
    """Local features, encoded for an inverted index.

    Attributes:
        codebook: a shipped name, or the path of a ``.safetensors`` file.
        codebook_hash: its hash, so that another codebook under the same name is noticed.
        longest: longer side in pixels that images are described at.
        extractor: ``sift``, another detector (see :func:`relook.features.make_features`), or what
            networks give: ``deep`` or ``aliked``, see :mod:`relook.features.deep`.
        sift: the features of ``sift``.
        detector: the features of other detectors.
        deep: the features of networks.
        encoding: ``smk`` for the selective match kernels, ``he`` for Hamming embedding, ``bow`` for
            a bag of words.
        hamming: of ``he``: a shipped embedding, or the path of a ``.safetensors`` file.
        hamming_hash: its hash.
        aggregated: ASMK, else SMK.
        binary: signatures (the starred kernels), else float vectors.
        index: the match kernel.
    """

    codebook: str
    codebook_hash: str = ""
    longest: int = 1024
    extractor: LocalName = "sift"
    sift: Sift = Sift()
    detector: DetectorSettings = DetectorSettings()
    deep: DeepSettings = DeepSettings()
    encoding: Literal["smk", "he", "bow"] = "smk"
    hamming: str = ""
    hamming_hash: str = ""
    aggregated: bool = True
    binary: bool = True
    index: IndexSettings = IndexSettings()

    def __post_init__(self) -> None:
        _check_longest(self.longest)
        if self.of_network and not self.deep.weights:
            raise UsageError(f'extractor = "{self.extractor}" needs deep.weights, a name or a file')
        if (self.encoding == "he") != bool(self.hamming):
            raise UsageError('encoding = "he" needs hamming, a name or a file; others have none')

    @property
    def of_network(self) -> bool:
        """Whether a network finds the features."""
        return self.extractor in ("deep", "aliked")

    @property
    def features(self) -> int:
        """At most so many per picture."""
        if self.of_network:
            return self.deep.features
        return self.sift.features if self.extractor == "sift" else self.detector.features

    @property
    def described(self) -> Mapping[str, Any]:
        """What decides whether descriptions may be mixed."""
        # The first kinds are hashed as collections have it that are older than the others.
        kinds = {"he": {"encoding": "he", "hamming": self.hamming_hash}, "bow": {"encoding": "bow"}}
        return {
            **self._features,
            "longest": self.longest,
            "codebook": self.codebook_hash,
            **kinds.get(self.encoding, {"aggregated": self.aggregated, "binary": self.binary}),
        }

    @property
    def _features(self) -> Mapping[str, Any]:
        if self.of_network:
            return {self.extractor: self.deep.described}
        return _described(self.extractor, self.sift, self.detector)

    @property
    def indexed(self) -> Mapping[str, Any]:
        """What else decides whether the index must be built anew."""
        # Hashed without what came later, where that is not used.
        later = ("norm",) if self.index.norm != "self" else ()
        used = {
            "smk": ("alpha", "max_distance", "burst", "idf", *later),
            "he": ("max_distance", "burst", "sigma", "stop"),
            "bow": ("value", "stop"),
        }
        return {name: getattr(self.index, name) for name in used[self.encoding]}


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSettings:
    """How vectors are kept and searched; see :func:`relook.index.vectors.make_vector_index`.

    Attributes:
        kind: ``auto`` by the number of images, or ``flat``, ``ivf``, ``hnsw``; ``several`` where
            an image has several vectors.
        precision: of the vectors of a ``flat`` index: ``float32``, ``float16`` or ``int8``.
        match: how several vectors of an image are compared; see
            :func:`relook.index.vectors.pooling.pool_similarities`.
    """

    kind: Literal["auto", "flat", "ivf", "hnsw", "several"] = "auto"
    precision: Literal["float32", "float16", "int8"] = "float32"
    match: Literal["max", "sum", "sum-image", "one-to-one"] = "sum"

    def __post_init__(self) -> None:
        if self.precision != "float32" and self.kind != "flat":
            raise UsageError(f'index.precision = "{self.precision}" needs index.kind = "flat"')


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalChannel:
    """One vector per picture, from a network.

    Attributes:
        weights: a name that ``relook weights list`` shows, or the path of a file.
        weights_hash: its SHA-256, so that another file under the same name is noticed.
        layer: an inner layer of the network, see :class:`relook.networks.spec.NetworkSpec`; empty
            for the last.
        pooling: see :func:`relook.networks.pooling.make_pooling`; empty takes that of the weights.
        p: exponent of GeM.
        longest: longer side in pixels that images are described at.
        multiple: sides are rounded to multiples of so many pixels; 1 keeps the exact aspect.
        scales: factors at which an image is described.
        scale_pooling: how scales become one vector: ``mean``, ``gem`` or ``sum``; ``keep`` keeps
            them apart.
        flip: describe the mirror image too.
        whitening: a shipped name, the path of a ``.safetensors`` file, ``weights:NAME`` for one
            that came with the weights; empty for none.
        whitening_hash: its hash.
        dimensions: of the vectors in the index; 0 keeps all.
        precision: of the network's arithmetic, ``auto`` by what the processor has; not hashed.
        backend: what runs the network, ``auto`` or one of openvino, onnx, torch; not hashed.
        index: how the vectors are kept.
    """

    weights: str
    weights_hash: str = ""
    layer: str = ""
    pooling: Pooling = "gem"
    p: float = 3.0
    longest: int = 1024
    multiple: int = 32
    scales: tuple[float, ...] = (1.0,)
    scale_pooling: Pool = "mean"
    flip: bool = False
    whitening: str = ""
    whitening_hash: str = ""
    dimensions: int = 0
    precision: Literal["auto", "f32", "bf16", "f16", "int8"] = "auto"
    backend: Literal["auto", "openvino", "onnx", "torch"] = "auto"
    index: VectorSettings = VectorSettings()

    def __post_init__(self) -> None:
        _check_longest(self.longest)
        if self.multiple < 1 or self.dimensions < 0:
            raise UsageError("multiple must be 1 or more, and dimensions 0 or more")
        if not 0 < self.p < inf:
            raise UsageError(f"p must be above 0, not {self.p}")
        if self.dimensions and not self.whitening:
            raise UsageError("dimensions needs a whitening to cut; name one, or leave it out")
        if not self.scales or not all(0 < scale <= 4 for scale in self.scales):
            raise UsageError("scales must be one or more factors above 0 and up to 4")
        several = self.pooling == "regional" or self.scale_pooling == "keep"
        if several and self.index.kind != "several":
            raise UsageError(
                'pooling = "regional" and scale_pooling = "keep" give several vectors, which need '
                'index.kind = "several"'
            )

    @property
    def described(self) -> Mapping[str, Any]:
        """What decides whether descriptions may be mixed; not the precision, nor the whitening."""
        return {
            "weights": self.weights_hash,
            "layer": self.layer,
            "pooling": self.pooling,
            "p": self.p,
            "longest": self.longest,
            "multiple": self.multiple,
            "scales": list(self.scales),
            "scale_pooling": self.scale_pooling,
            "flip": self.flip,
        }

    @property
    def indexed(self) -> Mapping[str, Any]:
        """What else decides whether the index must be built anew."""
        whitening = {"whitening": self.whitening_hash, "dimensions": self.dimensions}
        return asdict(self.index) | whitening


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactChannel:
    """One vector per picture, made of its local features.

    Attributes:
        encoder: a shipped name, or the path of a ``.safetensors`` file: VLAD, Fisher vector,
            triangulation embedding or jointly reduced vocabularies, as they were fitted.
        encoder_hash: its hash, so that another encoder under the same name is noticed.
        longest: longer side in pixels that images are described at.
        extractor: see :class:`LocalChannel`.
        sift: the features of ``sift``.
        detector: the features of other detectors.
        index: how the vectors are kept.
    """

    encoder: str
    encoder_hash: str = ""
    longest: int = 1024
    extractor: DetectorName = "sift"
    sift: Sift = Sift()
    detector: DetectorSettings = DetectorSettings()
    index: VectorSettings = VectorSettings()

    def __post_init__(self) -> None:
        _check_longest(self.longest)
        if self.index.kind == "several":
            raise UsageError('index.kind = "several" is for networks that give several vectors')

    @property
    def described(self) -> Mapping[str, Any]:
        """What decides whether descriptions may be mixed."""
        features = _described(self.extractor, self.sift, self.detector)
        return {**features, "longest": self.longest, "encoder": self.encoder_hash}

    @property
    def indexed(self) -> Mapping[str, Any]:
        """What else decides whether the index must be built anew."""
        return asdict(self.index)


def _described(name: str, sift: Sift, detector: DetectorSettings) -> Mapping[str, Any]:
    return {name: asdict(sift) if name == "sift" else asdict(detector)}


def _check_longest(longest: int) -> None:
    if longest < 64:
        raise UsageError(f"longest must be 64 or more pixels, not {longest}")
