"""Describing photos in worker processes and fitting visual words to a share of their features."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from relook.encodings.learned_words import FitOptions, affordable_rows, check_fit
from relook.images import is_picture, read
from relook.search import DEFAULT_RECIPE, load_recipe
from relook.search.channels import LocalChannel

__all__ = ["describe_photos", "find_photos", "fit"]

_PER_WORD = 64
"""Features per word that are kept: enough for k-means, and memory stays bounded."""
_DIMENSIONS = 128
"""Of SIFT."""


@dataclass(frozen=True, slots=True)
class _Describe:
    """A worker's job: file → ``(N, D)`` descriptors, or the reason why not."""

    channel: LocalChannel
    share: float
    dtype: str

    def __call__(self, task: str, ask: Ask) -> NDArray[np.floating] | str:
        del ask
        try:
            image = read(Path(task), longest=self.channel.longest)
        except ImageError as error:
            return str(error)
        rows = self.channel.sift.extract(image).descriptors
        random = np.random.default_rng(zlib.crc32(image.pixels.tobytes()))
        return rows[random.random(len(rows)) < self.share].astype(self.dtype, copy=False)


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
    files: Sequence[str], *, options: FitOptions, jobs: int | None, report: Report
) -> list[NDArray[np.floating]]:
    """Descriptors per photo, as the default recipe describes photos; bad pictures are named.

    Raises:
        UsageError: the fit to come needs more memory than there is.
    """
    channel = _channel()
    possible = max(1, len(files) * channel.sift.features)
    # Half the bytes do where there are many words; the exact fit of few is kept as it ever was.
    dtype = np.dtype(np.float32 if options.kind == "flat" else np.float16)
    share = min(1.0, _wanted(options, possible, dtype) / possible)
    workers = max(1, min(jobs or default_jobs(), len(files)))
    images: list[NDArray[np.floating]] = []
    with Pool[str](_MakeDescribe(_Describe(channel, share, dtype.name)), jobs=workers) as pool:
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


def _wanted(options: FitOptions, possible: int, dtype: np.dtype[Any]) -> int:
    """How many descriptors to keep: enough per word, as far as memory goes."""
    size: dict[str, int] = {"width": _DIMENSIONS, "kept": _DIMENSIONS * dtype.itemsize}
    wanted = min(possible, _PER_WORD * options.expected)
    if options.kind != "flat":
        wanted = min(wanted, max(options.expected, affordable_rows(options, **size)))
    check_fit(options, rows=wanted, **size)
    return wanted


def fit(
    images: list[NDArray[np.floating]], *, options: FitOptions, photos: int, jobs: int | None
) -> Codebook:
    """Learn words from descriptors.

    Raises:
        UsageError: fewer features than words, or more memory needed than there is.
    """
    threads = jobs or default_jobs()
    limit_threads(threads)
    channel = _channel()
    fitted = {
        "command": "relook codebook",
        "photos": photos,
        "features": channel.sift.features,
        "longest": channel.longest,
    }
    return Codebook.fit(images, **{**vars(options), "threads": threads}, fitted=fitted)


def _channel() -> LocalChannel:
    channel = load_recipe(DEFAULT_RECIPE).local
    if channel is None:
        raise UsageError(f"{DEFAULT_RECIPE} has no local features to fit a codebook for")
    return channel
