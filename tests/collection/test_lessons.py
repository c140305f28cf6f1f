"""What a collection was asked, on the disk: lost, damaged or foreign, it never does harm."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collection import guides
from collection.guides import open_guide
from relook.collection import Collection, Recognizer
from relook.collection.lessons import Lessons, LessonShelf
from relook.collection.records import Generation
from relook.core.storage import save_arrays

PHOTO = Path("thing 1") / "1-0.png"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    place = guides.make_guide(folder, range(12), views=(0, 1))
    with open_guide(place) as collection:
        assert Recognizer(collection).calibrate(target_precision=0.9).fallback == ""
    return folder


@pytest.fixture
def collection(made: Path, tmp_path: Path) -> Iterator[Collection]:
    with open_guide(Path(shutil.copytree(made / "collection", tmp_path / "c"))) as found:
        yield found


def shelf(collection: Collection, recipe: str = '{"name": "fake"}') -> LessonShelf:
    return LessonShelf(collection.directory, collection.catalog, recipe)


def folder(collection: Collection) -> Path:
    return collection.directory / "derived" / "calibration"


def arrays(collection: Collection) -> Path:
    (found,) = folder(collection).glob("*.safetensors")
    return found


def change(collection: Collection, edit: Callable[[dict[str, Any]], Any]) -> None:
    manifest = folder(collection) / "manifest.json"
    content = json.loads(manifest.read_text("utf-8"))
    edit(content)
    manifest.write_text(json.dumps(content), "utf-8")


def test_lessons_are_read_back(collection: Collection) -> None:
    found = shelf(collection).load()
    assert found is not None
    now = collection.catalog.generation()
    kept = replace(found, skipped=3, unknown=0.25, fit={"a": [0.1, None]})
    shelf(collection).keep(kept, now)
    again = shelf(collection).load()
    assert again is not None
    assert [query.key for query in again.queries] == [query.key for query in found.queries]
    for name in ("contents", "newest", "target_precision", "unknown", "skipped", "fit"):
        assert getattr(again, name) == getattr(kept, name)
    assert len(list(folder(collection).iterdir())) == 2, "what was before is swept"


def test_lessons_without_a_query_are_lessons(collection: Collection) -> None:
    empty = Lessons((), "x", 0, 0.9, 0.5, skipped=7)
    shelf(collection).keep(empty, collection.catalog.generation())
    found = shelf(collection).load()
    assert found is not None
    assert (found.queries, found.skipped) == ((), 7)


def test_finished_lessons_end_the_unfinished_ones(collection: Collection) -> None:
    now, lessons = collection.catalog.generation(), shelf(collection).load()
    assert lessons is not None
    shelf(collection).keep_unfinished(lessons, now)
    assert shelf(collection).load_unfinished() is not None
    shelf(collection).keep(lessons, now)
    assert shelf(collection).load_unfinished() is None


def test_a_fit_is_kept_only_with_the_lessons_that_it_is_of(collection: Collection) -> None:
    own = shelf(collection)
    before = own.written()
    written = own.keep_fit({"a": 1}, written=before)
    assert own.load().fit == {"a": 1}  # type: ignore[union-attr]
    assert own.keep_fit({"a": 2}, written=before) == before
    assert own.load().fit == {"a": 1}  # type: ignore[union-attr]
    assert own.written() == written
    assert shelf(collection, "{}").keep_fit({"a": 3}, written=written) == written
    assert own.load().fit == {"a": 1}  # type: ignore[union-attr]


def _newer(collection: Collection) -> None:
    path = arrays(collection)
    save_arrays(path, {}, kind="relook.pseudo-queries", version=99)


def _flip(collection: Collection) -> None:
    data = bytearray(arrays(collection).read_bytes())
    data[-9] ^= 0xFF
    arrays(collection).write_bytes(bytes(data))


def _state(**changes: Any) -> Callable[[Collection], None]:
    return lambda collection: change(collection, lambda content: content["state"].update(changes))


DAMAGE: dict[str, Callable[[Collection], object]] = {
    "lost": lambda c: arrays(c).unlink(),
    "cut": lambda c: arrays(c).write_bytes(arrays(c).read_bytes()[:-5]),
    "flipped": _flip,
    "newer": _newer,
    "no manifest": lambda c: (folder(c) / "manifest.json").unlink(),
    "no JSON": lambda c: (folder(c) / "manifest.json").write_text("{"),
    "newer manifest": lambda c: change(c, lambda content: content.update(version=9)),
    "another recipe": lambda c: change(c, lambda content: content.update(parameters="x")),
    "foreign": lambda c: change(c, lambda content: content["generation"].update(uuid="x")),
    "future": lambda c: change(c, lambda content: content["generation"].update(counter=10**6)),
    "odd counter": lambda c: change(c, lambda content: content["generation"].update(counter="x")),
    "no state": lambda c: change(c, lambda content: content["state"].clear()),
    "other file": _state(file="manifest.json"),
    "odd file": _state(file=7),
    "odd number": _state(newest=None),
    "infinite": _state(newest=float("inf")),
    "odd fit": _state(fit=3),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_means_that_there_was_no_calibration(
    collection: Collection, made: Path, damage: str
) -> None:
    DAMAGE[damage](collection)
    with open_guide(collection.directory) as other:
        guide = Recognizer(other)
        assert guide.calibration is None
        found = guide.recognize(made / "photos" / PHOTO)
        assert (found.calibration, found.threshold) == ("shipped", 0.99)
        assert found.verdict.candidates[0].label == "thing 1"
        guide.calibrate(target_precision=0.9)
        assert guide.recognize(made / "photos" / PHOTO).calibration == "collection"
        assert other.check().ok


FITS: dict[str, Any] = {
    "nothing": {},
    "newer": {"version": 99},
    "other features": {"features": ["one"]},
    "short": {"weights": [1.0]},
    "no report": {"report": {}},
    "a report of a newer relook": {"report": {"threshold": 0.5, "new": 1}},
    "text": {"weights": "x"},
    "odd report": {"report": "x"},
    "no warnings": {"warnings": None},
}


@pytest.mark.parametrize("name", FITS)
def test_a_fit_that_cannot_be_read_is_made_again(
    collection: Collection, made: Path, name: str
) -> None:
    expected = Recognizer(collection).calibration
    lessons = shelf(collection).load()
    assert lessons is not None
    fit = {**lessons.fit, **FITS[name]} if FITS[name] else {}
    shelf(collection).keep(replace(lessons, fit=fit), collection.catalog.generation())
    guide = Recognizer(collection)
    assert guide.calibration == expected
    assert guide.recognize(made / "photos" / PHOTO).calibration == "collection"


def test_a_restored_backup_does_not_use_the_lessons_of_its_lost_future(
    collection: Collection, made: Path, tmp_path: Path
) -> None:
    """Ids that the backup does not know yet will be given to other pictures."""
    directory = collection.directory
    collection.close()
    shutil.copytree(directory, tmp_path / "backup")
    with open_guide(directory) as found:
        guides.save_things(tmp_path / "more", [40, 41], views=(0, 1))
        found.add([tmp_path / "more"], jobs=1)
        Recognizer(found).calibrate(target_precision=0.8)
    shutil.copy(tmp_path / "backup" / "catalog.sqlite", directory / "catalog.sqlite")
    with open_guide(directory) as found:
        assert Recognizer(found).calibration is None
        assert Recognizer(found).recognize(made / "photos" / PHOTO).calibration == "shipped"
        assert found.check().ok
    shutil.rmtree(directory)
    shutil.copytree(tmp_path / "backup", directory)
    with open_guide(directory) as found:
        assert Recognizer(found).calibration is not None, "the backup of everything is whole"


def test_lessons_of_an_earlier_state_are_of_use(collection: Collection) -> None:
    before = collection.catalog.generation()
    collection.rename_label("thing 1", "x")
    lessons = shelf(collection).load()
    assert lessons is not None
    shelf(collection).keep(lessons, before)
    assert shelf(collection).load() is not None
    shelf(collection).keep(lessons, Generation("elsewhere", 1))
    assert shelf(collection).load() is None


@pytest.mark.parametrize("name", ["calibration", "calibration-unfinished"])
def test_a_damaged_calibration_is_named_and_repaired(
    collection: Collection, made: Path, name: str
) -> None:
    if name == "calibration-unfinished":
        shutil.copytree(folder(collection), folder(collection).with_name(name))
    place = folder(collection).with_name(name)
    assert collection.check().problems == ()
    file = next(place.glob("*.safetensors"))
    data = bytearray(file.read_bytes())
    data[-9] ^= 0xFF
    file.write_bytes(bytes(data))
    words = "calibration" if name == "calibration" else "unfinished calibration"
    assert collection.check().problems == (f"the {words} is damaged ({file.name})",)
    file.unlink()
    assert collection.check().problems == (f"the {words} is damaged; run relook calibrate again",)
    assert collection.check(repair=True).ok
    assert not place.exists()
    assert (Recognizer(collection).calibration is None) == (name == "calibration")
    assert Recognizer(collection).recognize(made / "photos" / PHOTO).verdict.candidates


def test_repair_of_something_else_keeps_a_sound_calibration(collection: Collection) -> None:
    before = Recognizer(collection).calibration
    (collection.directory / "derived" / "search" / "manifest.json").write_text("{}")
    assert collection.check().problems
    assert collection.check(repair=True).ok
    assert Recognizer(collection).calibration == before
