"""Photos of things before other things, and copies of photos, drawn by code."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow

from oracles.copies import KINDS, encode, make_copy
from oracles.pictures import texture
from relook.images import render_view

WALL = (240, 420)


def photo_of(thing, view, *, wall):
    """A thing in the middle of a wall that other photos show too, in the light of a view."""
    pixels = texture(WALL, seed=1000 + wall)
    pixels[20:220, 110:310] = texture((200, 200), seed=thing)
    return render_view(pixels, np.random.default_rng([thing, view]), strength=0.15)


def write_photos(folder, *, things=3, views=3):
    """Views of things, each view before a wall of its own, as if it were a room."""
    folder.mkdir(parents=True)
    for thing in range(things):
        for view in range(views):
            pixels = photo_of(thing, view, wall=view)
            Pillow.fromarray(pixels).save(folder / f"thing{thing}-{view}.png")
    for number in range(3):
        Pillow.fromarray(texture((200, 260), seed=500 + number)).save(folder / f"else{number}.png")
    Pillow.fromarray(np.full((200, 260, 3), 90, np.uint8)).save(folder / "blank.png")


def write_copies(folder, *, seed=0):
    """``source-KIND.png`` and ``copy-KIND.jpg`` for each kind, and what is harder.

    Two pictures of one thing, two files of the same bytes, a part of a mirror image, two pictures
    without room for features, and a blank one.
    """
    folder.mkdir(parents=True)
    for number, kind in enumerate(KINDS):
        source = texture((240, 320), seed=seed + number)
        Pillow.fromarray(source).save(folder / f"source-{kind}.png")
        pixels, quality = make_copy(source, kind, seed=seed)
        (folder / f"copy-{kind}.jpg").write_bytes(encode(pixels, quality))
    thing = texture((240, 320), seed=seed + 100)
    for view in range(2):
        pixels = render_view(thing, np.random.default_rng([seed, view]), strength=0.6)
        Pillow.fromarray(pixels).save(folder / f"view-{view}.png")
    content = (folder / "source-jpeg.png").read_bytes()
    (folder / "again.png").write_bytes(content)
    Pillow.fromarray(np.full((200, 260, 3), 90, np.uint8)).save(folder / "blank.png")
    whole = texture((320, 420), seed=seed + 200)
    Pillow.fromarray(whole).save(folder / "whole.png")
    part = np.ascontiguousarray(whole[40:260, 30:330][:, ::-1])
    Pillow.fromarray(part).save(folder / "part.png")
    small = Pillow.fromarray(texture((24, 32), seed=seed + 300))
    small.save(folder / "small.png")
    small.resize((64, 48)).save(folder / "grown.png")
