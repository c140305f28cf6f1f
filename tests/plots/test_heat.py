"""Heat maps and label maps of a classifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relook.core.errors import ShapeError, StorageError, UsageError
from relook.core.records import Image
from relook.plots.heat import class_heat, heat_colors, label_colors, save_class_heat

HEAD, LEFT, STEP = 262, 80, 760
SIDE = 600  # of a photo of 200 pixels


def photo(width: int = 200, height: int = 200) -> Image:
    return Image(np.full((height, width, 3), 255, np.uint8), (width, height))


def scores(classes: int = 4, rows: int = 4, columns: int = 4) -> np.ndarray:
    """Class 1 in the left top corner and class 3 beside it, the rest is low."""
    found = np.zeros((classes, rows, columns))
    found[1, 0, 0] = 9.0
    found[3, 0, 1] = 5.0
    return found


def panel(page: np.ndarray, number: int) -> np.ndarray:
    left = LEFT + number * STEP
    return page[HEAD : HEAD + SIDE, left : left + SIDE]


def test_the_map_is_hottest_where_the_largest_score_is() -> None:
    page = class_heat(photo(), scores(), title="Photo")
    heat = panel(page, 1).sum(axis=2)
    assert heat[20:100, 20:100].mean() > heat[20:100, 200:260].mean() > heat[300:].mean()
    np.testing.assert_array_equal(panel(page, 1)[5, 5], heat_colors(np.ones(1))[0])
    np.testing.assert_array_equal(panel(page, 1)[-5, -5], heat_colors(np.zeros(1))[0])


def test_locations_above_the_mean_wear_the_colors_of_the_legend() -> None:
    page = class_heat(photo(), scores(), title="Photo", names=["none", "dog", "cat", "bird"])
    labels = panel(page, 2).astype(int)
    expected = np.rint(0.65 * label_colors(2) + 0.35 * 255)
    np.testing.assert_allclose(labels[75, 75], expected[0], atol=1)
    np.testing.assert_allclose(labels[75, 225], expected[1], atol=1)
    assert np.ptp(labels[200:], axis=2).max() < 8  # no class: gray
    below = page[HEAD + SIDE :, LEFT + 2 * STEP :]
    for color in label_colors(2):
        assert (below == color).all(axis=2).sum() > 300


def test_more_classes_than_the_legend_has_room_for_are_one_line() -> None:
    many = np.zeros((20, 4, 8))
    many[np.arange(12), np.arange(12) % 3, np.arange(12) % 8] = 5.0
    page = class_heat(photo(), many, title="Photo")
    assert page.shape[0] == class_heat(photo(), many * 2, title="Photo").shape[0]
    assert page.shape[0] > class_heat(photo(), scores(), title="Photo").shape[0]


def test_the_most_active_locations_are_dotted() -> None:
    bare = class_heat(photo(), scores(), title="Photo")
    dotted = class_heat(photo(), scores(), title="Photo", locations=2)
    changed = (panel(bare, 1) != panel(dotted, 1)).any(axis=2)
    assert changed[65:85, 65:85].any()
    assert changed[65:85, 215:235].any()
    assert not changed[160:].any()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (30, 2)], ids=str)
@pytest.mark.parametrize("shape", [(200, 120), (60, 400), (3, 3)], ids=str)
def test_every_map_and_every_photo_can_be_drawn_the_same_each_time(
    size: tuple[int, int], shape: tuple[int, int]
) -> None:
    values = np.random.default_rng(0).normal(0, 1, (3, *size)).astype(np.float32)
    first = class_heat(photo(*shape), values, title="Größe", locations=3)
    assert np.array_equal(first, class_heat(photo(*shape), values, title="Größe", locations=3))
    assert first.shape[1] == 2380
    assert first.dtype == np.uint8


def test_what_is_no_map_is_refused() -> None:
    with pytest.raises(ShapeError, match="4 classes need as many names"):
        class_heat(photo(), scores(), title="Photo", names=["a", "b", "c"])
    with pytest.raises(ShapeError):
        class_heat(photo(), scores()[0], title="Photo")
    with pytest.raises(ShapeError, match="no class"):
        class_heat(photo(), np.zeros((0, 3, 3)), title="Photo")
    with pytest.raises(ShapeError):
        class_heat(photo(), np.full((2, 3, 3), np.nan), title="Photo")


def test_it_is_written_as_png_into_a_folder_that_exists(tmp_path: Path) -> None:
    save_class_heat(tmp_path / "heat.png", photo(), scores(), title="Photo")
    assert (tmp_path / "heat.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"name it heat\.png"):
        save_class_heat(tmp_path / "heat.jpg", photo(), scores(), title="Photo")
    with pytest.raises(StorageError, match="make it first"):
        save_class_heat(tmp_path / "none" / "heat.png", photo(), scores(), title="Photo")
