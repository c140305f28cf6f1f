"""Pixels to pixels: read any picture upright, resize it, cut boxes out of it."""

from relook.images.exif import Exif, read_exif
from relook.images.formats import MAX_PIXELS, SUFFIXES, is_picture
from relook.images.geometry import crop, resize
from relook.images.reader import read
from relook.images.views import render_view

__all__ = [
    "MAX_PIXELS",
    "SUFFIXES",
    "Exif",
    "crop",
    "is_picture",
    "read",
    "read_exif",
    "render_view",
    "resize",
]
