"""``relook atlas``: a map of a collection, on which pictures that look alike lie together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relook.cli import console
from relook.cli.options import Directory, Json
from relook.cli.progress import progress_bar
from relook.cli.words import count

if TYPE_CHECKING:
    from relook.collection import Collection
    from relook.mapping.atlas import Atlas
    from relook.plots.atlas import AtlasPlot

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook atlas pictures --out map.png",
    "relook atlas pictures --out map.html",
    "relook atlas pictures --recompute --json",
)

_SUFFIXES = (".png", ".html")


def run(
    directory: Directory,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.png|html", show_default=False,
                     help="Draw the map as a picture, or as a page to zoom into."),
    ] = None,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="Lay out all pictures anew.")
    ] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Lay out all pictures on a map: those that look alike lie together.

    The map is made once and kept. Pictures that came since are placed on it, and nothing else
    moves, until --recompute lays out all of them anew. Labels are shown by color.
    """
    import relook  # noqa: PLC0415
    from relook.cli.threads import limit_threads  # noqa: PLC0415
    from relook.mapping.atlas import make_atlas, read_atlas  # noqa: PLC0415

    limit_threads()
    if out is not None:
        _check_target(out)
    with relook.open(directory) as collection:
        with progress_bar() as report:
            atlas = None if recompute else read_atlas(collection, progress=report)
            made = atlas is None
            if atlas is None:
                atlas = make_atlas(collection, progress=report)
        if as_json:
            console.write_json(_as_json(collection, atlas, made=made))
        else:
            console.out().print(_summary(atlas, made=made), soft_wrap=True)
        if atlas.stale:
            console.note("many pictures came since it was made; --recompute lays out all anew")
        if out is not None:
            _draw(collection, atlas, out)
            console.note(f"{out} shows it")


def _check_target(out: Path) -> None:
    """Refuse a file that could not be written, before the work is done."""
    from relook.core.errors import UsageError  # noqa: PLC0415

    if out.suffix.lower() not in _SUFFIXES:
        stem = out.stem or "map"
        raise UsageError(f"a map is a picture or a page; name it {stem}.png or {stem}.html")
    if not out.parent.is_dir():
        raise UsageError(f"the folder {out.parent} does not exist; make it first")


def _summary(atlas: Atlas, *, made: bool) -> str:
    words = f"{count(len(atlas), 'picture')} on the map"
    placed = int(atlas.placed.sum())
    if made:
        return f"{words}, laid out now"
    return f"{words}, {placed:,} of them placed since it was made" if placed else words


def _as_json(collection: Collection, atlas: Atlas, *, made: bool) -> dict[str, Any]:
    ids = atlas.ids.tolist()
    paths, labels = collection.catalog.paths(ids), collection.catalog.labels(ids)
    return {
        "images": len(atlas),
        "made": made,
        "stale": atlas.stale,
        "pictures": [
            {
                "id": id_,
                "path": paths.get(id_),
                "x": round(x, 5),
                "y": round(y, 5),
                "placed": placed,
                "labels": list(labels.get(id_, ())),
            }
            for id_, (x, y), placed in zip(
                ids, atlas.xy.tolist(), atlas.placed.tolist(), strict=True
            )
        ],
    }


def _draw(collection: Collection, atlas: Atlas, out: Path) -> None:
    from relook.plots.atlas import save_atlas  # noqa: PLC0415
    from relook.plots.atlas_page import save_atlas_page  # noqa: PLC0415

    plot = _plot(collection, atlas)
    save = save_atlas if out.suffix.lower() == ".png" else save_atlas_page
    with progress_bar() as report:
        save(out, plot, progress=report)


def _plot(collection: Collection, atlas: Atlas) -> AtlasPlot:
    import numpy as np  # noqa: PLC0415

    from relook.cli.thumbnails import thumbnail  # noqa: PLC0415
    from relook.plots.atlas import AtlasPlot  # noqa: PLC0415

    ids = atlas.ids.tolist()
    paths, labels = collection.catalog.paths(ids), collection.catalog.labels(ids)
    first = [labels[id_][0] if id_ in labels else None for id_ in ids]
    counts = Counter(name for name in first if name is not None)
    names = sorted(counts, key=lambda name: (-counts[name], name))
    number = {name: place for place, name in enumerate(names)}
    return AtlasPlot(
        xy=atlas.xy,
        labels=np.array([-1 if name is None else number[name] for name in first], np.int64),
        names=names,
        captions=[paths.get(id_, "") for id_ in ids],
        thumbnail=lambda row: thumbnail(collection, ids[row]),
        title=collection.directory.resolve().name,
    )
