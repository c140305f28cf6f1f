"""``relook label``: say what pictures show, and which labels there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relook.cli import console
from relook.cli.options import Directory, Json
from relook.cli.words import count

if TYPE_CHECKING:
    from relook.collection import Collection
    from relook.collection.label_reading import LabelReading

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook label pictures",
    "relook label pictures --from-folders",
    "relook label pictures --csv paintings.csv --column title",
    'relook label pictures --add "The Night Watch" holiday/IMG_1.jpg holiday/museum',
    "relook label pictures --rename rembrand Rembrandt",
    "relook label pictures --export labels.csv",
)

_NAMED = 10
_SOURCES = ("from_folders", "csv")
_BELONGS = {
    "level": ("from_folders",), "column": ("csv",), "separator": ("csv",), "strict": _SOURCES,
    "replace": _SOURCES, "pictures": ("set", "add", "remove", "from_folders"),
}  # fmt: skip


def run(
    directory: Directory,
    pictures: Annotated[
        list[str] | None,
        typer.Argument(metavar="PICTURE...", show_default=False,
                       help="For --set, --add and --remove: paths as a search shows them, of "
                            "files, or of folders with all that is below them. For "
                            "--from-folders: the folder in which the classes lie."),
    ] = None,
    *,
    from_folders: Annotated[
        bool, typer.Option("--from-folders", help="Label each picture with its folder's name.")
    ] = False,
    level: Annotated[
        str | None,
        typer.Option("--level", metavar="last|first", show_default=False,
                     help="--from-folders: the folder that holds the picture (last, unless said), "
                          "or the topmost one."),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", show_default=False,
                     help="Read labels from a table with the columns path and label."),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", show_default=False,
                     help="--csv: the column of the labels; label unless said."),
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option("--separator", metavar="TEXT", show_default=False,
                     help="--csv: what is between several labels in one field, such as '|'."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="--csv, --from-folders: all of it or nothing.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="--csv, --from-folders: forget other labels of the pictures "
                                       "that get one."),
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="LABEL", show_default=False,
                     help="Give pictures this label and no other; may stand several times."),
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option("--add", metavar="LABEL", show_default=False,
                     help="Give pictures this label too; may stand several times."),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="LABEL", show_default=False,
                     help="Take this label from pictures; may stand several times."),
    ] = None,
    rename: Annotated[
        tuple[str, str] | None,
        typer.Option("--rename", metavar="OLD NEW", show_default=False,
                     help="Call a label otherwise; two labels become one where NEW is there."),
    ] = None,
    drop: Annotated[
        str | None,
        typer.Option("--drop", metavar="LABEL", show_default=False,
                     help="Take this label from all pictures."),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE.csv", show_default=False,
                     help="Write all paths and labels into a table that --csv reads."),
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Say what pictures show; without options, list the labels and how many pictures have each.

    A picture may have several labels, in any script. Files with the same bytes are one picture.
    Labels stay with it when files are moved or indexed again; a file that is edited in place keeps
    its labels.

    --csv reads UTF-8 or UTF-16 with comma, semicolon or tab. Paths are as a search shows them, in
    full, or relative to the folder of the table. Rows that fit no picture are named and left out.
    """
    import relook  # noqa: PLC0415

    actions = {
        "from_folders": from_folders, "csv": csv is not None, "set": bool(set_), "add": bool(add),
        "remove": bool(remove), "rename": rename is not None, "drop": drop is not None,
        "export": export is not None,
    }  # fmt: skip
    settings = {
        "level": level is not None, "column": column is not None, "replace": replace,
        "separator": separator is not None, "strict": strict, "pictures": bool(pictures),
    }  # fmt: skip
    action = _only(actions, settings)
    words = set_ or add or remove or []
    with relook.open(directory) as collection:
        match action:
            case "from_folders":
                reading = collection.labels_from_folders(_one_folder(pictures), level=_level(level))
                _apply(collection, reading, strict=strict, replace=replace, as_json=as_json)
            case "csv" if csv is not None:
                reading = collection.labels_from_csv(
                    csv, column="label" if column is None else column, separator=separator
                )
                _apply(collection, reading, strict=strict, replace=replace, as_json=as_json)
            case "set" | "add" | "remove":
                mode: Any = "replace" if action == "set" else action
                ids = collection.ids_of(pictures or [])
                changed = collection.apply_labels(dict.fromkeys(ids, words), mode=mode)
                _tell(collection, changed, as_json=as_json)
            case "rename" if rename is not None:
                _tell(collection, collection.rename_label(*rename), as_json=as_json)
            case "drop" if drop is not None:
                _tell(collection, collection.drop_label(drop), as_json=as_json)
            case "export" if export is not None:
                _export(collection, export, as_json=as_json)
            case _:
                _list(collection, as_json=as_json)


