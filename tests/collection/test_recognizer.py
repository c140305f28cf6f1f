"""A recognizer names what is there, and follows its collection."""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from collection import guides
from collection.guides import open_guide
from relook.collection import Collection, Recognizer
from relook.core.errors import (
    ImageError,
    NotACollectionError,
    RelookError,
    ShapeError,
    UsageError,
)

THINGS = range(12)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``photos``, a calibrated ``collection`` and photos of visitors; copy what you change."""
    folder = tmp_path_factory.mktemp("guide")
    place = guides.make_guide(folder, THINGS)
    with open_guide(place) as collection:
        assert Recognizer(collection).calibrate(target_precision=0.95).fallback == ""
    guides.save_things(folder / "visitors", range(16), views=(9,))
    return folder


@pytest.fixture
def guide(made: Path, tmp_path: Path) -> Iterator[Recognizer]:
    """A recognizer of a collection of its own."""
    with open_guide(Path(shutil.copytree(made / "collection", tmp_path / "c"))) as collection:
        yield Recognizer(collection, threads=2)


def visitor(made: Path, thing: int) -> Path:
    return made / "visitors" / f"thing {thing}" / f"{thing}-9.png"


def answers(guide: Recognizer, made: Path) -> list[tuple[str | None, float]]:
    found = [guide.recognize(visitor(made, thing)).verdict for thing in range(16)]
    return [(verdict.label, round(verdict.confidence, 9)) for verdict in found]


def test_what_is_there_is_named_and_what_is_not_is_not(guide: Recognizer, made: Path) -> None:
    for thing in range(16):
        found = guide.recognize(visitor(made, thing))
        verdict = found.verdict
        assert verdict.known == (thing < 12)
        assert verdict.label == (f"thing {thing}" if thing < 12 else None)
        assert verdict.confidence > 0.7
        confidences = [other.confidence for other in verdict.candidates]
        assert confidences == sorted(confidences, reverse=True)
        assert verdict.none + sum(confidences) == pytest.approx(1)
        assert (found.calibration, found.warnings) == ("collection", ())
        assert found.query == str(visitor(made, thing))
        assert set(found.milliseconds) >= {"decode", "describe", "search", "recognize", "total"}
        if verdict.known:
            assert found.evidence is not None
            assert (found.evidence.id, found.evidence.path.split("/")[0]) == (
                verdict.candidates[0].image,
                verdict.label,
            )
            assert found.evidence.rank <= 3


def test_a_file_its_bytes_and_its_pixels_give_one_answer(guide: Recognizer, made: Path) -> None:
    photo = visitor(made, 3)
    with Pillow.open(photo) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    seen = [guide.recognize(source).verdict for source in (photo, photo.read_bytes(), pixels)]
    assert seen[0] == seen[1] == seen[2]


def test_a_box_is_looked_at_alone(guide: Recognizer, made: Path) -> None:
    with Pillow.open(visitor(made, 3)) as picture:
        small = np.asarray(picture.convert("RGB"))
    scene = np.full((64, 96, 3), 128, np.uint8)
    scene[10:42, 50:82] = small
    assert guide.recognize(scene).verdict.label is None
    assert guide.recognize(scene, box=(50, 10, 32, 32)).verdict.label == "thing 3"
    with pytest.raises(UsageError, match="outside"):
        guide.recognize(scene, box=(500, 10, 32, 32))
    with pytest.raises(UsageError, match="not 3 numbers"):
        guide.recognize(scene, box=(50, 10, 32))


def test_itself_is_left_out_where_asked(guide: Recognizer, made: Path) -> None:
    photo = made / "photos" / "thing 5" / "5-1.png"
    own = guide.recognize(photo)
    assert own.evidence is not None
    assert own.evidence.path == "thing 5/5-1.png"
    other = guide.recognize(photo, exclude_self=True)
    assert other.evidence is not None
    assert (other.verdict.label, other.evidence.path[:7]) == ("thing 5", "thing 5")
    assert other.evidence.path != "thing 5/5-1.png"
    for name in ("5-0.png", "5-2.png"):
        guide._collection.remove([f"thing 5/{name}"])
    assert guide.recognize(photo, exclude_self=True).verdict.label is None
    assert guide.recognize(photo).verdict.label == "thing 5"


def test_bad_pictures_are_errors_of_ours(guide: Recognizer, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    for bad in (tmp_path / "bad.jpg", tmp_path / "gone.jpg", tmp_path, b"", b"no photo"):
        with pytest.raises(ImageError):
            guide.recognize(bad)
    for pixels in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)):
        with pytest.raises(ShapeError):
            guide.recognize(pixels)


def test_without_labels_or_pictures_it_says_how_to_give_some(made: Path, tmp_path: Path) -> None:
    photo = visitor(made, 1)
    with Collection.create(tmp_path / "c", engine=guides.engine()) as collection:
        guide = Recognizer(collection)
        for _ in range(2):
            assert guide.calibration is None
            with pytest.raises(UsageError, match=r"relook label .* --from-folders"):
                guide.recognize(photo)
            with pytest.raises(UsageError, match=r"relook label .* --from-folders"):
                guide.calibrate()
            collection.add([photo], jobs=1)
        collection.apply_labels({1: ["a"]})
        found = guide.recognize(photo)
        assert [other.label for other in found.verdict.candidates] == ["a"]
        assert (found.calibration, found.threshold) == ("shipped", 0.99)
        assert "relook calibrate" in found.warnings[0]
        collection.remove([1])
        with pytest.raises(UsageError, match="no picture"):
            guide.recognize(photo)


def test_nothing_labelled_among_the_results_is_none_of_these(made: Path, tmp_path: Path) -> None:
    """The one labelled picture has nothing in common with the query, which another one shows."""
    Pillow.fromarray(np.full((32, 32, 3), 200, np.uint8)).save(tmp_path / "plain.png")
    with Collection.create(tmp_path / "c", engine=guides.engine()) as collection:
        collection.add([tmp_path / "plain.png", visitor(made, 1)], jobs=1)
        (plain,) = collection.ids_of([tmp_path / "plain.png"])
        collection.apply_labels({plain: ["a"]})
        found = Recognizer(collection).recognize(visitor(made, 1))
        assert found.verdict.label is None
        if not found.verdict.candidates:
            assert (found.evidence, found.verdict.none) == (None, 1.0)


def test_labels_in_any_script_are_answers(guide: Recognizer, made: Path) -> None:
    names = ["Мона Лиза", "最後の晩餐", "الموناليزا", "«a\\b» / c", "distractor 1", "👩‍🎨", "0"]
    for thing, name in enumerate(names):
        guide._collection.rename_label(f"thing {thing}", name)
        assert guide.recognize(visitor(made, thing)).verdict.label == name
    assert guide.calibration is not None
    json.dumps(guide.calibration.to_json())


def test_labels_that_change_are_followed_without_a_new_calibration(
    guide: Recognizer, made: Path
) -> None:
    collection = guide._collection
    before = guide.calibration
    assert before is not None
    collection.rename_label("thing 0", "renamed")
    assert guide.recognize(visitor(made, 0)).verdict.label == "renamed"
    collection.rename_label("thing 1", "renamed")
    assert guide.recognize(visitor(made, 1)).verdict.label == "renamed"
    collection.drop_label("thing 2")
    gone = guide.recognize(visitor(made, 2))
    assert (gone.verdict.label, gone.calibration) == (None, "collection")
    after = guide.calibration
    assert after is not None
    assert after.known_queries == before.known_queries - 3
    collection.remove(["thing 3/3-0.png", "thing 3/3-1.png", "thing 3/3-2.png"])
    assert guide.recognize(visitor(made, 3)).verdict.label is None
    with Recognizer(open_guide(collection.directory)) as other:
        assert answers(other, made) == answers(guide, made)


def test_what_was_fitted_anew_is_kept_for_the_next_process(
    guide: Recognizer, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide._collection.rename_label("thing 0", "renamed")
    expected = answers(guide, made)

    def fail(*_: object) -> None:
        raise AssertionError("fitted again")

    monkeypatch.setattr("relook.collection.recognizer.fit_lessons", fail)
    with open_guide(guide._collection.directory) as collection:
        assert answers(Recognizer(collection), made) == expected


def test_pictures_that_come_are_found_and_many_are_a_reason_to_calibrate_again(
    guide: Recognizer, made: Path, tmp_path: Path
) -> None:
    collection = guide._collection
    guides.save_things(tmp_path / "more", range(12, 16))
    collection.add([tmp_path / "more"], jobs=1)
    assert guide.recognize(visitor(made, 13)).warnings == ()  # they have no labels yet
    labels = collection.labels_from_folders(tmp_path / "more").labels
    few = dict(list(labels.items())[:3])
    collection.apply_labels(few)
    assert guide.recognize(visitor(made, 1)).warnings == ()
    assert guide.calibration is not None
    assert guide.calibration.stale == 3
    guides.save_things(tmp_path / "again", range(16), views=(5,))
    collection.add([tmp_path / "again"], jobs=1)
    collection.apply_labels(labels)
    collection.apply_labels(collection.labels_from_folders(tmp_path / "again").labels)
    found = guide.recognize(visitor(made, 13))
    assert found.verdict.candidates[0].label == "thing 13"
    assert found.warnings == (
        "28 of 64 labelled pictures came since the calibration; run relook calibrate again",
    )
    assert guide.calibrate(target_precision=0.9).stale == 0
    assert guide.recognize(visitor(made, 13)).warnings == ()


def test_the_calibration_of_another_process_is_noticed(guide: Recognizer, made: Path) -> None:
    assert guide.recognize(visitor(made, 1)).verdict.known
    with open_guide(guide._collection.directory) as collection:
        report = Recognizer(collection).calibrate(target_precision=0.8, unknown=0.2)
    assert guide.calibration == report
    assert guide.recognize(visitor(made, 1)).threshold == report.threshold
    shutil.rmtree(guide._collection.directory / "derived")
    assert guide.calibration is None
    assert guide.recognize(visitor(made, 1)).calibration == "shipped"


def test_a_fit_does_not_overwrite_the_calibration_of_another_process(
    guide: Recognizer, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one calibrates while this one still fits to what it has read."""
    from relook.collection import recognizer
    from relook.collection.fitting import fit_lessons

    def slow(collection, lessons):
        monkeypatch.setattr(recognizer, "fit_lessons", fit_lessons)
        with open_guide(collection.directory) as other:
            Recognizer(other).calibrate(target_precision=0.9)
        return fit_lessons(collection, lessons)

    guide._collection.rename_label("thing 0", "renamed")
    monkeypatch.setattr(recognizer, "fit_lessons", slow)
    guide.recognize(visitor(made, 1))
    assert guide.calibration is not None
    assert guide.calibration.target_precision == 0.9


