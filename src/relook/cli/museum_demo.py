"""The demo on the museum: every answer is known, so every answer is checked."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from relook.cli import console, sheets
from relook.cli.index import fill, open_or_create
from relook.cli.progress import progress_bar
from relook.cli.threads import limit_threads
from relook.cli.verdict import SURE, is_sure, strength
from relook.cli.words import bytes_words, count
from relook.collection import Collection, Hit
from relook.core.errors import CollectionError, FormatError, UsageError
from relook.datasets.gnd import DatasetQuery, GroundTruth, load_gnd
from relook.datasets.museum import write_museum
from relook.plots.cards import Mark

__all__ = ["Answer", "show_museum"]

_EXTRA = 'pip install "relook[server]"'
_TOP = 12
_UNSURE = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query was answered.

    Attributes:
        query: with the truth.
        hits: best first.
        marks: by content id, whether a hit is right.
    """

    query: DatasetQuery
    hits: tuple[Hit, ...]
    marks: dict[int, Mark]

    @property
    def best(self) -> Hit | None:
        """The first hit that counts; the other painting of a photo of two is no mistake."""
        return next((hit for hit in self.hits if self.marks[hit.id] != "junk"), None)

    @property
    def is_sure(self) -> bool:
        """Whether the evidence of the best hit is strong enough to name the painting."""
        return self.best is not None and is_sure(self.best)

    @property
    def is_right(self) -> bool:
        """A known painting must be named rightly, an unknown one must not be named at all."""
        if not self.query.positives:
            return not any(map(is_sure, self.hits))
        return self.is_sure and self.best is not None and self.marks[self.best.id] == "right"


def show_museum(into: Path, *, jobs: int | None = None) -> None:
    """Render the museum, index it, ask every query, and say what was right.

    Raises:
        typer.Exit: with code 1 where an answer is wrong.
    """
    limit_threads()
    started = time.monotonic()
    truth, photos = _museum(into / "museum"), into / "museum" / "photos"
    with _collection(into / "museum-index", photos) as collection:
        report = fill(collection, [photos], jobs=jobs, prune=True)
        _label(collection, truth, into / "museum")
        info = collection.info()
        console.out().print(
            f"{count(info.images, 'photo')} of {_paintings(truth)} paintings: "
            f"{report.added:,} indexed now in {report.seconds:.0f} s, "
            f"{bytes_words(info.bytes_per_image)} each.\n"
        )
        answers = _ask(collection, truth, into / "museum")
        _show(answers)
        drawn = _draw(collection, answers, into)
    right = sum(answer.is_right for answer in answers)
    terminal = console.out()
    _say_how_sure(answers)
    terminal.print(
        f"\n{right} of {len(answers)} answers are right, "
        f"in {time.monotonic() - started:.0f} s altogether."
    )
    terminal.print("See why: " + " and ".join(map(str, drawn)), soft_wrap=True)
    if right < len(answers):
        console.complain("an answer is wrong; please report it with the sheets above")
        raise typer.Exit(1)
    _say_what_next(into)


def _museum(folder: Path) -> GroundTruth:
    """The museum's truth; ``gnd.json`` is written last, so that what is there is whole."""
    try:
        return load_gnd(folder)
    except UsageError:
        with console.err().status("drawing a little museum …"):
            write_museum(folder)
        return load_gnd(folder)


def _collection(directory: Path, photos: Path) -> Collection:
    """Go on with the demo's own index, or begin anew where it is of another relook."""
    try:
        return open_or_create(directory, photos=[photos])
    except (FormatError, CollectionError):
        if not Collection.exists(directory):
            raise
        shutil.rmtree(directory)
        return open_or_create(directory, photos=[photos])


def _label(collection: Collection, truth: GroundTruth, folder: Path) -> None:
    """Name each photo after its painting, so that the collection can be a guide, too."""
    names = {
        folder / image.path: _painting(image.id).replace("-", " ").title()
        for image in truth.images
        if image.role == "db"
    }
    ids = collection.ids_of(names)
    labels = {id_: [name] for id_, name in zip(ids, names.values(), strict=True)}
    if labels != {id_: list(found) for id_, found in collection.labelled().items()}:
        collection.apply_labels(labels, mode="replace")


