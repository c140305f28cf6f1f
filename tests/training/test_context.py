from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.training.batches.context_plan import ContextPlan, cut_pairs, read_options
from relook.training.records import Pictures
from relook.training.sources.context import (
    OFFSETS,
    ContextOptions,
    cut_pair,
    drop_colors,
    project_colors,
)


def _coordinates(rows: int, columns: int) -> np.ndarray:
    """A picture whose red says the column and whose green says the row, in 256ths."""
    y, x = np.mgrid[:rows, :columns]
    return np.stack([x * 256 // columns, y * 256 // rows, 0 * x], axis=-1).astype(np.uint8)


def _pairs(options: ContextOptions, count: int, shape: tuple[int, int] = (256, 256)) -> list:
    pixels = _coordinates(*shape)
    return [
        cut_pair(pixels, options=options, rng=np.random.default_rng((3, i))) for i in range(count)
    ]


def test_the_position_is_where_the_pixels_say() -> None:
    options = ContextOptions(side=16, color="keep")
    pairs = _pairs(options, 64)
    assert {pair.position for pair in pairs} == set(range(8))
    for pair in pairs:
        shown = pair.patches[..., :2].reshape(2, -1, 2).astype(float).mean(axis=1)
        moved = shown[1] - shown[0]  # in 256ths of the picture
        step = (16 + 8) / (256 * pair.scale) * 256
        expected = np.array(OFFSETS[pair.position]) * step
        assert np.abs(moved - expected).max() <= 3.5 / pair.scale  # jitter of 1 each, rounding
        assert (np.rint(moved / step) == OFFSETS[pair.position]).all()


def test_positions_are_numbered_row_by_row_around_the_first_patch() -> None:
    assert [y * 3 + x for x, y in OFFSETS] == [-4, -3, -2, -1, 1, 2, 3, 4]


def test_patches_keep_the_gap_and_move_by_the_jitter() -> None:
    options = ContextOptions(side=12, gap=9, jitter=4)
    steps = []
    for pair in _pairs(options, 400):
        between = pair.corners[1] - pair.corners[0] - np.array(OFFSETS[pair.position]) * (12 + 9)
        assert np.abs(between).max() <= 2 * 4
        steps.append(between)
        # However they move, a gap of at least 9 - 2 x 4 pixels stays: no edge runs on.
        apart = np.abs(pair.corners[1] - pair.corners[0]).max() - 12
        assert apart >= 1
    assert np.abs(steps).max() >= 7
    assert np.abs(np.mean(steps)) < 1


def test_patches_lie_inside_of_pictures_of_any_size() -> None:
    options = ContextOptions(side=8)
    for shape in ((256, 256), (3, 5), (20, 400), (1, 1)):
        for pair in _pairs(options, 20, shape):
            assert pair.patches.shape == (2, 8, 8, 3)
            assert pair.corners.min() >= 0


def test_pictures_are_scaled_to_the_areas_asked_for() -> None:
    options = ContextOptions(side=16, areas=(16.0, 49.0))
    areas = [(256 * pair.scale / 16) ** 2 for pair in _pairs(options, 100)]
    assert 16 <= min(areas) < 20
    assert 45 < max(areas) <= 49


def test_the_same_seed_cuts_the_same_pair() -> None:
    options = ContextOptions(side=16)
    first, second = _pairs(options, 1)[0], _pairs(options, 1)[0]
    assert first.position == second.position
    np.testing.assert_array_equal(first.patches, second.patches)


def test_dropping_colors_leaves_one_channel_untouched_and_says_nothing_in_the_others() -> None:
    patch = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    kept = set()
    for seed in range(20):
        dropped = drop_colors(patch, np.random.default_rng(seed))
        same = [c for c in range(3) if (dropped[..., c] == patch[..., c]).all()]
        assert len(same) == 1
        kept.update(same)
        others = [c for c in range(3) if c not in same]
        assert dropped[..., others].std(axis=(0, 1)).max() < 2
    assert kept == {0, 1, 2}


def test_projection_takes_out_green_against_magenta_and_nothing_of_gray() -> None:
    gray = np.full((2, 2, 3), 90, np.uint8)
    np.testing.assert_array_equal(project_colors(gray), gray)
    shifted = gray + np.array([10, -20, 10]).astype(np.int8)
    np.testing.assert_array_equal(project_colors(shifted.astype(np.uint8)), gray)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"gap": 8, "jitter": 4}, "twice the jitter"),
        ({"side": 2}, "at least 4"),
        ({"jitter": 1.5}, "whole pixels"),
        ({"jitter": -1}, "jitter of 0"),
        ({"areas": (4.0, 2.0)}, "in order"),
        ({"color": "invert"}, "drop, project, keep"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ContextOptions(**options)


def test_other_pixels_than_rgb_are_refused() -> None:
    with pytest.raises(ShapeError):
        cut_pair(np.zeros((9, 9), np.uint8), options=ContextOptions(), rng=np.random.default_rng(0))


def _pictures(count: int) -> Pictures:
    names = tuple(Path(f"{i}.jpg") for i in range(count))
    labels = np.zeros(count, np.int64)  # all of one class: classes mean nothing here
    return Pictures(names, labels, ("one",), ("scene",) * count)


def test_a_plan_draws_every_picture_once_with_two_patches_of_the_same_picture() -> None:
    plan = ContextPlan(_pictures(12), batch=8, views=2, seed=5)
    draws = [plan.draw(step, side=16) for step in range(3)]
    for draw in draws:
        np.testing.assert_array_equal(draw.rows[::2], draw.rows[1::2])
        assert draw.options.side == 16
    assert sorted(np.concatenate([draw.rows[::2] for draw in draws])) == list(range(12))


def test_pairs_are_the_same_whoever_cuts_them() -> None:
    plan = ContextPlan(_pictures(12), batch=8, views=2, seed=5)
    draw = plan.draw(1, side=16)
    all_pixels = [_coordinates(64 + row, 80) for row in draw.rows]
    patches, positions = cut_pairs(all_pixels, draw, seed=5)
    assert patches.shape == (8, 16, 16, 3)
    np.testing.assert_array_equal(positions[::2], positions[1::2])
    shared = []
    for rank in range(2):
        part = draw.share(rank, 2)
        shared.append(cut_pairs([_coordinates(64 + row, 80) for row in part.rows], part, seed=5))
    np.testing.assert_array_equal(np.concatenate([one[0] for one in shared]), patches)
    np.testing.assert_array_equal(np.concatenate([one[1] for one in shared]), positions)


def test_options_of_a_configuration_are_read_and_others_named() -> None:
    options = read_options({"gap": 20, "areas": [10, 20], "color": "keep"})
    assert options == ContextOptions(gap=20, areas=(10, 20), color="keep")
    for table, says in (({"gaps": 1}, "no gaps; choose gap"), ({"areas": "x"}, "context")):
        with pytest.raises(UsageError, match=says):
            read_options(table)


def test_half_a_pair_in_a_batch_is_refused() -> None:
    with pytest.raises(UsageError, match=r"even train\.batch"):
        ContextPlan(_pictures(4), batch=7, views=2, seed=0)
