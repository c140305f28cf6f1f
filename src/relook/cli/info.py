"""``relook info``: what a collection holds."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relook.cli import console
from relook.cli.index import show_quarantine
from relook.cli.options import Directory, Json
from relook.cli.words import bytes_words, count

if TYPE_CHECKING:
    from relook.collection import Info, Quarantined

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("relook info pictures", "relook info pictures --json")


def run(directory: Directory, *, as_json: Json = False) -> None:
    """Say what a collection holds, what it takes, and which pictures cannot be searched."""
    import relook  # noqa: PLC0415

    with relook.open(directory) as collection:
        info, quarantine = collection.info(), collection.quarantined()
    if as_json:
        console.write_json(_as_json(info, quarantine))
        return
    _show(directory, info, quarantine)


def _as_json(info: Info, quarantine: list[Quarantined]) -> dict[str, Any]:
    import relook  # noqa: PLC0415
    from relook.collection.schema import VERSION  # noqa: PLC0415

    return asdict(info) | {
        "bytes_per_image": info.bytes_per_image,
        "versions": {"relook": relook.__version__, "collection": VERSION},
        "runtime": _runtime(),
        "quarantine": [asdict(picture) for picture in quarantine],
    }


def _runtime() -> dict[str, Any]:
    """What networks are executed by on this computer where nothing else is asked for, and why."""
    from relook.networks.runtime import choose, processor  # noqa: PLC0415

    found = processor()
    return asdict(choose()) | {"processor": found.name, "features": list(found.features)}


def _show(directory: Path, info: Info, quarantine: list[Quarantined]) -> None:
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("collection", str(directory))
    table.add_row("recipe", info.recipe)
    table.add_row("pictures", f"{info.images:,} (shown by {count(info.paths, 'file')})")
    table.add_row("labels", f"{info.labels:,} (on {count(info.labelled, 'picture')})")
    table.add_row("size", f"{bytes_words(info.bytes)}, {bytes_words(info.bytes_per_image)} each")
    for root in info.roots:
        table.add_row("photos in", root)
    if info.pending:
        table.add_row("to describe", f"{info.pending:,} by the next `relook index`")
    table.add_row("quarantine", f"{info.quarantined:,}")
    runtime = _runtime()
    networks = "{backend} on {device} in {precision} ({reason})".format_map(runtime)
    table.add_row("networks run by", networks)
    console.out().print(table)
    show_quarantine(quarantine)
