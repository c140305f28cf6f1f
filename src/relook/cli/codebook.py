"""``relook codebook``: visual words of a user's own."""

from __future__ import annotations

import os
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

_USUAL_BITS, _FARTHEST = 128, (52, 48)
"""Bits of SIFT's signatures; how many may differ, in the index and in tentative matches."""

EXAMPLES = (
    "relook codebook photos --out mine.safetensors --words 16384",
    "relook codebook photos --out fine.safetensors --kind approximate --words 1048576",
    "relook codebook photos --out tree.safetensors --kind tree --branching 10 --depth 5",
    "relook codebook photos --out mine.safetensors --extractor hesaff --hamming he.safetensors",
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
    extractor: Annotated[
        Literal["sift", "hesaff", "haraff", "mser", "harris", "moravec", "orb", "akaze"],
        typer.Option("--extractor", metavar="NAME",
                     help="What finds the features: sift, hesaff, haraff, mser, harris, moravec, "
                          "orb or akaze."),
    ] = "sift",
    hamming: Annotated[
        Path | None,
        typer.Option("--hamming", metavar="FILE.safetensors", show_default=False,
                     help="Fit a Hamming embedding for these words as well, and write it here."),
    ] = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Fit a codebook on photos of your own, for a recipe of your own.

    The shipped codebook suits any photos; one of your own suits pictures that look like no photo,
    such as plans or stamps. Bring a thousand pictures or more. An approximate fit that was stopped
    goes on where it was when the same command runs again.
    """
    from relook.cli.fitting import (  # noqa: PLC0415
        describe_photos,
        find_photos,
        fit,
        fit_hamming,
        photo_channel,
    )
    from relook.encodings.learned_words import FitOptions  # noqa: PLC0415
    from relook.evaluation.overlap import content_hashes  # noqa: PLC0415

    _check_targets(out, hamming)
    files = find_photos(photos)
    options = FitOptions(words=words, kind=kind, branching=branching, depth=depth)
    channel = photo_channel(extractor)
    with progress_bar() as report:
        images = describe_photos(files, channel=channel, options=options, jobs=jobs, report=report)
    found = sum(map(len, images))
    # So that an evaluation on these photos, or on a set of that name, says that it is not fair.
    fitted = {
        "photos": len(files),
        "on": [path.resolve().name for path in photos],
        "sha256": content_hashes(map(Path, files)),
    }
    with _watched(options, found, out) as options:
        codebook = fit(images, channel=channel, options=options, fitted=fitted, jobs=jobs)
    codebook.save(out)
    if hamming is not None:
        fit_hamming(images, codebook, channel=channel, fitted=fitted).save(hamming)
    if as_json:
        said = _as_json(codebook, out, photos=len(images), features=found)
        console.write_json({**said, "hamming": None if hamming is None else str(hamming)})
        return
    _show(codebook, out, photos=len(images), features=found)
    _show_recipe(codebook, out, extractor=extractor, hamming=hamming)


def _check_targets(out: Path, hamming: Path | None) -> None:
    from relook.core.errors import UsageError  # noqa: PLC0415

    for path, what in ((out, "codebook"), (hamming, "Hamming embedding")):
        if path is None:
            continue
        if path.suffix != ".safetensors":
            raise UsageError(f"a {what} is a .safetensors file; name it {path.stem}.safetensors")
        if not path.parent.is_dir():
            raise UsageError(f"the folder {path.parent} does not exist; make it first")
    if hamming is not None and hamming.resolve() == out.resolve():
        raise UsageError("the codebook and the Hamming embedding are two files; name both")


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


def _show_recipe(codebook: Codebook, out: Path, *, extractor: str, hamming: Path | None) -> None:
    lines = ["[channels.local]", f'codebook = "{out.name}"']
    if extractor != "sift":
        lines.append(f'extractor = "{extractor}"')
    if hamming is not None:
        name = os.path.relpath(hamming.resolve(), out.resolve().parent)
        lines += [
            'encoding = "he"',
            f'hamming = "{Path(name).as_posix()}"',
            "index = { max_distance = 24, sigma = 10.0, burst = true }",
            "",
            "[plan]",
            "assignments = 3",
            "max_distance = 24",
        ]
    elif codebook.dimensions != _USUAL_BITS:
        times = codebook.dimensions / _USUAL_BITS
        index, plan = (f"max_distance = {round(times * bits)}" for bits in _FARTHEST)
        lines += [f"index = {{ {index} }}", "", "[plan]", plan]
    terminal = console.out()
    terminal.print("To use it, write this beside it as mine.toml, and index with")
    terminal.print("--recipe mine.toml:\n")
    terminal.print("\n".join(lines), markup=False, soft_wrap=True)
