"""Fit a whitening for a network, on photos of your own: views of one photo are what matches.

    python tools/fit_whitening.py WEIGHTS OUTPUT.safetensors PHOTOS... --method learned --views 3

Describes every photo and rendered views of it, exactly as pictures will be described later (same
pooling, size and scales), fits, writes the file and prints its hash. The file holds averages of
descriptors, no picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relook.core.records import Image
from relook.descriptors.multiscale import MultiScale
from relook.descriptors.sizing import Sizing
from relook.descriptors.vector import VectorDescriber
from relook.images import is_picture, read, render_view
from relook.networks.runtime import load_network
from relook.networks.weights import open_weights
from relook.vectors import LearnedWhitening, PcaWhitening, load_whitening

SEED = 20260101
"""Of the views."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", help="a name that relook weights list shows, or a file")
    parser.add_argument("output", type=Path)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--method", choices=["learned", "pca"], default="learned")
    parser.add_argument("--dimensions", type=int, help="all that the photos support by default")
    parser.add_argument("--shrinkage", type=float, help="of Lw; chosen from the pairs by default")
    parser.add_argument("--t", type=float, default=1.0, help="1 whitens fully, 0 not at all")
    parser.add_argument("--flatten", type=float, default=0.0, help="of Lw; evens its axes out")
    parser.add_argument("--views", type=int, default=3, help="rendered views per photo")
    parser.add_argument("--strength", type=float, default=1.0, help="of the views")
    parser.add_argument("--layer", default="", help="an inner layer of the network")
    parser.add_argument("--pooling", default="gem", help='"" is the one of the weights')
    parser.add_argument("--p", type=float, default=3.0, help="exponent of gem")
    parser.add_argument("--longest", type=int, default=1024)
    parser.add_argument("--scales", type=float, nargs="+", default=[1.0, 2**-0.5, 0.5])
    parser.add_argument("--every", type=int, default=1, help="take every n-th photo only")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, help=".npy for the vectors, to fit them again")
    parser.add_argument("--half", action="store_true", help="keep the matrix in float16")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    weights = open_weights(given.weights)
    changes = {"layer": given.layer}
    if given.pooling:
        options = {"p": given.p} if given.pooling == "gem" else {}
        changes |= {"pooling": given.pooling, "options": options}
    spec = weights.spec(**changes)
    runtime = load_network(weights, spec, threads=given.threads)
    describer = VectorDescriber(
        runtime, Sizing(longest=given.longest), MultiScale(scales=tuple(given.scales))
    )
    files = [path for folder in given.photos for path in sorted(folder.rglob("*"))]
    files = [path for path in files if is_picture(path)][:: given.every]
    if given.keep is not None and given.keep.exists():
        vectors = np.load(given.keep, allow_pickle=False)
    else:
        vectors = np.stack(list(describe(describer, files, given)))
    if given.keep is not None:
        np.save(given.keep, vectors)
    views = given.views + 1
    network = weights.card.name
    if given.pooling:
        network += f" {given.layer}, {given.pooling} {given.p:g}"
    fitted = (
        f"{len(files)} photos of {', '.join(folder.name for folder in given.photos)}, "
        f"{given.views} views each at strength {given.strength:g} (seed {SEED}); "
        f"{network}, "
        f"longest {given.longest}, scales "
        f"{', '.join(f'{scale:.3g}' for scale in given.scales)}"
    )
    if given.method == "pca":
        pca = PcaWhitening(given.dimensions, t=given.t, fitted=fitted).fit(vectors)
        pca.save(given.output, half=given.half)
    else:
        learned = LearnedWhitening(
            given.dimensions,
            t=given.t,
            flatten=given.flatten,
            shrinkage=given.shrinkage,
            fitted=fitted,
        )
        learned.fit(vectors, pairs_of(len(files), views))
        print(f"shrinkage {learned.shrinkage_:.4f}")
        learned.save(given.output, half=given.half)
    written = load_whitening(given.output)
    size = given.output.stat().st_size
    print(f"{written.method}\n{written.fitted}")
    print(f"{given.output}: {written.matrix.shape}, {size:,} bytes, sha256 {written.sha256}")


def describe(
    describer: VectorDescriber, files: list[Path], given: argparse.Namespace
) -> Iterator[NDArray[np.float32]]:
    """The vector of each photo, then those of its views."""
    for number, path in enumerate(files):
        image = read(path, longest=given.longest)
        yield describer.describe(image)
        for view in range(given.views):
            random = np.random.default_rng((SEED, number, view))
            pixels = render_view(image.pixels, random, strength=given.strength)
            yield describer.describe(Image(pixels, (pixels.shape[1], pixels.shape[0])))
        if number % 100 == 99:
            print(f"{number + 1} of {len(files)} photos", flush=True)


def pairs_of(photos: int, views: int) -> NDArray[np.int64]:
    """All pairs of rows that show one photo, where each photo has ``views`` rows."""
    within = np.array(list(combinations(range(views), 2)), np.int64)
    return (np.arange(photos)[:, None, None] * views + within).reshape(-1, 2)


if __name__ == "__main__":
    main()
