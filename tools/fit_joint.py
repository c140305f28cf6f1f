"""Fit ``mrootsift-128``: several powers of SIFT, reduced together to 128 dimensions.

    python tools/fit_joint.py mrootsift-128 PHOTOS --backgrounds MORE --cache build/joint

Every photo is described three times: as it is, seen by another camera, and lying in front of
another photo. What these differ in is what the whitening learns to pass over. Writes
``src/relook/encodings/assets/vectors/NAME.safetensors`` and prints its hash. The file holds
averages of descriptors and a matrix, no picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import cv2
import faiss
import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError
from relook.core.records import Image, LocalFeatures
from relook.encodings.joint import JointReduction
from relook.encodings.vector_encoders import ASSETS
from relook.encodings.vocabularies import root_sifts
from relook.features import Sift
from relook.images import is_picture, read, render_view
from relook.vectors import LearnedWhitening

SEED = 20261121
KINDS = {"plain": -1, "comp": 0, "view": 1}
"""What is described of each photo, with the number that seeds it."""
SIDES = (400, 720)
"""Of the pictures in which a photo lies before another, in pixels."""

UInt8 = NDArray[np.uint8]


class Job(NamedTuple):
    """One picture to describe."""

    path: Path
    background: Path
    number: int


def lying(photo: UInt8, background: UInt8, rng: np.random.Generator) -> UInt8:
    """A photo as a flat thing somewhere in front of another photo, turned and seen aslant."""
    longest, aspect = rng.uniform(*SIDES), rng.choice([0.75, 4 / 3, 1.0])
    width, height = longest, longest * aspect
    if aspect > 1:
        width, height = longest / aspect, longest
    extent = np.array([int(width), int(height)])
    canvas = _covering(background, extent, rng)
    sides = np.array(photo.shape[1::-1])
    scale = np.sqrt(rng.uniform(0.2, 0.8) * extent.prod() / sides.prod())
    turn = _turn(rng)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * sides * scale / 2
    corners = (corners * (1 + rng.normal(0, 0.06, (4, 2)))) @ turn.T
    beyond = (np.ptp(corners, axis=0) / extent).max() / 1.05
    if beyond > 1:
        corners, scale = corners / beyond, scale / beyond
    free = np.maximum(extent - np.ptp(corners, axis=0), 0)
    corners = corners + extent / 2 + (rng.random(2) - 0.5) * free
    if scale < 0.7:  # averaged down first, as warping alone would alias
        photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    x, y = photo.shape[1::-1]
    source = np.array([(0, 0), (x, 0), (x, y), (0, y)], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    size = (int(extent[0]), int(extent[1]))
    front = cv2.warpPerspective(photo, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.full(photo.shape[:2], 255, np.uint8), matrix, size)
    share = mask[..., None] / 255.0
    return np.clip(front * share + canvas * (1 - share), 0, 255).astype(np.uint8)


def _turn(rng: np.random.Generator) -> NDArray[np.float64]:
    """Nearly upright more often than not, else by about one of three right angles."""
    degrees = (
        rng.normal(0, 8) if rng.random() < 0.6 else rng.choice([90, 180, 270]) + rng.normal(0, 12)
    )
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _covering(photo: UInt8, extent: NDArray[np.int64], rng: np.random.Generator) -> UInt8:
    """A part of a photo that fills this extent."""
    scale = float((extent / photo.shape[1::-1]).max()) * 1.01
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    large = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=way)
    y = rng.integers(0, large.shape[0] - extent[1] + 1)
    x = rng.integers(0, large.shape[1] - extent[0] + 1)
    return np.asarray(large[y : y + extent[1], x : x + extent[0]], np.uint8)


def picture(job: Job, kind: str, longest: int) -> Image:
    image = read(job.path, longest=longest)
    if kind == "plain":
        return image
    rng = np.random.default_rng((SEED, job.number, KINDS[kind]))
    if kind == "comp":
        other = read(job.background, longest=longest)
        seen = render_view(lying(image.pixels, other.pixels, rng), rng, strength=0.5)
    else:
        turned = np.rot90(image.pixels, rng.integers(1, 4)) if rng.random() < 0.3 else image.pixels
        seen = render_view(np.ascontiguousarray(turned), rng)
    return Image(seen, (seen.shape[1], seen.shape[0]))


def describe(job: Job, *, kind: str, features: int, longest: int) -> LocalFeatures:
    cv2.setNumThreads(1)
    sift = Sift(features=features)
    try:
        return sift.extract(picture(job, kind, longest))
    except ImageError:
        return sift.extract(Image(np.zeros((8, 8, 3), np.uint8), (8, 8)))


class Kept(Sequence[LocalFeatures]):
    """Features of many pictures in one file, half of the memory, made when they are asked for."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as stored:
            self._arrays = {name: stored[name] for name in stored.files}

    def __len__(self) -> int:
        return len(self._arrays["starts"]) - 1

    def __getitem__(self, number):  # type: ignore[no-untyped-def]
        if not 0 <= number < len(self):
            raise IndexError(number)
        start, stop = self._arrays["starts"][number : number + 2]
        width, height = self._arrays["sizes"][number]
        return LocalFeatures(
            frames=self._arrays["frames"][start:stop],
            descriptors=self._arrays["descriptors"][start:stop].astype(np.float32),
            responses=self._arrays["responses"][start:stop],
            size=(int(width), int(height)),
        )


