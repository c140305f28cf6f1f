"""The descriptors of the table: pooled maps of networks, of pictures or of their edges."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError
from relook.core.records import Image
from relook.core.storage import load_arrays, save_arrays
from relook.datasets.truth import GroundTruth
from relook.descriptors import MultiScale, Sizing, VectorDescriber, extract
from relook.images import read
from relook.networks.runtime import load_network
from relook.networks.weights import open_weights
from relook.recognition.linear import mean_pool

__all__ = ["LONGEST", "SCALES", "Channel", "describe", "edge_picture"]

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

KIND, VERSION = "relook.reproduce.pacs", 1
LONGEST = 224
SCALES = (2**0.5, 1.0, 2**-0.5)
"""Sizes that a picture is described at, each also mirrored."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One descriptor of a picture.

    Attributes:
        weights: a name of ``relook weights list``, or a file.
        pooling: of the last map, and its settings.
        options: of the pooling.
        edges: whether the network sees the edges of the picture instead of the picture.
    """

    weights: str
    pooling: str
    options: tuple[tuple[str, float], ...] = ()
    edges: bool = False


def edge_picture(pixels: UInt8) -> UInt8:
    """Gradient magnitudes as dark lines on white, ``(H, W, 3)`` uint8: shape without color.

    Per pixel the strongest of the three channels, after a blur of one pixel; the strongest 2 % of a
    picture are black.
    """
    smooth = cv2.GaussianBlur(pixels, (0, 0), 1.0).astype(np.float32)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *steps) for steps in ((1, 0), (0, 1)))
    strength = np.hypot(across, down).max(axis=2)
    top = float(np.quantile(strength, 0.98))
    ink = np.clip(strength / top, 0, 1) if top > 0 else np.zeros_like(strength)
    return np.repeat(np.rint(255 * (1 - ink)).astype(np.uint8)[..., None], 3, axis=2)


def describe(
    truth: GroundTruth,
    folder: Path,
    channel: Channel,
    *,
    cache: Path,
    threads: int,
    progress: Callable[[int], object],
) -> Float32:
    """``(N, D)`` l2-normalized, the mean over sizes and mirror images; read where it was kept.

    Raises:
        ImageError: a picture cannot be described.
    """
    weights = open_weights(channel.weights)
    paths = [folder / image.path for image in truth.images]
    files = [(path.relative_to(folder).as_posix(), path.stat().st_size) for path in paths]
    said = [
        weights.sha256, channel.pooling, channel.options, channel.edges, LONGEST, SCALES, files,
    ]  # fmt: skip
    kept = cache / f"{hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]}.safetensors"
    if kept.exists():
        return np.array(load_arrays(kept, kind=KIND, version=VERSION).arrays["vectors"])
    spec = weights.spec(pooling=channel.pooling, options=dict(channel.options))
    runtime = load_network(
        weights, spec, backend="openvino", precision="f32", threads=threads, folder=cache
    )
    describer = VectorDescriber(
        runtime, Sizing(longest=LONGEST), MultiScale(scales=SCALES, pool="keep")
    )
    found: list[Float32] = []
    for _, vectors in extract(_pictures(paths, edges=channel.edges), describer, workers=1):
        if isinstance(vectors, ImageError):
            raise vectors
        found.append(vectors)
        progress(len(found) // 2)
    variants = np.stack(found).reshape(len(paths), 2 * len(SCALES), -1)
    vectors = mean_pool(variants)
    save_arrays(kept, {"vectors": vectors}, kind=KIND, version=VERSION)
    return vectors


def _pictures(paths: list[Path], *, edges: bool) -> Iterator[Image]:
    """Each picture, and its mirror image after it."""
    for path in paths:
        pixels = read(path, longest=LONGEST).pixels
        seen = edge_picture(pixels) if edges else pixels
        for one in (seen, np.ascontiguousarray(seen[:, ::-1])):
            yield Image(one, (one.shape[1], one.shape[0]))
