"""Describing photos in worker processes and fitting visual words to a share of their features."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relook.cli import console
from relook.cli.progress import Report
from relook.cli.threads import limit_threads
from relook.collection.ingest import default_jobs
from relook.collection.pool import Pool
from relook.collection.scan import scan
from relook.collection.worker import Ask
from relook.core.errors import ImageError, UsageError
from relook.encodings import Codebook
from relook.images import is_picture, read
from relook.search import DEFAULT_RECIPE, load_recipe
from relook.search.channels import LocalChannel

__all__ = ["describe_photos", "find_photos", "fit"]

_PER_WORD = 64
"""Features per word that are kept: enough for k-means, and memory stays bounded."""


@dataclass(frozen=True, slots=True)
class _Describe:
    """A worker's job: file → ``(N, D)`` descriptors, or the reason why not."""

    channel: LocalChannel
    share: float

    def __call__(self, task: str, ask: Ask) -> NDArray[np.float32] | str:
        del ask
        try:
            image = read(Path(task), longest=self.channel.longest)
        except ImageError as error:
            return str(error)
        rows = self.channel.sift.extract(image).descriptors
        random = np.random.default_rng(zlib.crc32(image.pixels.tobytes()))
        return rows[random.random(len(rows)) < self.share]


@dataclass(frozen=True, slots=True)
class _MakeDescribe:
    job: _Describe

    def __call__(self) -> _Describe:
        return self.job


def find_photos(photos: Sequence[Path]) -> list[str]:
    """The pictures in files and folders.

    Raises:
        UsageError: a path does not exist, or there are no photos.
    """
    found = scan(photos, is_picture=is_picture).found
    return [picture.file for picture in found if picture.reason is None]


def describe_photos(
    files: Sequence[str], *, words: int, jobs: int | None, report: Report
) -> list[NDArray[np.float32]]:
    """Descriptors per photo, as the default recipe describes photos; bad pictures are named."""
    channel = _channel()
    share = min(1.0, _PER_WORD * words / max(1, len(files) * channel.sift.features))
    workers = max(1, min(jobs or default_jobs(), len(files)))
    images = []
    with Pool[str](_MakeDescribe(_Describe(channel, share)), jobs=workers) as pool:
        done = 0
        for outcome in pool.run(files):
            if outcome is None:
                continue
            done += 1
            report("describe", done, len(files))
            if isinstance(outcome.result, np.ndarray):
                images.append(outcome.result)
            else:
                console.note(f"left out {outcome.task}: {outcome.died or outcome.result}")
    return images


def fit(images: list[NDArray[np.float32]], *, words: int, photos: int) -> Codebook:
    """Learn words from descriptors.

    Raises:
        UsageError: fewer features than words.
    """
    limit_threads(default_jobs())
    channel = _channel()
    fitted = {
        "command": "relook codebook",
        "photos": photos,
        "features": channel.sift.features,
        "longest": channel.longest,
    }
    return Codebook.fit(images, words=words, fitted=fitted)


def _channel() -> LocalChannel:
    channel = load_recipe(DEFAULT_RECIPE).local
    if channel is None:
        raise UsageError(f"{DEFAULT_RECIPE} has no local features to fit a codebook for")
    return channel
