"""Fit a vector encoder that ships with relook, on photos of your own.

    python tools/fit_vector_encoder.py sift-vlad PHOTOS... --more OTHERS...

Words and mixtures are learned on the first folders; a reduction has many more numbers to learn, and
takes the others as well.
Writes ``src/relook/encodings/assets/vectors/NAME.safetensors`` and prints its hash. The file holds
averages of descriptors, no picture.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import faiss
import numpy as np
from numpy.typing import NDArray

from relook.core.protocols import Extractor
from relook.encodings import FisherVector, TriangulationEmbedding, Vlad
from relook.encodings.aggregating import AggregatingEncoder
from relook.encodings.vector_encoders import ASSETS
from relook.features.registry import make_features
from relook.images import is_picture, read

SEED = 20260101
REDUCED: dict[str, Any] = {"dimensions": 1920, "t": 0.7, "bits": 4}
"""4096 dimensions to 1920, in files of 4 MB."""
ENCODERS: dict[str, tuple[Callable[..., AggregatingEncoder], dict[str, Any]]] = {
    "sift-vlad": (
        partial(Vlad.fit, words=64, local_dimensions=64, intra=True, power=1.0),
        REDUCED,
    ),
    "sift-fisher": (partial(FisherVector.fit, words=32, local_dimensions=64), REDUCED),
    "sift-temb": (partial(TriangulationEmbedding.fit, words=16, local_dimensions=64), {}),
}
"""What ships, by name: how it is fitted, and how it is reduced."""


def describe(path: Path, *, extractor: Extractor, longest: int) -> NDArray[np.float32]:
    cv2.setNumThreads(1)
    return extractor.extract(read(path, longest=longest)).descriptors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(ENCODERS))
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--more", nargs="*", default=[], type=Path, help="for reductions")
    parser.add_argument("--features", type=int, default=1000)
    parser.add_argument("--longest", type=int, default=1024)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help=".npz for the descriptors, to fit again")
    arguments = parser.parse_args()
    files, more = pictures(arguments.photos), pictures(arguments.more)
    images = descriptors([*files, *more], arguments)
    print(f"{len(images)} images, {sum(map(len, images)):,} descriptors", flush=True)
    faiss.omp_set_num_threads(arguments.jobs)
    started = time.perf_counter()
    fit, reduced = ENCODERS[arguments.name]
    encoder = fit(
        images[: len(files)],
        seed=SEED,
        fitted={
            "on": [folder.name for folder in arguments.photos],
            "command": "tools/fit_vector_encoder.py",
            "extractor": "sift",
            "features": arguments.features,
            "longest": arguments.longest,
        },
    )
    if reduced:
        names = [folder.name for folder in (*arguments.photos, *arguments.more)]
        said = {"reduced_on": names, "reduced_on_images": len(images), "t": reduced["t"]}
        encoder = replace(encoder, fitted={**encoder.fitted, **said})
        encoder = encoder.reduced(images, **reduced)
    print(f"fitted in {time.perf_counter() - started:.0f} s", flush=True)
    ASSETS.mkdir(exist_ok=True)
    path = ASSETS / f"{arguments.name}.safetensors"
    encoder.save(path)
    print(f"{path}: {encoder.dimensions}-D, {path.stat().st_size:,} bytes, {encoder.sha256}")


def pictures(folders: list[Path]) -> list[Path]:
    return [path for top in folders for path in sorted(filter(is_picture, top.rglob("*")))]


def descriptors(files: list[Path], given: argparse.Namespace) -> list[NDArray[np.float16]]:
    """Those of each file, or what was kept of them; rounded to float16 both ways."""
    if given.keep is not None and given.keep.exists():
        kept = np.load(given.keep, allow_pickle=False)
        return np.split(kept["descriptors"], kept["ends"][:-1])
    extractor = make_features("sift", features=given.features)
    task = partial(describe, extractor=extractor, longest=given.longest)
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        images = [rows.astype(np.float16) for rows in pool.map(task, files, chunksize=8)]
    if given.keep is not None:
        ends = np.cumsum([len(rows) for rows in images])
        np.savez(given.keep, descriptors=np.concatenate(images), ends=ends)
    return images


if __name__ == "__main__":
    main()
