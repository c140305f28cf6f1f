"""The job of a worker: read a file once, hash it, and describe it where its content is new."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from relook.collection.worker import Ask
from relook.core.errors import ImageError
from relook.core.protocols import Describer
from relook.images import MAX_PIXELS, read, read_exif

__all__ = ["MAX_FILE_BYTES", "Described", "JobMaker"]

MAX_FILE_BYTES = 2 << 30
"""Larger files are not read into memory."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a worker found out about one file.

    Attributes:
        length, mtime_ns: of the file when it was opened.
        sha256: None where it could not be read; ``reason`` then says why.
        descriptions: None where the content is known or in quarantine.
    """

    length: int = 0
    mtime_ns: int = 0
    sha256: bytes | None = None
    reason: str | None = None
    size: tuple[int | None, int | None] = (None, None)
    taken: str | None = None
    place: tuple[float | None, float | None] = (None, None)
    descriptions: Mapping[str, bytes] | None = None

    @property
    def is_new(self) -> bool:
        """Whether it says more than that the content is known."""
        return self.descriptions is not None or self.reason is not None


@dataclass(frozen=True, slots=True)
class JobMaker:
    """Makes the job in a worker process; it can be pickled.

    Attributes:
        make_describer: called once per worker.
        longest: longer side in pixels of the pictures to describe.
        max_pixels: larger pictures are refused before they are decoded.
    """

    make_describer: Callable[[], Describer]
    longest: int | None
    max_pixels: int = MAX_PIXELS

    def __call__(self) -> DescribeJob:
        """Load what describing needs."""
        return DescribeJob(self.make_describer(), self.longest, self.max_pixels)


@dataclass(frozen=True, slots=True)
class DescribeJob:
    """File → :class:`Described`."""

    describer: Describer
    longest: int | None
    max_pixels: int = MAX_PIXELS

    def __call__(self, task: str, ask: Ask) -> Described:
        """Read and describe one file; ``ask`` tells whether its content is new."""
        try:
            data, found = _read_file(Path(task))
        except OSError as error:
            return Described(reason=f"the file cannot be read ({error.strerror})")
        except MemoryError:
            return Described(reason="the file cannot be read (not enough memory)")
        if found.reason is not None or found.sha256 is None or not ask(found.sha256):
            return found
        return self._describe(data, found)

    def _describe(self, data: bytes, found: Described) -> Described:
        try:
            image = read(data, longest=self.longest, max_pixels=self.max_pixels)
            descriptions = dict(self.describer.describe(image))
            exif = read_exif(data)
        except ImageError as error:
            return replace(found, reason=_line(str(error)))
        except MemoryError:
            return replace(found, reason="there is not enough memory to decode it")
        except Exception as error:  # noqa: BLE001 - one picture must never stop a run
            return replace(found, reason=_line(f"{type(error).__name__}: {error}"))
        return replace(
            found,
            size=image.size,
            taken=exif.time,
            place=(exif.latitude, exif.longitude),
            descriptions=descriptions,
        )


def _read_file(path: Path) -> tuple[bytes, Described]:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        found = Described(status.st_size, status.st_mtime_ns)
        if status.st_size > MAX_FILE_BYTES:
            size = f"{status.st_size / 2**30:.1f} GiB"
            return b"", replace(found, reason=f"the file is too large to be a picture ({size})")
        data = file.read()
    return data, replace(found, length=len(data), sha256=hashlib.sha256(data).digest())


def _line(text: str) -> str:
    return " ".join(text.split())[:500] or "unknown reason"
