"""One photo as another camera would have taken it: pairs that match, without labels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ImageError, UsageError

__all__ = ["render_view"]

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_LONGEST_JPEG = 65500


@dataclass(frozen=True, slots=True)
class Light:
    """The light of a view.

    Attributes:
        gamma: exponent on values in [0, 1].
        cast: factors on red, green and blue.
        slope: change of the gain from the middle to the right and to the lower edge.
        black: what dark places are lifted to, as by haze or flare, in [0, 1].
    """

    gamma: float
    cast: tuple[float, float, float]
    slope: tuple[float, float]
    black: float


def render_view(
    pixels: UInt8, rng: np.random.Generator, *, strength: float = 1.0, longest: int | None = None
) -> UInt8:
    """Another view of a photo: another place to stand, other light, another camera.

    A part of the photo is seen larger, in perspective and slightly turned; by another hour of the
    day, one in five by dusk or night; blurred, noisy and compressed.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB.
        rng: decides the view; the same state gives the same view.
        strength: 0 gives back nearly the photo, 1 what visitors of one place bring home.
        longest: longer side of the view at most; None keeps the scale of the photo.

    Returns:
        ``(h, w, 3)`` uint8 RGB. Where the view looks beyond the photo, it is mirrored.

    Raises:
        UsageError: a negative strength, or ``longest`` below 1.
        ShapeError: no ``(H, W, 3)`` uint8 pixels.
        ImageError: a photo without pixels.
    """
    check_array("pixels", pixels, shape=(None, None, 3), dtype=np.uint8)
    if not pixels.size:
        raise ImageError("a photo without pixels has no views")
    if not 0 <= strength < math.inf:
        raise UsageError(f"strength must be 0 or more, not {strength}")
    if longest is not None and longest < 1:
        raise UsageError(f"longest must be at least 1 pixel, not {longest}")
    corners, size = _stand(rng, pixels.shape[:2], strength)
    view = _photograph(pixels, corners, _shrunk(size, longest))
    light = _light(rng, strength)
    return _develop(rng, _expose(view, light), strength, dark=light.gamma > 1.8)


def _stand(
    rng: np.random.Generator, shape: tuple[int, ...], strength: float
) -> tuple[Float64, tuple[int, int]]:
    """The corners ``(4, 2)`` of the view within the photo, and (width, height) of the view."""
    height, width = shape[:2]
    side = np.exp(rng.uniform(np.log(0.5), 0) * min(strength, 2.0))  # share of each side
    stretch = np.exp(rng.normal(0, 0.08 * strength))
    share = np.minimum(side * np.array([stretch, 1 / stretch]), 1.0)
    extent = share * (width, height)
    middle = (rng.random(2) - 0.5) * ((width, height) - extent)
    square = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])
    corners = square * extent / 2
    roll = rng.normal(0, 0.08 * strength)
    turn = np.array([(np.cos(roll), np.sin(roll)), (-np.sin(roll), np.cos(roll))])
    # A camera that stands aside sees the far edge shorter: the corners of one side part.
    lean = (rng.normal(0, 0.16, 2) * strength).clip(-0.4, 0.4)
    apart = 1 + (square * lean).sum(axis=1, keepdims=True)
    corners = (corners * apart) @ turn + middle
    beyond = np.abs(corners / (width, height)).max() * 2
    corners = corners * min(1.0, 1.1 / beyond) + (np.array([width, height]) - 1) / 2
    x, y = np.maximum(np.rint(extent), 1).astype(int)
    return corners, (int(x), int(y))


def _shrunk(size: tuple[int, int], longest: int | None) -> tuple[int, int]:
    factor = 1.0 if longest is None else min(1.0, longest / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _photograph(pixels: UInt8, corners: Float64, size: tuple[int, int]) -> UInt8:
    width, height = size
    target = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * (width, height) - 0.5
    source = corners
    # Averaged down first where the view is much smaller, as warping alone would alias.
    reach = float(np.ptp(corners, axis=0).max()) / max(size)
    if reach > 1.5:
        to = tuple(max(1, round(side / reach)) for side in pixels.shape[1::-1])
        ratio = np.array(to) / pixels.shape[1::-1]
        pixels = np.asarray(cv2.resize(pixels, to, interpolation=cv2.INTER_AREA), np.uint8)
        source = (corners + 0.5) * ratio - 0.5
    matrix = cv2.getPerspectiveTransform(target.astype(np.float32), source.astype(np.float32))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpPerspective(
        pixels, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(warped, np.uint8)


def _light(rng: np.random.Generator, strength: float) -> Light:
    warm, green = rng.normal(0, 0.10 * strength), rng.normal(0, 0.03 * strength)
    dark = rng.random() < 0.2 * min(strength, 2.0)
    stops = rng.uniform(0.7, 1.6) if dark else rng.normal(0, 0.35 * strength)
    warm += rng.normal(0, 0.2 * strength) if dark else 0.0  # lamps are yellow, dusk is blue
    slope = rng.normal(0, 0.12 * strength, 2).clip(-0.5, 0.5)
    black = abs(rng.normal(0, 0.04 * strength))
    return Light(
        float(2.0 ** np.clip(stops, -1.2, 1.8)),
        (float(np.exp(warm)), float(np.exp(green)), float(np.exp(-warm))),
        (float(slope[0]), float(slope[1])),
        float(min(black, 0.2)),
    )


def _expose(view: UInt8, light: Light) -> Float32:
    height, width = view.shape[:2]
    curve = (np.arange(256, dtype=np.float32) / 255) ** np.float32(light.gamma)
    tone = np.asarray(cv2.LUT(view, light.black + (1 - light.black) * curve), np.float32)
    across = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(light.slope[0])
    down = np.linspace(-1, 1, height, dtype=np.float32) * np.float32(light.slope[1])
    field = np.maximum(1 + across + down[:, None], 0.1)
    return np.asarray(tone * field[..., None] * np.array(light.cast, np.float32), np.float32)


def _develop(rng: np.random.Generator, light: Float32, strength: float, *, dark: bool) -> UInt8:
    """Blur, noise and compression."""
    side = max(light.shape[:2])
    blur = abs(rng.normal(0, 0.9 * strength)) * side / 640
    noise = abs(rng.normal(0, 0.015 * strength)) * (2.5 if dark else 1.0)
    quality = int(np.clip(rng.uniform(95 - 60 * min(strength, 1.4), 96), 10, 95))
    if blur > 0.3:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), blur), np.float32)
    if noise > 0:
        light = light + np.float32(noise) * rng.standard_normal(light.shape, np.float32)
    picture = np.rint(np.clip(light, 0, 1) * 255).astype(np.uint8)
    return _compressed(picture, quality)


def _compressed(picture: UInt8, quality: int) -> UInt8:
    height, width = picture.shape[:2]
    if max(height, width) > _LONGEST_JPEG:
        return picture
    blue_first = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", blue_first, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(np.asarray(encoded, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise ImageError("OpenCV could not read the JPEG that it wrote")
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)
