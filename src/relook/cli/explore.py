"""``relook explore``: details of a picture, its surroundings, what lies beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relook.cli import console
from relook.cli.options import Directory, Json
from relook.cli.words import count

if TYPE_CHECKING:
    from relook.collection import Collection
    from relook.mapping.exploration import Exploration, View

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook explore pictures query.jpg --zoom in",
    "relook explore pictures query.jpg --zoom out --sheet around.png",
    "relook explore pictures query.jpg --zoom crawl --steps 5 --json",
)
_TITLES = {"in": "Closer", "out": "From farther away", "crawl": "To the sides"}
_NOTHING = {
    "in": "no picture in the collection shows a part of {} larger",
    "out": "no picture in the collection shows {} smaller, with what is around it",
    "crawl": "no picture in the collection goes on with {} beyond its border",
}


def run(
    directory: Directory,
    image: Annotated[
        Path, typer.Argument(metavar="IMAGE", help="The photo to start from.", show_default=False)
    ],
    *,
    zoom: Annotated[
        str,
        typer.Option("--zoom", metavar="in|out|crawl", show_default=False,
                     help="in: parts of it, larger. out: it, smaller, with what is around it. "
                          "crawl: what lies beside it."),
    ],
    steps: Annotated[
        int, typer.Option("--steps", metavar="N", min=1,
                          help="Ask what was found in turn, so many times at most.")
    ] = 3,
    top: Annotated[
        int, typer.Option("--top", metavar="K", min=1, max=200, help="Most pictures to show.")
    ] = 12,
    box: Annotated[
        tuple[float, float, float, float] | None,
        typer.Option("--box", metavar="X Y W H", show_default=False,
                     help="Only this part of the photo: left, top, width and height in pixels."),
    ] = None,
    as_json: Json = False,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE.png", show_default=False,
                     help="Draw the photo with the places of what was found, and the pictures."),
    ] = None,
) -> None:  # fmt: skip
    """Look closer at a photo, from farther away, or to its sides.

    Shows only pictures whose geometry is verified. Each says how many times larger it shows the
    photo, and by way of which pictures it was found.
    """
    import relook  # noqa: PLC0415
    from relook.cli import sheets  # noqa: PLC0415
    from relook.cli.threads import limit_threads  # noqa: PLC0415
    from relook.mapping.exploring import as_zoom, explore  # noqa: PLC0415

    limit_threads()
    kind = as_zoom(zoom)
    if sheet is not None:
        sheets.check_target(sheet)
    with relook.open(directory) as collection:
        found = explore(collection, image, zoom=kind, box=box, steps=steps, top=top)
        names = {
            id_: collection.path_of(id_) or str(id_) for view in found.views for id_ in view.chain
        }
        if as_json:
            console.write_json(_as_json(found, names))
        else:
            _show(found, names)
        if sheet is not None:
            _draw(collection, found, image, sheet)
            console.note(f"{sheet} shows them" if found.views else f"{sheet} says so too")


def _as_json(found: Exploration, names: dict[int, str]) -> dict[str, Any]:
    return {
        "query": found.query,
        "zoom": found.zoom,
        "region": found.region.tolist(),
        "results": [
            {
                "rank": rank,
                "path": view.path,
                "magnification": view.magnification,
                "coverage": view.coverage,
                "direction": view.direction if found.zoom == "crawl" else None,
                "shift": list(view.shift),
                "inliers": view.evidence.inliers,
                "verified": view.evidence.verified,
                "chain": [names[id_] for id_ in view.chain],
                "outline": view.outline.tolist(),
                "region": view.framing.region.tolist(),
                "transform": view.transform.tolist(),
            }
            for rank, view in enumerate(found.views, start=1)
        ],
    }


def _show(found: Exploration, names: dict[int, str]) -> None:
    from rich.table import Table  # noqa: PLC0415

    terminal = console.out()
    if not found.views:
        terminal.print(_NOTHING[found.zoom].format(found.query), soft_wrap=True)
        return
    sideways = found.zoom == "crawl"
    table = Table("", "where" if sideways else "size", "", "picture", "by way of", box=None,
                  header_style="dim", pad_edge=False)  # fmt: skip
    table.columns[0].justify = table.columns[1].justify = "right"
    table.columns[3].overflow = table.columns[4].overflow = "fold"
    for rank, view in enumerate(found.views, start=1):
        way = ", ".join(names[id_] for id_ in view.chain)
        matches = count(view.evidence.inliers, "match", "matches")
        table.add_row(str(rank), _where(view, sideways=sideways), matches, view.path, way)
    terminal.print(table)


def _where(view: View, *, sideways: bool) -> str:
    """Such as “4.0 x”, or “1.3 left”, in widths (or heights) of the photo."""
    if not sideways:
        return f"{view.magnification:.2g} x"
    across = view.direction in ("left", "right")
    return f"{abs(view.shift[0] if across else view.shift[1]):.1f} {view.direction}"


def _draw(collection: Collection, found: Exploration, image: Path, sheet: Path) -> None:
    from relook.cli import sheets  # noqa: PLC0415
    from relook.collection import Hit  # noqa: PLC0415
    from relook.images import read  # noqa: PLC0415
    from relook.plots.explored import Found, draw_exploration, save_exploration  # noqa: PLC0415

    drawn = []
    for view in found.views:
        picture, name = sheets.picture_of(collection, Hit(0, view.id, view.path, 0.0))
        where = _where(view, sideways=found.zoom == "crawl")
        words = f"{where} · {count(view.evidence.inliers, 'match', 'matches')}"
        drawn.append(Found(picture, name, words, view.outline, view.framing.region))
    page = draw_exploration(
        read(image, longest=sheets.LONGEST),
        drawn,
        name=image.name,
        title=_TITLES[found.zoom],
        region=found.region,
        inside=found.zoom == "in",
    )
    save_exploration(sheet, page)
