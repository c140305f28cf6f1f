"""``relook codebook``: visual words of a user's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from relook.cli import console
from relook.cli.options import Jobs, Json
from relook.cli.progress import progress_bar
from relook.cli.words import bytes_words, count

if TYPE_CHECKING:
    from relook.encodings import Codebook
    from relook.encodings.learned_words import FitOptions

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook codebook photos --out mine.safetensors --words 16384",
    "relook codebook photos --out fine.safetensors --kind approximate --words 1048576",
    "relook codebook photos --out tree.safetensors --kind tree --branching 10 --depth 5",
)


def run(
    photos: Annotated[
        list[Path],
        typer.Argument(metavar="PHOTOS...", help="Photos, and folders with all below them.",
                       show_default=False),
    ],
    *,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE.safetensors", help="The codebook to write.",
                     show_default=False),
    ],
    words: Annotated[
        int,
        typer.Option("--words", metavar="N", min=16,
                     help="Number of visual words; of a tree about so many."),
    ] = 16384,
    kind: Annotated[
        Literal["flat", "approximate", "tree"],
        typer.Option("--kind", metavar="KIND",
                     help="flat: exact k-means; approximate: for 65,536 words to millions; "
                          "tree: a vocabulary tree, the fastest."),
    ] = "flat",
    branching: Annotated[
        int, typer.Option("--branching", metavar="B", min=2, max=1024,
                          help="Children per node of a tree.")
    ] = 10,
    depth: Annotated[
        int | None,
        typer.Option("--depth", metavar="LEVELS", min=1, max=20, show_default=False,
                     help="Levels of a tree; as --words asks for unless said."),
    ] = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Fit a codebook on photos of your own, for a recipe of your own.

    The shipped codebook suits any photos; one of your own suits pictures that look like no photo,
    such as plans or stamps. Bring a thousand pictures or more. An approximate fit that was stopped
    goes on where it was when the same command runs again.
    """
    from relook.cli.fitting import describe_photos, find_photos, fit  # noqa: PLC0415
    from relook.core.errors import UsageError  # noqa: PLC0415
    from relook.encodings.learned_words import FitOptions  # noqa: PLC0415
    from relook.evaluation.overlap import content_hashes  # noqa: PLC0415

    if out.suffix != ".safetensors":
        raise UsageError(f"a codebook is a .safetensors file; name it {out.stem}.safetensors")
    if not out.parent.is_dir():
        raise UsageError(f"the folder {out.parent} does not exist; make it first")
    files = find_photos(photos)
    options = FitOptions(words=words, kind=kind, branching=branching, depth=depth)
    with progress_bar() as report:
        images = describe_photos(files, options=options, jobs=jobs, report=report)
    found = sum(map(len, images))
    with _watched(options, found, out) as options:
        codebook = fit(images, options=options, photos=len(files), jobs=jobs)
    # So that an evaluation on these photos, or on a set of that name, says that it is not fair.
    codebook.fitted["on"] = [path.resolve().name for path in photos]
    codebook.fitted["sha256"] = content_hashes(map(Path, files))
    codebook.save(out)
    if as_json:
        console.write_json(_as_json(codebook, out, photos=len(images), features=found))
        return
    _show(codebook, out, photos=len(images), features=found)


@contextmanager
def _watched(options: FitOptions, features: int, out: Path) -> Iterator[FitOptions]:
    """The options of a fit that says how far it is, and that can be stopped."""
    if options.kind == "flat":
        doing = f"fitting {options.words:,} words to {features:,} features …"
        with console.err().status(doing):
            yield options
        return
    checkpoint = out.with_name(f"{out.name}.part") if options.kind == "approximate" else None
    try:
        with progress_bar() as report:
            yield replace(options, report=report, checkpoint=checkpoint)
    except KeyboardInterrupt:
        if checkpoint is not None and checkpoint.exists():
            console.note(f"{checkpoint} keeps what is done; the same command goes on from there")
        raise


def _as_json(codebook: Codebook, out: Path, *, photos: int, features: int) -> dict[str, Any]:
    return {
        "codebook": str(out),
        "kind": codebook.fitted.get("kind", "flat"),
        "words": len(codebook),
        "depth": None if codebook.tree is None else codebook.tree.depth,
        "photos": photos,
        "features": features,
        "bytes": out.stat().st_size,
        "sha256": codebook.sha256,
    }


def _show(codebook: Codebook, out: Path, *, photos: int, features: int) -> None:
    terminal = console.out()
    terminal.print(
        f"{out}: {len(codebook):,} words of {features:,} features of {count(photos, 'photo')}, "
        f"{bytes_words(out.stat().st_size)}",
        soft_wrap=True,
    )
    terminal.print("To use it, write this beside it as mine.toml, and index with")
    terminal.print(f'--recipe mine.toml:\n\n[channels.local]\ncodebook = "{out.name}"')
