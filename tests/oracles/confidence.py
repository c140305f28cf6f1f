"""The conditional logit of recognition, label by label, and things to try it on."""

from __future__ import annotations

import math

import numpy as np

from relook.recognition.claims import FEATURES, Claims
from relook.recognition.confidence import Case
from relook.recognition.observation import Observation


def probabilities(weights, claims):
    """Each label against its rivals and none; none against the best label and its rivals."""
    utilities = [math.fsum(w * x for w, x in zip(weights, row, strict=True)) for row in
                 claims.features]  # fmt: skip
    chances, totals = [], []
    for i, own in enumerate(utilities):
        rivals = [other for j, other in enumerate(utilities) if claims.rivals[i][j]]
        totals.append(math.exp(own) + 1.0 + math.fsum(math.exp(other) for other in rivals))
        chances.append(math.exp(own) / totals[-1])
    if not utilities:
        return [], 1.0
    return chances, 1.0 / totals[utilities.index(max(utilities))]


def loss(cases, theta, *, unknown):
    """Cases whose claims all exclude each other: − log P of the right one, or of none."""
    known = sum(case.known for case in cases)
    total = 0.0
    for case in cases:
        chances, _ = probabilities(theta, case.claims)
        right = [p for p, name in zip(chances, case.claims.labels, strict=True)
                 if name in case.truth]  # fmt: skip
        chance = right[0] if right else 1.0 - math.fsum(chances)
        share = (1 - unknown) / known if case.known else unknown / (len(cases) - known)
        total -= share * len(cases) * math.log(chance)
    return total


def observation(ids, *, similarities=None, surprises=None, strengths=None, boxes=None, **columns):
    """Results of a search of which only some columns matter; the others are 0."""
    count = len(ids)
    found = {
        "similarities": np.linspace(1, 0, count) if similarities is None else similarities,
        "surprises": np.zeros(count) if surprises is None else surprises,
        "strengths": np.zeros(count) if strengths is None else strengths,
        "boxes": np.full((count, 4), np.nan) if boxes is None else boxes,
        **{name: columns.get(name, np.zeros(count)) for name in
           ("query_shares", "shares", "offsets")},
    }  # fmt: skip
    arrays = {name: np.asarray(column, np.float32) for name, column in found.items()}
    arrays["boxes"] = arrays["boxes"].reshape(count, 4)
    return Observation(np.asarray(ids, np.int64).reshape(count), **arrays)


def rival_claims(features, labels=None):
    """Claims of labels that exclude each other, one image for each."""
    table = np.asarray(features, np.float64).reshape(-1, len(FEATURES))
    count = len(table)
    names = tuple(f"label {row}" for row in range(count)) if labels is None else tuple(labels)
    return Claims(
        names, np.arange(count), table, np.ones(count, np.int64), ~np.eye(count, dtype=bool)
    )


def planted_cases(theta, count, *, seed, unknown=0.5, groups=25, most=4):
    """Queries whose right label, or that none is, is drawn from the model itself.

    Features are drawn so that half of the queries, about, have strong evidence. Cases are drawn
    until as large a share is unknown as asked.
    """
    rng = np.random.default_rng(seed)
    wanted = {True: round(count * (1 - unknown)), False: round(count * unknown)}
    cases = []
    while any(wanted.values()):
        number = int(rng.integers(1, most + 1))
        table = np.abs(rng.normal(0, 1, (number, len(FEATURES))))
        table[0] *= rng.choice([0.5, 3.0])
        table[:, 0] = 1.0
        claims = rival_claims(table)
        chances, _ = probabilities(theta, claims)
        outcome = int(rng.choice(number + 1, p=[*chances, max(0.0, 1 - math.fsum(chances))]))
        known = outcome < number
        if wanted[known]:
            wanted[known] -= 1
            truth = frozenset({claims.labels[outcome]} if known else ())
            cases.append(Case(claims, truth, f"group {rng.integers(groups)}"))
    return cases
