"""Stand-ins for networks, of which everything is known."""

from __future__ import annotations

import numpy as np


class Quarters:
    """Describes by the mean and the spread of the colors in the four quarters of a picture.

    l2-normalized, not negative, and different for a mirrored picture. Keeps what it was shown.
    """

    def __init__(self, *, centered=False, regions=False):
        self.shown = []
        self.centered = centered
        self.regions = regions

    def describe(self, pixels):
        self.shown.append(pixels)
        return np.stack([self.one(picture) for picture in pixels]).astype(np.float32)

    def describe_all(self, batches):
        """As a runtime that works on two batches at a time."""
        waiting = []
        for pixels in batches:
            if len(waiting) == 2:
                yield self.describe(waiting.pop(0))
            waiting.append(pixels)
        yield from map(self.describe, waiting)

    def one(self, picture):
        levels = picture.astype(np.float64) / 255
        halves = np.array_split(levels, 2, axis=0)
        quarters = [quarter for half in halves for quarter in np.array_split(half, 2, axis=1)]
        rows = np.stack([np.r_[q.mean((0, 1)), q.std((0, 1))] for q in quarters])
        if self.centered:
            rows = rows - 0.3
        if self.regions:
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return rows.ravel() / np.linalg.norm(rows)


class Broken(Quarters):
    """Gives NaN for pictures whose first pixel is red."""

    def one(self, picture):
        vector = super().one(picture)
        return vector * np.nan if tuple(picture[0, 0]) == (255, 0, 0) else vector
