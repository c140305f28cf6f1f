"""``relook weights``: which weights of networks are known, which are here, and bringing others."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relook.cli import console
from relook.cli.options import Json
from relook.cli.progress import progress_bar
from relook.cli.words import bytes_words

if TYPE_CHECKING:
    from relook.networks.weights import Card, Weights

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook weights list",
    "relook weights info resnet101 --json",
    "relook weights fetch resnet50",
    "relook weights calibrate hybrid photos",
    "relook weights show mobilenet-v2 photo.jpg --sheet seen.png",
    "relook weights import mine.pth --name mine --backbone resnet50 --pooling gem --p 3",
)

_MEGA = 1_000_000
_YES_NO = {True: "yes", False: "no", None: "not known"}


def run(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[list | info NAME | fetch NAME | import FILE | calibrate RECIPE PHOTOS "
            "| show NAME PHOTO]",
            show_default=False,
            help="What to do; list if nothing.",
        ),
    ] = None,
    *,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="import: what to call them.",
                     show_default=False),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option("--backbone", metavar="NAME", show_default=False,
                     help="import: the network; a checkpoint of cirtorch says it itself."),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option("--layout", metavar="NAME", show_default=False,
                     help="import: torchvision, timm, cirtorch or relook; guessed unless said."),
    ] = None,
    padding: Annotated[
        str | None,
        typer.Option("--padding", metavar="symmetric|same", show_default=False,
                     help="import: same as TensorFlow pads; symmetric unless said."),
    ] = None,
    mean: Annotated[
        str | None,
        typer.Option("--mean", metavar="R,G,B", show_default=False,
                     help="import: subtracted from pixels in 0 … 1; ImageNet's unless said."),
    ] = None,
    std: Annotated[
        str | None,
        typer.Option("--std", metavar="R,G,B", show_default=False,
                     help="import: what pixels are divided by then; ImageNet's unless said."),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option("--size", metavar="PIXELS", min=1, show_default=False,
                     help="import: side of the pictures that they were trained on."),
    ] = None,
    pooling: Annotated[
        str | None,
        typer.Option("--pooling", metavar="NAME", show_default=False,
                     help="import: that they were trained with, such as gem; none: a classifier."),
    ] = None,
    p: Annotated[
        float | None,
        typer.Option("--p", metavar="P", show_default=False,
                     help="import: p of gem, where the file does not hold it."),
    ] = None,
    license_: Annotated[
        str | None,
        typer.Option("--license", metavar="TEXT", show_default=False,
                     help="import: as their authors state it."),
    ] = None,
    training_set: Annotated[
        str | None,
        typer.Option("--training-set", metavar="TEXT", show_default=False,
                     help="import: what they were trained on."),
    ] = None,
    overlap: Annotated[
        bool | None,
        typer.Option("--overlap/--no-overlap", show_default=False,
                     help="import: whether that may show the landmarks of Oxford and Paris."),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE.png", show_default=False,
                     help="show: draw where in the photo the classes are."),
    ] = None,
    classes: Annotated[
        Path | None,
        typer.Option("--classes", metavar="FILE", show_default=False,
                     help="show: names of the classes, one in a line; else those beside them."),
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Say which weights of networks are known and where they are; fetch and import others.

    list shows all, and whether their training set may show the landmarks of Oxford and Paris.
    fetch downloads published weights, goes on where it stopped, and verifies the checksum.
    calibrate measures on photos what the network of a recipe needs to run in int8.
    import copies a file of your own (.safetensors, .npz, a torch file) under relook's names;
    no code in it is run, and where torch is installed it must fit the network.
    show says what a classifier sees in a photo, and draws where.

    Files are looked for in the folder that RELOOK_WEIGHTS names, then in the user's cache.
    """
    from relook.core.errors import UsageError  # noqa: PLC0415

    given = words or ["list"]
    known = {
        "name": name, "backbone": backbone, "layout": layout, "padding": padding,
        "mean": _triple("mean", mean), "std": _triple("std", std), "size": size,
        "pooling": pooling, "options": None if p is None else {"p": p},
        "license": license_, "training_set": training_set,
        "overlaps_landmarks": overlap,
    }  # fmt: skip
    said = {key: value for key, value in known.items() if value is not None}
    if said and given[:1] != ["import"]:
        raise UsageError("only import takes these options: relook weights import FILE --name NAME")
    if (sheet or classes) and given[:1] != ["show"]:
        raise UsageError("--sheet and --classes are for relook weights show NAME PHOTO")
    match given:
        case ["list"]:
            _list(as_json=as_json)
        case ["info", which]:
            _info(which, as_json=as_json)
        case ["fetch", which]:
            _fetch(which, as_json=as_json)
        case ["calibrate", recipe, photos]:
            _calibrate(recipe, Path(photos), as_json=as_json)
        case ["import", file]:
            _import(Path(file), said, as_json=as_json)
        case ["show", which, photo]:
            from relook.cli.weights_show import show  # noqa: PLC0415

            show(which, Path(photo), sheet=sheet, classes=classes, as_json=as_json)
        case _:
            raise UsageError(
                "write weights list, info NAME, fetch NAME, import FILE, calibrate RECIPE PHOTOS, "
                "or show NAME PHOTO"
            )


