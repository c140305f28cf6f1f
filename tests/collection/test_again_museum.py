"""Marks in a rendered museum, with real features: three photos each of three paintings."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import relook
from relook.collection import Collection, SearchResult
from relook.core.errors import UsageError
from relook.datasets.museum import Exhibition, write_museum
from relook.images import read

SMALL = Exhibition(paintings=3, views=3, queries=1, unknown=1, empty=1)


def _ids(result: SearchResult) -> list[int]:
    return [hit.id for hit in result.results]


def _rows(result: SearchResult) -> list[tuple[int, str, float, int]]:
    return [(hit.id, hit.path, hit.score, hit.inliers) for hit in result.results]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    write_museum(folder / "museum", exhibition=SMALL)
    with relook.create(folder / "pictures") as collection:
        collection.add([folder / "museum" / "photos"], jobs=1)
    return folder


@pytest.fixture
def museum(house: Path) -> Iterator[Collection]:
    with relook.open(house / "pictures") as collection:
        yield collection


@pytest.fixture
def asked(house: Path) -> Path:
    return min((house / "museum" / "queries").iterdir())


def test_the_answer_keeps_the_evidence_of_the_query(museum: Collection, asked: Path) -> None:
    before = museum.search(asked)
    second = before.results[1]
    result = museum.search_again(asked, right=[second.path])
    best = result.results[0]
    assert (best.id, best.inliers) == (second.id, second.inliers)
    np.testing.assert_array_equal(best.region, second.region)
    proven = {hit.id: hit.inliers for hit in museum.search(asked, top=99).results}
    assert all(hit.inliers == proven.get(hit.id, 0) for hit in result.results)


def test_another_thing_marked_right_brings_its_photos(museum: Collection, asked: Path) -> None:
    before = museum.search(asked, top=99).results
    other = next(hit for hit in before if not hit.verified)
    (file,) = museum.files_of(other.id)
    likes = [h.id for h in museum.search(file).results if h.verified and h.id != other.id]
    assert likes
    places = {hit.id: hit.rank for hit in before}
    after = {
        hit.id: hit.rank for hit in museum.search_again(asked, right=[other.id], top=99).results
    }
    assert after[other.id] == 1
    assert all(after[one] <= places.get(one, 99) for one in likes)
    assert any(after[one] < places.get(one, 99) for one in likes)


def test_a_thing_marked_wrong_takes_its_photos_along(museum: Collection, asked: Path) -> None:
    before = museum.search(asked, top=99).results
    same = [hit.id for hit in before if hit.verified]
    assert len(same) >= 2
    after = museum.search_again(asked, wrong=[same[0]], top=99).results
    scores = {hit.id: hit.score for hit in before}
    assert same[0] not in {hit.id for hit in after}
    assert any(hit.score < scores[hit.id] for hit in after if hit.id in same)


def test_bytes_and_pixels_and_a_box_are_queries_too(museum: Collection, asked: Path) -> None:
    wrong = [museum.search(asked, top=1).results[0].id]
    by_file = museum.search_again(asked, wrong=wrong)
    assert _rows(museum.search_again(asked.read_bytes(), wrong=wrong)) == _rows(by_file)
    pixels = read(asked).pixels
    assert not set(wrong) & set(_ids(museum.search_again(pixels, wrong=wrong)))
    boxed = museum.search_again(asked, wrong=wrong, box=(200, 100, 300, 300))
    assert boxed.results
    for hit in boxed.results:
        if hit.query_region is not None:
            assert (hit.query_region >= (199, 99)).all()
            assert (hit.query_region <= (501, 401)).all()
    with pytest.raises(UsageError, match="box"):
        museum.search_again(asked, wrong=wrong, box=(5000, 5000, 9, 9))


def test_the_time_of_all_searches_is_told(museum: Collection, asked: Path) -> None:
    first = museum.search(asked)
    again = museum.search_again(asked, right=_ids(first)[:3])
    assert list(again.milliseconds) == list(first.milliseconds)
    spent = dict(again.milliseconds)
    total = spent.pop("total")
    assert sum(spent.values()) <= total


def test_what_was_stored_stands_for_a_file_that_is_gone_or_changed(
    house: Path, tmp_path: Path, asked: Path
) -> None:
    shutil.copytree(house / "museum" / "photos", tmp_path / "photos")
    with relook.create(tmp_path / "pictures") as collection:
        collection.add([tmp_path / "photos"], jobs=1)
        right = collection.search(asked).results[1]
        there = collection.search_again(asked, right=[right.id])
        (file,) = collection.files_of(right.id)
        shutil.copy(min(path for path in file.parent.iterdir() if path != file), file)
        changed = collection.search_again(asked, right=[right.id])
        file.unlink()
        gone = collection.search_again(asked, right=[right.id])
    assert _rows(gone) == _rows(changed)
    assert gone.results[0].id == there.results[0].id == right.id
    verified = [{hit.id for hit in one.results if hit.verified} for one in (there, gone)]
    assert verified[0] == verified[1]
    assert len(gone.results) == len(there.results)
