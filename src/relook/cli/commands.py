"""All commands put together; no room of relook is imported before its command runs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

import relook
from relook.cli import (
    atlas,
    calibrate,
    check,
    clean,
    clusters,
    codebook,
    datasets,
    demo,
    duplicates,
    evaluate,
    explain,
    explore,
    index,
    info,
    label,
    recipes,
    recognize,
    remove,
    search,
    serve,
    train,
    weights,
)

__all__ = ["make_command"]


def make_command() -> Any:
    """The command tree that ``relook`` runs and that its documentation is made from."""
    app = typer.Typer(
        name="relook",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Example: relook index photos --into pictures",
    )
    app.callback()(_root)
    for module in (
        index, search, explain, explore, clusters, duplicates, atlas, clean, label, recognize,
        calibrate, remove, serve, info, check, recipes, evaluate, datasets, train, weights,
        codebook, demo,
    ):  # fmt: skip
        name = module.__name__.rpartition(".")[2]
        app.command(name, epilog=_epilog(module.EXAMPLES))(module.run)
    return typer.main.get_command(app)


def _epilog(examples: tuple[str, ...]) -> str:
    return "\n\n".join(f"Example: {example}" for example in examples)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"relook {relook.__version__}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True,
                           help="Show the version and leave.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more; may stand anywhere.")
    ] = False,
) -> None:  # fmt: skip
    """Find the same thing again in a pile of pictures, and see why.

    Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted.
    """
