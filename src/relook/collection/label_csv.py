"""Labels from and to a csv: a header, then a path and a label in each row."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from relook.collection.catalog import Catalog
from relook.collection.files import Files
from relook.collection.label_reading import Gathering, LabelReading
from relook.collection.labels import make_label
from relook.core.errors import UsageError
from relook.core.storage import write_whole

__all__ = ["labels_from_csv", "write_labels"]

PATH = "path"

_DELIMITERS = ",;\t"
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark is the beginning of this one
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of a csv with the line that each begins in, and where its columns are."""

    rows: Iterator[tuple[int, list[str]]]
    path: int
    label: int
    width: int


def labels_from_csv(
    catalog: Catalog,
    file: str | os.PathLike[str],
    *,
    column: str = "label",
    separator: str | None = None,
) -> LabelReading:
    """Read the labels that a csv gives to pictures; nothing is applied.

    Its first row names the columns: ``path``, that of the label, and any others. Columns are
    apart by comma, semicolon or tab. A picture with several labels has several rows, or one with
    a separator. Paths are as stored, in full, or relative to the folder of the csv.

    Args:
        catalog: of the collection.
        file: UTF-8, or UTF-16 with a byte order mark.
        column: that of the labels.
        separator: of several labels in one field, such as ``|``.

    Raises:
        UsageError: the file is no such table. Rows that give no label are among the problems of
            the answer instead.
    """
    if separator == "":
        raise UsageError("the separator must not be empty; write for example '|'")
    place = Path(os.path.abspath(file))  # noqa: PTH100 - keeps links, as stored paths do
    table = _open_table(place, _text(place), column)
    files = Files(catalog)
    gathering = Gathering(files)
    for line, row in table.rows:
        path = row[table.path] if len(row) > table.path else ""
        try:
            labels = _labels(row, table, separator)
            stored = files.one(path, folder=place.parent)
            if stored is None:
                raise UsageError("not in the collection")
            if stored.content is None:
                raise UsageError("the file cannot be read")
        except UsageError as error:
            gathering.complain(line, path, str(error))
            continue
        for label in labels:
            gathering.add(stored, stored.content, label)
    return gathering.finish()


def write_labels(catalog: Catalog, file: str | os.PathLike[str]) -> int:
    """Write a row for each picture that a file shows and each of its labels.

    It is UTF-8 with a byte order mark, which spreadsheets need, and can be read in again.

    Returns:
        The number of rows below the header.

    Raises:
        StorageError: the file cannot be written.
    """
    with catalog.reading():
        contents = [int(key) for (key,) in catalog.rows("SELECT DISTINCT content FROM labels")]
        labels, paths = catalog.labels(contents), catalog.paths(contents)
    rows = sorted((path, label) for key, path in paths.items() for label in labels.get(key, ()))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow((PATH, "label"))
    writer.writerows(rows)
    write_whole(Path(file), text.getvalue().encode("utf-8-sig"))
    return len(rows)


def _labels(row: Sequence[str], table: _Table, separator: str | None) -> list[str]:
    if len(row) <= max(table.path, table.label):
        raise UsageError(f"the row has too few columns ({len(row)})")
    if any(field.strip() for field in row[table.width :]):
        raise UsageError(
            f"the row has more columns ({len(row)}) than the header ({table.width}); put a field "
            "with a comma in quotes"
        )
    if not row[table.path].strip():
        raise UsageError("the row has no path")
    field = row[table.label]
    parts = [field] if separator is None else field.split(separator)
    named = [part for part in parts if part.strip()]
    if not named:
        raise UsageError("the label is empty")
    return [make_label(part) for part in named]


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); name a csv file") from error
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), None)
    try:
        text = content.decode(encoding or "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{path} is neither UTF-8 nor UTF-16 with a byte order mark (line {line}); save it as "
            "“CSV UTF-8”"
        ) from error
    if "\0" in text:
        raise UsageError(f"{path} is no text, or UTF-16 without its mark; save it as “CSV UTF-8”")
    return text


def _open_table(path: Path, text: str, column: str) -> _Table:
    """Find the delimiter with which the header has the columns that are needed."""
    wanted = _name(column)
    headers: list[list[str]] = []
    broken: UsageError | None = None
    for delimiter in _DELIMITERS:
        rows = _rows(path, text, delimiter)
        try:
            _, header = next(rows, (0, []))
        except UsageError as error:  # quotes may look wrong with a delimiter that is not meant
            broken = error
            continue
        names = [_name(field) for field in header]
        headers.append(header)
        if PATH in names and wanted in names:
            for name in (PATH, wanted):
                if names.count(name) > 1:
                    raise UsageError(f"{path} has several columns {name}; rename all but one")
            return _Table(rows, names.index(PATH), names.index(wanted), len(names))
    if broken is not None and not headers:
        raise broken
    raise _no_table(path, headers, column)


def _no_table(path: Path, headers: list[list[str]], column: str) -> UsageError:
    header = max(headers, key=len)
    if not header:
        return UsageError(f"{path} is empty; write a header path,label and a row for each label")
    missing = column if any(PATH in map(_name, one) for one in headers) else PATH
    return UsageError(
        f"{path} has no column {missing}, only {', '.join(header)[:200]}; its first row must name "
        "the columns, as path,label"
    )


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line in which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(
                f"{path} is no proper csv from line {line} on ({error}); a quote inside a field is "
                "written twice, and each that opens is closed"
            ) from error
        if any(field.strip() for field in row):
            yield line, row


def _name(field: str) -> str:
    return " ".join(field.split()).casefold()
