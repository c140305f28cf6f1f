"""The grid of R-MAC against tables worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")  # the package of the poolings needs it, the grid itself does not

from oracles.pooling import common_regions
from relook.networks.pooling.regions import rmac_regions

# (height, width): per scale the side, the rows and the columns at which squares begin
TABLE = {
    (1, 1): [(1, [0], [0])],
    (4, 4): [(4, [0], [0]), (2, [0, 2], [0, 2]), (2, [0, 1, 2], [0, 1, 2])],
    # One step of 3 overlaps by half, which is nearer to 40 % than none at all: m = 2.
    (6, 9): [(6, [0], [0, 3]), (4, [0, 2], [0, 2, 5]), (3, [0, 1, 3], [0, 2, 4, 6])],
    # Steps of 10 overlap by nothing, steps of 5 by half: m = 3.
    (10, 20): [
        (10, [0], [0, 5, 10]),
        (6, [0, 4], [0, 4, 9, 14]),
        (5, [0, 2, 5], [0, 3, 7, 11, 15]),
    ],
    # Finer scales have less than one cell; no cell is taken twice.
    (1, 4): [(1, [0], [0, 1, 2, 3])],
    (2, 3): [(2, [0], [0, 1]), (1, [0, 1], [0, 1, 2]), (1, [0, 0, 1], [0, 0, 1, 2])],
}


@pytest.mark.parametrize(("size", "scales"), TABLE.items(), ids=str)
def test_the_squares_are_those_of_the_table(size, scales):
    wanted = [(y, x, side) for side, rows, columns in scales for y in rows for x in columns]
    assert [tuple(region) for region in rmac_regions(*size)] == wanted
    turned = {(x, y, side) for y, x, side in wanted}
    assert set(map(tuple, rmac_regions(*size[::-1]))) == turned


def test_a_strip_has_each_cell_once():
    assert [tuple(region) for region in rmac_regions(1, 40)] == [(0, x, 1) for x in range(40)]
    assert [tuple(region) for region in rmac_regions(40, 1)] == [(y, 0, 1) for y in range(40)]


@given(height=st.integers(2, 64), width=st.integers(2, 64))
def test_the_squares_lie_within_the_map_and_leave_no_gap(height, width):
    regions = rmac_regions(height, width)
    assert len(set(rmac_regions(height, width, levels=1))) == len(
        rmac_regions(height, width, levels=1)
    )
    covered = set()
    for row, column, side in rmac_regions(height, width, levels=1):
        covered |= {(row + y, column + x) for y in range(side) for x in range(side)}
    assert covered == {(y, x) for y in range(height) for x in range(width)}
    for row, column, side in regions:
        assert side >= 1
        assert 0 <= row <= height - side
        assert 0 <= column <= width - side


@given(shorter=st.integers(2, 40), more=st.floats(0, 3), levels=st.integers(1, 4))
def test_ordinary_maps_have_the_grid_of_published_code(shorter, more, levels):
    longer = round(shorter * (1 + more))
    found = [tuple(region) for region in rmac_regions(shorter, longer, levels=levels)]
    assert found == common_regions(shorter, longer, levels)
