from __future__ import annotations

import cv2
import numpy as np
import pytest

from relook.core.errors import ShapeError, StorageError, UsageError
from relook.training.augment.sheet import save_view_sheet, view_sheet


def _plain(height: int, width: int, value: int) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def test_pictures_stand_in_rows_and_are_shown_whole():
    page = view_sheet([[_plain(40, 20, 10), _plain(20, 20, 20)], [_plain(8, 4, 30)]], side=20)
    assert page.shape == (48 + 46, 48 + 46, 3)
    assert (page == 10).all(axis=2).sum() == 20 * 10
    assert (page == 20).all(axis=2).sum() == 20 * 20
    assert (page == 30).all(axis=2).sum() == 8 * 4
    assert (page[24:44, 50:70] == 20).all()


def test_a_sheet_is_written_as_it_is(tmp_path):
    rows = [[_plain(12, 12, 5)] * 3]
    save_view_sheet(tmp_path / "views.png", rows, side=12)
    read = cv2.imread(str(tmp_path / "views.png"))[..., ::-1]
    np.testing.assert_array_equal(read, view_sheet(rows, side=12))


def test_bad_input_is_told(tmp_path):
    rows = [[_plain(12, 12, 5)]]
    for nothing in ([], [[]]):
        with pytest.raises(UsageError, match="no views"):
            view_sheet(nothing)
    with pytest.raises(UsageError, match="too large"):
        view_sheet(rows * 10, side=10_000)
    with pytest.raises(ShapeError, match="pixels"):
        view_sheet([[np.zeros((4, 4), np.uint8)]])
    with pytest.raises(UsageError, match=r"name it views\.png"):
        save_view_sheet(tmp_path / "views.jpg", rows)
    with pytest.raises(StorageError, match="does not exist"):
        save_view_sheet(tmp_path / "none" / "views.png", rows)
