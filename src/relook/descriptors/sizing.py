"""At which size a network sees a picture, so that few different shapes occur."""

from __future__ import annotations

from dataclasses import dataclass

from relook.core.errors import ImageError, UsageError
from relook.core.records import Image
from relook.images.geometry import shrunk_size

__all__ = ["Sizing"]

Size = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """How a picture is brought to a size: shrunk, never enlarged, then rounded.

    A crop is resized by the factor that its full image would get.

    Attributes:
        longest: the longer side of the full image has at most so many pixels.
        multiple: both sides are rounded to the nearest multiple of this, so that pictures share
            shapes, batches and compiled kernels; 1 keeps the aspect ratio, as published protocols
            do.
        shortest: a picture with a side below this is enlarged, up to ``longest``. A strip that is
            still thinner then is stretched.

    Raises:
        UsageError: a value is below 1, or no multiple lies between ``shortest`` and ``longest``.
    """

    longest: int = 1024
    multiple: int = 32
    shortest: int = 32

    def __post_init__(self) -> None:
        if min(self.longest, self.multiple, self.shortest) < 1:
            raise UsageError("longest, multiple and shortest must be at least 1 pixel")
        if self._least > self._most:
            raise UsageError(
                f"no multiple of {self.multiple} lies between shortest = {self.shortest} and "
                f"longest = {self.longest}; set longest higher"
            )

    @property
    def _least(self) -> int:
        return -(-self.shortest // self.multiple) * self.multiple

    @property
    def _most(self) -> int:
        return self.longest // self.multiple * self.multiple

    def size(self, image: Image) -> Size:
        """(width, height) that an image, or a crop of it, is resized to.

        Raises:
            ImageError: the image has no pixels.
        """
        height, width = image.pixels.shape[:2]
        if min(width, height, *image.size) < 1:
            raise ImageError(f"a picture of {width} x {height} pixels cannot be described")
        full = shrunk_size(image.size, longest=self.longest)
        # A picture may come shrunk already; what is smaller than asked for stays so.
        factors = [
            min(1.0, new / old / scale)
            for new, old, scale in zip(full, image.size, image.scale, strict=True)
        ]
        return self._fit(width * factors[0], height * factors[1], longest=self.longest)

    def scaled(self, size: Size, scale: float) -> Size:
        """(width, height) of one scale of a picture that :meth:`size` brought to ``size``."""
        longest = max(self.longest, round(self.longest * scale))
        return self._fit(size[0] * scale, size[1] * scale, longest=longest)

    def _fit(self, width: float, height: float, *, longest: int) -> Size:
        short, long = sorted((width, height))
        if short < self.shortest:
            factor = max(1.0, min(self.shortest / short, longest / long))
            width, height = width * factor, height * factor
        most = longest // self.multiple * self.multiple
        return self._round(width, most=most), self._round(height, most=most)

    def _round(self, side: float, *, most: int) -> int:
        nearest = int(side / self.multiple + 0.5) * self.multiple
        return max(self._least, min(nearest, most))
