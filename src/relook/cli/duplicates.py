"""``relook duplicates``: pictures of a collection that are copies of each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relook.cli import console
from relook.cli.options import Directory, Json
from relook.cli.progress import progress_bar
from relook.cli.words import bytes_words, count

if TYPE_CHECKING:
    from relook.collection import Collection
    from relook.mapping.duplicates import Copy, CopyGroup, Duplicates

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook duplicates pictures",
    "relook duplicates pictures --sheet copies.png",
    "relook duplicates pictures --no-mirror --json",
)


def run(
    directory: Directory,
    *,
    no_mirror: Annotated[
        bool, typer.Option("--no-mirror", help="Do not look for mirror images.")
    ] = False,
    as_json: Json = False,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE.png", show_default=False,
                     help="Draw a row of pictures for each group."),
    ] = None,
) -> None:  # fmt: skip
    """Find copies: the same picture re-encoded, resized, cropped, blurred, marked or mirrored.

    Each group begins with the likely original. Another photo of the same thing is no copy.

    Nothing is deleted; what to keep is for you to decide.
    """
    import relook  # noqa: PLC0415
    from relook.cli import sheets  # noqa: PLC0415
    from relook.cli.threads import limit_threads  # noqa: PLC0415
    from relook.mapping.duplicates import find_duplicates  # noqa: PLC0415

    limit_threads()
    if sheet is not None:
        sheets.check_target(sheet)
    with relook.open(directory) as collection:
        with progress_bar() as report:
            found = find_duplicates(collection, mirrored=not no_mirror, progress=report)
        if as_json:
            console.write_json(_as_json(found))
        else:
            _show(found)
        if sheet is not None:
            _draw(collection, found, sheet)
            console.note(f"{sheet} shows them" if found.groups else f"{sheet} says so too")


def _as_json(found: Duplicates) -> dict[str, Any]:
    return {
        "images": found.images,
        "groups": [
            {
                "original": _copy_as_json(group.original),
                "copies": [_copy_as_json(copy) for copy in group.copies],
            }
            for group in found.groups
        ],
        "unreadable": list(found.unreadable),
        "blank": list(found.blank),
    }


def _copy_as_json(copy: Copy) -> dict[str, Any]:
    told = {"path": copy.path, "width": copy.size[0], "height": copy.size[1], "bytes": copy.bytes}
    if not copy.of:
        return told
    return {**told, "changes": list(copy.changes), "of": copy.of, "share": copy.share}


def _show(found: Duplicates) -> None:
    terminal = console.out()
    terminal.print(_summary(found), soft_wrap=True)
    for group in found.groups:
        terminal.print()
        for copy in (group.original, *group.copies):
            terminal.print(_line(copy, group), soft_wrap=True)
    if found.unreadable:
        console.note(
            f"{count(len(found.unreadable), 'picture')} could not be compared, whose files are "
            f"gone or cannot be read, such as {found.unreadable[0]}"
        )
    if found.blank:
        console.note(
            f"{count(len(found.blank), 'blank picture')} could not be compared, such as "
            f"{found.blank[0]}"
        )


def _line(copy: Copy, group: CopyGroup) -> str:
    facts = [f"{copy.size[0]} x {copy.size[1]}", bytes_words(copy.bytes)] if copy.bytes else []
    if not copy.of:
        return f"{copy.path}  (likely original{''.join(f', {fact}' for fact in facts)})"
    words = [", ".join(copy.changes), *facts]
    if copy.of != group.original.path:
        words.append(f"of {copy.of}")
    return f"  {copy.path}  ({', '.join(words)})"


def _summary(found: Duplicates) -> str:
    if not found.groups:
        return f"no copies among {count(found.images, 'picture')}"
    copies = sum(len(group.copies) for group in found.groups)
    return (
        f"{count(copies, 'copy', 'copies')} of {count(len(found.groups), 'picture')}, "
        f"among {count(found.images, 'picture')}"
    )


def _draw(collection: Collection, found: Duplicates, sheet: Path) -> None:
    from relook.cli.thumbnails import thumbnail  # noqa: PLC0415
    from relook.plots.groups import (  # noqa: PLC0415
        MOST_PICTURES,
        MOST_ROWS,
        SheetGroup,
        save_groups,
    )

    if len(found.groups) > MOST_ROWS:
        console.note(f"the sheet shows the first {MOST_ROWS} of {len(found.groups):,} groups")
    groups = []
    for group in found.groups[:MOST_ROWS]:
        shown = (group.original, *group.copies)[:MOST_PICTURES]
        pictures = [
            (thumbnail(collection, copy.id), ", ".join(copy.changes) or "likely original")
            for copy in shown
        ]
        note = count(len(group.copies), "copy", "copies")
        groups.append(SheetGroup(group.original.path, note, pictures))
    save_groups(sheet, groups, title="Copies", summary=_summary(found))
