"""``relook recognize`` with a recognizer that answers by the name of the photo."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pytest

import relook
from relook.cli import answers
from relook.collection import Collection, Recognition
from relook.images import read
from relook.recognition.records import Alternative, Verdict

KEYS = {"label", "confidence", "known", "alternatives", "evidence", "milliseconds"}
EXTRA = {"query", "threshold", "calibration", "probability_known", "warnings"}
COLUMNS = [
    *("query", "label", "confidence", "known", "evidence", "inliers"),
    *("second", "second_confidence", "error"),
]
MONA = "Мона Лиза, «Джоконда»"


class FakeRecognizer:
    """Searches, and names the answer by the photo: ``unknown…``, ``unsure…``, else known."""

    asked: list[str] = []  # noqa: RUF012 - cleared by the fixture
    stop_after: int | None = None

    def __init__(self, collection: Collection) -> None:
        self.collection = collection

    def __enter__(self) -> FakeRecognizer:
        return self

    def __exit__(self, *_: object) -> None: ...

    def recognize(self, image: Path, *, box: Any = None) -> Recognition:
        if len(self.asked) == self.stop_after:
            raise KeyboardInterrupt
        found = self.collection.search(image, box=box, top=2)
        self.asked.append(Path(image).name)
        best = found.results[0]
        kind = Path(image).name.partition("-")[0]
        first, none = {"unknown": (0.03, 0.96), "unsure": (0.6, 0.3)}.get(kind, (0.98, 0.01))
        known = first > 0.9
        others = (Alternative(MONA, first, best.id), Alternative("b", 0.01, found.results[1].id))
        verdict = Verdict(
            known=known, confidence=first if known else none, candidates=others, none=none
        )
        return Recognition(
            found.query, verdict, best, "shipped", 0.87, found.milliseconds, ("not calibrated",)
        )


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeRecognizer]:
    monkeypatch.setattr(FakeRecognizer, "asked", [])
    monkeypatch.setattr("relook.collection.Recognizer", FakeRecognizer, raising=False)
    return FakeRecognizer


@pytest.fixture
def guide(pictures: Path) -> Path:
    with relook.open(pictures) as collection:
        collection.apply_labels({1: [MONA]})
    return pictures


@pytest.fixture
def visitors(queries: list[Path], tmp_path: Path) -> Path:
    """A folder of four photos: known, not sure, unknown (below it, not ASCII), and no photo."""
    folder = tmp_path / "visitors"
    (folder / "more").mkdir(parents=True)
    shutil.copy(queries[0], folder / "known-1.jpg")
    shutil.copy(queries[0], folder / "unsure-1.jpg")
    shutil.copy(queries[-1], folder / "more" / "unknown-é, ü.jpg")
    (folder / "broken.jpg").write_bytes(b"no photo")
    return folder


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_json_has_exactly_the_promised_keys(run: Any, guide: Path, queries: list[Path]) -> None:
    ran = run("recognize", guide, queries[0], "--json")
    assert (ran.code, ran.err) == (0, "")
    assert set(ran.json) == KEYS | EXTRA
    assert (ran.json["label"], ran.json["known"]) == (MONA, True)
    assert ran.json["confidence"] == ran.json["probability_known"] == 0.98
    assert ran.json["alternatives"] == [{"label": "b", "confidence": 0.01}]
    assert set(ran.json["evidence"]) == {"path", "inliers", "region", "query_region"}
    region = ran.json["evidence"]["region"] + ran.json["evidence"]["query_region"]
    assert [len(point) for point in region] == [2] * 8
    assert ran.json["warnings"] == ["not calibrated"]


def test_without_a_label_the_guess_is_an_alternative(run: Any, guide: Path, visitors: Path) -> None:
    ran = run("recognize", guide, visitors / "unsure-1.jpg", "--json", "--top", "1")
    assert (ran.json["label"], ran.json["known"]) == (None, False)
    assert (ran.json["confidence"], ran.json["probability_known"]) == (0.3, 0.6)
    assert ran.json["alternatives"] == [{"label": MONA, "confidence": 0.6}]


def test_people_get_a_sentence_a_bar_alternatives_and_the_time(
    run: Any, guide: Path, visitors: Path
) -> None:
    ran = run("recognize", guide, visitors / "known-1.jpg", "-v")
    answer, bar, *others, time = ran.out.splitlines()
    assert answer.startswith(f"{MONA}, 98 % sure: ")
    assert " matches on " in answer
    assert bar == "█" * 20 + " 98 %"
    assert others[1].split()[0] == "b"
    assert time.endswith(" ms")
    assert "not calibrated" in ran.err
    assert "milliseconds: decode " in ran.err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("more/unknown-é, ü.jpg", f"not in this collection (96 % sure); closest is {MONA} (3 %)"),
        ("unsure-1.jpg", f"not sure: perhaps {MONA} (60 %)"),
    ],
)
def test_none_of_these_and_not_sure_are_answers(
    run: Any, guide: Path, visitors: Path, name: str, words: str
) -> None:
    ran = run("recognize", guide, visitors / name)
    assert ran.code == 0
    assert ran.out.startswith(words)


def test_a_terminal_without_blocks_gets_a_bar_of_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    assert answers.bar(0.52) == "#" * 10 + "-" * 10


@pytest.mark.parametrize("name", ["why.jpg", "why.png"])
def test_the_answer_is_drawn(
    run: Any, guide: Path, visitors: Path, tmp_path: Path, name: str
) -> None:
    words = ["--out", tmp_path / name, "--box", "100", "100", "400", "300"]
    ran = run("recognize", guide, visitors / "known-1.jpg", *words)
    assert ran.code == 0
    assert f"{name} shows why" in ran.err
    assert read(tmp_path / name).size[0] >= 1200


def test_a_folder_becomes_a_csv_that_every_program_can_read(
    run: Any, guide: Path, visitors: Path, tmp_path: Path
) -> None:
    file = tmp_path / "answers.csv"
    ran = run("recognize", guide, visitors, "--csv", file)
    assert ran.code == 0
    assert "4 photos (1 recognized, 1 not in this collection, 1 not sure, 1 cannot be" in ran.out
    assert file.read_bytes().startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode())
    found = {Path(row["query"]).name: row for row in rows(file)}
    assert list(found) == ["broken.jpg", "known-1.jpg", "unknown-é, ü.jpg", "unsure-1.jpg"]
    known, unsure = found["known-1.jpg"], found["unsure-1.jpg"]
    assert known["query"] == (visitors / "known-1.jpg").as_posix()
    assert (known["label"], known["known"], known["second"]) == (MONA, "true", "b")
    assert float(known["confidence"]) == 0.98
    assert int(known["inliers"]) > 0
    assert (unsure["label"], unsure["known"], unsure["second"]) == ("", "false", MONA)
    assert found["broken.jpg"]["error"]
    assert not found["broken.jpg"]["known"]


def test_a_stopped_csv_goes_on(
    run: Any, guide: Path, visitors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "answers.csv"
    monkeypatch.setattr(FakeRecognizer, "stop_after", 1)
    ran = run("recognize", guide, visitors, "--csv", file)
    assert ran.code == 130
    assert "run the same command again" in ran.err
    assert len(rows(file)) == 2
    monkeypatch.setattr(FakeRecognizer, "stop_after", None)
    assert "2 in the file already" in run("recognize", guide, visitors, "--csv", file).out
    assert len(rows(file)) == 4
    assert sorted(FakeRecognizer.asked) == ["known-1.jpg", "unknown-é, ü.jpg", "unsure-1.jpg"]
    before = file.read_bytes()
    ran = run("recognize", guide, visitors, "--csv", file, "--json")
    assert ran.json["kept"] == 4
    assert file.read_bytes() == before


@pytest.mark.parametrize("cut", [1, 30, 10**4])
def test_a_row_that_was_cut_off_is_asked_again(
    run: Any, guide: Path, visitors: Path, tmp_path: Path, cut: int
) -> None:
    file = tmp_path / "answers.csv"
    run("recognize", guide, visitors, "--csv", file)
    whole = file.read_bytes()
    file.write_bytes(whole[: max(0, len(whole) - cut)])
    assert run("recognize", guide, visitors, "--csv", file).code == 0
    assert file.read_bytes() == whole


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\xff\xd8\xff\xe0" * 9000, b"\n"])
def test_another_file_is_not_written_over(
    run: Any, guide: Path, visitors: Path, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "other.csv"
    file.write_bytes(content)
    ran = run("recognize", guide, visitors, "--csv", file)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert file.read_bytes() == content


def test_several_photos_become_a_table_or_a_list(run: Any, guide: Path, visitors: Path) -> None:
    photos = [visitors / "known-1.jpg", visitors / "broken.jpg", visitors / "missing.jpg"]
    ran = run("recognize", guide, *photos, photos[0])
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()[1:]] == list(map(str, photos))
    assert " 98 % " in ran.out
    everything = run("recognize", guide, visitors).out
    assert "  96 %  not in this collection" in everything
    assert f"  60 %  not sure, perhaps {MONA}" in everything
    assert ran.err == "not calibrated\n"
    ran = run("recognize", guide, visitors, "--json")
    assert ran.err == ""
    assert [answer.get("label") for answer in ran.json] == [None, MONA, None, None]
    assert set(ran.json[0]) == {"query", "error"}
    assert set(ran.json[1]) == KEYS | EXTRA


def test_what_was_answered_before_an_interrupt_is_shown(
    run: Any, guide: Path, visitors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeRecognizer, "stop_after", 1)
    ran = run("recognize", guide, visitors)
    assert ran.code == 130
    assert MONA in ran.out


def test_a_pattern_that_the_shell_left_is_followed(run: Any, guide: Path, visitors: Path) -> None:
    ran = run("recognize", guide, visitors / "*-1.jpg", "--json")
    assert [Path(answer["query"]).name for answer in ran.json] == ["known-1.jpg", "unsure-1.jpg"]
    assert run("recognize", guide, visitors / "*.tiff").code == 2


def test_a_collection_without_labels_says_how_to_give_them(
    run: Any, pictures: Path, queries: list[Path]
) -> None:
    ran = run("recognize", pictures, queries[0])
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert f"no picture of {pictures} has a label" in ran.err
    assert f"relook label {pictures} --from-folders" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ["--box", "0", "0", "9", "9"],
        ["--out", "why.png"],
        ["--csv", "missing/answers.csv"],
    ],
)
def test_what_does_not_go_with_a_folder_is_wrong_use(
    run: Any, guide: Path, visitors: Path, words: list[str]
) -> None:
    ran = run("recognize", guide, visitors, *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("out", ["why.gif", "missing/why.png"])
def test_a_drawing_that_cannot_be_written_is_refused_first(
    run: Any, guide: Path, queries: list[Path], tmp_path: Path, out: str
) -> None:
    ran = run("recognize", guide, queries[0], "--out", tmp_path / out)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert not FakeRecognizer.asked


@pytest.mark.parametrize("content", [None, b"", b"hello"])
def test_a_photo_that_cannot_be_read_fails(
    run: Any, guide: Path, tmp_path: Path, content: bytes | None
) -> None:
    photo = tmp_path / "photo.jpg"
    if content is not None:
        photo.write_bytes(content)
    ran = run("recognize", guide, photo)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "photo.jpg" in ran.err
