"""A calibration may be stopped, damaged or repeated: it ends the same."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from collection import guides
from collection.guides import open_guide
from relook.collection import Collection, Recognizer, recognizer
from relook.collection.lock import FileLock
from relook.core.errors import CollectionError, LockedError, StorageError, UsageError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``photos`` and a ``collection``: things of two photos, others of one."""
    folder = tmp_path_factory.mktemp("guide")
    guides.make_guide(folder, range(14), views=(0, 1))
    guides.save_things(folder / "photos", range(14, 18), views=(0,))
    with open_guide(folder / "collection") as collection:
        collection.add([folder / "photos"], jobs=1)
        collection.apply_labels(collection.labels_from_folders().labels)
    guides.save_things(folder / "others", range(90, 95), views=(0,))
    return folder


@pytest.fixture
def collection(made: Path, tmp_path: Path) -> Iterator[Collection]:
    with open_guide(Path(shutil.copytree(made / "collection", tmp_path / "c"))) as found:
        yield found


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Iterator[Collection]:
    """With photos of its own, which may be changed."""
    shutil.copytree(made / "photos", tmp_path / "photos")
    with Collection.create(tmp_path / "own", engine=guides.engine()) as found:
        found.add([tmp_path / "photos"], jobs=1)
        found.apply_labels(found.labels_from_folders().labels)
        yield found


def weights(collection: Collection) -> list[float]:
    return Recognizer(collection)._current().fit.model.weights.tolist()


def stop_at(number: int) -> Callable[[str, int, int], None]:
    def progress(what: str, done: int, total: int) -> None:
        if done == number:
            raise KeyboardInterrupt

    return progress


def manifest(collection: Collection, name: str = "calibration") -> Path:
    return collection.directory / "derived" / name / "manifest.json"


def test_the_report_counts_what_was_asked(collection: Collection) -> None:
    seen: list[tuple[str, int, int]] = []
    report = Recognizer(collection).calibrate(progress=lambda *words: seen.append(words))
    assert (report.known_queries, report.rendered_queries) == (28, 8)
    assert (report.unknown_queries, report.skipped, report.stale) == (36, 0, 0)
    assert seen == [("calibrate", number, 36) for number in range(1, 37)]
    assert (
        report.auroc or 0.0
    ) > 0.75  # the fake does not know its pictures again in rendered views
    assert json.loads(json.dumps(report.to_json()))["threshold"] == report.threshold


