"""``relook clusters``: the objects of which a collection has several pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relook.cli import console
from relook.cli.options import Directory, Json
from relook.cli.progress import progress_bar
from relook.cli.words import count

if TYPE_CHECKING:
    from relook.collection import Collection
    from relook.mapping.clusters import Cluster, Clustering

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook clusters pictures",
    "relook clusters pictures --top 20 --sheet objects.png",
    "relook clusters pictures --min-size 5 --json",
)


def run(
    directory: Directory,
    *,
    top: Annotated[
        int, typer.Option("--top", metavar="N", min=1, help="Number of objects to show.")
    ] = 50,
    min_size: Annotated[
        int, typer.Option("--min-size", metavar="N", min=2, help="Pictures of an object, at least.")
    ] = 2,
    as_json: Json = False,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE.png", show_default=False,
                     help="Draw a row of pictures for each object."),
    ] = None,
) -> None:  # fmt: skip
    """List the objects that were photographed most, found without labels.

    Pictures are of one object where many of their details agree in place. Each counts for what it
    mainly shows; "beside" are pictures that show the object next to something else.
    """
    import relook  # noqa: PLC0415
    from relook.cli import sheets  # noqa: PLC0415
    from relook.cli.threads import limit_threads  # noqa: PLC0415
    from relook.mapping.clusters import ClusterSettings, find_clusters  # noqa: PLC0415

    limit_threads()
    if sheet is not None:
        sheets.check_target(sheet)
    with relook.open(directory) as collection:
        with progress_bar() as report:
            found = find_clusters(
                collection, settings=ClusterSettings(min_size=min_size), progress=report
            )
        if as_json:
            console.write_json(_as_json(collection, found, top=top))
        else:
            _show(collection, found, top=top)
        if sheet is not None:
            _draw(collection, found, sheet, top=top)
            console.note(f"{sheet} shows them" if found.clusters else f"{sheet} says so too")


def _as_json(collection: Collection, found: Clustering, *, top: int) -> dict[str, Any]:
    paths = _paths(collection, found, top=top)
    return {
        "images": found.images,
        "clusters": len(found.clusters),
        "objects": [
            {
                "size": len(cluster),
                "labels": list(_labels(collection, cluster)),
                "pictures": [paths[id_] for id_ in cluster.members],
                "beside": [paths[id_] for id_ in cluster.beside],
                "links": [
                    {
                        "pictures": [paths[id_] for id_ in link.pair],
                        "strength": link.strength,
                        "inliers": link.inliers,
                    }
                    for link in cluster.links
                ],
            }
            for cluster in found.clusters[:top]
        ],
    }


def _show(collection: Collection, found: Clustering, *, top: int) -> None:
    from rich.table import Table  # noqa: PLC0415

    terminal = console.out()
    terminal.print(_summary(found), soft_wrap=True)
    if not found.clusters:
        return
    paths = _paths(collection, found, top=top)
    table = Table("pictures", "beside", "labels", "such as", box=None, header_style="dim",
                  pad_edge=False)  # fmt: skip
    table.columns[0].justify = table.columns[1].justify = "right"
    table.columns[3].overflow = "fold"
    for cluster in found.clusters[:top]:
        labels = ", ".join(_labels(collection, cluster))
        beside = str(len(cluster.beside) or "")
        table.add_row(str(len(cluster)), beside, labels, paths[cluster.members[0]])
    terminal.print(table)
    if len(found.clusters) > top:
        console.note(f"{len(found.clusters) - top:,} more; --top shows more of them")


def _summary(found: Clustering) -> str:
    if not found.clusters:
        return f"no {found.min_size} of {count(found.images, 'picture')} mainly show the same thing"
    inside = sum(map(len, found.clusters))
    return (
        f"{count(len(found.clusters), 'object')} on {inside:,} of {count(found.images, 'picture')}"
    )


def _paths(collection: Collection, found: Clustering, *, top: int) -> dict[int, str]:
    shown = found.clusters[:top]
    return collection.catalog.paths(
        sorted({id_ for cluster in shown for id_ in (*cluster.members, *cluster.beside)})
    )


def _labels(collection: Collection, cluster: Cluster) -> tuple[str, ...]:
    """The labels of its pictures, the most frequent first."""
    counts: dict[str, int] = {}
    for labels in collection.catalog.labels(cluster.members).values():
        for label in labels:
            counts[label] = counts.get(label, 0) + 1
    return tuple(sorted(counts, key=lambda label: (-counts[label], label)))


def _draw(collection: Collection, found: Clustering, sheet: Path, *, top: int) -> None:
    from relook.cli.thumbnails import thumbnail  # noqa: PLC0415
    from relook.plots.groups import MOST_PICTURES, MOST_ROWS, SheetGroup, save_groups  # noqa: PLC0415

    if min(top, len(found.clusters)) > MOST_ROWS:
        console.note(f"the sheet shows the first {MOST_ROWS}")
    paths = _paths(collection, found, top=top)
    groups = []
    for cluster in found.clusters[: min(top, MOST_ROWS)]:
        labels = ", ".join(_labels(collection, cluster))
        pictures = [
            (thumbnail(collection, id_), paths[id_]) for id_ in cluster.members[:MOST_PICTURES]
        ]
        size = count(len(cluster), "picture")
        beside = f"beside other things on {len(cluster.beside)}" if cluster.beside else ""
        groups.append(SheetGroup(size, " · ".join(filter(None, (labels, beside))), pictures))
    save_groups(sheet, groups, title="Objects photographed most", summary=_summary(found))
