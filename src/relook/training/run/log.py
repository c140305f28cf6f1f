"""What is written down while it trains: csv files, and TensorBoard's where they are wanted."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from relook.core.errors import StorageError, UsageError
from relook.core.storage import write_whole

__all__ = ["CsvLog", "Curves", "read_rows"]


class CsvLog:
    """A table of numbers, one row after the other; every row is on disk when it was written."""

    def __init__(self, path: Path, columns: Sequence[str], *, before: int) -> None:
        """Go on with a file, without its rows of steps that will be taken again.

        Args:
            path: the file.
            columns: their names, ``step`` the first.
            before: rows of later steps are dropped.
        """
        self._path, self._columns = path, tuple(columns)
        kept = [row for row in read_rows(path) if int(float(row["step"])) <= before]
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
        write_whole(path, text.getvalue().encode())

    def write(self, row: dict[str, Any]) -> None:
        """Append one row.

        Raises:
            StorageError: the disk is full, or the folder is gone.
        """
        words = [_word(row.get(name, "")) for name in self._columns]
        try:
            with self._path.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerow(words)
        except OSError as error:
            raise StorageError(f"cannot write {self._path}: {error.strerror}") from error


class Curves:
    """Scalars for TensorBoard; nothing where they are not wanted."""

    def __init__(self, folder: Path | None, *, before: int) -> None:
        """Open the folder of events.

        Raises:
            UsageError: TensorBoard is not installed.
        """
        self._writer: Any = None
        if folder is None:
            return
        try:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise UsageError('log.tensorboard needs pip install "relook[train]"') from error
        make: Any = SummaryWriter
        self._writer = make(str(folder), purge_step=before + 1)

    def write(self, row: dict[str, Any]) -> None:
        """All numbers of a row, at its step."""
        if self._writer is None:
            return
        for name, value in row.items():
            if name != "step" and isinstance(value, int | float):
                self._writer.add_scalar(name, value, row["step"])

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()


def read_rows(path: Path) -> list[dict[str, str]]:
    """What a :class:`CsvLog` wrote; a last row that was cut off is left out."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    rows = list(csv.DictReader(whole))
    return [row for row in rows if None not in row.values() and row.get("step")]


def _word(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
