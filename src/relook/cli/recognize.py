"""``relook recognize``: what a photo shows, how sure that is, or that it is none of these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relook.cli import console
from relook.cli.asked import Asked, expand, is_one
from relook.cli.options import Directory, Json
from relook.cli.progress import progress_bar
from relook.cli.words import count

if TYPE_CHECKING:
    from relook.collection import Collection, Recognition, Recognizer

__all__ = ["EXAMPLES", "check_labelled", "run"]

EXAMPLES = (
    "relook recognize museum photo.jpg",
    "relook recognize museum photo.jpg --box 120 80 300 200 --json --out why.jpg",
    "relook recognize museum visitors --csv answers.csv",
)


def run(
    directory: Directory,
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE...", help="A photo; or several, or folders of photos.",
                       show_default=False),
    ],
    *,
    box: Annotated[
        tuple[float, float, float, float] | None,
        typer.Option("--box", metavar="X Y W H", show_default=False,
                     help="Look only at this part: left, top, width and height in pixels."),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", metavar="N", min=1, help="Number of alternatives.")
    ] = 5,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.jpg|.png", show_default=False,
                     help="Draw the photo, what it was recognized by, and the answer."),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", show_default=False,
                     help="Write a row for each photo; a stopped run goes on with the file."),
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Say what a photo shows, and how sure that is, or that nothing labelled shows it.

    The confidence is a probability: of 100 answers that are 90 % sure, about 90 are right.
    `relook calibrate` fits it to the collection.
    """
    one = is_one(images) and table is None
    _check(one=one, boxed=box is not None, out=out)
    with _opened(directory) as (collection, recognizer):
        if one:
            recognition = recognizer.recognize(images[0], box=box)
            if out is not None:
                _draw(collection, images[0], recognition, out, box=box)
            _say(collection, recognition, top=top, as_json=as_json)
        elif table is not None:
            _write_table(recognizer, expand(images), table, as_json=as_json)
        else:
            _say_all(recognizer, expand(images), top=top, as_json=as_json)
    if out is not None:
        console.note(f"{out} shows why")


def check_labelled(collection: Collection) -> None:
    """Refuse a collection that nothing can be recognized in.

    Raises:
        UsageError: no picture has a label.
    """
    from relook.core.errors import UsageError  # noqa: PLC0415

    if not collection.label_counts():
        place = collection.directory
        raise UsageError(
            f"no picture of {place} has a label; give labels with `relook label {place} "
            "--from-folders` or from a csv (relook label --help shows how)"
        )


def _check(*, one: bool, boxed: bool, out: Path | None) -> None:
    from relook.core.errors import UsageError  # noqa: PLC0415

    if not one and boxed:
        raise UsageError("--box is a part of one photo; name one photo")
    if out is None:
        return
    if not one:
        raise UsageError("--out draws one photo; name one, or write a table with --csv")
    from relook.plots.verdict import SUFFIXES  # noqa: PLC0415

    if out.suffix.lower() not in SUFFIXES:
        raise UsageError(f"the picture is a JPEG or PNG file; name it {out.stem or 'why'}.jpg")
    if not out.parent.is_dir():
        raise UsageError(f"the folder {out.parent} does not exist; make it first")


@contextmanager
def _opened(directory: Path) -> Iterator[tuple[Collection, Recognizer]]:
    import relook  # noqa: PLC0415
    from relook.cli.threads import limit_threads  # noqa: PLC0415
    from relook.collection import Recognizer  # noqa: PLC0415

    limit_threads()
    with relook.open(directory) as collection:
        check_labelled(collection)
        with Recognizer(collection) as recognizer:
            yield collection, recognizer


def _say(collection: Collection, recognition: Recognition, *, top: int, as_json: bool) -> None:
    from relook.cli import answers  # noqa: PLC0415

    if as_json:
        console.write_json(answers.as_json(recognition, top=top))
        return
    answers.show_answer(recognition, top=top, path_of=collection.path_of)


def _draw(
    collection: Collection,
    photo: Path,
    recognition: Recognition,
    out: Path,
    *,
    box: tuple[float, float, float, float] | None,
) -> None:
    from relook.cli import sheets  # noqa: PLC0415
    from relook.core.records import Box  # noqa: PLC0415
    from relook.images import read  # noqa: PLC0415
    from relook.plots.verdict import save_verdict  # noqa: PLC0415

    hit = recognition.evidence
    shown = None if hit is None else sheets.picture_of(collection, hit)[0]
    asked = read(photo, longest=sheets.LONGEST)
    save_verdict(out, asked, recognition, shown, box=None if box is None else Box(*box))


def _recognize_all(
    recognizer: Recognizer, photos: list[Asked], *, quiet: bool = False
) -> Iterator[tuple[Asked, Recognition | str]]:
    """Each photo with its answer, or the reason why there is none; warnings once, at the end."""
    warnings: dict[str, None] = {}
    with progress_bar() as report:
        for number, photo in enumerate(photos, start=1):
            answer = _try(recognizer, photo)
            if not isinstance(answer, str):
                warnings |= dict.fromkeys(answer.warnings)
            yield photo, answer
            report("recognize", number, len(photos))
    for warning in () if quiet else warnings:
        console.note(warning)


def _try(recognizer: Recognizer, photo: Asked) -> Recognition | str:
    from relook.core.errors import ImageError  # noqa: PLC0415

    if photo.reason:
        return photo.reason
    try:
        return recognizer.recognize(photo.file)
    except ImageError as error:
        return str(error)


def _row(photo: Asked, answer: Recognition | str) -> dict[str, str]:
    from relook.cli import answers  # noqa: PLC0415

    if isinstance(answer, str):
        return answers.error_row(photo.name, answer)
    return answers.as_row(answer, query=photo.name)


def _say_all(recognizer: Recognizer, photos: list[Asked], *, top: int, as_json: bool) -> None:
    from relook.cli import answers  # noqa: PLC0415

    if as_json:
        console.write_json([
            {"query": photo.name, "error": answer} if isinstance(answer, str)
            else answers.as_json(answer, top=top) | {"query": photo.name}
            for photo, answer in _recognize_all(recognizer, photos, quiet=True)
        ])  # fmt: skip
        return
    rows: list[dict[str, str]] = []
    try:
        rows.extend(_row(photo, answer) for photo, answer in _recognize_all(recognizer, photos))
    finally:  # what was found before Ctrl-C is shown
        answers.show_rows(rows)


def _write_table(recognizer: Recognizer, photos: list[Asked], file: Path, *, as_json: bool) -> None:
    from relook.cli.answer_table import open_table  # noqa: PLC0415
    from relook.plots.wording import kind_of  # noqa: PLC0415

    tally = dict.fromkeys(("known", "unknown", "unsure", "errors"), 0)
    with open_table(file) as table:
        new = [photo for photo in photos if photo.name not in table]
        for photo, answer in _recognize_all(recognizer, new, quiet=as_json):
            table.add(_row(photo, answer))
            tally["errors" if isinstance(answer, str) else kind_of(answer.verdict)] += 1
    kept = len(photos) - len(new)
    if as_json:
        console.write_json({"csv": str(file), **tally, "kept": kept})
        return
    words = {
        "recognized": tally["known"],
        "not in this collection": tally["unknown"],
        "not sure": tally["unsure"],
        "cannot be read": tally["errors"],
        "in the file already": kept,
    }
    done = ", ".join(f"{number:,} {word}" for word, number in words.items() if number)
    console.out().print(f"{file}: {count(len(photos), 'photo')} ({done})", soft_wrap=True)