def _only(actions: Mapping[str, bool], settings: Mapping[str, bool]) -> str:
    """The one thing to do, with nothing that belongs to another; empty where labels are listed."""
    from relook.core.errors import UsageError  # noqa: PLC0415

    asked = [name for name, given in actions.items() if given]
    if len(asked) > 1:
        raise UsageError(f"choose one of {' and '.join(map(_option, asked))}")
    action = asked[0] if asked else ""
    for name, given in settings.items():
        if given and action not in _BELONGS[name]:
            what = "a picture" if name == "pictures" else _option(name)
            owners = " or ".join(map(_option, _BELONGS[name]))
            raise UsageError(f"{what} is for {owners}; say what to do")
    if action in ("set", "add", "remove") and not settings["pictures"]:
        raise UsageError(f"say which pictures: relook label DIR --{action} LABEL PICTURE...")
    return action


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _one_folder(pictures: list[str] | None) -> str | None:
    from relook.core.errors import UsageError  # noqa: PLC0415

    if pictures and len(pictures) > 1:
        raise UsageError("--from-folders takes one folder, in which the classes lie")
    return pictures[0] if pictures else None


def _level(level: str | None) -> Any:
    return "last" if level is None else level


def _apply(
    collection: Collection, reading: LabelReading, *, strict: bool, replace: bool, as_json: bool
) -> None:
    """Apply what was read, unless nothing fits or a problem forbids it."""
    refused = bool(reading.problems) and (strict or not reading.labels)
    mode: Any = "replace" if replace else "add"
    changed = 0 if refused else collection.apply_labels(reading.labels, mode=mode)
    if as_json:
        told = asdict(reading) | {"contradictory": [one._asdict() for one in reading.contradictory]}
        del told["labels"]
        console.write_json({"changed": changed} | _counts(collection) | told)
    else:
        _show_reading(reading)
        if not refused:
            _tell(collection, changed, as_json=False)
    if refused:
        number = count(len(reading.problems), "problem")
        console.complain(f"nothing was labelled because of {number}; mend them and try again")
        raise typer.Exit(1)


def _show_reading(reading: LabelReading) -> None:
    if reading.loose:
        console.note(
            f"{count(reading.loose, 'picture lies', 'pictures lie')} in no folder that could name "
            "them; the folder above them may be given: --from-folders FOLDER"
        )
    if reading.several:
        console.note(f"{count(reading.several, 'file has', 'files have')} several labels")
    if reading.duplicates:
        console.note(f"{count(reading.duplicates, 'label was', 'labels were')} given twice")
    _some(
        reading.contradictory,
        count(len(reading.contradictory), "pair of copies has", "pairs of copies have")
        + " different labels; both count, and make recognition doubtful",
        lambda one: f"{one.path} is {one.label}, {one.other_path} is {one.other_label}",
    )
    _some(
        reading.problems,
        count(len(reading.problems), "problem") + ":",
        lambda one: f"{'' if one.line is None else f'line {one.line}: '}{one.path}: {one.reason}",
    )


def _some(things: tuple[Any, ...], title: str, words: Callable[[Any], str]) -> None:
    """Name the first ten on stderr, or all with ``-v``."""
    if not things:
        return
    shown = things if console.is_verbose() else things[:_NAMED]
    terminal = console.err()
    terminal.print(title, soft_wrap=True)
    for thing in shown:
        terminal.print(f"  {words(thing)}", soft_wrap=True)
    if len(shown) < len(things):
        terminal.print(f"  and {len(things) - len(shown):,} more (-v names them all)")


def _counts(collection: Collection) -> dict[str, Any]:
    info = collection.info()
    return {
        "labels": collection.label_counts(),
        "labelled": info.labelled,
        "unlabelled": info.images - info.labelled,
    }


def _tell(collection: Collection, changed: int, *, as_json: bool) -> None:
    found = _counts(collection)
    if as_json:
        console.write_json({"changed": changed} | found)
        return
    console.out().print(f"changed the labels of {count(changed, 'picture')}; {_summary(found)}")


def _list(collection: Collection, *, as_json: bool) -> None:
    found = _counts(collection)
    if as_json:
        console.write_json(found)
        return
    from rich.table import Table  # noqa: PLC0415

    table = Table("pictures", "label", box=None, header_style="dim", pad_edge=False)
    table.columns[0].justify = "right"
    table.columns[1].overflow = "fold"
    for label, number in found["labels"].items():
        table.add_row(f"{number:,}", label)
    terminal = console.out()
    if found["labels"]:
        terminal.print(table)
    terminal.print(_summary(found))
    if not found["labels"]:
        console.note("label them: --from-folders, --csv FILE, or --add LABEL PICTURE...")


def _summary(found: Mapping[str, Any]) -> str:
    labels = count(len(found["labels"]), "label")
    return f"{labels} on {count(found['labelled'], 'picture')}, {found['unlabelled']:,} unlabelled"


def _export(collection: Collection, file: Path, *, as_json: bool) -> None:
    rows = collection.export_labels(file)
    if as_json:
        console.write_json({"file": file.as_posix(), "rows": rows})
        return
    console.out().print(f"{file}: {count(rows, 'row')}", soft_wrap=True)
