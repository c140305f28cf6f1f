"""Labels from a CSV file: ``path,label``, one picture per row."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from relook.core.errors import UsageError

__all__ = ["LabelRow", "read_labels"]

_COLUMNS = ("path", "label")


class LabelRow(NamedTuple):
    """One row: the line that it ends on, the path as written, and the label; either may be ""."""

    line: int
    path: str
    label: str


def read_labels(file: Path) -> list[LabelRow]:
    """Read a table with the columns path and label, in any order; others are not looked at.

    Raises:
        UsageError: the file cannot be read, is no table, or lacks a column or any rows.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines, strict=True)
            _check_columns(file, [name.strip() for name in table.fieldnames or ()])
            table.fieldnames = [name.strip() for name in table.fieldnames or ()]
            rows = [
                LabelRow(table.line_num, *((row[name] or "").strip() for name in _COLUMNS))
                for row in table
            ]
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except (csv.Error, UnicodeError) as error:
        raise UsageError(f"{file} is no CSV file in UTF-8: {error}") from error
    if not rows:
        raise UsageError(f"{file} has no rows; write path,label and one picture per line")
    return rows


def _check_columns(file: Path, names: list[str]) -> None:
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        found = ", ".join(names) or "nothing"
        raise UsageError(
            f"{file} has no column {missing[0]}: its first line must be path,label, not {found}"
        )
