"""Where the photos and the truth of an evaluation come from: a name, a directory, distractors."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from relook.collection.scan import scan
from relook.core.errors import UsageError
from relook.datasets.gnd import FILE, load_gnd
from relook.datasets.registry import DATASETS, make_dataset
from relook.datasets.truth import PROTOCOLS, DatasetImage, GroundTruth
from relook.images import is_picture

__all__ = ["Source", "load_source", "with_distractors"]


@dataclass(frozen=True, slots=True)
class Source:
    """Names and truth, and the directory that paths are relative to."""

    truth: GroundTruth
    directory: Path

    @property
    def pictures(self) -> dict[str, Path]:
        """Files by id of the image."""
        return {image.id: self.directory / image.path for image in self.truth.images}


def load_source(dataset: str, *, data: Path | None = None) -> Source:
    """A dataset by name with the directory of its photos, or a directory with a ``gnd.json``.

    Args:
        dataset: one of ``relook.datasets.registry.DATASETS``, or a directory.
        data: directory of the photos, where ``dataset`` is a name.

    Raises:
        UsageError: there is no such dataset, it has no queries, or files of it are missing.
    """
    place = Path(dataset) if data is None else data
    if data is None and (dataset not in DATASETS or (place / FILE).is_file()):
        return Source(_asked(load_gnd(place)), place)
    if data is None and not place.is_dir():
        raise UsageError(f"say where the photos of {dataset} are: --data DIR")
    truth = _asked(make_dataset(dataset).load(place))
    missing = [image.path for image in truth.images if not (place / image.path).is_file()]
    if missing:
        raise UsageError(
            f"{place}: {len(missing):,} of {len(truth.images):,} photos are missing, such as "
            f"{missing[0]}; relook datasets check {dataset} DIR names them"
        )
    return Source(truth, place)


def with_distractors(source: Source, folder: Path) -> Source:
    """The same queries in a larger database: every picture below a folder joins it.

    Photos of the dataset itself that lie there, its queries too, are not added again.

    Raises:
        UsageError: the folder is missing or holds no pictures.
    """
    own = {os.path.abspath(file) for file in source.pictures.values()}  # noqa: PTH100 - keeps links
    names = {image.id for image in source.truth.images}
    root = Path(os.path.abspath(folder))  # noqa: PTH100 - as the walk names files
    more = []
    for picture in scan([root], is_picture=is_picture).found:
        file = Path(picture.file)
        if picture.reason is None and os.path.abspath(file) not in own:  # noqa: PTH100
            name = f"distractor/{file.relative_to(root).as_posix()}"
            while name in names:
                name = f"distractor/{name}"
            names.add(name)
            more.append(DatasetImage(name, picture.file, "distractor"))
    truth = replace(source.truth, images=(*source.truth.images, *more))
    return replace(source, truth=truth)


def _asked(truth: GroundTruth) -> GroundTruth:
    if not truth.queries:
        hint = "; python -m reproduce pacs measures that" if truth.protocol == "classes" else ""
        raise UsageError(
            f"{truth.name} has no queries to evaluate (its measure: {PROTOCOLS[truth.protocol]})"
            f"{hint}"
        )
    return truth
