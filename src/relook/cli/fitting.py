"""Describing photos in worker processes, and fitting words and signatures to their features."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from relook.core.protocols import Extractor
from relook.core.records import Image
from relook.encodings import Codebook
from relook.encodings.hamming import HammingEmbedding
from relook.encodings.learned_words import FitOptions, affordable_rows, check_fit
from relook.images import is_picture, read
from relook.search import DEFAULT_RECIPE, load_recipe
from relook.search.channels import LocalChannel
from relook.search.detectors import DetectorName, make_extractor

__all__ = ["describe_photos", "find_photos", "fit", "fit_hamming", "photo_channel"]

_PER_WORD = 64
"""Features per word that are kept: enough for k-means, and memory stays bounded."""


@dataclass(frozen=True, slots=True)
class _Describe:
    """A worker's job: file → ``(N, D)`` descriptors, or the reason why not."""

    extractor: Extractor
    longest: int
    share: float
    dtype: str

    def __call__(self, task: str, ask: Ask) -> NDArray[np.floating] | str:
        del ask
        try:
            image = read(Path(task), longest=self.longest)
        except ImageError as error:
            return str(error)
        rows = self.extractor.extract(image).descriptors
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
    files: Sequence[str],
    *,
    channel: LocalChannel,
    options: FitOptions,
    jobs: int | None,
    report: Report,
) -> list[NDArray[np.floating]]:
    """Descriptors per photo, as the channel describes photos; bad pictures are named.

    Raises:
        UsageError: the fit to come needs more memory than there is.
    """
    extractor = _extractor(channel)
    blank = extractor.extract(Image(np.zeros((64, 64, 3), np.uint8), (64, 64)))
    possible = max(1, len(files) * channel.features)
    # Half the bytes do where there are many words; the exact fit of few is kept as it ever was.
    dtype = np.dtype(np.float32 if options.kind == "flat" else np.float16)
    wanted = _wanted(options, possible, dtype, width=blank.descriptors.shape[1])
    job = _Describe(extractor, channel.longest, min(1.0, wanted / possible), dtype.name)
    workers = max(1, min(jobs or default_jobs(), len(files)))
    images: list[NDArray[np.floating]] = []
    with Pool[str](_MakeDescribe(job), jobs=workers) as pool:
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


def _wanted(options: FitOptions, possible: int, dtype: np.dtype[Any], *, width: int) -> int:
    """How many descriptors to keep: enough per word, as far as memory goes."""
    size: dict[str, int] = {"width": width, "kept": width * dtype.itemsize}
    wanted = min(possible, _PER_WORD * options.expected)
    if options.kind != "flat":
        wanted = min(wanted, max(options.expected, affordable_rows(options, **size)))
    check_fit(options, rows=wanted, **size)
    return wanted


def fit(
    images: list[NDArray[np.floating]],
    *,
    channel: LocalChannel,
    options: FitOptions,
    fitted: Mapping[str, Any],
    jobs: int | None,
) -> Codebook:
    """Learn words from descriptors.

    Raises:
        UsageError: fewer features than words, or more memory needed than there is.
    """
    threads = jobs or default_jobs()
    limit_threads(threads)
    said = {**_said(channel), **fitted}
    return Codebook.fit(images, **{**vars(options), "threads": threads}, fitted=said)


def fit_hamming(
    images: list[NDArray[np.floating]],
    codebook: Codebook,
    *,
    channel: LocalChannel,
    fitted: Mapping[str, Any],
) -> HammingEmbedding:
    """Learn signatures for the words of a codebook from the same descriptors.

    Raises:
        UsageError: descriptors too short for signatures, or more memory needed than there is.
    """
    return HammingEmbedding.fit(images, codebook, fitted={**_said(channel), **fitted})


def photo_channel(extractor: DetectorName) -> LocalChannel:
    """How photos are described: as the default recipe does, or by another detector's defaults."""
    channel = load_recipe(DEFAULT_RECIPE).local
    if channel is None:
        raise UsageError(f"{DEFAULT_RECIPE} has no local features to fit a codebook for")
    return replace(channel, extractor=extractor)


def _said(channel: LocalChannel) -> dict[str, Any]:
    return {
        "command": "relook codebook",
        "extractor": channel.extractor,
        "features": channel.features,
        "longest": channel.longest,
    }


def _extractor(channel: LocalChannel) -> Extractor:
    return make_extractor(channel.extractor, sift=channel.sift, detector=channel.detector)
