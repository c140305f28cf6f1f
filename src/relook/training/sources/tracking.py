"""Patches that move in videos and are followed: pairs that show one thing, without a label.

Wang and Gupta (2015), "Unsupervised learning of visual representations using videos": find the
window that holds most of what moves, follow it, and take it from the first and the last frame.
Whatever happened to the thing in between (it turned, bent, was lit from elsewhere) is learned to
be the same; a patch of another video is learned to be something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError, UsageError
from relook.core.records import Box
from relook.training.records import TrainingTuple
from relook.training.sources.motion import Float32, busiest_window, corners, follow, moving
from relook.training.sources.video import Video

__all__ = ["Problem", "Track", "TrackingOptions", "find_tracks", "make_triplets", "track_videos"]

Problem = tuple[Path, str]
"""A video or frame that could not be used, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingOptions:
    """How patches are found and followed.

    Where nothing else is said, the defaults are those of the paper. It wants a quarter of all
    points to move; here the camera's own motion is taken off first, and a person far off may be
    few points.

    Attributes:
        side: of a patch, as a share of the frame's shorter side.
        length: frames that a patch is followed for.
        shortest: frames after which a patch that is lost, or leaves the frame, is used all the
            same (not in the paper).
        motion: pixels per frame from which a point moves.
        moving: least and largest share of points that move; where more do, it is the camera.
        points: moving points that a window needs.
        most: tracks of one video.
    """

    side: float = 0.5
    length: int = 30
    shortest: int = 10
    motion: float = 0.5
    moving: tuple[float, float] = (0.02, 0.75)
    points: int = 6
    most: int = 50

    def __post_init__(self) -> None:
        if not 0 < self.side < 1:
            raise UsageError(f"side must be a share of the frame within 0 and 1, not {self.side}")
        if not 1 <= self.shortest <= self.length:
            raise UsageError("a track needs shortest of 1 or more frames, and length from there on")
        if not 0 <= self.moving[0] < self.moving[1] <= 1:
            raise UsageError(f"moving must be two shares in order, not {self.moving}")
        if self.motion <= 0 or self.points < 2 or self.most < 1:
            raise UsageError("tracks need motion above 0, points of 2 or more, most of 1 or more")


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One thing in two frames.

    Attributes:
        video: name of the video.
        frames: numbers of the first and the last frame, counted from 0.
        boxes: where the patch is in both, in pixels of the frame as it was read.
        patches: ``(2, S, S, 3)`` uint8: first, last.
    """

    video: str
    frames: tuple[int, int]
    boxes: tuple[Box, Box]
    patches: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class _Running:
    """A patch that is being followed: where it was first seen, and its points now."""

    began: int
    first: NDArray[np.uint8]
    corner: NDArray[np.float64]
    side: int
    points: Float32
    moved: NDArray[np.float64]
    wanted: int  # points that it must keep

    @property
    def place(self) -> tuple[int, int]:
        x, y = np.rint(self.corner + self.moved).astype(int).tolist()
        return x, y


def find_tracks(
    frames: Iterable[NDArray[np.uint8]], *, options: TrackingOptions | None = None, video: str = ""
) -> Iterator[Track]:
    """Find and follow what moves in ``(H, W, 3)`` uint8 frames, one thing after the other."""
    options = options or TrackingOptions()
    found = 0
    for running, frame, number in _ended(frames, options):
        if number - running.began >= options.shortest:
            yield _track(running, frame, number, video)
            found += 1
        if found == options.most:
            return


def _ended(
    frames: Iterable[NDArray[np.uint8]], options: TrackingOptions
) -> Iterator[tuple[_Running, NDArray[np.uint8], int]]:
    """Every patch that was followed, with the last frame that shows it and its number."""
    running: _Running | None = None
    last: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None
    number = 0
    for number, frame in enumerate(frames):
        gray = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)
        if last is not None:
            running = running or _begin(*last, gray, number=number - 1, options=options)
        if last is not None and running is not None:
            on = _step(running, last[1], gray)
            if on is None:
                yield running, last[0], number - 1
            elif number - running.began >= options.length:
                yield on, frame, number
                on = None
            running = on
        last = frame, gray
    if running is not None and last is not None:
        yield running, last[0], number


def _begin(
    frame: NDArray[np.uint8],
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    *,
    number: int,
    options: TrackingOptions,
) -> _Running | None:
    """The window of ``frame`` that holds most of what moves, or None."""
    side = round(options.side * min(before.shape))
    flow = follow(before, after, corners(before))
    moves = moving(flow, least=options.motion)
    share = moves.mean() if len(moves) else 0.0
    if side < 8 or not options.moving[0] <= share <= options.moving[1]:
        return None
    points = flow.before[moves]
    x, y, held = busiest_window(points, before.shape, side)
    if held < options.points:
        return None
    inside = ((np.rint(points) >= (x, y)) & (np.rint(points) < (x + side, y + side))).all(axis=1)
    wanted = max(2, held // 4)
    first = frame[y : y + side, x : x + side].copy()
    corner = np.array([x, y], np.float64)
    return _Running(number, first, corner, side, points[inside], np.zeros(2), wanted)


def _step(
    running: _Running, before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> _Running | None:
    """The patch one frame on: it goes where the median of its points goes; None: lost, or out."""
    flow = follow(before, after, running.points)
    if len(flow.kept) < running.wanted:
        return None
    shifts = flow.after - flow.before
    shift = np.median(shifts, axis=0)
    # Points that hang on to an edge of the ground go another way; they would drag the patch.
    along = np.linalg.norm(shifts - shift, axis=1) <= 0.5 + 0.2 * np.linalg.norm(shift)
    on = replace(running, points=flow.after[along], moved=running.moved + shift)
    x, y = on.place
    rows, columns = after.shape
    fits = 0 <= x <= columns - running.side and 0 <= y <= rows - running.side
    return on if fits else None


def _track(running: _Running, frame: NDArray[np.uint8], number: int, video: str) -> Track:
    (x, y), side = running.place, running.side
    left, top = running.corner.tolist()
    began = Box(left, top, side, side)
    patches = np.stack([running.first, frame[y : y + side, x : x + side]])
    return Track(video, (running.began, number), (began, Box(x, y, side, side)), patches)


def track_videos(
    videos: Sequence[Video], *, options: TrackingOptions | None = None
) -> tuple[tuple[Track, ...], tuple[Problem, ...]]:
    """Tracks of several videos, and the videos and frames that could not be used.

    Raises:
        ImageError: no video has a track; the message says why for the first of them.
    """
    tracks: list[Track] = []
    problems: list[Problem] = []
    for video in videos:
        before = len(tracks)
        try:
            tracks += find_tracks(video, options=options, video=video.path.as_posix())
        except ImageError as error:
            problems.append((video.path, str(error)))
        else:
            if len(tracks) == before:
                problems.append((video.path, "nothing moves in it that could be followed"))
        problems += video.skipped
    if not tracks:
        raise ImageError(
            f"no tracks in {len(videos)} videos ({problems[0][0]}: {problems[0][1]}); give videos"
            " in which something moves, or lower shortest, motion or moving"
        )
    return tuple(tracks), tuple(problems)


def make_triplets(tracks: Sequence[Track], rng: np.random.Generator) -> tuple[TrainingTuple, ...]:
    """A triplet per track: its first patch, its last, and a patch of another video at random.

    Rows 2i and 2i + 1 are the first and the last patch of track i. With a single video, negatives
    are its other tracks, which may show the same thing again.

    Raises:
        UsageError: there is one track alone.
    """
    if len(tracks) < 2:
        raise UsageError("one track has nothing to differ from; give more or longer videos")
    videos = np.array([track.video for track in tracks])
    triplets = []
    for place, track in enumerate(tracks):
        others = np.flatnonzero(videos != track.video)
        if not len(others):
            others = np.delete(np.arange(len(tracks)), place)
        negative = 2 * int(rng.choice(others)) + int(rng.integers(2))
        triplets.append(TrainingTuple(2 * place, 2 * place + 1, (negative,)))
    return tuple(triplets)
