"""``relook search``: every picture of what a photo, or a box in it, shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relook.cli import console
from relook.cli.options import Directory, Json
from relook.cli.words import count, evidence_words

if TYPE_CHECKING:
    from relook.collection import Hit, SearchResult
    from relook.plots.cards import Mark

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook search pictures query.jpg",
    "relook search pictures query.jpg --box 120 80 300 200 --top 5 --sheet why.png",
    "relook search pictures query.jpg --right holiday/IMG_1.jpg --wrong cat.jpg",
    "relook search pictures query.jpg --recipe wider.toml --json",
)


def run(
    directory: Directory,
    image: Annotated[
        Path, typer.Argument(metavar="IMAGE", help="The photo to search with.", show_default=False)
    ],
    *,
    box: Annotated[
        tuple[float, float, float, float] | None,
        typer.Option("--box", metavar="X Y W H", show_default=False,
                     help="Search only this part: left, top, width and height in pixels."),
    ] = None,
    right: Annotated[
        list[Path] | None,
        typer.Option("--right", metavar="PICTURE", show_default=False,
                     help="A result that is right, by its path: search with it too. Repeatable."),
    ] = None,
    wrong: Annotated[
        list[Path] | None,
        typer.Option("--wrong", metavar="PICTURE", show_default=False,
                     help="A result that is wrong: leave it out, and move back what is more of it "
                          "than of the photo. Repeatable."),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option("--recipe", metavar="NAME|FILE", show_default=False,
                     help="Answer by this recipe's index and plan; it must describe photos as the "
                          "collection does."),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", metavar="K", min=1, help="Number of results.")
    ] = 10,
    as_json: Json = False,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE.png", show_default=False,
                     help="Draw query, results and what matched into a picture."),
    ] = None,
    exclude_self: Annotated[
        bool, typer.Option("--exclude-self", help="Leave out the query's own picture.")
    ] = False,
) -> None:  # fmt: skip
    """Find the pictures that show what a photo shows, best first.

    A verified result shares a geometry with the query: so many details match at places that agree.

    Say which results are right or wrong, and search again.
    """
    import relook  # noqa: PLC0415
    from relook.cli import sheets  # noqa: PLC0415
    from relook.cli.threads import limit_threads  # noqa: PLC0415
    from relook.search.channels import LOCAL  # noqa: PLC0415

    limit_threads()
    if sheet is not None:
        sheets.check_target(sheet)
    with relook.open(directory, recipe=recipe) as collection:
        result = collection.search_again(
            image,
            right=right or (),
            wrong=wrong or (),
            box=box,
            top=top,
            exclude_self=exclude_self,
        )
        geometry = any(channel.name == LOCAL for channel in collection.engine.channels)
        if sheet is not None:
            marks: dict[int, Mark] = dict.fromkeys(result.right, "right")
            sheets.save(sheet, collection, image, result.results, box=box, marks=marks)
    if as_json:
        console.write_json(_as_json(result))
        return
    _show(result, geometry=geometry)
    if result.skipped:
        console.note(
            f"{count(result.skipped, 'picture')} left out, whose description cannot be read; "
            f"relook check {directory} --repair, then index again"
        )
    if sheet is not None:
        shown = "what matched" if geometry else "them"
        console.note(f"{sheet} shows {shown}" if result.results else f"{sheet} says so too")


def _as_json(result: SearchResult) -> dict[str, Any]:
    return {
        "query": result.query,
        "results": [_hit_as_json(hit) for hit in result.results],
        "milliseconds": dict(result.milliseconds),
        "skipped": result.skipped,
    }


def _hit_as_json(hit: Hit) -> dict[str, Any]:
    return {
        "rank": hit.rank,
        "path": hit.path,
        "score": hit.score,
        "similarity": hit.similarity,
        "inliers": hit.inliers,
        "verified": hit.verified,
        "region": None if hit.region is None else hit.region.tolist(),
        "query_region": None if hit.query_region is None else hit.query_region.tolist(),
    }


def _show(result: SearchResult, *, geometry: bool) -> None:
    """Print results; without local features there is no geometry that could verify them."""
    from rich.table import Table  # noqa: PLC0415

    terminal = console.out()
    if not result.results:
        terminal.print(f"nothing in the collection shares anything with {result.query}")
        return
    if result.right or result.wrong:
        terminal.print(
            f"searched again, {len(result.right)} marked right and {len(result.wrong)} wrong"
        )
    table = Table("", "score", "", "picture", box=None, header_style="dim", pad_edge=False)
    table.columns[0].justify = table.columns[1].justify = "right"
    table.columns[3].overflow = "fold"
    for hit in result.results:
        verified, marked = hit.verified, hit.id in result.right
        proof = evidence_words(hit.inliers, verified=verified) if geometry else ""
        table.add_row(
            str(hit.rank),
            f"{hit.score:.3f}",
            "marked right" if marked else proof,
            hit.path,
            style=None if verified or marked or not geometry else "dim",
        )
    terminal.print(table)
    if console.is_verbose():
        times = ", ".join(f"{name} {spent:.1f}" for name, spent in result.milliseconds.items())
        console.note(f"milliseconds: {times}")
