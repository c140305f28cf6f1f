"""Which pictures of each class show its thing, told by matching them with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relook.collection import Collection
from relook.core.errors import UsageError
from relook.core.records import Box
from relook.mapping.agreement import compare
from relook.mapping.cleaning.boxes import find_boxes
from relook.mapping.cleaning.classes import ClassFile
from relook.mapping.cleaning.pairs import Pair, Pairing, verify_pairs
from relook.mapping.cleaning.records import Checked, ClassReport, Cleaning, Reason
from relook.mapping.copies import is_copy
from relook.mapping.groups import Groups
from relook.mapping.growth import Progress
from relook.mapping.neighbors import Neighbors
from relook.mapping.pictures import Pictures

__all__ = ["CleaningSettings", "clean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CleaningSettings:
    """How classes are cleaned.

    Attributes:
        strength: of evidence by which two pictures are linked; see
            :class:`~relook.core.records.Evidence`. None for what the recipe calls verified.
            Less keeps more hard views, and here and there a wrong picture; one wrong link keeps
            all that hangs on it.
        whole: classes of up to so many pictures are held against each other pair by pair.
        candidates: pictures that each of a larger class is held against.
        keep_unverified: keep classes in which no two pictures match, as a whole.
    """

    strength: float | None = None
    whole: int = 60
    candidates: int = 30
    keep_unverified: bool = False

    def __post_init__(self) -> None:
        if self.strength is not None and not self.strength > 0:
            raise UsageError(f"strength must be above 0, not {self.strength}")
        if min(self.whole, self.candidates) < 1:
            raise UsageError("whole and candidates must be 1 or more")


def clean(
    collection: Collection,
    classes: Mapping[str, Sequence[ClassFile]],
    *,
    settings: CleaningSettings = CleaningSettings(),
    progress: Progress | None = None,
) -> Cleaning:
    """Say which pictures of each class show its thing, and where.

    Pictures of a class are linked where many details agree in place. The largest connected group
    stays: what a class shows mostly is what it is meant to show, and views that do not match each
    other are connected by views between them. Copies are one picture in this. Nothing is written.

    Args:
        collection: of a recipe with local features, with the pictures of all classes.
        classes: by name; see :mod:`relook.mapping.cleaning.classes`.
        settings: see :class:`CleaningSettings`.
        progress: called with what is under way, the number done and the total.

    Raises:
        UsageError: the recipe has no local features.

    Source: Gordo, Almazán, Revaud, Larlus, "Deep image retrieval: learning global representations
    for image search", ECCV 2016 (dataset cleaning).
    """
    report = progress or _no_report
    neighbors = Neighbors(collection, purpose="cleaning")
    pictures = Pictures(collection)
    strength = settings.strength or neighbors.verified_strength
    pairing = Pairing(strength, settings.whole, settings.candidates)
    known = set(neighbors.ids.tolist())
    contents = {name: _contents(files, known) for name, files in classes.items()}
    owners: dict[int, set[str]] = defaultdict(set)
    for name, ids in contents.items():
        for id_ in ids:
            owners[id_].add(name)
    total, done = sum(map(len, contents.values())), 0

    def tick() -> None:
        nonlocal done
        done += 1
        report("match", done, total)

    reports = []
    for name, files in classes.items():
        pairs = verify_pairs(neighbors, contents[name], pairing=pairing, done=tick)
        sizes = {id_: codes.size for id_, codes in neighbors.codes(contents[name]).items()}
        one = _Class(name, files, pairs, sizes, owners, _copies(pairs, pictures))
        reports.append(one.report(keep_unverified=settings.keep_unverified))
    return Cleaning(tuple(reports))


class _Class:
    """Verified pairs of one class → what to do with each of its files."""

    def __init__(
        self,
        name: str,
        files: Sequence[ClassFile],
        pairs: tuple[Pair, ...],
        sizes: Mapping[int, tuple[int, int]],
        owners: Mapping[int, set[str]],
        copies: Sequence[tuple[int, int]],
    ) -> None:
        self._name = name
        self._files = files
        self._pairs = pairs
        self._sizes = sizes
        self._owners = owners
        self._paths: dict[int, list[str]] = defaultdict(list)
        for file in files:
            if file.content in sizes and file.content is not None:
                self._paths[file.content].append(file.path)
        self._copies: dict[int, list[int]] = defaultdict(list)
        for one, other in copies:
            self._copies[one].append(other)
            self._copies[other].append(one)
        self._of: dict[int, list[Pair]] = defaultdict(list)
        for pair in pairs:
            for id_ in pair.ids:
                self._of[id_].append(pair)

    def report(self, *, keep_unverified: bool) -> ClassReport:
        groups = self._groups()
        main = groups[0] if groups else frozenset[int]()
        # What is behind the thing matches too in a copy, so copies say nothing about boxes.
        inside = [
            pair
            for pair in self._pairs
            if pair.ids[0] in main and pair.ids[1] not in self._copies[pair.ids[0]]
        ]
        boxes = find_boxes(inside, self._sizes)
        checked = [self._check(file, groups, boxes, keep=keep_unverified) for file in self._files]
        sizes = tuple(self._count(group) for group in groups)
        return ClassReport(self._name, tuple(checked), self._pairs, sizes)

    def _groups(self) -> list[frozenset[int]]:
        """Connected pictures, the most different ones first; of equals those that match best."""
        together = Groups()
        for pair in self._pairs:
            together.join(*pair.ids)
        members: dict[int, set[int]] = defaultdict(set)
        worth: dict[int, float] = defaultdict(float)
        for pair in self._pairs:
            root = together.of(pair.ids[0])
            members[root].update(pair.ids)
            worth[root] += pair.strength
        order = sorted(members, key=lambda root: (-self._count(members[root]), -worth[root], root))
        return [frozenset(members[root]) for root in order]

    def _count(self, ids: frozenset[int] | set[int]) -> int:
        """Pictures of a group, copies as one."""
        together = Groups()
        for one in ids:
            for other in self._copies[one]:
                together.join(one, other)
        return len({together.of(id_) for id_ in ids})

    def _check(
        self,
        file: ClassFile,
        groups: Sequence[frozenset[int]],
        boxes: Mapping[int, Box],
        *,
        keep: bool,
    ) -> Checked:
        id_ = file.content
        if id_ is None or id_ not in self._sizes:
            problem = file.reason or "its description is lost; index it again"
            return Checked(file.path, file.file, kept=False, reason="unreadable", problem=problem)
        group = next((group for group in groups if id_ in group), frozenset[int]())
        reason = self._reason(group, groups)
        same = [path for path in self._paths[id_] if path != file.path]
        near = [path for other in self._copies[id_] for path in self._paths[other]]
        others = [path for other in group for path in self._paths[other]]
        return Checked(
            path=file.path,
            file=file.file,
            kept=reason == "same thing" or (keep and reason in ("nothing verifies", "alone")),
            reason=reason,
            matches=len(self._of[id_]),
            best=max((pair.inliers for pair in self._of[id_]), default=0),
            group=tuple(sorted(others)) if reason == "other thing" else (),
            box=boxes.get(id_),
            size=self._sizes[id_],
            copies=tuple(sorted({*same, *near})),
            elsewhere=tuple(sorted(self._owners[id_] - {self._name})),
            id=id_,
        )

    def _reason(self, group: frozenset[int], groups: Sequence[frozenset[int]]) -> Reason:
        if not groups:
            return "alone" if len(self._sizes) == 1 else "nothing verifies"
        if group:
            return "same thing" if group is groups[0] else "other thing"
        return "no match"


def _contents(files: Sequence[ClassFile], known: set[int]) -> list[int]:
    return sorted({file.content for file in files if file.content in known and file.content})


def _copies(pairs: Sequence[Pair], pictures: Pictures) -> list[tuple[int, int]]:
    """The pairs that are one picture, re-encoded, resized or cut."""
    found = []
    for pair in pairs:
        if pair.alignment is None:
            continue
        one, other = (pictures.get(id_) for id_ in pair.ids)
        if one is None or other is None:
            continue
        agreement = compare(one, other, pair.alignment)
        if agreement is not None and is_copy(agreement):
            found.append(pair.ids)
    return found


def _no_report(what: str, done: int, total: int) -> None:
    del what, done, total
