"""What moves between two frames, apart from the camera; and where points go."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Flow", "busiest_window", "corners", "follow", "moving"]

Float32 = NDArray[np.float32]
Gray = NDArray[np.uint8]

_WINDOW = (15, 15)
_BACK = 0.7  # pixels that a point may miss itself by when it is tracked there and back
_FIRM = 1.0  # pixels that a point of the background may lie off the camera's homography


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Points that were found again.

    Attributes:
        before: ``(N, 2)`` float32, x and y in the first frame.
        after: ``(N, 2)`` float32, in the second.
        kept: ``(N,)`` rows of the points that were asked for.
    """

    before: Float32
    after: Float32
    kept: NDArray[np.int64]


def corners(frame: Gray, *, most: int = 500) -> Float32:
    """``(N, 2)`` points that can be followed (Shi and Tomasi 1994), spread over the frame."""
    apart = max(3, round(min(frame.shape) / 60))
    # None where there is nothing at all, whatever OpenCV's types say.
    found: NDArray[np.generic] | None = cv2.goodFeaturesToTrack(frame, most, 0.01, apart)
    return np.zeros((0, 2), np.float32) if found is None else _points(found)


def follow(first: Gray, second: Gray, points: Float32) -> Flow:
    """Follow ``(N, 2)`` points by optical flow in pyramids (Lucas and Kanade 1981).

    A point is kept where tracking it back ends where it began (Kalal, Mikolajczyk and Matas 2010).
    """
    if not len(points):
        return Flow(points, points, np.zeros(0, np.int64))
    after, there, _ = cv2.calcOpticalFlowPyrLK(
        first, second, points, points.copy(), winSize=_WINDOW
    )
    back, again, _ = cv2.calcOpticalFlowPyrLK(second, first, after, after.copy(), winSize=_WINDOW)
    found = (there.ravel() > 0) & (again.ravel() > 0)
    found &= np.linalg.norm(_points(back) - points, axis=1) <= _BACK
    kept = np.flatnonzero(found).astype(np.int64)
    return Flow(points[kept], _points(after)[kept], kept)


def moving(flow: Flow, *, least: float) -> NDArray[np.bool_]:
    """``(N,)``: which points move by more than ``least`` pixels where the camera holds still.

    The camera's own motion is the homography that most points agree on (as in Wang and Schmid
    2013); with fewer than eight points nothing is said to move.
    """
    if len(flow.before) < 8:
        return np.zeros(len(flow.before), np.bool_)
    camera: NDArray[np.generic] | None
    camera, _ = cv2.findHomography(flow.before, flow.after, cv2.RANSAC, _FIRM)
    still = flow.before
    if camera is not None:
        seen = np.asarray(camera, np.float64)
        still = _points(cv2.perspectiveTransform(flow.before[:, None], seen))
    return np.asarray(np.linalg.norm(flow.after - still, axis=1) > least)


def busiest_window(points: Float32, shape: tuple[int, ...], side: int) -> tuple[int, int, int]:
    """The square of ``side`` pixels that holds most points.

    Returns x and y of its left top pixel, and how many points it holds. Of several squares, the
    one nearest to the middle of them all is taken, so that what moves lies in its middle.
    """
    rows, columns = shape[:2]
    counts = np.zeros((rows, columns), np.float32)
    where = np.rint(points).astype(np.int64)
    inside = ((where >= 0) & (where < (columns, rows))).all(axis=1)
    np.add.at(counts, (where[inside, 1], where[inside, 0]), 1.0)
    sums = cv2.integral(counts)
    held = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    best = np.argwhere(held >= held.max() - 0.5)
    y, x = best[np.argmin(np.square(best - best.mean(axis=0)).sum(axis=1))]
    return int(x), int(y), round(float(held.max()))


def _points(found: NDArray[np.generic]) -> Float32:
    return np.asarray(found, np.float32).reshape(-1, 2)
