"""Fit ``mrootsift-128``: several powers of SIFT, reduced together to 128 dimensions.

    python tools/fit_joint.py mrootsift-128 PHOTOS --more SMALL... --backgrounds FOLDER

Every photo is described three times: as it is, lying in front of another photo, and seen by another
camera; every second of the small pictures in the first two ways. What these differ in is what the
whitening learns to pass over. Writes ``src/relook/encodings/assets/vectors/NAME.safetensors`` and
prints its hash. The file holds averages of descriptors and a matrix, no picture.
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
POWERS = (1.0, 0.4, 0.5, 0.6) * 4
"""Of SIFT; four times, with other first centers of k-means."""

UInt8 = NDArray[np.uint8]


class Job(NamedTuple):
    """One picture to describe."""

    path: Path
    background: Path
    number: int


class Group(NamedTuple):
    """Pictures that are described in the same ways."""

    name: str
    jobs: list[Job]
    kinds: tuple[str, ...]
    sides: tuple[int, int]  # of what lies before something else, in pixels

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Which two of its kinds show the same."""
        return [(one, other) for one in range(len(self.kinds)) for other in range(one)]


def lying(
    photo: UInt8, background: UInt8, rng: np.random.Generator, sides_from: tuple[int, int]
) -> UInt8:
    """A photo as a flat thing somewhere in front of another photo, turned and seen aslant."""
    longest, aspect = rng.uniform(*sides_from), rng.choice([0.75, 4 / 3, 1.0])
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


def picture(job: Job, kind: str, sides: tuple[int, int], longest: int) -> Image:
    image = read(job.path, longest=longest)
    if kind == "plain":
        return image
    rng = np.random.default_rng((SEED, job.number, KINDS[kind]))
    if kind == "comp":
        other = read(job.background, longest=longest)
        seen = render_view(lying(image.pixels, other.pixels, rng, sides), rng, strength=0.5)
    else:
        turned = np.rot90(image.pixels, rng.integers(1, 4)) if rng.random() < 0.3 else image.pixels
        seen = render_view(np.ascontiguousarray(turned), rng)
    return Image(seen, (seen.shape[1], seen.shape[0]))


def describe(
    job: Job, *, kind: str, sides: tuple[int, int], features: int, longest: int
) -> LocalFeatures:
    cv2.setNumThreads(1)
    sift = Sift(features=features)
    try:
        return sift.extract(picture(job, kind, sides, longest))
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


def groups_of(options: argparse.Namespace) -> list[Group]:
    photos, more = pictures_in(options.photos), pictures_in(options.more)[:: options.every]
    behind = [*photos, *pictures_in(options.backgrounds)]
    made = []
    for name, files, first, kinds, sides in (
        ("photos", photos, 0, ("plain", "comp", "view"), (400, 720)),
        ("more", more, 100_000, ("plain", "comp"), (300, 520)),
    ):
        chosen = np.random.default_rng((SEED, 7)).integers(0, len(behind), len(files))
        jobs = [Job(file, behind[chosen[n]], first + n) for n, file in enumerate(files)]
        made.append(Group(name, jobs, kinds, sides))
    return made


def described(group: Group, kind: str, options: argparse.Namespace) -> Kept:
    kept = options.cache / f"{group.name}-{kind}.npz"
    if not kept.exists():
        task = partial(
            describe,
            kind=kind,
            sides=group.sides,
            features=options.features,
            longest=options.longest,
        )
        with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
            keep(kept, pool.map(task, group.jobs, chunksize=8))
    return Kept(kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("name")
    add("photos", nargs="+", type=Path)
    add("--more", nargs="*", type=Path, default=[], help="folders of small pictures")
    add("--every", type=int, default=2, help="take every n-th of them")
    add("--backgrounds", nargs="*", type=Path, default=[], help="more to lie before")
    add("--words", type=int, default=30, help="of each vocabulary")
    add("--focus", type=float, default=0.5)
    add("--coarseness", type=float, default=0.25)
    add("--dimensions", type=int, default=128)
    add("--inner", type=int, default=768)
    add("--shrinkage", type=float, default=0.6)
    add("--flatten", type=float, default=0.5)
    add("--bits", type=int, default=4, help="of each number of the matrix")
    add("--features", type=int, default=1000)
    add("--longest", type=int, default=1024)
    add("--cache", type=Path, default=Path("build", "joint"), help="described pictures are kept")
    add("--jobs", type=int, default=2)
    add("--output", type=Path, help="instead of the assets")
    options = parser.parse_args()
    faiss.omp_set_num_threads(options.jobs)
    options.cache.mkdir(parents=True, exist_ok=True)
    groups = groups_of(options)
    images: list[LocalFeatures] = []
    pairs = []
    for group in groups:
        first, every = len(images), np.arange(len(group.jobs))
        for kind in group.kinds:
            images.extend(described(group, kind, options))
            print(f"{group.name}, {kind}: {len(images):,} pictures so far", flush=True)
        for one, other in group.pairs:
            rows = (first + len(every) * number + every for number in (one, other))
            pairs.append(np.stack(list(rows), axis=1))
    fitted = {
        "on": [folder.name for folder in options.photos],
        "more": [folder.name for folder in options.more],
        "backgrounds": [folder.name for folder in options.backgrounds],
        "photos": [len(group.jobs) for group in groups],
        "command": "tools/fit_joint.py",
        "features": options.features,
        "longest": options.longest,
    }
    plain = JointReduction.fit(
        images[: len(groups[0].jobs)],
        vocabularies=root_sifts(options.words, powers=POWERS),
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
    joint = plain.told_apart(
        images, np.concatenate(pairs), whitening=whitening, inner=options.inner, bits=options.bits
    )
    path = options.output or ASSETS / f"{options.name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    joint.save(path)
    print(f"{path}: {path.stat().st_size:,} bytes, {joint.sha256}")


if __name__ == "__main__":
    main()