def keep(path: Path, described: Iterator[LocalFeatures]) -> None:
    found = list(described)
    np.savez(
        path,
        starts=np.cumsum([0, *map(len, found)]),
        frames=np.concatenate([one.frames for one in found]),
        descriptors=np.concatenate([one.descriptors.astype(np.float16) for one in found]),
        responses=np.concatenate([one.responses for one in found]),
        sizes=np.array([one.size for one in found]),
    )


def pictures_in(folders: Sequence[Path]) -> list[Path]:
    return [p for one in folders for p in sorted(one.rglob("*")) if is_picture(p)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("name")
    add("photos", nargs="+", type=Path)
    add("--backgrounds", nargs="*", type=Path, default=[], help="more photos, to lie before")
    add("--words", type=int, default=64, help="of each vocabulary")
    add("--focus", type=float, default=0.5)
    add("--coarseness", type=float, default=0.25)
    add("--dimensions", type=int, default=128)
    add("--inner", type=int, default=768)
    add("--shrinkage", type=float, default=0.6)
    add("--flatten", type=float, default=0.5)
    add("--features", type=int, default=1000)
    add("--longest", type=int, default=1024)
    add("--cache", type=Path, default=Path("build", "joint"), help="described pictures are kept")
    add("--jobs", type=int, default=2)
    add("--output", type=Path, help="instead of the assets")
    options = parser.parse_args()
    faiss.omp_set_num_threads(options.jobs)
    options.cache.mkdir(parents=True, exist_ok=True)
    files = pictures_in(options.photos)
    behind = [*files, *pictures_in(options.backgrounds)]
    chosen = np.random.default_rng((SEED, 7)).integers(0, len(behind), len(files))
    jobs = [Job(path, behind[chosen[place]], place) for place, path in enumerate(files)]
    images: list[LocalFeatures] = []
    for kind in KINDS:
        kept = options.cache / f"{kind}.npz"
        if not kept.exists():
            task = partial(describe, kind=kind, features=options.features, longest=options.longest)
            with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
                keep(kept, pool.map(task, jobs, chunksize=8))
        images.extend(Kept(kept))
        print(f"{kind}: {len(images):,} pictures so far", flush=True)
    every = np.arange(len(files))
    pairs = np.concatenate(
        [
            np.stack([every + len(files) * one, every + len(files) * other], axis=1)
            for one, other in ((1, 0), (2, 0), (2, 1))
        ]
    )
    fitted = {
        "on": [folder.name for folder in options.photos],
        "backgrounds": [folder.name for folder in options.backgrounds],
        "photos": len(files),
        "command": "tools/fit_joint.py",
        "features": options.features,
        "longest": options.longest,
    }
    plain = JointReduction.fit(
        images[: len(files)],
        vocabularies=root_sifts(options.words),
        residuals=True,
        focus=options.focus,
        coarseness=options.coarseness,
        dimensions=None,
        fitted=fitted,
    )
    print(f"{len(plain.sizes)} vocabularies of {options.words} words", flush=True)
    whitening = LearnedWhitening(
        options.dimensions, shrinkage=options.shrinkage, flatten=options.flatten, normalize=False
    )
    joint = plain.told_apart(images, pairs, whitening=whitening, inner=options.inner)
    path = options.output or ASSETS / f"{options.name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    joint.save(path)
    print(f"{path}: {path.stat().st_size:,} bytes, {joint.sha256}")


if __name__ == "__main__":
    main()
