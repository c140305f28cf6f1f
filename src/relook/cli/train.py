"""``relook train``: a network that learns from a user's own pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relook.cli import console
from relook.cli.options import Json

if TYPE_CHECKING:
    from relook.training.config import Config
    from relook.training.run.summary import Summary

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook train instances --data photos --into mine",
    "relook train mine.toml --into mine --data photos",
    "relook train mine.toml --data photos --show-views views.png",
    "relook train mine.toml --into mine --json",
)


def run(
    config: Annotated[
        Path,
        typer.Argument(metavar="CONFIG", show_default=False,
                       help="instances: every picture is a thing of its own; classes: every "
                            "folder is; or a TOML file, see docs/training.md."),
    ],
    *,
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="FOLDER", show_default=False,
                     help="Where weights, checkpoints and logs go; the same folder goes on."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FOLDER", show_default=False,
                     help="Root of the pictures, in place of the configuration's."),
    ] = None,
    show_views: Annotated[
        Path | None,
        typer.Option("--show-views", metavar="FILE.png", show_default=False,
                     help="Draw what the network would be shown of some pictures, and train "
                     "nothing."),
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Train a network on pictures of your own.

    The configuration alone decides what comes out. A run that was stopped, by Ctrl-C or by a power
    cut, goes on from its last checkpoint when the same command runs again, and ends in the same
    weights. They lie in FOLDER/NAME.safetensors with a card; recipes take the file.
    """
    from relook.core.errors import UsageError  # noqa: PLC0415 - as all imports in commands
    from relook.training.reading import read_config  # noqa: PLC0415

    if show_views is not None:
        _show_views(show_views, read_config(config), data)
        return
    if into is None:
        raise UsageError("say where the weights go: --into FOLDER")
    try:
        from relook.training.run.launch import launch  # noqa: PLC0415 - torch is loaded here
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UsageError('training needs torch: pip install "relook[train]"') from error
    from relook.cli.training_progress import watching  # noqa: PLC0415

    wanted = read_config(config)
    with watching() as watcher:
        summary = launch(wanted, into, data=data, watcher=watcher)
    if as_json:
        console.write_json(summary.as_json())
        return
    _show(summary)


def _show_views(target: Path, config: Config, data: Path | None) -> None:
    from relook.cli.sheets import check_target  # noqa: PLC0415
    from relook.training.batches.showing import save_views  # noqa: PLC0415

    check_target(target)
    for words in save_views(target, config, data=data):
        console.note(words)
    console.note(f"{target} shows pictures and their views; nothing was trained")


def _show(summary: Summary) -> None:
    out = console.out()
    out.print(
        f"{summary.name}: {summary.iterations} iterations on {summary.pictures} pictures of "
        f"{summary.classes} classes in {summary.seconds:.0f} s"
    )
    if summary.loss is not None:
        out.print(f"loss {summary.loss:.4g}")
    if summary.map is not None:
        out.print(f"mAP {summary.map:.3f}, best {summary.best:.3f} at {summary.best_at}")
    if summary.stopped == "early":
        out.print("stopped early: validations did not improve any more")
    if summary.skipped:
        out.print(f"left out {len(summary.skipped)} pictures that cannot be read")
    out.print(f"weights in {summary.weights}")
    if summary.whitening is not None:
        out.print(f"whitening in {summary.whitening}")