@dataclass(frozen=True, slots=True)
class _Place:
    card: Card
    path: Path | None

    def as_json(self) -> dict[str, Any]:
        return self.card.to_json() | {"path": None if self.path is None else self.path.as_posix()}

    @property
    def here(self) -> str:
        return "no" if self.path is None else bytes_words(self.path.stat().st_size)


def _places() -> list[_Place]:
    from relook.networks.weights import find_file, list_cards  # noqa: PLC0415

    return [_Place(card, find_file(card)) for card in list_cards().values()]


def _list(*, as_json: bool) -> None:
    places = _places()
    if as_json:
        console.write_json({"weights": [place.as_json() for place in places]})
        return
    from rich.table import Table  # noqa: PLC0415

    titles = ("weights", "network", "px", "here", "overlap", "license")
    table = Table(*titles, box=None, header_style="dim", pad_edge=False)
    for place in places:
        card = place.card
        overlap = _YES_NO[card.overlaps_landmarks]
        pixels = str(card.size or "")
        table.add_row(card.name, card.backbone, pixels, place.here, overlap, card.license)
    console.out().print(table)
    console.note("overlap: the training set may show the landmarks of Oxford and Paris")


def _info(name: str, *, as_json: bool) -> None:
    from relook.networks.weights import find_card, find_file, open_weights, ships  # noqa: PLC0415

    card = find_card(name)
    path = find_file(card)
    if path is not None:
        open_weights(name)  # which verifies the checksum
    if as_json:
        console.write_json(_Place(card, path).as_json())
        return
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for title, text in _lines(card, path, shipped=ships(card)):
        table.add_row(title, text)
    terminal = console.out()
    terminal.print(card.name, style="bold")
    terminal.print(table)


def _lines(card: Card, path: Path | None, *, shipped: bool) -> list[tuple[str, str]]:
    from_where = "not needed: it is part of relook" if shipped else "not offered: bring the file"
    first = f"{card.sha256_prefix}…, the rest is not published" if card.sha256_prefix else ""
    lines = [
        ("file", card.file), ("here", "no" if path is None else str(path)),
        ("network", card.backbone), ("padding", card.padding),
        ("pooling", card.pooling or "any"), ("whitening", str(card.whitening or "none")),
        ("mean", ", ".join(map(str, card.mean))), ("std", ", ".join(map(str, card.std))),
        ("size", f"{card.size} px" if card.size else "not known"),
        ("trained on", card.training_set),
        ("overlap with Oxford and Paris", _YES_NO[card.overlaps_landmarks]),
        ("license", card.license), ("sha256", card.sha256 or first or "not known"),
        ("page", card.source or "none"), ("download", card.url or from_where),
    ]  # fmt: skip
    return [*lines, ("notes", card.notes)] if card.notes else lines


def _fetch(name: str, *, as_json: bool) -> None:
    from relook.networks.weights import fetch_weights  # noqa: PLC0415

    with progress_bar() as report:

        def show(here: int, total: int | None) -> None:
            report(f"{name} (MB)", here // _MEGA, (total or here) // _MEGA)

        weights = fetch_weights(name, progress=show)
    _tell(weights, as_json=as_json)
    if not (weights.card.sha256 or weights.card.sha256_prefix):
        console.note(f"no checksum is published; that of this file is {weights.sha256}")


def _calibrate(name: str, photos: Path, *, as_json: bool) -> None:
    from relook.collection.scan import scan  # noqa: PLC0415
    from relook.images import is_picture  # noqa: PLC0415
    from relook.search import load_recipe  # noqa: PLC0415
    from relook.search.int8 import calibrate  # noqa: PLC0415

    found = scan([photos], is_picture=is_picture, skip=None).found
    with console.err().status("calibrating …"):
        used = calibrate(load_recipe(name), [Path(photo.file) for photo in found])
    if as_json:
        console.write_json({"recipe": name, "photos": used})
        return
    console.out().print(f'calibrated on {used} photos; set precision = "int8" in the recipe')


def _import(file: Path, said: dict[str, Any], *, as_json: bool) -> None:
    from relook.core.errors import UsageError  # noqa: PLC0415
    from relook.networks.weights import import_weights  # noqa: PLC0415

    if "name" not in said:
        raise UsageError(f"say what to call them: relook weights import {file} --name NAME")
    with console.err().status(f"importing {file.name} …"):
        weights = import_weights(file, **said)
    _tell(weights, as_json=as_json)
    if find_spec("torch") is None:
        console.note(f"without torch nobody checked that they fit {weights.card.backbone}")


def _tell(weights: Weights, *, as_json: bool) -> None:
    if as_json:
        console.write_json(_Place(weights.card, weights.path).as_json())
        return
    size = bytes_words(weights.path.stat().st_size)
    words = f"{weights.card.name}: {weights.card.backbone}, {size}, {weights.path}"
    console.out().print(words, soft_wrap=True)


def _triple(option: str, text: str | None) -> tuple[float, float, float] | None:
    from relook.core.errors import UsageError  # noqa: PLC0415

    if text is None:
        return None
    try:
        red, green, blue = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"--{option} must be three numbers, as 0.5,0.5,0.5") from error
    return red, green, blue
