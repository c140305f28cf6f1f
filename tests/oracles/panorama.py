"""A wall of the museum photographed from near, from far and along it, and what each photo shows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from relook.datasets.museum import Lens, Light, Museum, Pose, View
from relook.datasets.museum.camera import apply, look_at

MUSEUM = Museum(seed=11)
SIZE = (640, 480)


@dataclass(frozen=True)
class Shot:
    """A photo from ``distance`` meters, aimed at a point (x, y) of painting ``number``'s wall,
    in meters from the middle of that painting."""

    number: int
    aim: tuple[float, float]
    distance: float
    azimuth: float = 0.0

    @property
    def pose(self):
        return Pose(azimuth=self.azimuth, distance=self.distance, aim=self.aim)

    def take(self):
        """The pixels."""
        lens = Lens(size=SIZE, focal=1.0, noise=2.0, quality=90)
        return MUSEUM.photograph(self.number, View(self.pose, Light(), lens)).pixels

    def wall(self):
        """The homography of meters on the wall to the photo."""
        _, place = MUSEUM._find(self.number)
        return look_at(self.pose, place.center, size=SIZE, focal=1.0).wall()

    def hall(self):
        """Which wall it is."""
        return self.number // 2


def between(one, other):
    """The homography from one photo to another of the same wall."""
    way = other.wall() @ np.linalg.inv(one.wall())
    return way / way[2, 2]


def border(size=SIZE):
    width, height = size
    corners = [(-0.5, -0.5), (width - 0.5, -0.5), (width - 0.5, height - 0.5), (-0.5, height - 0.5)]
    return np.array(corners)


def outline(query, shot):
    """The border of a photo in the query."""
    return apply(between(shot, query), border())


def share(one, other):
    """Share of the area of outline ``one`` that ``other`` covers, by filled pixels."""
    every = np.concatenate([one, other])
    low, scale = every.min(axis=0), 800 / np.ptp(every, axis=0).max()
    masks = []
    for each in (one, other):
        mask = np.zeros((820, 820), np.uint8)
        cv2.fillConvexPoly(mask, np.rint((each - low) * scale).astype(np.int32), 1)
        masks.append(mask > 0)
    return float((masks[0] & masks[1]).sum() / max(1, masks[0].sum()))


def magnification(query, shot):
    """How many times larger a photo shows the middle of what it shares with the query."""
    _, shared = cv2.intersectConvexConvex(
        outline(query, shot).astype(np.float32), border().astype(np.float32)
    )
    middle = shared.reshape(-1, 2).mean(axis=0)
    near = middle + np.array([[0, 0], [0.01, 0], [0, 0.01]])
    there = apply(between(query, shot), near)
    across, down = (there[1] - there[0]) / 0.01, (there[2] - there[0]) / 0.01
    return float(np.sqrt(abs(across[0] * down[1] - across[1] * down[0])))


def write(folder, shots):
    """Write the photos."""
    for name, shot in shots.items():
        cv2.imwrite(str(folder / f"{name}.png"), shot.take()[..., ::-1])
