"""``relook explain``: why two pictures are called similar."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relook.cli import console
from relook.cli.options import Directory, Json

if TYPE_CHECKING:
    from relook.collection import Collection, Hit
    from relook.plots.why import Why
    from relook.search.explaining import Grid, SimilarityMaps

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook explain pictures query.jpg holiday/IMG_1.jpg --out why.png",
    "relook explain pictures query.jpg 12 --box 120 80 300 200 --json",
)


def run(
    directory: Directory,
    image: Annotated[
        Path, typer.Argument(metavar="QUERY", help="The photo to compare.", show_default=False)
    ],
    result: Annotated[
        str,
        typer.Argument(metavar="RESULT", show_default=False,
                       help="A picture of the collection: its path as a search shows it, or its "
                            "id."),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.png", show_default=False,
                     help="Draw both pictures, what matched, and where they are alike."),
    ] = None,
    box: Annotated[
        tuple[float, float, float, float] | None,
        typer.Option("--box", metavar="X Y W H", show_default=False,
                     help="Compare only this part of QUERY: left, top, width and height in "
                          "pixels."),
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Say why two pictures are called similar: matches that agree, and what each part contributes.

    Lines join details that lie in both at places that fit together. Where a picture is one vector
    of a network, colors show what each part gives to, or takes from, the similarity.
    """
    import relook  # noqa: PLC0415
    from relook.cli import sheets  # noqa: PLC0415
    from relook.cli.threads import limit_threads  # noqa: PLC0415
    from relook.plots import why as page  # noqa: PLC0415

    limit_threads()
    if out is not None:
        sheets.check_target(out)
    with relook.open(directory) as collection:
        content = _content(collection, result)
        hit = collection.explain(collection.describe(image, box=box), content)
        why = _explained(collection, image, content, hit, box=box)
    if out is not None:
        page.save_why(out, why)
    if as_json:
        console.write_json(_as_json(why, content))
        return
    terminal = console.out()
    terminal.print(page.title(why), style="bold", soft_wrap=True)
    for words in (page.summary(why), page.where(why)):
        if words:
            terminal.print(words, soft_wrap=True)
    if out is not None:
        console.note(f"{out} shows both pictures")


def _content(collection: Collection, result: str) -> int:
    """By path, or where no path is called so, by id."""
    from relook.collection.naming import content_of  # noqa: PLC0415
    from relook.core.errors import UsageError  # noqa: PLC0415

    try:
        return content_of(collection.catalog, result)
    except UsageError:
        if not result.isdecimal():
            raise
        return content_of(collection.catalog, int(result))


def _explained(
    collection: Collection,
    image: Path,
    content: int,
    hit: Hit | None,
    *,
    box: tuple[float, float, float, float] | None,
) -> Why:
    from relook.cli import sheets  # noqa: PLC0415
    from relook.collection import Hit  # noqa: PLC0415
    from relook.core.records import Box  # noqa: PLC0415
    from relook.images import read  # noqa: PLC0415
    from relook.plots.why import Why  # noqa: PLC0415

    path = collection.path_of(content) or str(content)
    picture, name = sheets.picture_of(collection, Hit(0, content, path, 0.0))
    return Why(
        read(image, longest=sheets.LONGEST),
        picture,
        (image.name, name),
        evidence=None if hit is None else hit.evidence,
        geometry=collection.engine.kind != "global",
        maps=_maps(collection, image, content, box=box),
        similarity=None if hit is None else hit.similarity,
        box=None if box is None else Box(*box),
    )


def _maps(
    collection: Collection,
    image: Path,
    content: int,
    *,
    box: tuple[float, float, float, float] | None,
) -> SimilarityMaps | None:
    """None where similarity has no parts, or no file shows the picture any more."""
    if collection.engine.kind == "local":
        return None
    from relook.core.errors import ImageError  # noqa: PLC0415
    from relook.core.records import Box  # noqa: PLC0415
    from relook.images import crop, read  # noqa: PLC0415
    from relook.search import Recipe  # noqa: PLC0415
    from relook.search.explaining import make_explainer  # noqa: PLC0415

    explainer = make_explainer(Recipe.from_json(collection.engine.recipe))
    longest = collection.engine.longest
    query = read(image, longest=longest)
    for file in collection.files_of(content):
        try:
            result = read(file, longest=longest)
        except ImageError:
            continue
        part = query if box is None else crop(query, Box(*box))
        return None if explainer is None else explainer.explain(part, result)
    return None


def _as_json(why: Why, content: int) -> dict[str, Any]:
    proof, maps = why.evidence, why.maps
    return {
        "query": why.names[0],
        "result": why.names[1],
        "id": content,
        "verified": proof is not None and proof.verified,
        "inliers": 0 if proof is None else proof.inliers,
        "similarity": why.similarity,
        "strength": 0.0 if proof is None else float(proof.strength),
        "transform": None if proof is None else proof.transform.tolist(),
        "query_points": [] if proof is None else proof.query_points.tolist(),
        "points": [] if proof is None else proof.points.tolist(),
        "query_region": None if proof is None else proof.query_region.tolist(),
        "region": None if proof is None else proof.region.tolist(),
        "maps": None
        if maps is None
        else {
            "query": _grid_as_json(maps.query),
            "result": _grid_as_json(maps.result),
            "similarity": maps.similarity,
        },
    }


def _grid_as_json(grid: Grid) -> dict[str, Any]:
    rows, columns = grid.values.shape
    return {
        "columns": columns,
        "rows": rows,
        "values": grid.values.ravel().tolist(),
        "frame": list(grid.frame),
    }
