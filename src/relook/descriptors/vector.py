"""Image → one vector (or a few), by a network that some runtime executes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError, ShapeError
from relook.core.records import Image
from relook.descriptors.multiscale import MultiScale
from relook.descriptors.pyramid import pyramid
from relook.descriptors.sizing import Sizing
from relook.networks.runtime.base import Runtime

__all__ = ["Shapes", "VectorDescriber", "Views", "shapes"]

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

Views = tuple[UInt8, ...]
"""One picture as the network sees it: ``(H, W, 3)`` uint8 per scale."""

Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class VectorDescriber:
    """Describes pictures by a network at one or several scales.

    Attributes:
        runtime: executes the network.
        sizing: at which size.
        multiscale: at which scales, and how they are pooled.
    """

    runtime: Runtime
    sizing: Sizing = Sizing()
    multiscale: MultiScale = MultiScale()

    def describe(self, image: Image) -> Float32:
        """Describe a picture, or what was cropped from it.

        Returns:
            ``(D,)`` float32, or ``(R, D)`` where there are several: one per region of a regional
            pooling, one per scale that is kept.

        Raises:
            ImageError: it has no pixels, or its descriptor is not finite.
        """
        return _sound(self.describe_views([self.views(image)])[0])

    def describe_batch(self, images: Iterable[Image]) -> list[Float32]:
        """Describe several pictures; those that come to one shape go through the network together.

        Raises:
            ImageError: a picture has no pixels, or its descriptor is not finite.
        """
        views = [self.views(image) for image in images]
        buckets: dict[Shapes, list[int]] = {}
        for number, view in enumerate(views):
            buckets.setdefault(shapes(view), []).append(number)
        found: dict[int, Float32] = {}
        for numbers in buckets.values():
            described = self.describe_views([views[number] for number in numbers])
            found.update(zip(numbers, map(_sound, described), strict=True))
        return [found[number] for number in range(len(views))]

    def views(self, image: Image) -> Views:
        """The picture as the network sees it.

        Raises:
            ImageError: it has no pixels.
        """
        size = self.sizing.size(image)
        sizes = [self.sizing.scaled(size, scale) for scale in self.multiscale.scales]
        return pyramid(image.pixels, sizes)

    def describe_views(self, views: Sequence[Views]) -> list[Float32 | ImageError]:
        """Describe pictures that all have the same :func:`shapes`; a bad one gives its error."""
        try:
            return self.pooled([self.runtime.describe(batch) for batch in self.batches(views)])
        except ShapeError as error:  # too small for the network, or its values are not finite
            if len(views) == 1:
                return [ImageError(str(error))]
        return [result for view in views for result in self.describe_views([view])]

    def batches(self, views: Sequence[Views]) -> list[UInt8]:
        """What goes through the network: ``(B, H, W, 3)`` per scale, then the same mirrored."""
        plain = [np.stack(level) for level in zip(*views, strict=True)]
        if not self.multiscale.flip:
            return plain
        return plain + [np.ascontiguousarray(batch[:, :, ::-1]) for batch in plain]

    def pooled(self, outputs: Sequence[Float32]) -> list[Float32 | ImageError]:
        """What the network gave for :meth:`batches`, as one result per picture.

        Raises:
            UsageError: the descriptors cannot be pooled as asked.
        """
        scales = len(self.multiscale.scales)
        results: list[Float32 | ImageError] = []
        for rows in zip(*outputs, strict=True):
            if all(np.isfinite(row).all() for row in rows):
                results.append(self.multiscale.combine(rows[:scales], rows[scales:]))
            else:
                results.append(ImageError("the network gave values that are not finite"))
        return results


def shapes(views: Views) -> Shapes:
    """What pictures of one batch have in common."""
    return tuple(view.shape for view in views)


def _sound(vectors: Float32 | ImageError) -> Float32:
    if isinstance(vectors, ImageError):
        raise vectors
    return vectors
