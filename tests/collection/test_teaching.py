"""What a collection is asked about itself."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from collection import guides
from collection.stock import stock
from oracles.confidence import observation
from relook.collection import Collection, teaching
from relook.collection.teaching import Errand, ask_all, plan_errands
from relook.recognition.pseudo import DISTRACTOR, PHOTO, VIEW, PseudoQuery


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "c", engine=guides.engine()) as found:
        yield found


def plan(collection: Collection, *distractors: Path) -> list[Errand]:
    return list(plan_errands(collection.catalog, collection.labelled(), distractors))


def label(collection: Collection, labels: dict[str, list[str]], tmp_path: Path) -> None:
    stock(collection, tmp_path, {path: path for path in labels})
    collection.apply_labels(
        {collection.ids_of([tmp_path / path])[0]: names for path, names in labels.items()}
    )


def test_pictures_with_company_are_asked_as_they_are_and_others_by_views(
    collection: Collection, tmp_path: Path
) -> None:
    labels = {"a1": ["a"], "a2": ["a"], "b1": ["b"], "c1": ["c", "a"]}
    label(collection, labels, tmp_path)
    kinds: dict[str, list[tuple[str, int]]] = {}
    for errand in plan(collection):
        kinds.setdefault(errand.files[0].name, []).append((errand.kind, errand.number))
    photo, views = [(PHOTO, 0)], [(VIEW, 0), (VIEW, 1)]
    assert kinds == {"a1": photo, "a2": photo, "b1": views, "c1": views}


def test_all_labels_come_first_where_there_are_too_many_pictures(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = {f"{name}{number}": [name, "all"] for name in "abcdef" for number in range(9)}
    label(collection, labels, tmp_path)
    monkeypatch.setattr(teaching, "SOURCES", 6)
    assert Counter(errand.files[0].name[0] for errand in plan(collection)) == Counter("abcdef")
    monkeypatch.setattr(teaching, "SOURCES", 20)
    counts = Counter(errand.files[0].name[0] for errand in plan(collection))
    assert set(counts.values()) == {3, 4}


def test_the_same_contents_give_the_same_plan_whatever_their_ids(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = {f"{name}{number}": [name] for name in "abcdef" for number in range(3)}
    monkeypatch.setattr(teaching, "SOURCES", 8)
    label(collection, labels, tmp_path / "x")
    with Collection.create(tmp_path / "d", engine=guides.engine()) as other:
        label(other, {"first": ["z"]}, tmp_path / "x")
        other.drop_label("z")
        for name in sorted(labels, reverse=True):
            label(other, {name: labels[name]}, tmp_path / "x")
        mine, theirs = plan(collection), plan(other)
    for name in ("files", "kind", "number", "seed", "strength", "sha256"):
        assert [getattr(e, name) for e in mine] == [getattr(e, name) for e in theirs]
    assert [e.source for e in mine] != [e.source for e in theirs]


def test_distractors_are_known_by_their_bytes_and_each_is_asked_once(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [guides.save_thing(tmp_path / f"{n}.png", n % 3, 0) for n in range(6)]
    errands = plan(collection, *files, tmp_path / "gone.png")
    assert [errand.kind for errand in errands] == [DISTRACTOR] * 4
    assert {errand.source for errand in errands} == {-1}
    assert {errand.files[0] for errand in errands} == {*files[:3], tmp_path / "gone.png"}
    assert errands == plan(collection, tmp_path / "gone.png", *files)
    monkeypatch.setattr(teaching, "DISTRACTORS", 2)
    assert len(plan(collection, *files)) == 2


def errand(number: int, *files: Path, kind: str = PHOTO) -> Errand:
    return Errand(number, kind, 0, files, None, seed=number, strength=1.0)


def ask(errands: list[Errand], look, *, threads: int = 2) -> list[PseudoQuery | None]:
    found: list[PseudoQuery | None] = []
    ask_all(errands, look, longest=None, threads=threads, done=found.append)
    return found


def test_the_first_file_that_can_be_read_is_asked(tmp_path: Path) -> None:
    good = guides.save_thing(tmp_path / "x.png", 1, 0)
    (tmp_path / "bad.png").write_bytes(b"no photo")
    bad = [tmp_path / "gone.png", tmp_path / "bad.png", tmp_path]
    seen: list[str] = []

    def look(query):
        seen.append(query.name)
        return observation([1])

    assert [q and q.source for q in ask([errand(5, *bad, good)], look)] == [5]
    assert ask([errand(6, *bad), errand(7)], look) == [None, None]
    assert seen == [str(good)]


def test_a_view_is_rendered_alike_each_time_and_is_not_the_photo(tmp_path: Path) -> None:
    good = guides.save_thing(tmp_path / "x.png", 1, 0)
    seen: list[np.ndarray] = []

    def look(query):
        height, width = query.image.pixels.shape[:2]
        assert (query.image.size, query.sha256) == ((width, height), None)
        seen.append(query.image.pixels)
        return observation([])

    ask([errand(5, good, kind=VIEW)] * 2 + [errand(6, good, kind=VIEW)], look, threads=1)
    np.testing.assert_array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])


def test_no_more_is_asked_at_a_time_than_there_are_threads(tmp_path: Path) -> None:
    good = guides.save_thing(tmp_path / "x.png", 1, 0)
    lock, now, most = threading.Lock(), [0], [0]

    def look(_):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1
        return observation([])

    assert len(ask([errand(n, good) for n in range(20)], look, threads=3)) == 20
    assert most == [3]


def test_after_an_error_nothing_more_is_asked(tmp_path: Path) -> None:
    good = guides.save_thing(tmp_path / "x.png", 1, 0)
    asked: list[int] = []

    def look(_):
        asked.append(1)
        if len(asked) == 3:
            raise RuntimeError("a bug")
        return observation([])

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="a bug"):
        ask([errand(n, good) for n in range(100)], look)
    assert len(asked) < 12
    assert threading.active_count() <= before
