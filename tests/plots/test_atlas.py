from __future__ import annotations

import base64
import html.parser
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

import relook
from relook.core.errors import StorageError, UsageError
from relook.core.records import Image
from relook.plots import atlas_colors
from relook.plots.atlas import UNLABELLED, AtlasPlot, draw_atlas, save_atlas
from relook.plots.atlas_colors import COLORS, label_colors
from relook.plots.atlas_grid import snap
from relook.plots.atlas_page import atlas_page, save_atlas_page


def plot(count=12, *, names=("église", "美術館", "מוזיאון"), title="pictures", shape=(30, 40)):
    rng = np.random.default_rng(0)
    height, width = shape

    def thumbnail(row):
        return Image(np.full((*shape, 3), row % 256, np.uint8), (width, height))

    return AtlasPlot(
        xy=rng.random((count, 2)).astype(np.float32),
        labels=np.arange(count) % (len(names) + 1) - 1,
        names=names,
        captions=[f"folder/{row}.jpg" for row in range(count)],
        thumbnail=thumbnail,
        title=title,
    )


def content_of(page):
    (text,) = re.findall(r'<script type="application/json" id="data">([^<]*)</script>', page)
    return json.loads(text)


LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def light(colors):
    """Linear light of sRGB."""
    srgb = np.asarray(colors, np.float64) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def oklab(colors, *, seen=None):
    """Ottosson (2020), the way there."""
    linear = light(colors)
    if seen is not None:
        linear = np.clip(linear @ seen.T, 0, 1)
    lms = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                    [0.2119034982, 0.6806995451, 0.1073969566],
                    [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
    lab = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                    [1.9779984951, -2.4285922050, 0.4505937099],
                    [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip
    return np.cbrt(linear @ lms.T) @ lab.T


# Machado et al. (2009), on linear light.
SEEN = {
    "as most see": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("seen", SEEN)
def test_the_colors_of_the_largest_labels_and_of_none_can_be_told_apart(seen, dark):
    names = [f"label {i}" for i in range(COLORS)]
    gray = (107, 107, 110) if dark else UNLABELLED
    colors = oklab([*label_colors(names, dark=dark), gray], seen=SEEN[seen])
    far = np.linalg.norm(colors[:, None] - colors, axis=2)
    assert far[~np.eye(len(colors), dtype=bool)].min() > (0.12 if seen == "as most see" else 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_colors_stand_out_from_their_ground(dark):
    colors = light(label_colors([f"label {i}" for i in range(60)], dark=dark)) @ LUMINANCE
    ground = float(light([(28, 31, 32) if dark else (240, 238, 234)])[0] @ LUMINANCE)
    high, low = np.maximum(colors, ground), np.minimum(colors, ground)
    assert ((high + 0.05) / (low + 0.05)).min() > 2.6


def test_labels_beyond_the_largest_differ_from_those_before_and_after_them():
    colors = oklab(label_colors([f"label {i}" for i in range(100)]))[COLORS:]
    assert np.linalg.norm(np.diff(colors, axis=0), axis=1).min() > 0.12
    assert len(np.unique(colors, axis=0)) == len(colors)


def test_the_page_of_the_server_has_the_same_palette():
    script = (Path(relook.__file__).parent / "server/page/views/atlas/colors.js").read_text("utf-8")

    def listed(name):
        return re.findall(
            r"#[0-9a-f]{6}", re.search(rf"const {name} = \[(.*?)\]", script, re.DOTALL)[1]
        )

    def numbers(pattern):
        return tuple(
            float(number) for number in re.findall(r"[\d.]+", re.search(pattern, script)[1])
        )

    assert (tuple(listed("LIGHT")), tuple(listed("DARK"))) == (
        atlas_colors.LIGHT,
        atlas_colors.DARK,
    )
    assert numbers(r"GOLDEN = ([\d.]+)") == (atlas_colors.GOLDEN,)
    assert numbers(r"CHROMA = ([\d.]+)") == (atlas_colors.CHROMA,)
    for dark, theme in ((False, "light"), (True, "dark")):
        assert numbers(rf"{theme}: \[([^\]]*)\]") == atlas_colors.LIGHTNESS[dark]


def test_a_label_keeps_its_color_when_smaller_ones_come():
    names = [f"label {i}" for i in range(40)]
    assert np.array_equal(label_colors(names)[:9], label_colors(names[:9]))
    assert label_colors([]).shape == (0, 3)


def test_points_get_cells_of_their_own_near_their_place():
    points = np.random.default_rng(0).random((80, 2)) * 10
    cells = snap(points, columns=10, rows=10, reach=2)
    shown = cells >= 0
    assert len(np.unique(cells[shown])) == shown.sum() > 60
    middle = np.stack([cells % 10, cells // 10], axis=1) + 0.5
    assert np.abs(middle - points)[shown].max() <= 2.5
    assert np.array_equal(snap(points, columns=10, rows=10, reach=2), cells)


def test_whoever_is_near_the_middle_of_a_cell_has_it():
    points = np.array([[0.9, 0.9], [0.5, 0.5], [0.1, 0.5]])
    assert snap(points, columns=1, rows=1).tolist() == [-1, 0, -1]


@pytest.mark.parametrize("count", [0, 1, 3, 60])
@pytest.mark.parametrize("names", [(), ("a", "b")])
def test_a_page_is_drawn_of_any_number_and_is_the_same_again(count, names):
    pages = [draw_atlas(plot(count, names=names, title="t" * 300)) for _ in range(2)]
    assert np.array_equal(*pages)
    assert min(pages[0].shape[:2]) > 2000


def test_pictures_are_framed_in_the_color_of_their_label():
    one = plot(2, names=("a",))
    page = draw_atlas(one)
    color = label_colors(["a"])[0]
    assert (page == color).all(axis=2).sum() > 4000  # the frame, and the legend


@pytest.mark.parametrize("shape", [(1, 1), (300, 2), (2, 300)])
def test_pictures_of_any_shape_fit(shape):
    draw_atlas(plot(3, shape=shape))
    assert len(content_of(atlas_page(plot(3, shape=shape)))["sizes"]) == 3


def test_the_page_holds_every_picture_and_asks_for_nothing_else():
    one = plot(20)
    page = atlas_page(one)
    content = content_of(page)
    assert content["names"] == list(one.names)
    assert content["captions"] == list(one.captions)
    assert sorted(content["order"]) == list(range(20))
    assert np.abs(np.stack([content["x"], content["y"]], axis=1) - one.xy).max() < 1e-4
    assert not re.search(r"(src|href)\s*=\s*[\"']?http|url\(http|//[a-z]+\.[a-z]", page)


def test_every_thumbnail_lies_in_its_cell():
    content = content_of(atlas_page(plot(20, shape=(64, 64))))
    data = base64.b64decode(content["sheet"].partition(",")[2])
    sheet = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    side, columns = content["tile"], content["columns"]
    for row, (wide, high) in enumerate(content["sizes"]):
        top, left = row // columns * side, row % columns * side
        assert np.abs(sheet[top : top + high, left : left + wide].mean() - row) < 4


def test_names_cannot_end_the_page_early():
    evil = "</script><script>alert(1)</script>"
    page = atlas_page(plot(3, names=(evil,), title=evil))
    assert page.count("<script>") == 1
    assert content_of(page)["names"] == [evil]
    html.parser.HTMLParser().feed(page)


def test_thumbnails_of_many_pictures_stay_small():
    page = atlas_page(plot(3000, shape=(8, 8)))
    content = content_of(page)
    assert content["tile"] <= 73
    assert len(page) < 2_000_000


def test_files_are_named_for_what_they_are(tmp_path):
    save_atlas(tmp_path / "map.png", plot())
    save_atlas_page(tmp_path / "map.html", plot())
    assert {path.name for path in tmp_path.iterdir()} == {"map.png", "map.html"}
    with pytest.raises(UsageError, match=r"name it map\.html"):
        save_atlas_page(tmp_path / "map.png", plot())
    with pytest.raises(StorageError, match="does not exist"):
        save_atlas_page(tmp_path / "away" / "map.html", plot())


def test_labels_outside_the_names_are_refused():
    with pytest.raises(UsageError, match="no place in the names"):
        AtlasPlot(np.zeros((1, 2), np.float32), np.array([3]), ("a",), ("x",), None, "t")
