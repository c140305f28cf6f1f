"""The truth that ``python -m reproduce cleaning`` measures against."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow
from reproduce.cleaning.planted import plant
from reproduce.cleaning.rendered import SIZE, overlap_over_union, render

SUBSETS = {"books": {"a": ["a/1", "a/2", "a/3", "a/4", "a/5"], "b": ["b/1", "b/2"], "c": ["c/1"]}}
OTHERS = [f"other/{number}" for number in range(9)]


def test_planted_pictures_are_of_other_instances_or_distractors():
    classes = plant(SUBSETS, OTHERS, rate=0.4, seed=0)
    assert [one.name for one in classes] == ["a", "b"]
    assert [len(one.wrong) for one in classes] == [2, 1]
    for one in classes:
        assert not any(path.startswith(f"{one.name}/") for path in one.wrong)
        assert one.paths == (*one.right, *one.wrong)


def test_the_same_seed_plants_the_same():
    assert plant(SUBSETS, OTHERS, rate=0.4, seed=3) == plant(SUBSETS, OTHERS, rate=0.4, seed=3)


def test_the_box_of_a_rendered_thing_is_where_it_is(tmp_path):
    Pillow.fromarray(np.full((80, 60, 3), 255, np.uint8)).save(tmp_path / "thing.png")
    Pillow.fromarray(np.zeros((120, 160, 3), np.uint8)).save(tmp_path / "behind.png")
    pixels, box = render(tmp_path / "thing.png", tmp_path / "behind.png",
                         np.random.default_rng(1), turn=20)  # fmt: skip
    assert pixels.shape == (SIZE[1], SIZE[0], 3)
    rows, columns = np.nonzero(pixels[..., 0] > 100)
    assert box.x == pytest.approx(columns.min() - 0.5, abs=2)
    assert box.y + box.height == pytest.approx(rows.max() + 0.5, abs=2)


def test_overlap_over_union_of_boxes():
    assert overlap_over_union((0, 0, 4, 4), (0, 0, 4, 4)) == 1
    assert overlap_over_union((0, 0, 4, 4), (2, 0, 4, 4)) == pytest.approx(1 / 3)
    assert overlap_over_union((0, 0, 4, 4), (9, 9, 1, 1)) == 0
