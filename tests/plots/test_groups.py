from __future__ import annotations

import cv2
import numpy as np
import pytest

from relook.core.errors import StorageError, UsageError
from relook.core.records import Image
from relook.plots.groups import MOST_PICTURES, MOST_ROWS, SheetGroup, group_sheet, save_groups


def group(pictures=2, *, shape=(60, 80)):
    height, width = shape
    image = Image(np.full((*shape, 3), 99, np.uint8), (width, height))
    return SheetGroup("things", "a note", [(image, f"{number}.jpg") for number in range(pictures)])


def test_a_page_has_one_row_for_each_group():
    none, one, two = (group_sheet([group()] * count, title="t") for count in range(3))
    assert two.shape[0] - one.shape[0] == one.shape[0] - none.shape[0] > 0
    assert one.shape[1] == two.shape[1]


def test_the_same_groups_give_the_same_pixels():
    pages = [group_sheet([group()], title="t", summary="s") for _ in range(2)]
    assert np.array_equal(*pages)


def test_pictures_beyond_the_row_are_not_drawn():
    full, more = (group_sheet([group(MOST_PICTURES + extra)], title="t") for extra in (0, 3))
    assert np.array_equal(full, more)


@pytest.mark.parametrize("shape", [(1, 1), (400, 3), (3, 400)])
def test_pictures_of_any_shape_fit(shape):
    group_sheet([group(shape=shape)], title="t" * 300)


def test_a_page_is_written_whole(tmp_path):
    save_groups(tmp_path / "page.png", [group()], title="t")
    drawn = cv2.imread(str(tmp_path / "page.png"))[..., ::-1]
    assert np.array_equal(drawn, group_sheet([group()], title="t"))


def test_wrong_use_is_named(tmp_path):
    with pytest.raises(UsageError, match="at most"):
        group_sheet([group()] * (MOST_ROWS + 1), title="t")
    with pytest.raises(UsageError, match=r"page\.png"):
        save_groups(tmp_path / "page.jpg", [], title="t")
    with pytest.raises(StorageError, match="does not exist"):
        save_groups(tmp_path / "no" / "page.png", [], title="t")
