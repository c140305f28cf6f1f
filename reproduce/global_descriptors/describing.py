"""Maps of a network at several scales, pooled in several ways, and kept on the disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from relook.core.records import Image
from relook.core.storage import load_arrays, save_arrays
from relook.descriptors import Sizing
from relook.descriptors.pyramid import pyramid
from relook.networks.runtime import Runtime, load_network
from relook.networks.weights import Weights
from reproduce.global_descriptors.pictures import Picture
from reproduce.global_descriptors.poolings import pool

__all__ = ["Network", "Series", "Vectors", "describe"]

Float32 = NDArray[np.float32]

KIND, VERSION = "relook.reproduce.pooled", 1


@dataclass(frozen=True, slots=True)
class Network:
    """The weights, and how they are executed.

    Attributes:
        weights: of the network.
        longest: longer side of what it sees, in pixels.
        backend: see :func:`relook.networks.runtime.load_network`.
        folder: keeps exported networks, and ``vectors``.
        calibration: for int8.
    """

    weights: Weights
    longest: int
    backend: str
    folder: Path
    calibration: Callable[[], Iterable[NDArray[np.uint8]]] = list
    _loaded: dict[tuple[object, ...], Runtime] = field(default_factory=dict, repr=False)

    def runtime(self, layer: str, precision: str, *, scale: float, worker: int) -> Runtime:
        """Gives the map of a layer, by one thread, for one worker.

        OpenVINO has one for each scale: it is faster where few shapes recur.
        """
        key = (layer, precision, scale if self.backend == "openvino" else 1.0, worker)
        if key not in self._loaded:
            self._loaded[key] = self._load(layer, precision)
        return self._loaded[key]

    def _load(self, layer: str, precision: str) -> Runtime:
        return load_network(
            self.weights,
            self.weights.spec(layer=layer, pooling="", options={}),
            backend=self.backend,
            precision=precision,
            device="cpu",
            threads=1,
            folder=self.folder,
            calibration=self.calibration() if precision == "int8" else None,
        )


@dataclass(frozen=True, slots=True)
class Series:
    """What is computed of every picture in one go.

    Attributes:
        layer: of the network; empty for the last.
        scale: of the picture.
        poolings: of its map.
        precision: of the network.
    """

    layer: str
    scale: float
    poolings: tuple[str, ...]
    precision: str = "f32"

    def file(self, network: Network, picture: Picture) -> Path:
        """Where the vectors of a picture are kept; named by all that decides them."""
        said = [
            network.weights.sha256, network.longest, network.backend, self.layer, self.scale,
            self.poolings, self.precision,
            str(picture.path.resolve()), picture.path.stat().st_size, picture.box,
            (picture.number, picture.views) if picture.views else None,
        ]  # fmt: skip
        name = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
        return network.folder / "vectors" / name[:2] / f"{name}.safetensors"


@dataclass(frozen=True)
class Vectors:
    """The vectors of pictures by a network's layer, read when they are asked for.

    Attributes:
        files: of all pictures, by scale.
    """

    files: Mapping[float, Sequence[Path]]
    _read: dict[tuple[str, float], Float32] = field(default_factory=dict, repr=False)

    def pooled(self, pooling: str, scales: Sequence[float]) -> Float32:
        """``(N, V, D)``, normalized: the picture and its views, each the mean of its scales."""
        levels = [self._level(pooling, scale) for scale in scales]
        if len(levels) == 1:
            return levels[0]
        total = np.sum(levels, axis=0)
        return np.asarray(total / np.linalg.norm(total, axis=-1, keepdims=True), np.float32)

    def _level(self, pooling: str, scale: float) -> Float32:
        key = (pooling, scale)
        if key not in self._read:
            found = [load_arrays(file, kind=KIND, version=VERSION) for file in self.files[scale]]
            self._read[key] = np.stack([stored.arrays[pooling] for stored in found])
        return self._read[key]


class Kit:
    """What describes one picture at a time, in one of several threads."""

    def __init__(self, network: Network, series: Series, *, worker: int = 0) -> None:
        self._network = network
        self._worker = worker
        self._series = series
        self._sizing = Sizing(longest=network.longest)

    def describe(self, image: Image) -> dict[str, Float32]:
        """Normalized ``(D,)`` vectors by pooling."""
        series = self._series
        size = self._sizing.size(image)
        sizes = [size, self._sizing.scaled(size, series.scale)]
        # What is larger is made of the picture itself, what is smaller of the size at scale 1.
        pixels = pyramid(image.pixels, sizes[1:] if series.scale > 1 else sizes)[-1]
        runtime = self._network.runtime(
            series.layer, series.precision, scale=series.scale, worker=self._worker
        )
        return pool(runtime.describe(pixels[None]), series.poolings)

    def keep(self, images: Sequence[Image], file: Path) -> None:
        """Describe a picture and its views, and write one file."""
        described = [self.describe(image) for image in images]
        arrays = {name: np.stack([one[name] for one in described]) for name in described[0]}
        file.parent.mkdir(parents=True, exist_ok=True)
        save_arrays(file, arrays, kind=KIND, version=VERSION)


def describe(
    pictures: Sequence[Picture],
    series: Sequence[Series],
    network: Network,
    *,
    threads: int,
    progress: Callable[[int], object],
) -> dict[tuple[str, str], Vectors]:
    """The vectors by layer and precision; what is on the disk already is not computed again."""
    kits: SimpleQueue[list[Kit]] = SimpleQueue()
    for worker in range(threads):
        kits.put([Kit(network, one, worker=worker) for one in series])
    files = [[one.file(network, picture) for picture in pictures] for one in series]

    def work(place: int) -> None:
        missing = [number for number, row in enumerate(files) if not row[place].exists()]
        if missing:
            mine = kits.get()
            try:
                images = pictures[place].load(network.longest)
                for number in missing:
                    mine[number].keep(images, files[number][place])
            finally:
                kits.put(mine)

    with ThreadPoolExecutor(threads) as workers:
        for done, _ in enumerate(workers.map(work, range(len(pictures))), start=1):
            progress(done)
    found: dict[tuple[str, str], dict[float, list[Path]]] = {}
    for one, row in zip(series, files, strict=True):
        found.setdefault((one.layer, one.precision), {})[one.scale] = row
    return {key: Vectors(by_scale) for key, by_scale in found.items()}