def _ask(collection: Collection, truth: GroundTruth, folder: Path) -> list[Answer]:
    ids = {(folder / image.path).resolve(): image.id for image in truth.images}
    files = {image.id: folder / image.path for image in truth.images}
    answers = []
    with progress_bar() as report:
        for number, query in enumerate(truth.queries, start=1):
            hits = collection.search(files[query.id], top=_TOP).results
            marks = {hit.id: _mark(query, collection, hit, ids) for hit in hits}
            answers.append(Answer(query, hits, marks))
            report("search", number, len(truth.queries))
    return answers


def _mark(query: DatasetQuery, collection: Collection, hit: Hit, ids: dict[Path, str]) -> Mark:
    shown = {ids.get(file.resolve()) for file in collection.files_of(hit.id)}
    if shown & set(query.positives):
        return "right"
    return "junk" if shown & set(query.junk) else "wrong"


def _show(answers: list[Answer]) -> None:
    from rich.table import Table  # noqa: PLC0415

    table = Table("photo", "relook says", "matches", "", box=None, header_style="dim",
                  pad_edge=False)  # fmt: skip
    table.columns[2].justify = "right"
    for answer in answers:
        best = answer.best
        says = best.path if best is not None and answer.is_sure else "not in the collection"
        table.add_row(
            answer.query.id.rpartition("/")[2],
            says,
            str(best.inliers) if best is not None and answer.is_sure else "",
            "right" if answer.is_right else "WRONG",
            style=None if answer.is_right else "bold red",
        )
    console.out().print(table)


def _say_how_sure(answers: list[Answer]) -> None:
    """The margin between right and wrong, so that nobody has to believe in the limit."""
    firsts = [strength(one.best) for one in answers if one.query.positives and one.best]
    wrong = [strength(hit) for one in answers for hit in one.hits if one.marks[hit.id] == "wrong"]
    console.out().print(
        f"\nStrength of the evidence: first answers have {min(firsts, default=0):.0f} or more, "
        f"wrong pictures {max(wrong, default=0):.1f} or less; the demo says yes from {SURE:.0f}.",
        soft_wrap=True,
    )


def _draw(collection: Collection, answers: list[Answer], into: Path) -> list[Path]:
    """A sheet of a query where a visitor stands in the way, one of an unknown, and all mistakes."""
    known = [one for one in answers if one.query.positives]
    unknown = [one for one in answers if not one.query.positives]
    wrong = [one for one in answers if not one.is_right]
    chosen = {"result.png": next((one for one in known if one.query.subset == "crowded"), known[0])}
    if unknown:
        chosen["unknown.png"] = unknown[0]
    chosen |= {f"wrong-{number}.png": one for number, one in enumerate(wrong, start=1)}
    for name, answer in chosen.items():
        _draw_answer(collection, answer, into, into / name)
    return [into / name for name in chosen]


def _draw_answer(collection: Collection, answer: Answer, into: Path, sheet: Path) -> None:
    """What is sure, with marks; where nothing is, what comes nearest, without its evidence."""
    sure = [hit for hit in answer.hits if is_sure(hit)]
    unsure = [replace(hit, evidence=None) for hit in answer.hits[:_UNSURE]]
    marks = {} if not sure else {id_: mark for id_, mark in answer.marks.items() if mark != "junk"}
    sheets.save(
        sheet,
        collection,
        into / "museum" / f"{answer.query.id}.jpg",
        sure or unsure,
        marks=marks,
        title="A photo by a visitor, and its painting"
        if sure
        else "Not in the collection: the nearest pictures",
    )


def _say_what_next(into: Path) -> None:
    terminal = console.out()
    terminal.print("\nNow with photos of your own:")
    terminal.print("  relook index PHOTOS --into pictures", style="bold")
    terminal.print("  relook search pictures IMAGE --sheet why.png", style="bold")
    terminal.print(f"or all at once: relook demo PHOTOS --into {into}", soft_wrap=True)
    terminal.print(f"\nIn a browser ({_EXTRA}):")
    terminal.print(f"  relook serve {into / 'museum-index'} --open", style="bold", soft_wrap=True)


def _paintings(truth: GroundTruth) -> int:
    return len({_painting(image.id) for image in truth.images if image.role == "db"})


def _painting(photo: str) -> str:
    """The name of a painting in that of a photo of it."""
    return photo.rpartition("/")[2].rpartition("-")[0]
