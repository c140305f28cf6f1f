"""Marks change the next answer: with a cheap recipe, with vectors, and with both channels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import relook
from collection import fakes
from relook.collection import Collection, SearchResult
from relook.core.errors import UsageError


def _ids(result: SearchResult) -> list[int]:
    return [hit.id for hit in result.results]


def _rows(result: SearchResult) -> list[tuple[int, str, float, int]]:
    return [(hit.id, hit.path, hit.score, hit.inliers) for hit in result.results]


@pytest.fixture
def query(twenty: Path) -> Path:
    return twenty / "photos" / "0003.png"


def test_without_marks_it_is_a_search(filled: Collection, query: Path) -> None:
    plain, again = filled.search(query), filled.search_again(query)
    assert _rows(again) == _rows(plain)
    assert (again.right, again.wrong) == ((), ())
    assert list(again.milliseconds) == list(plain.milliseconds)


def test_right_ones_come_first_and_wrong_ones_never(filled: Collection, query: Path) -> None:
    before = _ids(filled.search(query, top=20))
    right, wrong = before[-2:], [before[0], before[4]]
    result = filled.search_again(query, right=right, wrong=wrong, top=20)
    assert set(_ids(result)[:2]) == set(right)
    assert set(_ids(result)) == set(before) - set(wrong)
    assert [hit.rank for hit in result.results] == list(range(1, len(before) - 1))
    assert (set(result.right), set(result.wrong)) == (set(right), set(wrong))


def test_a_picture_is_named_by_path_file_or_id(filled: Collection, twenty: Path) -> None:
    photo = twenty / "photos" / "0007.png"
    asked = twenty / "photos" / "0001.png"
    content = filled.search(photo, top=1).results[0].id
    names = ("0007.png", photo, str(photo), content)
    found = [filled.search_again(asked, right=[name]) for name in names]
    found.append(filled.search_again(asked, right="0007.png"))
    found.append(filled.search_again(asked, right=["0007.png", photo, content]))
    assert all(_rows(result) == _rows(found[0]) for result in found)
    assert found[-1].right == (content,)


@pytest.mark.parametrize("name", ["nowhere.png", 4711, Path("0001.jpg")])
def test_a_picture_that_is_not_there_is_wrong_use(
    filled: Collection, query: Path, name: str | int | Path
) -> None:
    for marks in ({"right": [name]}, {"wrong": [name]}):
        with pytest.raises(UsageError, match=f"{name} is not in the collection; name a path"):
            filled.search_again(query, **marks)


def test_a_picture_marked_both_ways_is_wrong_use(filled: Collection, query: Path) -> None:
    with pytest.raises(UsageError, match=r"0007\.png is marked right and wrong"):
        filled.search_again(query, right=[query, "0007.png"], wrong=["0007.png"])


def test_a_path_in_several_folders_is_wrong_use(empty: Collection, tmp_path: Path) -> None:
    for number, folder in enumerate("ab"):
        fakes.save_photo(tmp_path / folder / "same.png", number)
    for folder in "ab":
        empty.add([tmp_path / folder], jobs=1)
    asked = tmp_path / "a" / "same.png"
    with pytest.raises(UsageError, match="in several folders"):
        empty.search_again(asked, right=["same.png"])
    shown = [hit.path for hit in empty.search(asked).results]
    again = empty.search_again(asked, wrong=shown[:1])
    assert shown[0] not in [hit.path for hit in again.results]


def test_a_picture_that_cannot_be_searched_is_wrong_use(empty: Collection, tmp_path: Path) -> None:
    good = fakes.save_photo(tmp_path / "photos" / "good.png", 1)
    bad = tmp_path / "photos" / "bad.png"
    bad.write_bytes(b"no picture")
    empty.add([tmp_path / "photos"], jobs=1)
    with pytest.raises(UsageError, match=r"bad\.png is in the collection but has no description"):
        empty.search_again(good, right=[bad])


def test_top_counts_everything_shown(filled: Collection, query: Path) -> None:
    many = filled.search(query, top=20)
    right = _ids(many)[-3:]
    assert set(_ids(filled.search_again(query, right=right, top=2))) < set(right)
    five = filled.search_again(query, right=right, top=5)
    assert len(five.results) == 5
    whole = _ids(filled.search_again(query, right=right, top=20))
    assert _ids(five) == whole[:5]
    with pytest.raises(UsageError, match="top must be at least 1"):
        filled.search_again(query, right=right, top=0)


def test_the_query_itself_can_be_left_out(filled: Collection, query: Path) -> None:
    own = filled.search(query, top=1).results[0].id
    result = filled.search_again(query, right=[own, "0007.png"], exclude_self=True)
    assert own not in _ids(result)
    assert result.results[0].path == "0007.png"


def test_what_no_file_shows_any_more_is_left_out(filled: Collection, query: Path) -> None:
    before = _ids(filled.search(query, top=20))
    lost = filled.path_of(before[1])
    assert lost is not None
    filled.remove([lost])
    after = filled.search_again(query, right=[before[-1]], top=20)
    assert set(_ids(after)) == set(before) - {before[1]}
    with pytest.raises(UsageError, match="not in the collection"):
        filled.search_again(query, right=[before[1]])


def test_more_is_ranked_until_there_is_enough(
    filled: Collection, query: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _ids(filled.search_again(query, right=["0007.png"], top=20))
    monkeypatch.setattr("relook.collection.again.DEPTH", 1)
    monkeypatch.setattr("relook.collection.again._SPARE", -12)
    found = _ids(filled.search_again(query, right=["0007.png"], top=14))
    assert len(found) == min(14, len(expected))


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    pytest.importorskip("torch")
    from oracles import tiny

    tiny.write_network(tmp_path)
    tiny.save_photos(tmp_path / "photos", range(4))
    return tiny.save_photos(tmp_path / "queries", range(1), views=(3,))[0]


@pytest.mark.parametrize("local", [False, True], ids=["global", "hybrid"])
def test_marks_count_with_networks_too(tmp_path: Path, asked: Path, local: bool) -> None:
    from oracles import tiny

    recipe = tiny.recipe(tmp_path, "own", local=local)
    with relook.create(tmp_path / "c", recipe=recipe) as collection:
        collection.add([tmp_path / "photos"], jobs=1)
        before = collection.search(asked, top=12)
        assert _rows(collection.search_again(asked, top=12)) == _rows(before)
        right, wrong = before.results[-1], before.results[0]
        after = collection.search_again(asked, right=[right.path], wrong=[wrong.path], top=12)
        assert after.results[0].id == right.id
        assert set(_ids(after)) == set(_ids(before)) - {wrong.id}
        places = {hit.path: hit.rank for hit in before.results}
        thing = right.path[:2]
        risen = [places[h.path] - h.rank for h in after.results if h.path.startswith(thing)]
        assert sum(risen) > 0
        (file,) = collection.files_of(right.id)
        file.unlink()
        gone = collection.search_again(asked, right=[right.id], wrong=[wrong.id], top=12)
        assert gone.results[0].id == right.id
        if not local:
            assert _rows(gone) == _rows(after)


def test_what_is_described_already_is_not_read(
    filled: Collection, query: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _ids(filled.search(query, top=20))
    marks = {"right": [before[-1]], "wrong": [before[0]]}
    by_id = filled.search_again(query, **marks)
    described = {
        kind: [replace(filled.describe(filled.files_of(one)[0]), content=one) for one in found]
        for kind, found in marks.items()
    }
    asked = filled.describe(query)
    monkeypatch.setattr("relook.collection.again.read_query", None)
    assert _rows(filled.search_again(asked, **described)) == _rows(by_id)


def test_a_mark_that_is_no_picture_of_the_collection_is_wrong_use(
    filled: Collection, query: Path
) -> None:
    with pytest.raises(UsageError, match="no picture of the collection"):
        filled.search_again(query, right=filled.describe(query))
