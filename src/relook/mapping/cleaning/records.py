"""What cleaning says of a data set, its classes and their pictures."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from relook.core.records import Box
from relook.mapping.cleaning.pairs import Pair

__all__ = ["Checked", "ClassReport", "Cleaning", "Reason"]

Reason = Literal["same thing", "no match", "other thing", "nothing verifies", "alone", "unreadable"]
"""``same thing`` is the largest group of a class; ``alone`` a class with one usable picture."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file of a class, and what to do with it.

    Attributes:
        path: as people see it, with '/'.
        file: absolute, with '/'.
        kept: whether it stays.
        reason: why.
        matches: verified pairs that it is in.
        best: matching details of the strongest of these.
        group: paths of the pictures of the smaller group that it is in, for ``other thing``.
        box: of what the class shows; None where it is not known, as where only copies match.
        size: (width, height) in pixels; (0, 0) where it cannot be read.
        copies: paths of the same picture in the class: of the same bytes, or nearly alike.
        elsewhere: other classes that have a file of the same bytes.
        problem: why it cannot be read.
        id: of its content; None where it cannot be used.
    """

    path: str
    file: str
    kept: bool
    reason: Reason
    matches: int = 0
    best: int = 0
    group: tuple[str, ...] = ()
    box: Box | None = None
    size: tuple[int, int] = (0, 0)
    copies: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    problem: str = ""
    id: int | None = None

    @property
    def words(self) -> str:
        """The reason in words."""
        match self.reason:
            case "same thing":
                return f"matches {_count(self.matches)} of its class"
            case "no match":
                return "matches no other picture of its class"
            case "other thing":
                others = [path for path in self.group if path != self.path]
                more = f" and {len(others) - 2} more" if len(others) > 2 else ""
                return f"matches only {', '.join(others[:2])}{more}, not the others"
            case "nothing verifies":
                return "no two pictures of its class match"
            case "alone":
                return "the only picture of its class that can be used"
        return f"cannot be read: {self.problem}"


@dataclass(frozen=True, slots=True, eq=False)
class ClassReport:
    """A class after cleaning.

    Attributes:
        name: of the class.
        pictures: its files, in order of path.
        pairs: verified ones, by ids of contents.
        groups: how many different pictures each connected group has, the largest first; pictures
            without any match are no group.
    """

    name: str
    pictures: tuple[Checked, ...]
    pairs: tuple[Pair, ...]
    groups: tuple[int, ...]

    @property
    def kept(self) -> tuple[Checked, ...]:
        """The files that stay."""
        return tuple(picture for picture in self.pictures if picture.kept)

    @property
    def dropped(self) -> tuple[Checked, ...]:
        """The files that would be dropped."""
        return tuple(picture for picture in self.pictures if not picture.kept)

    @property
    def doubt(self) -> str:
        """What a person should look at; empty where all is well."""
        if not self.groups:
            return ""
        if len(self.groups) > 1 and 2 * self.groups[1] > self.groups[0]:
            sizes = " and ".join(map(str, self.groups[:2]))
            return f"groups of {sizes} pictures: two things, or two sides of one"
        usable = len({picture.id for picture in self.pictures if picture.id is not None})
        if 2 * self.groups[0] < usable:
            return "fewer than half connect: many strangers, or views far apart"
        return ""


@dataclass(frozen=True, slots=True, eq=False)
class Cleaning:
    """What cleaning found.

    Attributes:
        classes: in order of name.
        loose: paths of pictures that lie in no class.
    """

    classes: tuple[ClassReport, ...]
    loose: tuple[str, ...] = ()

    @property
    def pictures(self) -> int:
        """Files of all classes."""
        return sum(len(report.pictures) for report in self.classes)

    @property
    def kept(self) -> int:
        """Files that stay."""
        return sum(len(report.kept) for report in self.classes)

    @property
    def contradictory(self) -> tuple[Checked, ...]:
        """Files that stay in one class while one of the same bytes stays in another."""
        owners: dict[int | None, set[str]] = defaultdict(set)
        for report in self.classes:
            for picture in report.kept:
                owners[picture.id].add(report.name)
        return tuple(
            picture
            for report in self.classes
            for picture in report.kept
            if len(owners[picture.id]) > 1
        )


def _count(number: int) -> str:
    return "1 other picture" if number == 1 else f"{number} other pictures"
