"""Copies of a picture as people and programs make them, of which everything is known."""

from __future__ import annotations

import cv2
import numpy as np

KINDS = ("jpeg", "crop", "overlay", "resize", "blur", "mirror")


def make_copy(pixels, kind, *, seed=0):
    """A copy of ``(H, W, 3)`` uint8 RGB, and the JPEG quality to keep it at."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    return _MAKERS[kind](pixels, rng), 20 if kind == "jpeg" else int(rng.integers(80, 96))


def encode(pixels, quality):
    """The bytes of a JPEG file."""
    done, content = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return content.tobytes()


def _crop(pixels, rng):
    """Half of the area, at any place."""
    height, width = pixels.shape[:2]
    tall, wide = round(height * 0.5**0.5), round(width * 0.5**0.5)
    y, x = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
    return pixels[y : y + tall, x : x + wide].copy()


def _overlay(pixels, rng):
    """A line of text, and a logo: a tenth of the picture, in flat colors."""
    shown = pixels.copy()
    height, width = shown.shape[:2]
    side = round(0.3 * min(height, width))
    x, y = int(rng.integers(0, width - side + 1)), int(rng.integers(0, height - side + 1))
    color = [int(c) for c in rng.integers(0, 256, 3)]
    cv2.rectangle(shown, (x, y), (x + side, y + side), color, -1)
    cv2.circle(shown, (x + side // 2, y + side // 2), side // 3, [255 - c for c in color], -1)
    scale, line = width / 320, int(rng.uniform(0.2, 0.95) * height)
    thick = max(2, round(2 * scale))
    cv2.putText(shown, "SAMPLE 2026", (width // 12, line), cv2.FONT_HERSHEY_SIMPLEX, scale,
                (255, 255, 255), thick, cv2.LINE_AA)  # fmt: skip
    return shown


def _resize(pixels, rng):
    """Smaller, to between a third and two thirds of each side."""
    factor = rng.uniform(1 / 3, 2 / 3)
    return cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _blur(pixels, rng):
    """By a Gaussian of half a percent of the shorter side."""
    return cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.004, 0.006) * min(pixels.shape[:2]))


_MAKERS = {
    "jpeg": lambda pixels, rng: pixels,
    "crop": _crop,
    "overlay": _overlay,
    "resize": _resize,
    "blur": _blur,
    "mirror": lambda pixels, rng: np.ascontiguousarray(pixels[:, ::-1]),
}
