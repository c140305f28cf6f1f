"""Searches among some of the pictures, by label, time and place; and what is known of pictures."""

from __future__ import annotations

import pickle
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from relook.collection import Collection, Filter
from relook.collection.answering import merge_boxes
from relook.collection.filtering import distances_km
from relook.core.errors import UsageError
from relook.core.records import Ranking


@pytest.fixture
def dated(filled: Collection) -> Collection:
    """Each picture on its day of May 2019, every second one at a place, the first five labelled."""
    ids = [picture.id for picture in filled.browse()]
    with sqlite3.connect(filled.directory / "catalog.sqlite") as connection:
        for day, key in enumerate(ids, start=1):
            connection.execute(
                "UPDATE contents SET taken = ? WHERE id = ?", (f"2019-05-{day:02}T12:00:00", key)
            )
            if day % 2:
                connection.execute(
                    "UPDATE contents SET latitude = ?, longitude = 14.4 WHERE id = ?",
                    (50 + day / 100, key),
                )
    connection.close()
    filled.apply_labels({key: [f"thing {row % 2}"] for row, key in enumerate(ids[:5])})
    return filled


def days(collection: Collection, among: Filter) -> list[int]:
    return [int(picture.taken[8:10]) for picture in collection.browse(among) if picture.taken]


@pytest.mark.parametrize(
    ("among", "expected"),
    [
        (Filter(), list(range(1, 21))),
        (Filter(labels=("thing 0",)), [1, 3, 5]),
        (Filter(labels=("thing 0", "thing 1", "nothing")), [1, 2, 3, 4, 5]),
        (Filter(unlabelled=True), list(range(6, 21))),
        (Filter(since="2019-05-18"), [18, 19, 20]),
        (Filter(until="2019-05-02"), [1, 2]),
        (Filter(since="2019-05-03", until="2019-05-03"), [3]),
        (Filter(place=(50.01, 14.4, 3.0)), [1, 3]),
        (Filter(place=(50.01, 14.4, 3.0), labels=("thing 1",)), []),
    ],
)
def test_a_filter_means_what_it_says(dated, among, expected):
    assert days(dated, among) == expected
    assert dated.count(among) == len(expected)


def test_a_search_among_some_finds_the_others_order_without_the_rest(dated, twenty):
    query = twenty / "photos" / "0003.png"
    everything = [hit.id for hit in dated.search(query, top=20).results]
    among = Filter(since="2019-05-10")
    wanted = {picture.id for picture in dated.browse(among)}
    found = [hit.id for hit in dated.search(query, top=20, among=among).results]
    assert found == [key for key in everything if key in wanted]


def test_a_search_among_nothing_finds_nothing(dated, twenty):
    query = twenty / "photos" / "0003.png"
    assert dated.search(query, among=Filter(labels=("nowhere",))).results == ()


@pytest.mark.parametrize(
    "options",
    [
        {"since": "yesterday"},
        {"until": "2019-5-1"},
        {"until": "20190501"},
        {"since": "2019-05-02", "until": "2019-05-01"},
        {"place": (91.0, 0.0, 1.0)},
        {"place": (0.0, 181.0, 1.0)},
        {"place": (0.0, 0.0, 0.0)},
        {"place": (float("nan"), 0.0, 1.0)},
        {"place": (0.0, 0.0, float("inf"))},
    ],
)
def test_an_impossible_filter_is_refused(options):
    with pytest.raises(UsageError):
        Filter(**options)


def test_pages_go_on_where_the_last_one_ended(dated):
    first = dated.browse(limit=8)
    second = dated.browse(after=first[-1].id, limit=50)
    assert [picture.id for picture in (*first, *second)] == [
        picture.id for picture in dated.browse()
    ]


def test_a_picture_tells_its_stored_path_its_size_and_its_labels(dated):
    first = dated.browse(limit=1)[0]
    assert first.path == "0000.png"
    assert first.labels == ("thing 0",)
    assert first.width > 0
    assert first.height > 0
    assert first.files == 1
    assert first.bytes > 0
    assert dated.pictures([first.id, 10_000]) == {first.id: first}


