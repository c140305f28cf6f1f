"""Put a network that relook trained into the package: float16 weights, a graph, and a card.

    python tools/ship_network.py TRAINED PHOTOS... --trained-by "relook train CONFIG --data DATA"

TRAINED is the folder that `relook train` wrote, or its file of averaged weights with the card
beside it. Steps:

 1. Train: relook train CONFIG --data DATA --into TRAINED
 2. Run this tool. It rounds the averaged (EMA) weights to float16, exports the network with its
    whitening layer and with batch normalization folded into the convolutions, holds the graph to
    the network in torch on random pictures and on PHOTOS (cosine of .9999 or more, or nothing is
    kept), and writes NAME.safetensors, NAME.….onnx and NAME.card.json to the folder
    src/relook/networks/assets. It prints their sha256 and sizes; the command is recorded in the
    notes of the card.
 3. relook weights info NAME; the recipe NAME works from now on, without torch.
 4. Where a whitening after the network's own layer helps: python tools/fit_whitening.py NAME
    src/relook/vectors/assets/NAME.safetensors PHOTOS... --pooling "" --longest L --scales S --half,
    then whitening = "NAME" in the recipe, and a line in src/relook/vectors/assets/README.md.
 5. python tools/fit_confidence.py OUTPUT.json PHOTOS... --objects FOLDER --global NAME
    --both hybrid-small shows whether the confidences that ship still hold; then commit.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError, RelookError, UsageError
from relook.images import is_picture, read
from relook.networks.shipped import FOLDER
from relook.networks.shipping import Agreement, Shipped, agreement, ship, ship_int8
from relook.networks.weights.card import SUFFIX, Card
from relook.networks.weights.checksum import digest_of
from relook.networks.weights.opening import Weights, open_weights

LEAST_COSINE, LEAST_IN_INT8 = 0.9999, 0.97
MOST_BYTES = 12_000_000
RANDOM = ((160, 224), (333, 250), (480, 640))
"""Rows and columns of random pictures that the graph is held to the network on."""


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trained", type=Path, help="folder of a training run, or its weights")
    parser.add_argument("photos", nargs="*", type=Path, help="real pictures to compare on")
    parser.add_argument("--name", default="relook-small", help="of the weights from now on")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder to write to")
    parser.add_argument("--trained-by", default="", help="the command of the training")
    parser.add_argument("--training-set", default="", help="in words; the card's own unless said")
    parser.add_argument("--license", default="Apache-2.0")
    parser.add_argument(
        "--overlap",
        action=argparse.BooleanOptionalAction,
        help="whether the training set may show the landmarks of Oxford and Paris",
    )
    parser.add_argument("--longest", type=int, default=640, help="of the recipe, in pixels")
    parser.add_argument(
        "--int8", action="store_true", help="a second graph, in int8, calibrated on the photos"
    )
    parser.add_argument("--count", type=int, default=40, help="so many of the photos")
    return parser.parse_args(words)  # fmt: skip


def main(words: Sequence[str] | None = None) -> int:
    given = arguments(words)
    try:
        trained = find_trained(given.trained)
        state, card = trained.state(), card_of(trained, given, words=words)
        with tempfile.TemporaryDirectory() as folder:
            shipped = ship(state, card, Path(folder))
            for backend in ("openvino", "onnx"):
                found = agreement(state, shipped, pictures(given), backend=backend)
                check(backend, found, least=LEAST_COSINE)
            if given.int8:
                shipped = ship_int8(shipped, photos(given))
                found = agreement(state, shipped, photos(given), precision="int8")
                check("openvino in int8", found, least=LEAST_IN_INT8)
            if shipped.size > MOST_BYTES:
                raise UsageError(f"{shipped.size:,} bytes are more than {MOST_BYTES:,} may ship")
            keep(shipped, given.output)
    except RelookError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def find_trained(place: Path) -> Weights:
    """The weights with a card in a folder, or a file of weights with its card beside it."""
    if place.is_file():
        return open_weights(place)
    cards = sorted(place.glob(f"*{SUFFIX}"))
    if len(cards) != 1:
        names = ", ".join(card.name for card in cards) or "none"
        raise UsageError(f"{place} must hold one card of weights (it has {names}); give the file")
    stem = cards[0].name.removesuffix(SUFFIX)
    return open_weights(place / f"{stem}.safetensors")


def card_of(trained: Weights, given: argparse.Namespace, *, words: Sequence[str] | None) -> Card:
    """The card of a training run with what only we know."""
    own = trained.card
    notes = [f"Made by: {command(sys.argv[1:] if words is None else words)}"]
    if given.trained_by:
        notes.insert(0, f"Trained by: {given.trained_by}")
    return replace(
        own,
        name=given.name,
        license=given.license,
        training_set=given.training_set or own.training_set,
        overlaps_landmarks=(own.overlaps_landmarks if given.overlap is None else given.overlap),
        notes=". ".join([own.notes.rstrip("."), *notes] if own.notes else notes),
    )


def command(words: Sequence[str]) -> str:
    """The command line; of places outside of this folder only the last name."""
    short = [Path(word).name if Path(word).is_absolute() else word for word in words]
    return f"python tools/ship_network.py {shlex.join(short)}"


def pictures(given: argparse.Namespace) -> Iterator[NDArray[np.uint8]]:
    """Noise, coarse noise, and photos."""
    random = np.random.default_rng(0)
    for rows, columns in RANDOM:
        yield random.integers(0, 256, (1, rows, columns, 3), np.uint8)
        coarse = random.integers(0, 256, (rows // 16 + 1, columns // 16 + 1, 3), np.uint8)
        yield coarse.repeat(16, 0).repeat(16, 1)[None, :rows, :columns].copy()
    yield from photos(given)


def photos(given: argparse.Namespace) -> Iterator[NDArray[np.uint8]]:
    """Some of the photos, evenly chosen."""
    files = [file for folder in given.photos for file in sorted(folder.rglob("*"))]
    files = [file for file in files if is_picture(file)]
    for row in np.linspace(0, len(files) - 1, min(given.count, len(files))).astype(int):
        yield np.ascontiguousarray(read(files[row], longest=given.longest).pixels[None])


def check(backend: str, found: Agreement, *, least: float) -> None:
    sys.stdout.write(
        f"{backend}: least cosine {found.cosine:.6f}, largest difference {found.difference:.1e}, "
        f"{found.pictures} pictures\n"
    )
    if not found.cosine >= least:
        raise FormatError(
            f"the graph in {backend} differs from the network in torch: cosine {found.cosine:.6f}, "
            f"not {least}; nothing was written"
        )


def keep(shipped: Shipped, folder: Path) -> None:
    """Copy what was checked; graphs of older weights go."""
    made = shipped.graph.parent
    name = shipped.weights.card.name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{name}.*.onnx"):
        old.unlink()
    for file in sorted(made.iterdir()):
        shutil.copy(file, folder / file.name)
        sha256 = digest_of(folder / file.name)
        sys.stdout.write(f"{file.name}: {file.stat().st_size:,} bytes, sha256 {sha256}\n")
    sys.stdout.write(f"together {shipped.size:,} bytes\n")


if __name__ == "__main__":
    sys.exit(main())
