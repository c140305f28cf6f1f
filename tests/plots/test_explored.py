"""The page of an exploration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from relook.core.errors import StorageError, UsageError
from relook.core.records import Image, UInt8
from relook.plots.explored import Found, draw_exploration, save_exploration
from relook.plots.palette import BOX, REGION

REGION_OF_QUERY = np.array([[-0.5, -0.5], [199.5, -0.5], [199.5, 149.5], [-0.5, 149.5]])


def plain(width: int = 200, height: int = 150) -> Image:
    return Image(np.full((height, width, 3), 90, np.uint8), (width, height))


def found(count: int, *, move: float = 0.0) -> list[Found]:
    corners = np.array([[10, 10], [90, 10], [90, 70], [10, 70]]) + np.array([move, 0])
    return [Found(plain(), f"photo {i}.jpg", "4.0 x", corners, corners) for i in range(count)]


def draw(count: int = 3, *, inside: bool = True, move: float = 0.0) -> UInt8:
    return draw_exploration(
        plain(), found(count, move=move), name="query.jpg", title="Closer",
        region=REGION_OF_QUERY, inside=inside,
    )  # fmt: skip


def colored(page: UInt8, color: tuple[int, int, int]) -> int:
    return int((page == color).all(axis=2).sum())


@pytest.mark.parametrize("count", [0, 1, 13])
@pytest.mark.parametrize("inside", [True, False])
def test_a_page_is_as_wide_as_other_sheets_and_the_same_each_time(count: int, inside: bool) -> None:
    page = draw(count, inside=inside)
    assert page.dtype == np.uint8
    assert page.shape[1] <= 2400
    assert np.array_equal(page, draw(count, inside=inside))


def test_every_picture_is_outlined_on_the_query() -> None:
    assert colored(draw(0), REGION) == 0
    assert colored(draw(1), REGION) > 200
    assert colored(draw(1, inside=False), BOX) > colored(draw(1), BOX)


def test_outlines_far_outside_do_not_make_the_page_larger() -> None:
    far = draw(1, inside=False, move=1e6)
    assert far.shape[1] <= 2400
    assert far.shape[0] < 3000


def test_a_page_with_too_many_pictures_is_refused() -> None:
    with pytest.raises(UsageError, match="at most 200"):
        draw(201)


def test_a_page_is_written_as_it_was_drawn(tmp_path: Path) -> None:
    page = draw()
    save_exploration(tmp_path / "page.png", page)
    assert np.array_equal(np.asarray(Pillow.open(tmp_path / "page.png")), page)
    with pytest.raises(StorageError):
        save_exploration(tmp_path / "nowhere" / "page.png", page)
