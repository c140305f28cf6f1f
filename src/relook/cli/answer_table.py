"""A csv with one row per picture, written row by row, so that a stopped run can go on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from relook.cli.answers import COLUMNS
from relook.core.errors import StorageError, UsageError
from relook.core.storage import write_whole

__all__ = ["AnswerTable", "open_table"]

_BOM = "\ufeff"  # without it, Excel takes UTF-8 for a code page
_ESCAPE = "backslashreplace"  # file names need not be Unicode


class AnswerTable:
    """The rows that are there, and where the next ones go."""

    def __init__(self, file: Path, stream: TextIO, queries: set[str]) -> None:
        self._file = file
        self._stream = stream
        self._queries = queries
        self._rows = csv.DictWriter(stream, COLUMNS)

    def __contains__(self, query: str) -> bool:
        return query.encode(errors=_ESCAPE).decode() in self._queries

    def add(self, row: Mapping[str, str]) -> None:
        """Write a row; it is in the file when this returns.

        Raises:
            StorageError: the disk is full, or gone.
        """
        try:
            self._rows.writerow(row)
            self._stream.flush()
        except OSError as error:
            raise StorageError(
                f"cannot write {self._file}: {error.strerror}; the rows so far are kept"
            ) from error


@contextmanager
def open_table(file: Path) -> Iterator[AnswerTable]:
    """Begin a table, or go on with the one that is there.

    A row that was cut off while it was written is dropped.

    Raises:
        UsageError: the folder does not exist, or the file is another table.
        StorageError: the file cannot be written.
    """
    if not file.parent.is_dir():
        raise UsageError(f"the folder {file.parent} does not exist; make it first")
    rows = _whole_rows(file) if file.exists() else []
    write_whole(file, _written(rows).encode(errors=_ESCAPE))
    with file.open("a", encoding="utf-8", errors=_ESCAPE, newline="") as stream:
        yield AnswerTable(file, stream, {row["query"] for row in rows})


def _whole_rows(file: Path) -> list[dict[str, str]]:
    try:
        text = file.read_bytes().decode("utf-8-sig", errors="replace")
        lines = list(csv.reader(io.StringIO(text, newline="")))
    except OSError as error:
        raise StorageError(f"cannot read {file}: {error.strerror}; choose another file") from error
    except csv.Error:  # no text at all
        lines = [[]]
    if lines and tuple(lines[0]) != COLUMNS:
        raise UsageError(f"{file} is another table; choose a file that is not there yet")
    if not text.endswith("\n"):
        lines = lines[:-1]
    return [
        dict(zip(COLUMNS, line, strict=True)) for line in lines[1:] if len(line) == len(COLUMNS)
    ]


def _written(rows: list[dict[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return _BOM + text.getvalue()
