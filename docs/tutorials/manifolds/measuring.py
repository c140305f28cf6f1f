"""How good a map of labelled points is, and where pictures go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

PICTURES = Path(__file__).parents[2] / "pictures"


def digits(
    count: int, *, names: Sequence[int] = tuple(range(10))
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """scikit-learn's digits, ``(N, 64)`` from 0 to 16, and what they are; at most so many."""
    pixels, labels = load_digits(return_X_y=True)
    rows = np.flatnonzero(np.isin(labels, names))
    rows = np.random.default_rng(0).permutation(rows)[:count]
    return pixels[rows], labels[rows]


def accuracy(
    known: NDArray[np.floating],
    labels: NDArray[np.int64],
    asked: NDArray[np.floating],
    truth: NDArray[np.int64],
) -> float:
    """The share of points that most of their five nearest known ones name right."""
    return float(KNeighborsClassifier(5).fit(known, labels).score(asked, truth))


def leave_one_out(points: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """The same, each point asked among all others."""
    votes = KNeighborsClassifier(5).fit(points, labels)
    nearest = votes.kneighbors(return_distance=False)
    named = [np.bincount(labels[row]).argmax() for row in nearest]
    return float(np.mean(np.array(named) == labels))


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(line + "\n")


def options(about: str, argv: Sequence[str] | None, **numbers: int) -> argparse.Namespace:
    """Numbers by name, and the folder for the picture."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--into", type=Path, default=PICTURES, help="folder for the picture")
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args(argv)