def test_a_run_that_was_stopped_goes_on_and_ends_the_same(
    collection: Collection, made: Path, tmp_path: Path
) -> None:
    whole = Recognizer(collection, threads=1).calibrate()
    expected = weights(collection)
    with open_guide(Path(shutil.copytree(made / "collection", tmp_path / "d"))) as other:
        for number in (3, 20):
            with pytest.raises(KeyboardInterrupt):
                Recognizer(other, threads=2).calibrate(progress=stop_at(number))
            assert Recognizer(other).calibration is None
            assert other.check().ok
        asked: list[int] = []
        again = Recognizer(other, threads=3)
        assert again.calibrate(progress=lambda _, done, __: asked.append(done)) == whole
        assert asked[0] > 19
        assert weights(other) == expected
        assert not manifest(other, "calibration-unfinished").parent.exists()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_who_is_quicker_does_not_matter(
    collection: Collection, made: Path, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = sorted((made / "others").glob("*/*.png"))
    expected = Recognizer(collection, threads=1).calibrate(distractors=others)
    first = weights(collection)
    shutil.rmtree(collection.directory / "derived" / "calibration")
    observe = Recognizer._observe

    def slow(self: Recognizer, *words: object) -> object:
        time.sleep(random.random() / 100)
        return observe(self, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(Recognizer, "_observe", slow)
    report = Recognizer(collection, threads=threads).calibrate(distractors=others[::-1])
    assert report == expected
    assert weights(collection) == first


def test_a_worker_that_fails_loses_nothing(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    observe, calls = Recognizer._observe, []

    def fail(self: Recognizer, *words: object) -> object:
        calls.append(1)
        if len(calls) == 15:
            raise RuntimeError("a bug")
        return observe(self, *words)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Recognizer, "_observe", fail)
        with pytest.raises(RuntimeError, match="a bug"):
            Recognizer(collection, threads=1).calibrate()
    done: list[int] = []
    Recognizer(collection).calibrate(progress=lambda *words: done.append(words[1]))
    assert done[0] > 10


def test_a_calibration_that_is_repeated_asks_nothing_again(collection: Collection) -> None:
    first = Recognizer(collection).calibrate()
    done: list[int] = []
    guide = Recognizer(collection)
    again = guide.calibrate(target_precision=0.9, unknown=0.2, progress=lambda *_: done.append(1))
    assert done == []
    assert (again.target_precision, again.unknown) == (0.9, 0.2)
    assert guide.calibrate() == first


def test_stopping_a_second_calibration_leaves_the_first_in_use(
    collection: Collection, tmp_path: Path
) -> None:
    before = Recognizer(collection).calibrate(target_precision=0.9)
    guides.save_things(tmp_path / "more", [30], views=(0, 1))
    collection.add([tmp_path / "more"], jobs=1)
    with pytest.raises(KeyboardInterrupt):
        Recognizer(collection).calibrate(progress=stop_at(5))
    with open_guide(collection.directory) as other:
        guide = Recognizer(other)
        assert guide.calibration == before
        assert guide.calibrate().target_precision == 0.99


def test_others_recognize_while_one_calibrates(collection: Collection, made: Path) -> None:
    guide = Recognizer(collection)
    photo = made / "photos" / "thing 1" / "1-0.png"
    seen: list[str] = []
    guide.calibrate(progress=lambda *_: seen.append(guide.recognize(photo).calibration))
    assert set(seen) == {"shipped"}
    assert guide.recognize(photo).calibration == "collection"


def test_files_that_are_gone_or_edited_are_skipped_and_counted(
    own: Collection, tmp_path: Path
) -> None:
    place = tmp_path / "photos"
    (place / "thing 0" / "0-0.png").unlink()
    (place / "thing 1" / "1-0.png").write_bytes(b"no photo")
    shutil.copy(place / "thing 3" / "3-0.png", place / "thing 2" / "2-0.png")
    (place / "thing 15" / "15-0.png").unlink()
    done: list[int] = []
    report = Recognizer(own).calibrate(progress=lambda _, number, __: done.append(number))
    assert done[-1] == 36
    assert (report.known_queries, report.rendered_queries, report.skipped) == (25, 6, 5)
    guides.save_thing(place / "thing 0" / "0-0.png", 0, 0)
    assert Recognizer(own).calibrate().skipped == 4, "those that are back are asked"


def test_with_only_files_gone_the_shipped_rule_is_used_and_says_so(
    own: Collection, tmp_path: Path, made: Path
) -> None:
    shutil.rmtree(tmp_path / "photos")
    report = Recognizer(own).calibrate(target_precision=0.9)
    assert "0 known and 0 unknown" in report.fallback
    assert (report.skipped, report.threshold) == (36, 0.9)
    assert (report.precision, report.coverage, report.ece, report.auroc) == (None,) * 4
    with open_guide(own.directory) as other:
        guide = Recognizer(other)
        assert guide.calibration == report
        found = guide.recognize(made / "photos" / "thing 1" / "1-0.png")
        assert (found.calibration, found.threshold) == ("shipped", 0.9)
        assert "too few" in found.warnings[0]


def test_one_class_only_falls_back(collection: Collection) -> None:
    ids = list(collection.labelled())
    collection.apply_labels({key: ["all the same"] for key in ids}, mode="replace")
    report = Recognizer(collection).calibrate()
    assert "of 1 labels are too few" in report.fallback
    assert report.known_queries == 32


def test_labels_that_contradict_each_other_are_named(collection: Collection) -> None:
    one = collection.ids_of(["thing 3/3-0.png"])[0]
    collection.apply_labels({one: ["thing 4"]}, mode="replace")
    guide = Recognizer(collection)
    pairs = guide.calibrate().contradictions
    assert pairs == (("thing 3/3-0.png", "thing 4", "thing 3/3-1.png", "thing 3"),)
    collection.apply_labels({one: ["thing 3"]}, mode="replace")
    assert guide.calibration is not None
    assert guide.calibration.contradictions == ()


def test_distractors_are_unknown_queries(collection: Collection, made: Path) -> None:
    others = sorted((made / "others").glob("*/*.png"))
    guide = Recognizer(collection)
    plain = guide.calibrate().unknown_queries
    assert guide.calibrate(distractors=others).unknown_queries == plain + 5
    assert guide.calibrate(distractors=[*others, *map(str, others)]).unknown_queries == plain + 5


def test_distractors_that_are_no_photos(collection: Collection, made: Path, tmp_path: Path) -> None:
    guide = Recognizer(collection)
    for bad in (tmp_path / "none.jpg", tmp_path):
        with pytest.raises(UsageError, match="is no file; name photos"):
            guide.calibrate(distractors=[bad])
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    (tmp_path / "empty.jpg").write_bytes(b"")
    report = guide.calibrate(distractors=[tmp_path / "bad.jpg", tmp_path / "empty.jpg"])
    assert (report.unknown_queries, report.skipped) == (36, 2)


def test_another_distractor_of_the_same_name_is_asked(
    collection: Collection, tmp_path: Path
) -> None:
    photo = guides.save_thing(tmp_path / "x.png", 90, 0)
    guide, done = Recognizer(collection), []
    for thing, count in ((90, 37), (90, 0), (91, 1)):
        done.clear()
        guides.save_thing(photo, thing, 0)
        guide.calibrate(distractors=[photo], progress=lambda *_: done.append(1))
        assert len(done) == count


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan"), 99.0])
def test_shares_are_checked_before_anything_is_asked(collection: Collection, share: float) -> None:
    for name in ("target_precision", "unknown"):
        with pytest.raises(UsageError, match=f"{name} must lie between 0 and 1"):
            Recognizer(collection).calibrate(**{name: share})  # type: ignore[arg-type]
    assert not manifest(collection).exists()


def test_a_writer_in_between_does_no_harm(
    collection: Collection, tmp_path: Path, made: Path
) -> None:
    guides.save_things(tmp_path / "more", [30], views=(0, 1))
    steps = {
        5: lambda: collection.add([tmp_path / "more"], jobs=1),
        10: lambda: collection.rename_label("thing 0", "renamed"),
        15: lambda: collection.remove(["thing 1/1-0.png", "thing 1/1-1.png"]),
        20: lambda: collection.drop_label("thing 2"),
    }
    guide = Recognizer(collection, threads=2)
    report = guide.calibrate(progress=lambda _, done, __: steps.get(done, lambda: None)())
    assert report.known_queries == 24
    assert guide.calibration == report
    found = guide.recognize(made / "photos" / "thing 0" / "0-0.png").verdict
    assert found.candidates[0].label == "renamed"


def test_a_full_disk_is_told_and_loses_nothing(
    collection: Collection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = Recognizer(collection).calibrate(target_precision=0.9)
    guides.save_things(tmp_path / "more", [30], views=(0, 1))
    collection.add([tmp_path / "more"], jobs=1)

    def full(*_: object, **__: object) -> None:
        raise StorageError("cannot write: No space left on device; nothing was changed")

    monkeypatch.setattr("relook.recognition.keeping.save_arrays", full)
    with pytest.raises(StorageError, match="No space left"):
        Recognizer(collection).calibrate()
    monkeypatch.undo()
    assert Recognizer(collection).calibration == before


def test_another_process_that_writes_is_waited_for_then_named(
    collection: Collection, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relook.collection.lessons._PATIENCE", 0.1)
    guide = Recognizer(collection)
    photo = made / "photos" / "thing 1" / "1-0.png"
    guide.calibrate()
    collection.rename_label("thing 0", "x")
    with FileLock(collection.directory / "derived.lock", what="elsewhere"):
        with pytest.raises(LockedError, match="wait until it has ended"):
            guide.calibrate()
        assert guide.recognize(photo).calibration == "collection"


def test_a_lock_in_between_does_not_end_a_calibration(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognizer, "_SAVED_EVERY", 10)
    lock = FileLock(collection.directory / "derived.lock")
    steps = {9: lock.acquire, 12: lock.release}
    report = Recognizer(collection, threads=1).calibrate(
        progress=lambda _, done, __: steps.get(done, lambda: None)()
    )
    assert report.known_queries == 28


def test_in_a_directory_that_cannot_be_written_it_recognizes(
    collection: Collection, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = Recognizer(collection)
    guide.calibrate()
    collection.rename_label("thing 0", "renamed")

    def refuse(self: FileLock) -> bool:
        raise CollectionError("cannot be written (Read-only file system)")

    monkeypatch.setattr(FileLock, "try_acquire", refuse)
    found = guide.recognize(made / "photos" / "thing 0" / "0-0.png")
    assert (found.verdict.candidates[0].label, found.calibration) == ("renamed", "collection")
    with pytest.raises(CollectionError, match="Read-only"):
        guide.calibrate()


def test_what_was_asked_is_kept_every_so_often(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognizer, "_SAVED_EVERY", 4)
    counts: list[int] = []

    def look(_: str, done: int, __: int) -> None:
        lessons = Recognizer(collection)._shelf.load_unfinished()
        counts.append(0 if lessons is None else len(lessons.queries))

    Recognizer(collection, threads=1).calibrate(progress=look)
    np.testing.assert_array_equal(counts, np.arange(36) // 4 * 4)
