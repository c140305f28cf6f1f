"""Which pictures there are to learn from, and what shows the same: folders, or a table of labels.

Nothing is decoded here: a picture that turns out to be damaged is left out when its turn comes.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from relook.collection.scan import scan
from relook.core.errors import ImageError, UsageError
from relook.core.paths import AnyPath
from relook.images import is_picture
from relook.images.formats import sniff
from relook.training.records import KINDS, Pictures
from relook.training.sources.label_table import read_labels

__all__ = ["Folder", "FoundPictures", "find_pictures"]

_HEAD = 512
"""Bytes that tell whether a file is a picture at all."""
_CHUNK = 1 << 20
_STRAY = "lies in no folder of a class within {}; labels = picture makes each its own class"
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Folder:
    """Pictures of one kind that are labelled in one way.

    Attributes:
        path: of the folder; all below it is looked at.
        labels: ``picture``: each picture is a class of its own; ``folder``: the folder within
            ``path`` that it lies in is its class; or the name of a CSV file with the columns path
            and label, from ``path`` on.
        kind: one of :data:`~.records.KINDS`, which decides how views are made.
        name: what names of classes begin with, so that equal names within folders of one name are
            one class; empty for as many last parts of the path as tell it from the other folders.
            Labels of a table stand as they are.
    """

    path: AnyPath
    labels: str = "picture"
    kind: str = "scene"
    name: str = ""


@dataclass(frozen=True, slots=True)
class FoundPictures:
    """What there is to learn from, and what is not used.

    Attributes:
        pictures: sorted by folder as asked and by path within.
        left_out: files that are not used, with the reason.
        alone: classes of folders or tables with one picture: it is paired with itself, and serves
            as a negative to others.
    """

    pictures: Pictures
    left_out: tuple[tuple[Path, str], ...]
    alone: tuple[str, ...]

    def notes(self) -> tuple[str, ...]:
        """What a user should know, in one line each; empty where all is well."""
        notes = []
        if self.left_out:
            count = len(self.left_out)
            words = [f"{path}: {reason}" for path, reason in self.left_out[:_NAMED]]
            title = "1 picture is" if count == 1 else f"{count} pictures are"
            notes.append(_line(f"{title} not used", words, count))
        if self.alone:
            count = len(self.alone)
            title = "1 class has" if count == 1 else f"{count} classes have"
            title = f"{title} one picture, which is paired with itself"
            notes.append(_line(title, self.alone[:_NAMED], count))
        return tuple(notes)


_Bad = tuple[Path, str]


@dataclass(frozen=True, slots=True)
class _Item:
    path: Path
    label: str
    kind: str
    is_own: bool  # the label is of this picture alone


def find_pictures(folders: Sequence[Folder], *, but: Collection[Path] = ()) -> FoundPictures:
    """Find pictures and their labels.

    Files of equal bytes show the same: where each picture is a class of its own, copies share
    one; where copies have several labels from folders or tables, none of them is used.

    Args:
        folders: one at least.
        but: files that are passed over in silence.

    Raises:
        UsageError: there is no such folder, table, kind or way to label, a table lacks what it
            needs, or no picture is left; the message says which.
    """
    items: list[_Item] = []
    left_out: list[_Bad] = []
    passed = frozenset(map(_absolute, but))
    for folder in folders:
        _check(folder)
    for folder in _named(folders):
        good, bad = _labelled(folder)
        left_out += bad
        for item in (one for one in good if one.path not in passed):
            reason = _unusable(item.path)
            if reason is None:
                items.append(item)
            else:
                left_out.append((item.path, reason))
    kept, contradictory = _agreed(items)
    left_out += contradictory
    if not kept:
        raise UsageError(_nothing(folders, left_out))
    return FoundPictures(_numbered(kept), tuple(left_out), _alone(kept))


def _check(folder: Folder) -> None:
    if folder.labels not in {"picture", "folder"} and not folder.labels.lower().endswith(".csv"):
        raise UsageError(
            f"labels of {folder.path} must be picture, folder, or the name of a .csv file, not "
            f"{folder.labels!r}"
        )
    if folder.kind not in KINDS:
        raise UsageError(
            f"there is no kind {folder.kind!r} for {folder.path}; choose from {', '.join(KINDS)}"
        )
    if not Path(folder.path).is_dir():
        raise UsageError(f"there is no folder {folder.path}; check its path")


def _named(folders: Sequence[Folder]) -> list[Folder]:
    """Folders with the names that were given, or the shortest that tell them apart."""
    tops = [_absolute(folder.path) for folder in folders]
    depth = 1
    while len({top.parts[-depth:] for top in tops}) < len(set(tops)):
        depth += 1
    ends = [Path(*top.parts[-depth:]).as_posix() for top in tops]
    return [
        replace(folder, name=folder.name or end) for folder, end in zip(folders, ends, strict=True)
    ]


def _absolute(path: AnyPath) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - as the walk names files, links kept


def _labelled(folder: Folder) -> tuple[list[_Item], list[_Bad]]:
    if folder.labels.lower().endswith(".csv"):
        return _from_table(folder)
    top = _absolute(folder.path)
    good: list[_Item] = []
    bad: list[_Bad] = []
    for found in scan([top], is_picture=is_picture).found:
        path = Path(found.file)
        within = path.relative_to(top)
        own = within if folder.labels == "picture" else within.parent
        if found.reason is not None:
            bad.append((path, found.reason))
        elif own == Path():
            bad.append((path, _STRAY.format(folder.path)))
        else:
            label = f"{folder.name}/{own.as_posix()}"
            good.append(_Item(path, label, folder.kind, is_own=folder.labels == "picture"))
    return good, bad


def _from_table(folder: Folder) -> tuple[list[_Item], list[_Bad]]:
    top = _absolute(folder.path)
    file = top / folder.labels
    items: dict[tuple[Path, str], _Item] = {}
    bad: list[_Bad] = []
    for row in read_labels(file):
        path = _absolute(top / row.path)
        if not row.path or not row.label:
            bad.append((path, f"line {row.line} of {file.name} lacks a path or a label"))
        elif not is_picture(path):
            bad.append((path, f"line {row.line} of {file.name} names no picture"))
        else:
            items[path, row.label] = _Item(path, row.label, folder.kind, is_own=False)
    return sorted(items.values(), key=lambda item: item.path.as_posix()), bad


def _unusable(path: Path) -> str | None:
    """Why a file is no picture, by its first bytes; None where it may be one."""
    try:
        with path.open("rb") as file:
            sniff(file.read(_HEAD))
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except ImageError as error:
        return str(error)
    return None


def _agreed(items: Sequence[_Item]) -> tuple[list[_Item], list[_Bad]]:
    """One label for files of equal bytes, and those that have several."""
    agreed = {id(item): item for item in items}
    bad: list[_Bad] = []
    for copies in _copies(items):
        given = sorted({item.label for item in copies if not item.is_own})
        if len(given) > 1:
            reason = f"the same picture is labelled {' and '.join(given[:3])}; keep one label"
            bad += [(path, reason) for path in sorted({item.path for item in copies})]
        paths: set[Path] = set()
        for item in copies:
            if len(given) > 1 or item.path in paths:
                del agreed[id(item)]
            else:
                label = given[0] if given else copies[0].label
                agreed[id(item)] = replace(item, label=label, is_own=item.is_own and not given)
            paths.add(item.path)
    return list(agreed.values()), bad


def _copies(items: Sequence[_Item]) -> Iterable[list[_Item]]:
    """Groups of two and more with equal bytes. Only files of equal length are read."""
    by_length: defaultdict[int, list[_Item]] = defaultdict(list)
    for item in items:
        by_length[item.path.stat().st_size].append(item)
    for alike in by_length.values():
        by_content: defaultdict[bytes, list[_Item]] = defaultdict(list)
        if len(alike) > 1:
            for item in alike:
                by_content[_digest(item.path)].append(item)
        yield from (group for group in by_content.values() if len(group) > 1)


def _digest(path: Path) -> bytes:
    content = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            content.update(chunk)
    return content.digest()


def _numbered(items: Sequence[_Item]) -> Pictures:
    classes = tuple(dict.fromkeys(item.label for item in items))
    numbers = {name: number for number, name in enumerate(classes)}
    return Pictures(
        tuple(item.path for item in items),
        np.array([numbers[item.label] for item in items], np.int64),
        classes,
        tuple(item.kind for item in items),
    )


def _alone(items: Sequence[_Item]) -> tuple[str, ...]:
    counts = Counter(item.label for item in items)
    given = dict.fromkeys(item.label for item in items if not item.is_own)
    return tuple(label for label in given if counts[label] == 1)


def _nothing(folders: Sequence[Folder], left_out: Sequence[_Bad]) -> str:
    names = ", ".join(str(folder.path) for folder in folders) or "no folders"
    if not left_out:
        return f"there is nothing to learn from in {names}; name a folder of pictures"
    path, reason = left_out[0]
    return f"none of {len(left_out)} pictures in {names} can be used; {path}: {reason}"


def _line(title: str, words: Sequence[str], count: int) -> str:
    more = f"; and {count - len(words)} more" if count > len(words) else ""
    return f"{title}: {'; '.join(words)}{more}"
