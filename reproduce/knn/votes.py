"""Tables 5.1 and 5.2: one descriptor of each picture, whose neighbors vote or are averaged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from relook.recognition.vote import TRANSFORMS, expanded_mean_knn, knn_vote, mean_knn
from reproduce.knn.material import Material, similarities, whitened
from reproduce.knn.protocol import Answers, Task
from reproduce.knn.results import (
    KS,
    Claim,
    Finding,
    Grid,
    Key,
    Section,
    Table,
    finding,
    published,
)

__all__ = ["BASIC", "LABELS", "basic", "knn_votes", "means", "vectors_of", "vote", "vote_rows"]

Float32 = NDArray[np.float32]

LABELS = {
    "sqrt": "square root", "square": "square", "identity": "identity", "log": "ln(x + e)",
}  # fmt: skip
ALPHAS = (0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
BASIC = "votes"
"""Row of table 5.1 that others are compared with: the sum of votes as they are."""


def vote(task: Task, scores: Float32, k: int, transform: str = "identity") -> Answers:
    """What the k best of a task's database say, by ``(Q, N)`` similarities."""
    places, found = task.neighbors(scores, k)
    classes = np.append(task.classes, -1)[places]
    return task.answer(knn_vote(found, classes, transform=transform))


def vote_rows(
    task: Task,
    scores: Mapping[bool, Float32],
    transforms: Mapping[str, str],
    ks: Iterable[int] = KS,
) -> dict[Key, Answers]:
    """Cells by whitening; ``transforms`` says by the method's name how similarities vote."""
    return {
        Key(white, method, k): vote(task, found, k, transform)
        for white, found in scores.items()
        for method, transform in transforms.items()
        for k in ks
    }


def vectors_of(material: Material) -> dict[bool, Float32]:
    """The benchmark at scale 1, whitened and not."""
    original = material.original
    return {True: whitened(original).benchmark, False: original.benchmark}


def knn_votes(material: Material) -> Section:
    """Table 5.1: what similarities are before they are summed."""
    task = material.task
    scores = {white: similarities(task, rows) for white, rows in vectors_of(material).items()}
    ours = vote_rows(task, scores, dict(zip(TRANSFORMS, TRANSFORMS, strict=True)))
    table = Table("5.1", "Votes of neighbors", LABELS, ours, published("5.1"))
    return Section(
        "knn-votes",
        material.facts,
        table,
        [*(finding(claim, table) for claim in _claims_of_votes()), *_several(task, table)],
        [_by_images(task, ours)],
    )


def means(material: Material) -> Section:
    """Table 5.2: class-wise means of neighbors, and of what is near them."""
    task = material.task
    ours: dict[Key, Answers] = {}
    for white, rows in vectors_of(material).items():
        asked, indexed = rows[task.queries], np.ascontiguousarray(rows[task.database])
        scores = similarities(task, rows)
        ours |= vote_rows(task, {white: scores}, {BASIC: "identity"}, KS[1:])
        for k in KS[1:]:
            given = (asked, indexed, task.classes, task.neighbors(scores, k)[0])
            ours[Key(white, "mean", k)] = task.answer(mean_knn(*given))
            for alpha in ALPHAS:
                votes = expanded_mean_knn(*given, alpha=alpha)
                ours[Key(white, f"{alpha}", k)] = task.answer(votes)
    labels = {BASIC: "sum of votes (5.1)", "mean": "mean k-NN"}
    labels |= {f"{alpha}": f"α = {alpha}" for alpha in ALPHAS}
    theirs = published("5.2") | basic()
    table = Table("5.2", "Means of neighbors", labels, ours, theirs, frozenset([BASIC]))
    findings = [finding(claim, table) for claim in _claims_of_means()]
    return Section("mean-knn", material.facts, table, findings)


def basic() -> dict[Key, float]:
    """The thesis' figures of plain votes, as a row to compare with."""
    return {
        Key(key.whitened, BASIC, key.k): score
        for key, score in published("5.1").items()
        if key.method == "identity"
    }


def _claims_of_votes() -> list[Claim]:
    plain, white = (
        {k: Key(whitened, "identity", k) for k in KS} for whitened in (False, True)
    )  # fmt: skip
    return [
        Claim("One neighbor alone: whitening harms", plain[1], white[1]),
        Claim("Seven neighbors: whitening helps", white[7], plain[7]),
        Claim("Not whitened, 3 neighbors are better than 1", plain[3], plain[1]),
        Claim("Whitened, 7 neighbors are better than 1", white[7], white[1]),
        Claim("Not whitened, 23 neighbors are worse than 3", plain[3], plain[23]),
        Claim("Whitened, 23 neighbors are (a little) worse than 7", white[7], white[23]),
        Claim("Whitened, k = 7: a square does not help", white[7], Key(True, "square", 7)),
        Claim("Whitened, k = 7: a root does not help", white[7], Key(True, "sqrt", 7)),
        Claim("Whitened, k = 7: a logarithm does not help", white[7], Key(True, "log", 7)),
    ]


def _claims_of_means() -> list[Claim]:
    cells = {
        name: Key(True, name, 7) for name in (BASIC, "mean", *(f"{alpha}" for alpha in ALPHAS))
    }
    return [
        Claim("Whitened, k = 7: means are worse than votes", cells[BASIC], cells["mean"]),
        Claim("Whitened, k = 7: α = .7 is worse than the mean", cells["mean"], cells["0.7"]),
        Claim("Whitened, k = 7: α = .2 is worse than the mean", cells["mean"], cells["0.2"]),
        Claim("Mean, k = 7: whitening helps", cells["mean"], Key(False, "mean", 7)),
        Claim(
            "Not whitened, k = 23: means are better than votes",
            Key(False, "mean", 23),
            Key(False, BASIC, 23),
        ),
    ]


def _several(task: Task, table: Table) -> list[Finding]:
    """The same of queries that are more like the thesis' own: their classes have several images."""
    chosen = task.images != 1
    ours = {key: answers.among(chosen) for key, answers in table.ours.items()}
    part = replace(table, ours=ours)
    added = "; queries of classes with one image left out"
    one, three, seven = (Key(True, "identity", k) for k in (1, 3, 7))
    claims = [
        Claim(f"Whitened, 3 neighbors are better than 1{added}", three, one),
        Claim(f"Whitened, 7 neighbors are better than 1{added}", seven, one),
        Claim(f"Whitened, k = 7: a square does not help{added}", seven, Key(True, "square", 7)),
    ]
    return [finding(claim, part) for claim in claims]


def _by_images(task: Task, ours: Mapping[Key, Answers]) -> Grid:
    """Why many neighbors harm: a class of one image has one vote."""
    parts = {"one image": task.images == 1, "several images": task.images > 1}
    rows = []
    for name, part in parts.items():
        for method in ("identity", "square"):
            found = {k: ours[Key(True, method, k)] for k in KS}
            shares = [f"{found[k].right[part].mean():.3f}" for k in KS]
            scores = [f"{found[k].among(part | ~task.known).score:.3f}" for k in KS]
            head = [name, f"{np.count_nonzero(part)}", LABELS[method]]
            rows += [[*head, "share right", *shares], [*head, "µAP", *scores]]
    words = (
        "Whitened, by the number of images that the database has of a known query's class: the "
        "share of these queries whose class is right, and µAP of them and all unknown ones."
    )
    header = ["class of", "queries", "votes", "measure", *(f"k = {k}" for k in KS)]
    return Grid("Classes of one image, and of several", words, header, rows, left=4)
