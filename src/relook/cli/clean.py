"""``relook clean``: which pictures of each class do not show its thing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relook.cli import console
from relook.cli.clean_sources import open_classes
from relook.cli.options import Jobs, Json, RecipeName
from relook.cli.progress import progress_bar
from relook.cli.words import count

if TYPE_CHECKING:
    from relook.mapping.cleaning import Checked, ClassReport, Cleaning

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook clean classes",
    "relook clean classes --report clean.html --write kept.csv --workdir work",
    "relook clean pictures --strength 1.5 --keep-unverified --json",
)
_NAMED = 10


def run(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="A folder with a folder of pictures for each class, a table (.csv) of path and "
            "label, or a collection whose pictures have labels.",
            show_default=False,
        ),
    ],
    *,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE.html", show_default=False,
                     help="Write a page that shows what would be dropped, what stays, and boxes."),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="LIST.csv", show_default=False,
                     help="Write the pictures that stay: path, label and box, as relook train "
                     "reads them."),
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option("--strength", metavar="S", show_default=False,
                     help="Evidence that links two pictures; what the recipe calls verified "
                     "(3) unless said. Less keeps more hard views."),
    ] = None,
    keep_unverified: Annotated[
        bool,
        typer.Option("--keep-unverified",
                     help="Keep classes in which no two pictures match, as a whole."),
    ] = False,
    workdir: Annotated[
        Path | None,
        typer.Option("--workdir", metavar="DIR", show_default=False,
                     help="Keep the collection of a folder here, and go on with what is there."),
    ] = None,
    recipe: RecipeName = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Say which pictures of each class do not show what the others show, and why.

    Pictures of a class are held against each other. The largest group that is connected by matching
    details stays; what matches nothing, or only a few others, would be dropped. Copies count once.
    A box says where in each picture the thing is.

    Nothing is deleted or changed; --write LIST.csv writes what would stay.
    """
    from relook.cli import clean_page  # noqa: PLC0415 - as all imports in commands
    from relook.cli.threads import limit_threads  # noqa: PLC0415
    from relook.mapping.cleaning import CleaningSettings, clean  # noqa: PLC0415

    limit_threads()
    _check_targets(report, write)
    settings = CleaningSettings(strength=strength, keep_unverified=keep_unverified)
    with open_classes(directory, workdir=workdir, recipe=recipe, jobs=jobs) as (
        collection,
        classes,
    ):
        with progress_bar() as bar:
            found = clean(collection, classes, settings=settings, progress=bar)
        if write is not None:
            _write_list(write, found)
        if report is not None:
            clean_page.save(report, found, title=directory.resolve().name or "classes")
    if as_json:
        console.write_json(_as_json(found))
    else:
        _show(found)
        _tell_files(found, report, write)


def _check_targets(report: Path | None, write: Path | None) -> None:
    from relook.core.errors import UsageError  # noqa: PLC0415

    for target, suffix, what in ((report, ".html", "a report"), (write, ".csv", "a list")):
        if target is None:
            continue
        if target.suffix.lower() != suffix:
            raise UsageError(f"{what} is a {suffix} file; name it {target.stem or 'clean'}{suffix}")
        if not target.parent.is_dir():
            raise UsageError(f"the folder {target.parent} does not exist; make it first")
        if target.is_dir():
            raise UsageError(f"{target} is a folder; name a file")


def _write_list(target: Path, found: Cleaning) -> None:
    from relook.core.storage import write_whole  # noqa: PLC0415
    from relook.mapping.cleaning.table import kept_as_csv  # noqa: PLC0415

    write_whole(target, kept_as_csv(found, folder=target.parent))


def _as_json(found: Cleaning) -> dict[str, Any]:
    return {
        "classes": [_class_as_json(report) for report in found.classes],
        "pictures": found.pictures,
        "kept": found.kept,
        "dropped": found.pictures - found.kept,
    }


def _class_as_json(report: ClassReport) -> dict[str, Any]:
    path_of = {picture.id: picture.path for picture in reversed(report.pictures)}
    return {
        "name": report.name,
        "kept": len(report.kept),
        "dropped": len(report.dropped),
        "groups": list(report.groups),
        "pictures": [_picture_as_json(picture) for picture in report.pictures],
        "links": [
            {
                "pictures": [path_of[id_] for id_ in pair.ids],
                "strength": pair.strength,
                "inliers": pair.inliers,
            }
            for pair in report.pairs
        ],
    }


def _picture_as_json(picture: Checked) -> dict[str, Any]:
    return {
        "path": picture.path,
        "kept": picture.kept,
        "reason": picture.reason,
        "words": picture.words,
        "matches": picture.matches,
        "group": list(picture.group),
        "box": None if picture.box is None else [round(value, 1) for value in picture.box],
        "copies": list(picture.copies),
        "elsewhere": list(picture.elsewhere),
    }


def _show(found: Cleaning) -> None:
    terminal = console.out()
    terminal.print(summary(found), soft_wrap=True)
    for report in found.classes:
        lines = [
            f"  {picture.path}: {picture.words}{_beside(picture)}" for picture in report.dropped
        ]
        doubt = f"; {report.doubt}" if report.doubt else ""
        if lines or doubt:
            words = f"{report.name}: {len(report.kept)} of {len(report.pictures)} stay{doubt}"
            terminal.print(f"\n{words}", soft_wrap=True)
        if not report.groups and lines:
            terminal.print("  nothing verifies; --keep-unverified keeps such classes", style="dim")
        _some(lines)
    _tell_copies(found)


def _some(lines: Sequence[str]) -> None:
    shown = lines if console.is_verbose() else lines[:_NAMED]
    for line in shown:
        console.out().print(line, soft_wrap=True)
    if len(shown) < len(lines):
        console.out().print(f"  and {len(lines) - len(shown):,} more (-v names them all)")


def summary(found: Cleaning) -> str:
    """One line of what was found."""
    dropped = found.pictures - found.kept
    whole = f"{count(found.pictures, 'picture')} in {count(len(found.classes), 'class', 'classes')}"
    return f"{whole}: {found.kept:,} would stay, {dropped:,} would be dropped"


def _beside(picture: Checked) -> str:
    return f" (copy of {picture.copies[0]})" if picture.copies else ""


def _tell_copies(found: Cleaning) -> None:
    kept = [picture for report in found.classes for picture in report.kept]
    copies = [picture for picture in kept if picture.copies]
    if copies:
        console.note(
            f"{count(len(copies), 'picture that stays is a copy', 'pictures that stay are copies')}"
            f" of another, such as {copies[0].path} and {copies[0].copies[0]}"
        )
    both = found.contradictory
    if both:
        console.note(
            f"{count(len(both), 'picture that stays does', 'pictures that stay do')} so in several "
            f"classes, such as {both[0].path}, which is in {', '.join(both[0].elsewhere)} too; "
            "training uses none of these"
        )


def _tell_files(found: Cleaning, report: Path | None, write: Path | None) -> None:
    if report is not None:
        console.note(f"{report} shows them")
    if write is not None:
        console.note(f"{write} names the {count(found.kept, 'picture')} that would stay")
    console.note("nothing was deleted")
