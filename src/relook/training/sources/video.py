"""Frames of videos: files that OpenCV reads, or folders of numbered pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError, UsageError
from relook.core.paths import AnyPath
from relook.images import read

__all__ = ["Video", "find_videos"]

_FILES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".webm", ".wmv")
_FRAMES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_NUMBERED = re.compile(r"(.*?)(\d+)\D*$")


@dataclass(frozen=True, slots=True)
class Video:
    """One video; going through it gives ``(H, W, 3)`` uint8 RGB frames, one at a time.

    Frames of a folder come in the order of the last number in their names, whatever its zeros.

    Attributes:
        path: a file, or a folder of numbered pictures.
        longest: frames are shrunk so that the longer side has at most so many pixels.
        skipped: frames of a folder that could not be used, with reasons; grows as it is read.

    Raises:
        ImageError: there is nothing to read, or frames of several sizes; the message says which.
    """

    path: Path
    longest: int = 600
    skipped: list[tuple[Path, str]] = field(default_factory=list, compare=False)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        frames = self._of_folder() if self.path.is_dir() else self._of_file()
        size = None
        for frame in frames:
            if frame.shape != (size := size or frame.shape):
                raise ImageError(
                    f"frames of {size[1]} x {size[0]} and of {frame.shape[1]} x"
                    f" {frame.shape[0]} pixels are not one video; put them into several folders"
                )
            yield frame
        if size is None:
            raise ImageError(
                "no frame can be read; convert it to MP4, or give a folder of numbered pictures"
            )

    def _of_file(self) -> Iterator[NDArray[np.uint8]]:
        if not self.path.is_file():
            raise ImageError("it is not there; check the path")
        capture = cv2.VideoCapture(str(self.path))
        try:
            while True:
                there, frame = capture.read()
                if not there or frame is None:
                    return
                yield _shrunk(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), self.longest)
        finally:
            capture.release()

    def _of_folder(self) -> Iterator[NDArray[np.uint8]]:
        for path in _numbered(self.path):
            try:
                yield read(path, longest=self.longest).pixels
            except ImageError as error:
                self.skipped.append((path, str(error)))


def find_videos(folders: Iterable[AnyPath], *, longest: int = 600) -> tuple[Video, ...]:
    """Videos in and below folders, in the order of their paths.

    A folder that holds numbered pictures is a video; what lies below it is not looked at.

    Raises:
        UsageError: a folder is not there, or there is no video at all.
    """
    roots = [Path(folder) for folder in folders]
    for root in roots:
        if not root.exists():
            raise UsageError(f"{root} is not there; give a video, or a folder of videos")
    found = dict.fromkeys(path for root in roots for path in _below(root))
    if not found:
        listed = ", ".join(map(str, roots))
        raise UsageError(
            f"no videos in {listed}; give files ({', '.join(_FILES)}) or folders of numbered"
            " pictures"
        )
    return tuple(Video(path, longest) for path in found)


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        if path.suffix.lower() in _FILES:
            yield path
        return
    if len(_numbered(path)) > 1:
        yield path
        return
    for inner in sorted(path.iterdir()):
        yield from _below(inner)


def _numbered(folder: Path) -> list[Path]:
    numbered = []
    for path in folder.iterdir():
        match = _NUMBERED.match(path.stem)
        if match and path.suffix.lower() in _FRAMES:
            numbered.append((match[1], int(match[2]), path))
    return [path for _, _, path in sorted(numbered)]


def _shrunk(frame: NDArray[Any], longest: int) -> NDArray[np.uint8]:
    scale = longest / max(frame.shape[:2])
    if scale >= 1:
        return np.asarray(frame, np.uint8)
    size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
