"""``relook index``: photos into a collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relook.cli import console
from relook.cli.options import Jobs, Json, RecipeName
from relook.cli.progress import progress_bar
from relook.cli.words import count

if TYPE_CHECKING:
    from relook.collection import AddReport, Collection, Quarantined

__all__ = ["EXAMPLES", "fill", "open_or_create", "run", "show_quarantine"]

EXAMPLES = (
    "relook index photos --into pictures",
    "relook index photos more/IMG_1.jpg --into pictures --recipe sift-smk --jobs 2 --prune",
)
_NAMED = 10


def run(
    photos: Annotated[
        list[Path],
        typer.Argument(metavar="PHOTOS...", help="Photos, and folders with all below them.",
                       show_default=False),
    ],
    *,
    into: Annotated[
        Path,
        typer.Option("--into", metavar="DIR", help="Directory of the collection; made if missing.",
                     show_default=False),
    ],
    recipe: RecipeName = None,
    jobs: Jobs = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Forget pictures whose files are gone.")
    ] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Index photos: describe what is new or changed, so that it can be searched.

    Run it again after photos were added, or after it was stopped: it goes on where it was.
    Pictures that cannot be used are named with the reason, and do not stop the run.
    """
    with open_or_create(into, photos=photos, recipe=recipe) as collection:
        report = fill(collection, photos, jobs=jobs, prune=prune)
        info = collection.info()
    if as_json:
        console.write_json(_as_json(report) | {"images": info.images, "recipe": info.recipe})
        return
    _show(report, images=info.images, into=into)


def open_or_create(
    directory: Path, *, photos: Sequence[Path], recipe: str | None = None
) -> Collection:
    """Open the collection in ``directory``, or make one there for ``photos``.

    Raises:
        UsageError: there are no photos to make a collection for, or there is no such recipe.
        RecipeMismatchError: it was made with a recipe that describes photos in another way.
    """
    import relook  # noqa: PLC0415 - as all imports in commands: `--help` need not wait for them
    from relook.collection import Collection  # noqa: PLC0415
    from relook.collection.scan import scan  # noqa: PLC0415
    from relook.images import is_picture  # noqa: PLC0415
    from relook.search import DEFAULT_RECIPE  # noqa: PLC0415

    if not Collection.exists(directory):
        scan(photos, is_picture=is_picture, skip=directory)  # a mistyped path leaves nothing behind
        return relook.create(directory, recipe=recipe or DEFAULT_RECIPE)
    collection = relook.open(directory)
    try:
        _check_recipe(collection, recipe)
    except BaseException:
        collection.close()
        raise
    return collection


def fill(
    collection: Collection, photos: list[Path], *, jobs: int | None = None, prune: bool = False
) -> AddReport:
    """Index photos under a progress bar."""
    with progress_bar() as report:
        return collection.add(
            photos,
            jobs=jobs,
            prune=prune,
            progress=lambda state: report("index", state.done, state.total),
        )


def show_quarantine(pictures: tuple[Quarantined, ...] | list[Quarantined]) -> None:
    """Name pictures that cannot be searched, the first ten unless ``-v`` was given."""
    shown = pictures if console.is_verbose() else pictures[:_NAMED]
    terminal = console.out()
    for picture in shown:
        terminal.print(f"  {picture.path}: {picture.reason}", soft_wrap=True)
    if len(shown) < len(pictures):
        terminal.print(f"  and {len(pictures) - len(shown):,} more (-v names them all)")


def _check_recipe(collection: Collection, recipe: str | None) -> None:
    if recipe is None:
        return
    from relook.core.errors import RecipeMismatchError  # noqa: PLC0415
    from relook.search import load_recipe  # noqa: PLC0415

    wanted, engine = load_recipe(recipe), collection.engine
    if wanted.describe_hash != engine.describe_hash:
        raise RecipeMismatchError(
            f"{collection.directory} was made with the recipe {engine.name}, which describes "
            f"photos in another way than {wanted.name}; leave --recipe out, or index into a new "
            "directory"
        )
    if wanted.to_json() != engine.recipe:
        console.note(f"{collection.directory} keeps the index and plan settings it was made with")


def _as_json(report: AddReport) -> dict[str, Any]:
    pictures = [asdict(picture) for picture in report.quarantined]
    return asdict(report) | {"quarantined": len(pictures), "quarantine": pictures}


def _show(report: AddReport, *, images: int, into: Path) -> None:
    terminal = console.out()
    done = [
        f"{number:,} {word}"
        for number, word in (
            (report.added, "added"),
            (report.changed, "changed"),
            (report.moved, "moved"),
            (report.known - report.moved, "copies"),
            (report.unchanged, "unchanged"),
            (report.pruned, "pruned"),
            (len(report.quarantined), "in quarantine"),
            (
                report.ignored,
                "other file ignored" if report.ignored == 1 else "other files ignored",
            ),
        )
        if number > 0
    ]
    terminal.print(
        f"{into}: {count(images, 'picture')} to search ({', '.join(done) or 'nothing new'}) "
        f"in {report.seconds:.1f} s",
        soft_wrap=True,
    )
    if report.inherited:
        edited = count(report.inherited, "edited file keeps its", "edited files keep their")
        terminal.print(f"{edited} labels")
    if report.quarantined:
        terminal.print("These cannot be searched; the rest of the run went on:")
        show_quarantine(report.quarantined)
    for folder in report.unreadable:
        terminal.print(f"  {folder}: the folder cannot be listed; check its permissions")
    if report.missing:
        gone = count(report.missing, "stored file is", "stored files are")
        terminal.print(f"{gone} gone from disk; the same command with --prune forgets them")
