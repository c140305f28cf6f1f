"""Write a report in the form that the file's suffix names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relook.core.errors import UsageError
from relook.core.storage import write_whole
from relook.evaluation.record import VERSION
from relook.evaluation.report.markdown import markdown_report
from relook.evaluation.report.recognition_markdown import recognition_markdown

__all__ = ["write_report"]

SUFFIXES = (".html", ".json", ".md")


def write_report(
    record: Mapping[str, Any], path: Path, *, pictures: Mapping[str, Path] | None = None
) -> None:
    """Write a record as ``.json`` (as it is), ``.md`` or ``.html``, whole or not at all.

    The page asks nothing of the network: style, script, charts and thumbnails are inside. With
    thumbnails it stays below 3 MB.

    Args:
        record: of version 1, of runs or of recognition, as ``relook evaluate`` makes it.
        path: the file to write.
        pictures: image id → file, for the thumbnails of the page; what is missing or cannot be
            read is replaced by words.

    Raises:
        UsageError: another suffix, another version, or no runs.
        StorageError: the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"a report is one of {', '.join(SUFFIXES)}; name it {path.stem}.html")
    full = record.get("queries") if _of_recognition(record) else record.get("runs")
    if record.get("version") != VERSION or not full:
        raise UsageError(f"the record is not of version {VERSION}, or has no runs; evaluate again")
    write_whole(path, _content(record, suffix, pictures or {}).encode("utf-8", "replace"))


def _content(record: Mapping[str, Any], suffix: str, pictures: Mapping[str, Path]) -> str:
    if suffix == ".json":
        return json.dumps(record, indent=1) + "\n"
    if _of_recognition(record):
        if suffix == ".md":
            return recognition_markdown(record)
        from relook.evaluation.report.recognition_page import (  # noqa: PLC0415 - reads photos
            recognition_page,
        )

        return recognition_page(record, pictures)
    if suffix == ".md":
        return markdown_report(record)
    from relook.evaluation.report.page import page  # noqa: PLC0415 - reads photos

    return page(record, pictures)


def _of_recognition(record: Mapping[str, Any]) -> bool:
    return record.get("task") == "recognition"
