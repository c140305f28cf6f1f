"""The records that a collection hands out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from relook.core.records import Evidence
from relook.recognition.records import Verdict

__all__ = [
    "AddReport",
    "CheckReport",
    "Generation",
    "Hit",
    "Info",
    "Picture",
    "Progress",
    "Quarantined",
    "Recognition",
    "SearchResult",
]


@dataclass(frozen=True, slots=True)
class Generation:
    """A state of the catalog: the random name of a writing session and a counter of commits."""

    uuid: str
    counter: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A picture that cannot be searched, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a collection, as it is shown.

    Attributes:
        id: of the content.
        path: of the first file that shows it, relative to its root, with '/'.
        width, height: of the upright picture in pixels.
        taken: ISO 8601, local time of the camera; None where it did not say.
        latitude, longitude: degrees, or None.
        labels: in order.
        bytes: of the file.
        files: how many files show it.
    """

    id: int
    path: str
    width: int
    height: int
    taken: str | None
    latitude: float | None
    longitude: float | None
    labels: tuple[str, ...]
    bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an index run is.

    Attributes:
        total: files to look at; the unchanged ones are not among them.
        done: files that were looked at.
        quarantined: how many of them are in quarantine.
        bytes: bytes read so far.
        seconds: since the run began.
        path: the file that was done last.
    """

    total: int
    done: int
    quarantined: int
    bytes: int
    seconds: float
    path: str

    @property
    def rate(self) -> float:
        """Files per second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float:
        """Seconds until the end at the present rate; infinity at the very beginning."""
        return (self.total - self.done) / self.rate if self.rate > 0 else float("inf")


@dataclass(frozen=True, slots=True)
class AddReport:
    """What an index run did. All numbers count files.

    Attributes:
        added: contents that are new and can be searched now.
        known: files whose content was there already: copies, moved and touched files.
        moved: among those, files whose old path is gone; the old path was dropped.
        changed: paths that show another content than before.
        unchanged: files that are as they were.
        ignored: files that are no pictures.
        missing: stored paths below the given folders whose file is gone; ``prune`` drops them.
        pruned: contents dropped by ``prune`` because no file shows them any more.
        quarantined: the pictures of this run that cannot be searched, with their reasons.
        unreadable: folders that could not be listed.
        inherited: changed paths whose new content got the labels of the one before.
        seconds: what the run took.
    """

    added: int = 0
    known: int = 0
    moved: int = 0
    changed: int = 0
    unchanged: int = 0
    ignored: int = 0
    missing: int = 0
    pruned: int = 0
    quarantined: tuple[Quarantined, ...] = ()
    unreadable: tuple[str, ...] = ()
    inherited: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Info:
    """What a collection holds.

    Attributes:
        images: contents that can be searched and that a file shows.
        paths: files that show them; a content may have several.
        quarantined: files that cannot be searched.
        pending: contents whose description was lost; the next index run describes them again.
        recipe: name of the recipe.
        bytes: size of the collection's directory, without thumbnails.
        roots: the folders that paths are relative to.
        labels: different labels of these contents.
        labelled: how many of these contents have a label.
    """

    images: int
    paths: int
    quarantined: int
    pending: int
    recipe: str
    bytes: int
    roots: tuple[str, ...]
    labels: int = 0
    labelled: int = 0

    @property
    def bytes_per_image(self) -> float:
        """Size of the directory per image."""
        return self.bytes / self.images if self.images else 0.0


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Whether a collection is sound.

    Attributes:
        ok: nothing is wrong (after the repair, where one was asked for).
        problems: what was found, one line each.
        digest: hash of what the catalog holds; equal for equal contents, whatever the order of
            work.
    """

    ok: bool
    problems: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """One result of a search.

    Attributes:
        rank: from 1.
        id: content id.
        path: as stored, with '/'.
        score: higher is better.
        inliers: correspondences that agree on one geometry; 0 where there is no evidence.
        region: ``(4, 2)`` float32 matched outline in the result, or None.
        query_region: the same outline in the query, or None.
        evidence: everything that verification found, or None.
        similarity: to the query, 0 to 1, without geometry: the cosine of vectors, or the normalized
            kernel of local features (its α-th root, which compares to a cosine), or the larger of
            both where a recipe has both. A picture has 1 with itself. None where several boxes, or
            marked pictures, were asked for together.
    """

    rank: int
    id: int
    path: str
    score: float
    inliers: int = 0
    region: NDArray[np.float32] | None = None
    query_region: NDArray[np.float32] | None = None
    evidence: Evidence | None = None
    similarity: float | None = None

    @property
    def verified(self) -> bool:
        """Whether the evidence is strong enough to say so."""
        return self.evidence is not None and self.evidence.verified


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """The answer to one query.

    Attributes:
        query: name of the query.
        results: best first.
        milliseconds: of ``decode``, ``describe``, ``search``, ``verify`` and ``total``.
        skipped: images that were left out because their description cannot be read; a check names
            them.
        right: ids of the pictures that were marked right, where the search was one with marks.
        wrong: ids of those that were marked wrong.
    """

    query: str
    results: tuple[Hit, ...]
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    skipped: int = 0
    right: tuple[int, ...] = ()
    wrong: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Recognition:
    """What a query shows: a name, or "not in this collection", how sure that is and why.

    Attributes:
        query: name of the query.
        verdict: the answer, its confidence and the alternatives.
        evidence: the picture that speaks most for the best label, with its geometry where there
            is some; None where nothing labelled was found.
        calibration: ``collection`` where confidences were calibrated on this collection,
            ``shipped`` where those of independent photos are used, with a stricter threshold.
        threshold: confidence from which a label is given.
        milliseconds: of ``decode``, ``describe``, ``search``, ``verify``, ``recognize`` and
            ``total``.
        warnings: what the reader should know, one line each, such as pictures added since the
            calibration.
    """

    query: str
    verdict: Verdict
    evidence: Hit | None
    calibration: str
    threshold: float
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
