"""A cheap recipe: blocks of gray values are words. Some colors of the first pixel make it fail.

It is imported by worker processes, under the name ``collection.fakes``.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image as Pillow

from relook.core.errors import FormatError
from relook.core.records import Aggregate, Image, LocalCodes, Ranking

if TYPE_CHECKING:
    from relook.index import InvertedIndex
    from relook.search.engine import Engine, Sources

CRASH, HANG, RAISE, NO_MEMORY, EXIT, BUSY_LOOP = ((255, 0, code) for code in range(1, 7))


@dataclass(frozen=True)
class FakeDescriber:
    """64 blocks, each one word; the signature is the block's exact mean."""

    seconds: float = 0.0
    describe_hash: str = "fake-1"

    def describe(self, image: Image) -> Mapping[str, bytes]:
        _fail(tuple(int(value) for value in image.pixels[0, 0]))
        time.sleep(self.seconds)
        small = cv2.resize(image.pixels, (8, 8), interpolation=cv2.INTER_AREA)
        gray = small.mean(axis=2).astype(np.uint64).ravel()
        words = (np.arange(64) * 16 + gray // 16).astype(np.int32)
        signatures = gray * np.uint64(0x9E3779B97F4A7C15)
        head = np.array(image.size, np.int32).tobytes()
        return {"local": head + words.tobytes() + signatures.tobytes()}


def _fail(color: tuple[int, ...]) -> None:
    if color == CRASH:
        os.kill(os.getpid(), signal.SIGSEGV)
    elif color == HANG:
        time.sleep(1000)
    elif color == BUSY_LOOP:
        while True:
            pass
    elif color == RAISE:
        raise ValueError("a bug\nin two lines")
    elif color == NO_MEMORY:
        raise MemoryError
    elif color == EXIT:
        os._exit(7)


@dataclass(frozen=True)
class MakeFake:
    seconds: float = 0.0

    def __call__(self) -> FakeDescriber:
        return FakeDescriber(self.seconds)


def make_broken() -> FakeDescriber:
    raise FileNotFoundError("no codebook")


def make_dying() -> FakeDescriber:
    os._exit(3)


def unpack(data: bytes) -> LocalCodes:
    if len(data) != 8 + 64 * 12:
        raise FormatError("not a fake description")
    width, height = np.frombuffer(data[:8], np.int32)
    words = np.frombuffer(data[8 : 8 + 256], np.int32)
    signatures = np.frombuffer(data[264:], np.uint64).reshape(-1, 1)
    frames = np.zeros((64, 4), np.float32)
    features = np.arange(64, dtype=np.int32)
    aggregate = Aggregate(words, signatures)
    return LocalCodes(words, signatures, features, frames, aggregate, (int(width), int(height)))


def describe_query(image: Image) -> Mapping[str, Any]:
    return {"local": unpack(FakeDescriber().describe(image)["local"])}


def find(
    sources: Sources, codes: Mapping[str, Any], top: int
) -> tuple[Ranking, Mapping[str, float]]:
    ranking = sources.index("local").search(codes["local"].aggregate, top=top)
    sources.store("local").codes(ranking.ids.tolist())
    return ranking, {"search": 0.0, "verify": 0.0}


def make_index() -> InvertedIndex:
    from relook.index import InvertedIndex, Kernel  # workers do without

    return InvertedIndex(Kernel(words=1024, bits=64))


def load_index(folder: Path, state: Mapping[str, Any]) -> InvertedIndex:
    empty = make_index()
    return empty.load(folder, state, empty.kernel)


def engine(
    *,
    make: Any = None,
    describe_hash: str = "fake-1",
    index_hash: str = "index-1",
    seconds: float = 0.0,
) -> Engine:
    from relook.search.engine import Channel, Engine  # workers do without

    return Engine(
        name="fake",
        recipe='{"name": "fake"}',
        describe_hash=describe_hash,
        longest=256,
        make_describer=make or MakeFake(seconds),
        channels=(
            Channel(
                name="local",
                index_hash=index_hash,
                unpack=unpack,
                entries=lambda codes: [code.aggregate for code in codes],
                make_index=make_index,
                load_index=load_index,
            ),
        ),
        describe_query=describe_query,
        find=find,
        kind="local",
        similarities=lambda ranking: ranking.scores.astype(np.float64),
    )


def save_photo(path: Path, seed: int, *, first: tuple[int, int, int] | None = None) -> Path:
    """A small picture of random blocks; ``first`` is the color of its first pixel."""
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    pixels = np.repeat(np.repeat(blocks, 4, axis=0), 4, axis=1)
    if first is not None:
        pixels[0, 0] = first
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(pixels).save(path, "PNG")
    return path


def save_photos(folder: Path, count: int, *, start: int = 0) -> list[Path]:
    return [save_photo(folder / f"{i:04d}.png", i) for i in range(start, start + count)]
