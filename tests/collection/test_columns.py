"""What is read of all pictures at once says the same as each row of the catalog."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from collection.fakes import engine, save_photos
from relook.collection import Collection, Filter
from relook.collection.catalog_columns import read_ids
from relook.collection.filtering import distances_km, matching

PICTURES = 40
FILTERS = [
    Filter(),
    Filter(labels=("a",)),
    Filter(labels=("a", "ä b", "nobody's")),
    Filter(labels=("none",)),
    Filter(unlabelled=True),
    Filter(labels=("a",), unlabelled=True),
    Filter(since="2010-06-01"),
    Filter(until="2010-06-30"),
    Filter(since="2010-03-01", until="2010-09-30"),
    Filter(place=(48.0, 11.0, 60.0)),
    Filter(place=(89.9, 0.0, 500.0)),
    Filter(place=(0.0, 180.0, 30_000.0)),
    Filter(labels=("a", "ä b"), since="2010-02-01", place=(48.0, 11.0, 300.0)),
]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Pictures in every state: found, in quarantine, without files, with several, pending."""
    folder = tmp_path_factory.mktemp("columns")
    save_photos(folder / "photos", PICTURES)
    with Collection.create(folder / "pictures", engine=engine()) as opened:
        opened.add([folder / "photos"], jobs=1)
        with sqlite3.connect(folder / "pictures" / "catalog.sqlite") as connection:
            _shake(connection)
        connection.close()
        yield opened


def _shake(connection: sqlite3.Connection) -> None:
    chance = random.Random(4)
    for key in range(1, PICTURES + 1):
        taken = f"2010-{chance.randint(1, 12):02d}-15T10:00:00" if key % 5 else None
        place = (48 + chance.gauss(0, 1), 11 + chance.gauss(0, 1)) if key % 3 else (None, None)
        place = (89.95, 170.0) if key == 10 else (-0.01, -179.9) if key == 11 else place
        connection.execute(
            "UPDATE contents SET taken = ?, latitude = ?, longitude = ? WHERE id = ?",
            (taken, *place, key),
        )
        for label in chance.sample(["a", "ä b", "c", "Ω"], chance.randint(0, 2)):
            connection.execute("INSERT INTO labels VALUES (?, ?)", (key, label))
    connection.execute("INSERT INTO labels VALUES (1, 'of two\nlines')")
    connection.execute(
        "UPDATE contents SET state = 'quarantined', reason = 'bad' WHERE id IN (3, 4)"
    )
    connection.execute("UPDATE contents SET state = 'pending' WHERE id IN (5, 6)")
    connection.execute("UPDATE paths SET content = NULL, reason = 'denied' WHERE content = 7")
    connection.execute("DELETE FROM paths WHERE content IN (8, 6)")
    for copy in (9, 3, 5):
        connection.execute(
            "INSERT INTO paths SELECT root, 'copy ' || path, content, bytes, mtime_ns, NULL "
            "FROM paths WHERE content = ?",
            (copy,),
        )
    connection.execute("UPDATE generations SET counter = counter + 1")


def _rows(collection: Collection) -> list[tuple[int, str | None, float | None, float | None]]:
    return collection.catalog.rows(
        "SELECT id, taken, latitude, longitude FROM contents c WHERE state = 'ok' "
        "AND EXISTS (SELECT 1 FROM paths p WHERE p.content = c.id) ORDER BY id"
    )


def _labels(collection: Collection) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    shown = {row[0] for row in _rows(collection)}
    for content, label in collection.catalog.rows("SELECT * FROM labels ORDER BY content, label"):
        if content in shown:
            found.setdefault(content, []).append(label)
    return found


def _is_meant(among: Filter, row: tuple[int, str | None, float | None, float | None],
              labels: list[str]) -> bool:  # fmt: skip
    day = None if row[1] is None else row[1][:10]
    near = among.place is None or (
        row[2] is not None
        and distances_km(np.array([row[2:]], np.float64), among.place[:2])[0] <= among.place[2]
    )
    return (
        (not among.labels or bool(set(among.labels) & set(labels)))
        and not (among.unlabelled and labels)
        and (among.since is None or (day is not None and day >= among.since))
        and (among.until is None or (day is not None and day <= among.until))
        and bool(near)
    )


@pytest.mark.parametrize("among", FILTERS, ids=str)
def test_filters_mean_what_each_picture_says(catalog: Collection, among: Filter) -> None:
    labels = _labels(catalog)
    wanted = [row[0] for row in _rows(catalog) if _is_meant(among, row, labels.get(row[0], []))]
    for _ in range(2):  # read, and remembered
        assert matching(catalog.catalog, among).tolist() == wanted
    assert catalog.count(among) == len(wanted)


def test_filters_of_these_tests_mean_some_and_not_all(catalog: Collection) -> None:
    counts = [catalog.count(among) for among in FILTERS]
    assert counts[0] == PICTURES - 6
    assert len(set(counts)) >= 8


def test_labels_are_counted_as_each_row_has_them(catalog: Collection) -> None:
    labels = _labels(catalog)
    counts = Counter(label for found in labels.values() for label in found)
    assert catalog.labelled() == {key: tuple(found) for key, found in labels.items()}
    assert list(catalog.label_counts().items()) == sorted(counts.items())
    assert catalog.catalog.labels_in_use() == (len(counts), len(labels))
    assert "of two\nlines" in counts


def test_pictures_are_counted_by_what_can_be_done_with_them(catalog: Collection) -> None:
    counts = catalog.catalog.counts()
    assert counts == {"images": PICTURES - 6, "paths": PICTURES - 5, "quarantined": 4, "pending": 1}
    assert [one.reason for one in catalog.quarantined()].count("bad") == 3
    assert [one.path for one in catalog.quarantined()] == sorted(
        one.path for one in catalog.quarantined()
    )


def test_pages_go_on_where_the_last_one_ended(catalog: Collection) -> None:
    seen: list[int] = []
    while page := catalog.browse(after=seen[-1] if seen else 0, limit=7):
        seen += [picture.id for picture in page]
    assert seen == [row[0] for row in _rows(catalog)]


def test_a_change_counts_at_once(tmp_path: Path) -> None:
    save_photos(tmp_path / "photos", 3)
    with Collection.create(tmp_path / "pictures", engine=engine()) as opened:
        assert opened.count() == 0
        assert opened.label_counts() == {}
        opened.add([tmp_path / "photos"], jobs=1)
        among = Filter(labels=("new",))
        assert (opened.count(), opened.count(among)) == (3, 0)
        opened.apply_labels({2: ["new"]})
        assert (opened.count(among), opened.label_counts()) == (1, {"new": 1})
        opened.remove([2])
        assert (opened.count(), opened.count(among), opened.label_counts()) == (2, 0, {})


@pytest.mark.parametrize(
    ("text", "ids"), [(None, []), ("", []), ("7", [7]), ("1,2,9", [1, 2, 9]), ("5,1,5", [1, 5])]
)
def test_ids_are_read_from_one_text(text: str | None, ids: list[int]) -> None:
    assert read_ids(text).tolist() == ids
