"""Another recipe's index and plan answer from a collection that was described alike."""

from __future__ import annotations

import pytest

import relook
from oracles import museum
from relook.core.errors import RecipeMismatchError

OTHER = """
[channels.local]
codebook = "sift-16k"
index = { max_distance = 40 }
%s
[plan]
candidates = 0
"""


@pytest.fixture
def folder(tmp_path):
    import cv2

    photos = tmp_path / "photos"
    photos.mkdir()
    for number in museum.PAINTINGS[:2]:
        image = museum.photograph(number, museum.KINDS[0])[0]
        cv2.imwrite(str(photos / f"{number}.png"), image.pixels[..., ::-1])
    with relook.create(tmp_path / "collection") as collection:
        collection.add([photos], jobs=1)
    return tmp_path


def test_a_recipe_that_describes_alike_answers_with_its_own_plan(folder):
    (folder / "other.toml").write_text(OTHER % "")
    query = next((folder / "photos").iterdir())
    with relook.open(folder / "collection", recipe=folder / "other.toml") as collection:
        found = collection.search(query)
        assert found.results[0].path == query.name
        assert found.results[0].evidence is None
    with relook.open(folder / "collection") as collection:
        assert collection.search(query).results[0].verified


def test_a_recipe_that_describes_in_another_way_is_refused(folder):
    (folder / "other.toml").write_text(OTHER % "sift = { features = 300 }")
    with (
        relook.open(folder / "collection", recipe=folder / "other.toml") as collection,
        pytest.raises(RecipeMismatchError, match="cannot be mixed"),
    ):
        collection.search(next((folder / "photos").iterdir()))
