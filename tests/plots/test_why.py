"""Why two pictures are similar, as a page: lines, colors, words, and never a crash."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from relook.core.errors import UsageError
from relook.core.records import Box, Evidence, Image
from relook.plots.layout import MARGIN
from relook.plots.palette import BOX, REGION
from relook.plots.place import Placement
from relook.plots.similarity import contribution_colors, half_of_it, overlay, strongest
from relook.plots.why import Why, draw_why, save_why, summary, title, where
from relook.search.explaining import Grid, SimilarityMaps

CORNERS = np.array([[20, 30], [180, 30], [180, 120], [20, 120]], np.float32)
WHOLE = Box(0, 0, 240, 160)
NAMES = ("query.jpg", "louvre/mona.jpg")


def gray(width: int = 240, height: int = 160) -> Image:
    return Image(np.full((height, width, 3), 120, np.uint8), (width, height))


def proof(*, verified: bool = True) -> Evidence:
    points = np.array([[40, 50], [150, 60], [90, 100]], np.float32)
    move = np.array([30, 20], np.float32)
    matrix = np.array([[1.0, 0, 30], [0, 1, 20], [0, 0, 1]])
    return Evidence(
        3, 3.0, matrix, points, points + move, CORNERS, CORNERS + move, verified=verified
    )


def grid(values: object, frame: Box = WHOLE) -> Grid:
    return Grid(np.array(values, np.float32), frame)


def maps(frame: Box = WHOLE) -> SimilarityMaps:
    own = grid([[0.6, 0.0, 0.0], [0.0, 0.0, -0.2]], frame)
    return SimilarityMaps(own, grid([[0.1, 0.1], [0.1, 0.1]]), 0.4)


def has(page: np.ndarray, color: object) -> bool:
    return bool((page == np.array(color)).all(axis=2).any())


def test_matches_are_said_and_outlined() -> None:
    why = Why(gray(), gray(), NAMES, evidence=proof())
    assert title(why) == "3 matches agree"
    assert summary(why) == "verified by geometry"
    assert has(draw_why(why), REGION)


def test_weak_evidence_is_called_so() -> None:
    why = Why(gray(), gray(), NAMES, evidence=proof(verified=False), maps=maps())
    assert title(why) == "3 matches agree, too few to be sure"
    assert summary(why) == "not verified · similarity 0.40 of 1"


def test_where_details_and_the_whole_are_compared_what_a_search_says_is_said() -> None:
    why = Why(gray(), gray(), NAMES, evidence=proof(), maps=maps(), similarity=0.51)
    assert summary(why) == "verified by geometry · similarity 0.51 of 1"


def test_nothing_agrees_is_a_page_too() -> None:
    why = Why(gray(), gray(90, 300), NAMES, similarity=0.01)
    assert title(why) == "No details agree"
    assert "0.01" not in summary(why)
    assert where(why) == ""
    assert not has(draw_why(why), REGION)


def test_without_geometry_the_similarity_is_the_answer() -> None:
    assert title(Why(gray(), gray(), NAMES, geometry=False, maps=maps())) == "Similarity 0.40"
    assert title(Why(gray(), gray(), NAMES, geometry=False, similarity=-0.001)) == "Similarity 0.00"
    assert title(Why(gray(), gray(), NAMES, geometry=False)) == "Nothing to compare"


def test_maps_are_a_second_row() -> None:
    plain = draw_why(Why(gray(), gray(), NAMES, geometry=False))
    with_maps = draw_why(Why(gray(), gray(), NAMES, geometry=False, maps=maps()))
    assert with_maps.shape[0] > 1.6 * plain.shape[0]
    assert with_maps.shape[1] == plain.shape[1] <= 1920


def test_the_box_that_was_asked_for_is_outlined_in_both_rows() -> None:
    box = Box(60, 40, 100, 80)
    why = Why(gray(), gray(), NAMES, geometry=False, maps=maps(box), box=box)
    rows = np.flatnonzero((draw_why(why) == np.array(BOX)).all(axis=2).any(axis=1))
    assert rows[0] < 600
    assert rows[-1] > 900


@pytest.mark.parametrize("size", [(3000, 20), (20, 3000), (1, 1)])
def test_extreme_shapes_are_drawn(size: tuple[int, int]) -> None:
    page = draw_why(Why(gray(*size), gray(), NAMES, maps=maps(Box(0, 0, *size))))
    assert page.shape[1] <= 1920


def test_the_page_is_a_png_file(tmp_path: Path) -> None:
    save_why(tmp_path / "why.png", Why(gray(), gray(), NAMES, evidence=proof(), maps=maps()))
    assert cv2.imread(str(tmp_path / "why.png")).shape[1] >= 1200 + 2 * MARGIN
    with pytest.raises(UsageError, match="PNG"):
        save_why(tmp_path / "why.jpg", Why(gray(), gray(), NAMES))


def test_what_speaks_for_it_is_warm_and_what_speaks_against_it_is_blue() -> None:
    own = Placement(gray(), 240, 160)
    pair = maps()
    drawn = overlay(own.render(), own, pair.query, most=strongest((pair.query,)))
    red, _, blue = (drawn[..., band].astype(int) for band in range(3))
    assert (red - blue)[20:60, 10:60].min() > 40
    assert (blue - red)[110:150, 190:230].min() > 25


def test_only_the_part_that_was_asked_for_is_colored() -> None:
    own = Placement(gray(), 240, 160)
    part = grid(np.full((4, 4), 0.5), Box(120, 80, 60, 40))
    drawn = overlay(own.render(), own, part, most=4.0)
    colored = np.ptp(drawn.astype(int), axis=2) > 8
    assert colored[80:120, 120:180].all()
    assert colored.sum() == 60 * 40


def test_lightness_tells_strength_on_both_arms() -> None:
    for sign in (-1, 1):
        colors, opacity = contribution_colors(sign * np.linspace(0.01, 1, 9))
        light = cv2.cvtColor(colors[None], cv2.COLOR_RGB2LAB)[0, :, 0].astype(int)
        assert (sign * np.diff(light) > 0).all()
        assert (np.diff(opacity) >= 0).all()
        assert opacity[0] < 0.02


def test_pictures_of_different_things_are_drawn_weakly() -> None:
    weak = grid(np.full((5, 5), 0.05 / 25))
    assert strongest((weak,)) == 4
    assert strongest((grid(np.full((5, 5), 6 / 25)),)) == pytest.approx(6)


def test_how_much_gives_half_of_it() -> None:
    assert half_of_it(grid([[0.5, 0.0], [0.0, -0.3]])) == 0.25
    assert half_of_it(grid(np.full((5, 4), 0.1))) == 0.5
    assert half_of_it(grid([[-1.0, 0.0]])) == 1