def test_another_recipe_on_the_same_descriptions_has_no_use_for_the_calibration(
    guide: Recognizer, made: Path
) -> None:
    before = guide.calibration
    engine = dataclasses.replace(guides.engine(), recipe='{"name": "fake", "plan": {}}')
    with Collection.open(guide._collection.directory, engine=lambda _: engine) as other:
        stranger = Recognizer(other)
        assert stranger.calibration is None
        assert stranger.recognize(visitor(made, 1)).calibration == "shipped"
        other.drop_label("thing 0")
        other.apply_labels({key: ["thing 0"] for key in other.ids_of(["thing 0"])})
        assert stranger.recognize(visitor(made, 1)).calibration == "shipped"
    assert guide.calibration == before


def test_threads_may_share_it_while_a_writer_adds_and_labels(
    guide: Recognizer, made: Path, tmp_path: Path
) -> None:
    collection = guide._collection
    guides.save_things(tmp_path / "more", range(12, 15))
    stop, failures, seen = threading.Event(), [], []

    def ask() -> None:
        while not stop.is_set():
            try:
                seen.append(guide.recognize(visitor(made, 1)).verdict.label)
            except Exception as error:  # noqa: BLE001 - all are failures
                failures.append(error)
                return

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        with open_guide(collection.directory) as writer:
            writer.add([tmp_path / "more"], jobs=1)
            writer.apply_labels(writer.labels_from_folders(tmp_path / "more").labels)
            guide.calibrate(target_precision=0.9)
            writer.remove(["thing 4/4-0.png"])
            writer.rename_label("thing 5", "x")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert set(seen) == {"thing 1"}


def test_it_opens_a_directory_and_closes_what_it_opened(
    made: Path, tmp_path: Path, guide: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotACollectionError):
        Recognizer(tmp_path / "none")
    with pytest.raises(UsageError, match="threads must be at least 1"):
        Recognizer(guide._collection, threads=0)
    with guide:
        pass
    assert guide._collection.info().images == 36, "it was lent"
    monkeypatch.setattr("relook.search.make_engine", lambda _: guides.engine())
    monkeypatch.setattr("relook.search.Recipe.from_json", lambda _: None)
    with Recognizer(guide._collection.directory) as own:
        assert own.recognize(visitor(made, 1)).verdict.label == "thing 1"
    for _ in range(2):
        with pytest.raises(RelookError):
            own.recognize(visitor(made, 1))
        own.close()
