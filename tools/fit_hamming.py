"""Fit a Hamming embedding that ships with relook, for a codebook that ships, on photos.

    python tools/fit_hamming.py sift-16k PHOTOS...

Writes ``src/relook/encodings/assets/hamming/NAME.safetensors``, NAME being that of the codebook,
and prints its hash. The file holds a random projection and medians of descriptors, no picture.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.encodings import load_codebook
from relook.encodings.hamming import EMBEDDINGS, HammingEmbedding
from relook.features import Sift
from relook.images import is_picture, read

SEED = 20260101


def describe_file(path: Path, *, sift: Sift, longest: int) -> NDArray[np.float32]:
    cv2.setNumThreads(1)
    return sift.extract(read(path, longest=longest)).descriptors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("codebook", help="the name of a shipped codebook")
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--bits", type=int, default=64)
    parser.add_argument("--features", type=int, default=1000)
    parser.add_argument("--longest", type=int, default=1024)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    files = sorted(
        path for folder in arguments.photos for path in folder.rglob("*") if is_picture(path)
    )
    sift = Sift(features=arguments.features)
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        task = partial(describe_file, sift=sift, longest=arguments.longest)
        images = list(pool.map(task, files, chunksize=8))
    print(f"{len(images)} images, {sum(map(len, images)):,} descriptors")
    embedding = HammingEmbedding.fit(
        images,
        load_codebook(arguments.codebook),
        bits=arguments.bits,
        seed=SEED,
        fitted={
            "on": [folder.name for folder in arguments.photos],
            "codebook": arguments.codebook,
            "command": "tools/fit_hamming.py",
            "features": arguments.features,
            "longest": arguments.longest,
        },
    )
    EMBEDDINGS.mkdir(exist_ok=True)
    path = EMBEDDINGS / f"{arguments.codebook}.safetensors"
    embedding.save(path)
    print(f"{path}: {path.stat().st_size:,} bytes, sha256 {embedding.sha256}")


if __name__ == "__main__":
    main()
