"""relook finds the same thing again in a pile of pictures, and shows why it believes so.

Example::

    import relook

    with relook.create("pictures") as collection:
        collection.add(["photos"])
        for hit in collection.search("query.jpg", top=5).results:
            print(hit.rank, hit.path, hit.inliers)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relook.collection import Collection, Recognizer

__all__ = ["Recognizer", "create", "open"]

__version__ = "0.1.0"

# The rooms are imported when they are first needed, so that `relook --help` need not wait for them.


def create(
    directory: str | os.PathLike[str], *, recipe: str | os.PathLike[str] = "sift-asmk"
) -> Collection:
    """Make an empty collection in a new or empty directory.

    Args:
        directory: where everything about the photos is kept; the photos stay where they are.
        recipe: a shipped name (``relook recipes`` lists them) or the path of a TOML file.

    Raises:
        CollectionError: the directory is in use.
        UsageError: there is no such recipe.
    """
    from relook.collection import Collection  # noqa: PLC0415
    from relook.search import load_recipe, make_engine  # noqa: PLC0415

    return Collection.create(directory, engine=make_engine(load_recipe(os.fspath(recipe))))


def open(  # noqa: A001 - as in `gzip.open`
    directory: str | os.PathLike[str], *, recipe: str | os.PathLike[str] | None = None
) -> Collection:
    """Open a collection.

    Args:
        directory: of the collection.
        recipe: whose index and plan are used, where it describes photos as the collection's own
            does; that with which it was made unless said.

    Raises:
        NotACollectionError: the directory holds no collection.
        FormatError: it was written by a newer relook, or is damaged.
        UsageError: there is no such recipe. That it describes photos in another way is found out,
            with a RecipeMismatchError, when the collection is first used.
    """
    from relook.collection import Collection  # noqa: PLC0415
    from relook.search import Recipe, load_recipe, make_engine  # noqa: PLC0415

    if recipe is not None:
        wanted = load_recipe(os.fspath(recipe))
        return Collection.open(directory, engine=lambda _: make_engine(wanted))
    return Collection.open(directory, engine=lambda text: make_engine(Recipe.from_json(text)))


def __getattr__(name: str) -> object:
    if name == "Recognizer":
        from relook.collection import Recognizer  # noqa: PLC0415

        return Recognizer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
