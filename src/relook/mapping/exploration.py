"""What an exploration found: pictures of details, of the surroundings, of what lies beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from relook.core.records import Evidence
from relook.reranking.framing import Framing

__all__ = ["Direction", "Exploration", "View", "Zoom"]

Zoom = Literal["in", "out", "crawl"]
Direction = Literal["left", "right", "up", "down"]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A picture that was found, and how it frames what was asked for.

    Attributes:
        id: content id.
        path: as stored, with '/'.
        size: (width, height) in pixels.
        transform: ``(3, 3)`` float64, points of the query to points of the picture, by way of the
            ``chain``.
        chain: ids of the pictures that led from the query to this one; empty where the query
            itself shows it.
        evidence: verified geometry of the last link: from the last of ``chain``, or from the query,
            to this picture.
        framing: where the picture lies in the query, how much it magnifies, what it covers.
    """

    id: int
    path: str
    size: tuple[int, int]
    transform: NDArray[np.float64]
    chain: tuple[int, ...]
    evidence: Evidence
    framing: Framing

    @property
    def magnification(self) -> float:
        """How many times larger what was asked for appears."""
        return self.framing.magnification

    @property
    def outline(self) -> NDArray[np.float64]:
        """``(4, 2)`` border of the picture in the query, clockwise from its left top."""
        return self.framing.outline

    @property
    def coverage(self) -> float:
        """Share of what was asked for that the picture shows."""
        return self.framing.coverage

    @property
    def shift(self) -> tuple[float, float]:
        """(x, y) to the middle of the picture, in sides of what was asked for."""
        return self.framing.shift

    @property
    def direction(self) -> Direction:
        """Where it lies from the middle of what was asked for."""
        across, down = self.framing.shift
        if abs(across) >= abs(down):
            return "left" if across < 0 else "right"
        return "up" if down < 0 else "down"


@dataclass(frozen=True, slots=True, eq=False)
class Exploration:
    """The answer to one exploration.

    Attributes:
        query: its name.
        zoom: what was asked: ``in``, ``out`` or ``crawl``.
        region: ``(4, 2)`` outline in the query of what was asked for.
        views: in: most magnified first, each showing something that those before it do not. out:
            the one first in which the query is smallest. crawl: by direction, from near to far.
    """

    query: str
    zoom: Zoom
    region: NDArray[np.float64]
    views: tuple[View, ...]