def test_distances_are_those_of_great_circles():
    quarter = distances_km(np.array([[0.0, 90.0], [90.0, 0.0], [0.0, 0.0]]), (0.0, 0.0))
    assert quarter == pytest.approx([10007.557, 10007.557, 0.0], abs=0.01)
    # Prague to Paris, by a geodesic calculator on the sphere.
    assert distances_km(np.array([[50.0755, 14.4378]]), (48.8566, 2.3522)) == pytest.approx(
        [882.8], abs=1.0
    )


def test_what_was_described_elsewhere_gives_the_same_answer(filled, twenty):
    query = twenty / "photos" / "0004.png"
    described = filled.describe(query)
    sent = pickle.loads(pickle.dumps(described))  # as a connection between processes does
    plain, other = filled.search(query, top=5), filled.search(sent, top=5)
    assert [(hit.id, hit.score) for hit in other.results] == [
        (hit.id, hit.score) for hit in plain.results
    ]
    own = filled.search(sent, top=5, exclude_self=True).results
    assert plain.results[0].id not in [hit.id for hit in own]


def test_a_picture_of_the_collection_finds_itself_first(filled):
    for picture in filled.browse(limit=3):
        query = filled.described(picture.id)
        assert (query.content, query.size) == (picture.id, (picture.width, picture.height))
        assert filled.search(query, top=1).results[0].id == picture.id
        assert filled.search(query, top=1, exclude_self=True).results[0].id != picture.id


def test_a_picture_that_is_not_there_cannot_be_a_query(filled):
    with pytest.raises(UsageError, match="no picture 4711"):
        filled.described(4711)


def test_what_was_described_takes_no_box(filled, twenty):
    described = filled.describe(twenty / "photos" / "0004.png")
    with pytest.raises(UsageError, match="box"):
        filled.search(described, box=(0, 0, 2, 2))


def test_one_picture_is_explained_as_a_search_would(filled, twenty):
    described = filled.describe(twenty / "photos" / "0004.png")
    for hit in filled.search(described, top=20).results:
        explained = filled.explain(described, hit.id)
        assert explained is not None
        assert (explained.id, explained.score) == (hit.id, hit.score)
    assert filled.explain(described, 4711) is None


def test_the_similarity_of_a_kernel_is_its_root(filled, twenty):
    query = filled.describe(twenty / "photos" / "0004.png")
    plain = filled.search(query, top=3).results[0].similarity
    filled.__dict__["engine"] = replace(
        filled.engine, exponent=3.0, similarities=lambda ranking: np.log(ranking.scores * 0 + 0.125)
    )
    assert plain is not None
    assert filled.search(query, top=3).results[0].similarity == pytest.approx(0.5)


def ranking(*entries: tuple[int, float]) -> Ranking:
    ids, scores = zip(*entries, strict=True)
    return Ranking(np.array(ids, np.int64), np.array(scores, np.float32))


def test_of_several_boxes_what_shows_all_comes_first():
    first = ranking((1, 9.0), (3, 4.0), (5, 0.5))
    second = ranking((2, 9.0), (3, 4.0), (5, 0.5))
    for kind in ("local", "global", "both"):
        merged = merge_boxes([first, second], kind=kind)
        assert merged.ids.tolist()[-1] == 5
        assert set(merged.ids.tolist()) == {1, 2, 3, 5}
    assert merge_boxes([first, second], kind="local").ids[0] == 3  # 4 · 4 > 9 · .5
    assert merge_boxes([first, second], kind="local").scores[0] == pytest.approx(4.0)


def test_the_same_box_twice_changes_nothing(filled, twenty):
    query = twenty / "photos" / "0004.png"
    size = filled.describe(query).size
    box = (0, 0, size[0] // 2, size[1])
    once = filled.search(query, box=box, top=5).results
    twice = filled.search(query, boxes=[box, box], top=5).results
    assert [hit.id for hit in twice] == [hit.id for hit in once]


def test_a_path_outside_stays_untold(filled: Collection, tmp_path: Path):
    assert all(not Path(picture.path).is_absolute() for picture in filled.browse())
