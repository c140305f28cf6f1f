"""Tracked patches as a folder of pictures: each track is a class of two."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from relook.core.errors import StorageError
from relook.core.paths import AnyPath
from relook.core.storage import write_whole
from relook.training.sources.tracking import Problem, Track, TrackingOptions, track_videos
from relook.training.sources.video import find_videos

__all__ = ["save_tracks", "tracked_folder"]

_LIST = "tracks.json"
_VERSION = 1


def tracked_folder(
    videos: AnyPath, into: AnyPath, *, options: TrackingOptions | None = None
) -> tuple[Path, tuple[Problem, ...]]:
    """Track what moves in all videos of a folder, once; where its patches lie, and problems.

    A folder that was finished before is used again, so that a run that goes on has the same
    pictures.

    Raises:
        UsageError: there are no videos.
        ImageError: nothing in them could be tracked.
        StorageError: the folder cannot be written, or its list cannot be read.
    """
    folder = Path(into)
    known = folder / _LIST
    if known.exists():
        return folder, _problems(known)
    tracks, problems = track_videos(find_videos([videos]), options=options)
    save_tracks(tracks, folder, problems=problems)
    return folder, problems


def save_tracks(
    tracks: Sequence[Track], into: AnyPath, *, problems: Sequence[Problem] = ()
) -> None:
    """Write ``NUMBER-VIDEO/first.png`` and ``last.png`` of each track, and a list of them all.

    Raises:
        StorageError: the folder cannot be written.
    """
    folder, listed = Path(into), []
    try:
        for number, track in enumerate(tracks):
            name = f"{number:05d}-{Path(track.video).stem}"
            (folder / name).mkdir(parents=True, exist_ok=True)
            for file, patch in zip(("first.png", "last.png"), track.patches, strict=True):
                _, content = cv2.imencode(".png", np.ascontiguousarray(patch[..., ::-1]))
                write_whole(folder / name / file, content.tobytes())
            listed.append(
                {"name": name, "video": track.video, "frames": track.frames, "boxes": track.boxes}
            )
    except OSError as error:
        raise StorageError(f"cannot write tracks into {folder}: {error.strerror}") from error
    said = [[path.as_posix(), reason] for path, reason in problems]
    known = {"version": _VERSION, "tracks": listed, "problems": said}
    write_whole(folder / _LIST, json.dumps(known, indent=1).encode())  # last: all is there


def _problems(known: Path) -> tuple[Problem, ...]:
    try:
        content = json.loads(known.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            raise StorageError(f"{known} is of another version; delete its folder")
        return tuple((Path(path), str(reason)) for path, reason in content["problems"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{known} cannot be read ({error}); delete its folder") from error
