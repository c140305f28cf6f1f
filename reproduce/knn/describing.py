"""Several descriptors of each picture, at several scales or of its variants, kept on the disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import StorageError
from relook.core.records import Image
from relook.core.storage import load_arrays, save_arrays
from relook.descriptors import Sizing
from relook.descriptors.pyramid import pyramid
from relook.networks.runtime import Runtime, load_network
from relook.networks.weights import Weights
from reproduce.knn.pictures import Shot

__all__ = ["SCALES", "Looks", "Network", "describe"]

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

KIND, VERSION = "relook.reproduce.looks", 1

SCALES = (0.25, 0.5, 2**-0.5, 1.0, 2**0.5)
"""Of the thesis, where its third reads √0.25, which is its second again: surely 1/√2 is meant."""


@dataclass(frozen=True, slots=True)
class Looks:
    """The ways in which one picture is looked at; each gives a descriptor.

    Attributes:
        name: of the set.
        scales: of the picture.
        variants: at scale 1, by the names of :func:`relook.images.variants.make_variants`.
    """

    name: str
    scales: tuple[float, ...] = ()
    variants: tuple[str, ...] = ()

    def of(self, image: Image, sizing: Sizing) -> list[tuple[float, UInt8]]:
        """Scale and pixels of each, the scales first."""
        size = sizing.size(image)
        smaller = sorted(scale for scale in self.scales if scale <= 1)
        levels = pyramid(image.pixels, [size, *(sizing.scaled(size, scale) for scale in smaller)])
        found = dict(zip(smaller, levels[1:], strict=True))
        for scale in set(self.scales).difference(smaller):
            found[scale] = pyramid(image.pixels, [sizing.scaled(size, scale)])[0]
        return [(scale, found[scale]) for scale in self.scales] + [
            (1.0, pixels) for pixels in self._varied(levels[0], sizing)
        ]

    def _varied(self, pixels: UInt8, sizing: Sizing) -> list[UInt8]:
        if not self.variants:
            return []
        from relook.images.variants import make_variants  # noqa: PLC0415

        varied = make_variants(pixels, self.variants)
        images = [Image(one, (one.shape[1], one.shape[0])) for one in varied]
        return [pyramid(image.pixels, [sizing.size(image)])[0] for image in images]


@dataclass(frozen=True, slots=True)
class Network:
    """The weights, and how they are executed.

    Attributes:
        weights: of the network.
        layer: an inner one; empty for the last.
        p: of its GeM pooling.
        longest: longer side of a picture at scale 1, in pixels.
        backend: see :func:`relook.networks.runtime.load_network`.
        folder: keeps exported networks, and ``looks``.
    """

    weights: Weights
    layer: str
    p: float
    longest: int
    backend: str
    folder: Path
    _loaded: dict[tuple[float, int], Runtime] = field(default_factory=dict, repr=False)
    _loading: Lock = field(default_factory=Lock, repr=False)  # a network is exported by one

    @property
    def sizing(self) -> Sizing:
        """At which size a picture is seen."""
        return Sizing(longest=self.longest)

    def vectors(self, image: Image, looks: Looks, *, worker: int) -> Float32:
        """``(S, D)``, each row normalized."""
        rows = [
            self._runtime(scale, worker).describe(pixels[None])[0]
            for scale, pixels in looks.of(image, self.sizing)
        ]
        return np.stack(rows)

    def file(self, shot: Shot, looks: Looks) -> Path:
        """Where the descriptors of a picture are kept; named by all that decides them."""
        said: list[Any] = [
            self.weights.sha256, self.layer, self.p, self.longest, self.backend,
            looks.scales, looks.variants, shot.said,
        ]  # fmt: skip
        name = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
        return self.folder / "looks" / name[:2] / f"{name}.safetensors"

    def _runtime(self, scale: float, worker: int) -> Runtime:
        # OpenVINO is faster where few shapes recur, so each scale has its own.
        key = (scale if self.backend == "openvino" else 1.0, worker)
        with self._loading:
            if key not in self._loaded:
                self._loaded[key] = load_network(
                    self.weights,
                    self.weights.spec(layer=self.layer, pooling="gem", options={"p": self.p}),
                    backend=self.backend,
                    precision="f32",
                    device="cpu",
                    threads=1,
                    folder=self.folder,
                )
        return self._loaded[key]


def describe(
    shots: Sequence[Shot],
    looks: Looks,
    network: Network,
    *,
    threads: int,
    progress: Callable[[int], object],
) -> Float32:
    """``(N, S, D)``; what is on the disk already is not computed again."""
    workers: SimpleQueue[int] = SimpleQueue()
    for worker in range(threads):
        workers.put(worker)

    def work(shot: Shot) -> Float32:
        file = network.file(shot, looks)
        if file.exists():
            try:
                return load_arrays(file, kind=KIND, version=VERSION).arrays["vectors"]
            except StorageError:
                file.unlink(missing_ok=True)
        worker = workers.get()
        try:
            vectors = network.vectors(shot.load(network.longest), looks, worker=worker)
        finally:
            workers.put(worker)
        file.parent.mkdir(parents=True, exist_ok=True)
        save_arrays(file, {"vectors": vectors}, kind=KIND, version=VERSION)
        return vectors

    rows = []
    with ThreadPoolExecutor(threads) as pool:
        for vectors in pool.map(work, shots):
            rows.append(vectors)
            progress(len(rows))
    return np.stack(rows)
