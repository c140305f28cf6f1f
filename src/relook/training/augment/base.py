"""What all single augmentations share: pixels in, pixels of the same size out, chance from outside.

Each is a frozen dataclass of plain numbers, so that a configuration can say it, processes can be
handed it, and two runs can be compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ImageError, UsageError

__all__ = [
    "Augmentation",
    "Compose",
    "check_amount",
    "check_pair",
    "check_range",
    "draw_factor",
]

UInt8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """One random change of a picture.

    Attributes:
        probability: that a picture is changed at all.
    """

    probability: float = 1.0

    def __post_init__(self) -> None:
        check_amount("probability", self.probability, most=1.0)
        self._check()

    def __call__(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        """Change a picture.

        Args:
            pixels: ``(H, W, 3)`` uint8 RGB; not changed.
            rng: decides everything; the same state gives the same pixels.

        Returns:
            ``(H, W, 3)`` uint8 of the same size, new memory.

        Raises:
            ShapeError: no ``(H, W, 3)`` uint8 pixels.
            ImageError: a picture without pixels.
        """
        check_array("pixels", pixels, shape=(None, None, 3), dtype=np.uint8)
        if not pixels.size:
            raise ImageError("a picture without pixels cannot be augmented")
        if self.probability < 1 and rng.random() >= self.probability:
            return pixels.copy()
        return self._changed(pixels, rng)

    def _check(self) -> None:
        """Raise :class:`UsageError` where an option makes no sense."""

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Compose:
    """Several augmentations, one after the other.

    Attributes:
        steps: in order; none leave a picture as it is.
    """

    steps: tuple[Augmentation, ...]

    def __call__(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        """Change a picture as all of them do; see :meth:`Augmentation.__call__`."""
        check_array("pixels", pixels, shape=(None, None, 3), dtype=np.uint8)
        changed = pixels.copy()
        for step in self.steps:
            changed = step(changed, rng)
        return changed


def draw_factor(limits: tuple[float, float], rng: np.random.Generator) -> float:
    """A number between two whose logarithm is uniform: twice is as likely as half."""
    smallest, largest = limits
    return math.exp(rng.uniform(math.log(smallest), math.log(largest)))


def check_amount(name: str, value: object, *, least: float = 0.0, most: float = math.inf) -> None:
    """Raise :class:`UsageError` unless ``value`` is a finite number from ``least`` to ``most``."""
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
    if not least <= number <= most or math.isinf(number):
        upper = "" if math.isinf(most) else f" and at most {most:g}"
        raise UsageError(f"{name} must be at least {least:g}{upper}, not {value!r}")


def check_pair(
    name: str, values: object, *, least: float = 0.0, most: float = math.inf
) -> tuple[float, float]:
    """Two finite numbers from ``least`` to ``most``; raises :class:`UsageError` elsewhere."""
    if not isinstance(values, (tuple, list)) or len(values) != 2:
        raise UsageError(f"{name} must be two numbers, not {values!r}")
    for value in values:
        check_amount(name, value, least=least, most=most)
    return values[0], values[1]


def check_range(name: str, values: object, *, least: float = 0.0, most: float = math.inf) -> None:
    """Raise :class:`UsageError` unless ``values`` are a smallest and a largest number."""
    smallest, largest = check_pair(name, values, least=least, most=most)
    if smallest > largest:
        raise UsageError(f"{name} must have the smaller number first, not {values!r}")
