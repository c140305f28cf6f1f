"""Labels from and to a csv."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from collection.stock import stock
from relook.collection import Collection
from relook.collection.label_reading import LabelReading
from relook.core.errors import StorageError, UsageError


def read(
    collection: Collection, folder: Path, content: str | bytes, **options: str
) -> LabelReading:
    file = folder / "labels.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return collection.labels_from_csv(file, **options)


def said(collection: Collection, reading: LabelReading) -> dict[str | None, tuple[str, ...]]:
    return {collection.path_of(key): labels for key, labels in reading.labels.items()}


TABLE = "path,label\n0000.png,Рембрандт\n0001.png,伦勃朗\n"
FOUND = {"0000.png": ("Рембрандт",), "0001.png": ("伦勃朗",)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_tables_of_all_programs_are_read(
    filled: Collection, tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    text = TABLE.replace(",", delimiter).replace("\n", end)
    reading = read(filled, tmp_path, text.encode(encoding))
    assert said(filled, reading) == FOUND
    assert (reading.files, reading.several, reading.duplicates, reading.problems) == (2, 0, 0, ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "cp1251", "latin-1"])
def test_an_encoding_that_cannot_be_known_is_refused(
    filled: Collection, tmp_path: Path, encoding: str
) -> None:
    text = "path,label\n0000.png,a\n0001.png," + ("Рембрандт" if encoding != "latin-1" else "é")
    with pytest.raises(UsageError, match="save it as “CSV UTF-8”") as caught:
        read(filled, tmp_path, text.encode(encoding))
    if encoding in ("cp1251", "latin-1"):
        assert "(line 3)" in str(caught.value)


def test_the_header_says_where_columns_are(filled: Collection, tmp_path: Path) -> None:
    text = '\n"year"; Label ;"PATH";painter;\n1642;"Night; Watch";0000.png;Rembrandt;\n'
    assert said(filled, read(filled, tmp_path, text)) == {"0000.png": ("Night; Watch",)}
    other = read(filled, tmp_path, text, column="Painter")
    assert said(filled, other) == {"0000.png": ("Rembrandt",)}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty; write a header path,label"),
        ("\n \n", "is empty"),
        ("0000.png,a\n", "has no column path, only 0000.png, a; its first row must name"),
        ('"path";"title"\n0000.png;a\n', "has no column label, only path, title"),
        ('"path","label\n0000.png,a\n', "no proper csv from line 1 on"),
        ("path,title\n0000.png,a\n", "has no column label, only path, title"),
        ("path label\n0000.png a\n", "has no column path"),
        ("path,label,Label\n0000.png,a,b\n", "has several columns label"),
        ('path,label\n0000.png,"a\n0001.png,b\n', "no proper csv from line 2 on"),
        ('path,label\n0000.png,"a" b\n', "no proper csv from line 2 on"),
        ('path,label\n0000.png,a\n0001.png,"' + "x" * 200_000 + '"', "from line 3 on .*limit"),
    ],
)
def test_what_is_no_such_table_is_refused(
    filled: Collection, tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        read(filled, tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(filled: Collection, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.csv cannot be read"):
        filled.labels_from_csv(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="cannot be read"):
        filled.labels_from_csv(tmp_path)
    with pytest.raises(UsageError, match="separator must not be empty"):
        read(filled, tmp_path, TABLE, separator="")


def test_rows_that_give_no_label_are_named_with_their_line(
    filled: Collection, tmp_path: Path
) -> None:
    rows = [
        "path,label,note",  # 1
        "0000.png,good,",
        "none.png,a,",
        "0001.png,,",
        "",  # 5: blank, no row at all
        "0002.png",
        ",a,",
        '0003.png,"two\nlines",',  # 8 and 9
        "0004.png,\x07,",
        "0005.png,van Rijn, Rembrandt,x",
        "0006.png,good,,,",
        ",,",
        "0007.png,  \t ,",
        f"0008.png,{'x' * 201},",
    ]
    reading = read(filled, tmp_path, "\n".join(rows))
    assert said(filled, reading) == {
        "0000.png": ("good",), "0003.png": ("two lines",), "0006.png": ("good",),
    }  # fmt: skip
    found = [(problem.line, problem.path) for problem in reading.problems]
    assert found == [
        (3, "none.png"), (4, "0001.png"), (6, "0002.png"), (7, ""), (10, "0004.png"),
        (11, "0005.png"), (14, "0007.png"), (15, "0008.png"),
    ]  # fmt: skip
    reasons = [problem.reason for problem in reading.problems]
    for reason, why in zip(
        reasons,
        ["not in the coll", "is empty", "too few", "no path", "U+0007", "more columns", "is empty",
         "201 characters"],
        strict=True,
    ):  # fmt: skip
        assert why in reason


def test_several_labels_are_several_rows_or_one_with_a_separator(
    filled: Collection, tmp_path: Path
) -> None:
    rows = read(filled, tmp_path, "path,label\n0000.png,b\n0000.png,a\n0001.png,a|b\n")
    assert said(filled, rows) == {"0000.png": ("a", "b"), "0001.png": ("a|b",)}
    assert rows.several == 1
    parts = read(filled, tmp_path, "path,label\n0000.png,b | a||b\n0001.png,|\n", separator="|")
    assert said(filled, parts) == {"0000.png": ("a", "b")}
    assert (parts.several, parts.duplicates, len(parts.problems)) == (1, 1, 1)


def test_a_row_that_stands_twice_is_counted_and_does_no_harm(
    filled: Collection, twenty: Path, tmp_path: Path
) -> None:
    full = (twenty / "photos" / "0000.png").as_posix()
    reading = read(filled, tmp_path, f"path,label\n0000.png,a\n0000.png,a \n{full},a\n")
    assert said(filled, reading) == {"0000.png": ("a",)}
    assert (reading.files, reading.several, reading.duplicates) == (1, 0, 2)
    assert reading.problems == ()


def test_paths_are_as_stored_in_full_or_beside_the_csv(empty: Collection, photos: Path) -> None:
    stock(empty, photos, {"a/1.png": "1", "a/e\u0301 2.png": "2", "b/3.png": "3"})
    (photos / "a").mkdir(parents=True)
    table = "\n".join(
        ["path,label", r"a\1.png,stored", f"{photos.as_posix()}/b/3.png,full", "1.png,beside",
         " ./é 2.png ,form", "../b/3.png,up", r"..\b\3.png,up too"]
    )  # fmt: skip
    reading = read(empty, photos / "a", table)
    assert reading.problems == ()
    assert said(empty, reading) == {
        "a/1.png": ("beside", "stored"),
        "a/e\u0301 2.png": ("form",),
        "b/3.png": ("full", "up", "up too"),
    }


def test_a_path_in_two_roots_is_that_beside_the_csv_or_a_problem(
    empty: Collection, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        stock(empty, tmp_path / name, {"1.png": name})
        (tmp_path / name).mkdir()
    beside = read(empty, tmp_path / "b", "path,label\n1.png,x\n")
    assert [path.as_posix() for key in beside.labels for path in empty.files_of(key)] == [
        (tmp_path / "b" / "1.png").as_posix()
    ]
    elsewhere = read(empty, tmp_path, "path,label\n1.png,x\n")
    assert elsewhere.labels == {}
    assert "several folders" in elsewhere.problems[0].reason


def test_copies_that_are_called_differently_are_contradictory(
    empty: Collection, photos: Path
) -> None:
    stock(empty, photos, dict.fromkeys(("1.png", "2.png", "3.png"), "same"))
    photos.mkdir()
    table = "path,label\n1.png,a\n2.png,b\n2.png,c\n3.png,a\n3.png,c\n"
    reading = read(empty, photos, table)
    assert [tuple(one) for one in reading.contradictory] == [("1.png", "a", "2.png", "b")]
    assert said(empty, reading) == {"1.png": ("a", "b", "c")}
    assert (reading.files, reading.several) == (3, 2)


def test_a_file_that_could_not_be_read_is_a_problem(filled: Collection, tmp_path: Path) -> None:
    stock(filled, tmp_path, {"bad.png": None})
    reading = read(filled, tmp_path, "path,label\nbad.png,a\n")
    assert reading.problems[0].reason == "the file cannot be read"


def test_what_is_exported_is_read_again(empty: Collection, photos: Path, tmp_path: Path) -> None:
    names = ["plain.png", 'a "quoted", one.png', "two\nlines.png", " space ;.png", "=1+1.png"]
    stock(empty, photos, {f"sub/{name}": name for name in names})
    ids = empty.ids_of([photos])
    empty.apply_labels({key: ["Ночной дозор", f'x|"{key}";, y'] for key in ids})
    before = empty.check().digest
    file = tmp_path / "out" / "labels.csv"
    with pytest.raises(StorageError, match=r"cannot write .*labels\.csv"):
        empty.export_labels(file)
    file.parent.mkdir()
    assert empty.export_labels(file) == 10
    assert file.read_bytes().startswith(b"\xef\xbb\xbfpath,label\r\n")
    with file.open(encoding="utf-8-sig", newline="") as stream:
        assert len(list(csv.reader(stream))) == 11
    empty.apply_labels(dict.fromkeys(ids, ()), mode="replace")
    assert empty.check().digest != before
    reading = empty.labels_from_csv(file)
    assert (reading.problems, reading.duplicates) == ((), 0)
    empty.apply_labels(reading.labels)
    assert empty.check().digest == before


def test_an_export_without_labels_is_a_header(filled: Collection, tmp_path: Path) -> None:
    assert filled.export_labels(tmp_path / "l.csv") == 0
    assert filled.labels_from_csv(tmp_path / "l.csv").labels == {}


def test_an_export_tells_files_of_the_same_name_apart(empty: Collection, tmp_path: Path) -> None:
    for name in ("a", "b"):
        stock(empty, tmp_path / name, {"1.png": name})
        (tmp_path / name).mkdir()
    empty.apply_labels({1: ["a"], 2: ["b"]})
    empty.export_labels(tmp_path / "labels.csv")
    assert empty.labels_from_csv(tmp_path / "labels.csv").labels == {1: ("a",), 2: ("b",)}
