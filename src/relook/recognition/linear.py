"""Linear and kernel support vector machines on descriptors, one class against the rest.

Cortes and Vapnik, "Support-vector networks", Machine Learning 1995. scikit-learn fits; what is kept
is arrays, and what is asked of them is computed here, so that a classifier outlives the version
that fitted it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.paths import AnyPath
from relook.core.storage import load_arrays, save_arrays
from relook.vectors import l2_normalize

__all__ = ["KERNELS", "LinearClassifier", "classes_of", "concatenate", "mean_pool"]

KIND, VERSION = "relook.classifier", 1
BLOCK = 1024
"""Rows that are compared with all support vectors at a time, which bounds the memory."""

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def _inner(rows: Float64, others: Float64, _: float) -> Float64:
    return rows @ others.T


def _gaussian(rows: Float64, others: Float64, gamma: float) -> Float64:
    lengths = np.einsum("nd,nd->n", rows, rows)[:, None] + np.einsum("nd,nd->n", others, others)
    values: Float64 = np.exp(-gamma * np.maximum(lengths - 2 * (rows @ others.T), 0))
    return values


KERNELS: dict[str, Callable[[Float64, Float64, float], Float64]] = {
    "linear": _inner,
    "rbf": _gaussian,
}
"""k(x, y): xᵀy, or exp(-γ |x - y|²)."""


def _kernel_values(
    descriptors: Float32, others: Float32, *, kernel: str, gamma: float = 0.0
) -> Float64:
    """k(x, y) of all ``(N, D)`` with all ``(M, D)``: ``(N, M)`` float64."""
    compare, columns = KERNELS[kernel], others.astype(np.float64)
    blocks = [
        compare(descriptors[start : start + BLOCK].astype(np.float64), columns, gamma)
        for start in range(0, len(descriptors), BLOCK)
    ]
    return np.concatenate(blocks) if blocks else np.zeros((0, len(others)))


def concatenate(*descriptors: Float32, weights: Sequence[float] | None = None) -> Float32:
    """Several descriptors of each image as one: ``(N, D_1)``, ``(N, D_2)``, … → ``(N, ΣD)``.

    Each is l2-normalized and multiplied by its weight (1 where none are given), then the whole is
    l2-normalized: inner products are the averages of those of the parts, weighted by w². A part
    that is zero in an image says nothing there.

    Raises:
        ShapeError: no matrices with as many rows each, or values that are not finite.
        UsageError: not a weight above 0 for each.
    """
    if not descriptors:
        raise UsageError("there is nothing to concatenate; give one or more matrices")
    factors = [1.0] * len(descriptors) if weights is None else list(weights)
    if len(factors) != len(descriptors) or not all(0 < factor < math.inf for factor in factors):
        raise UsageError(f"give a weight above 0 for each of the {len(descriptors)} descriptors")
    for number, part in enumerate(descriptors):
        name = f"descriptors[{number}]"
        check_array(name, part, shape=(len(descriptors[0]), None), dtype=np.float32)
        check_finite(name, part)
    parts = [
        l2_normalize(part) * np.float32(factor)
        for part, factor in zip(descriptors, factors, strict=True)
    ]
    return l2_normalize(np.concatenate(parts, axis=1))


def mean_pool(descriptors: Float32) -> Float32:
    """The l2-normalized mean over ``(N, V, D)`` variants, rescaled and mirrored ones: ``(N, D)``.

    Raises:
        ShapeError: another shape or type, no variant, or values that are not finite.
    """
    check_array("descriptors", descriptors, shape=(None, None, None), dtype=np.float32)
    check_finite("descriptors", descriptors)
    if not descriptors.shape[1]:
        raise ShapeError("descriptors have no variants; give one or more of each image")
    return l2_normalize(descriptors.mean(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class LinearClassifier:
    """A support vector machine per class: f_c(x) = Σ_s a_cs k(v_s, x) + b_c.

    Attributes:
        classes: in the order of their code points.
        vectors: ``(S, D)`` float32 v: the support vectors of all classes; of the linear kernel
            the weights of each class, S = classes.
        coefficients: ``(classes, S)`` float64 a; of the linear kernel the identity.
        intercepts: ``(classes,)`` float64 b.
        kernel: one of :data:`KERNELS`.
        gamma: γ of the kernel ``rbf``, else 0.
        cost: C, what an image on the wrong side of its margin cost in the fit.
    """

    classes: tuple[str, ...]
    vectors: Float32
    coefficients: Float64
    intercepts: Float64
    kernel: str = "linear"
    gamma: float = 0.0
    cost: float = 1.0

    def __post_init__(self) -> None:
        count = len(self.classes)
        if count < 2 or list(self.classes) != sorted(set(self.classes)):
            raise ShapeError("a classifier has two or more classes, sorted, each once")
        if self.kernel not in KERNELS:
            raise UsageError(f"kernel must be one of {', '.join(KERNELS)}, not {self.kernel!r}")
        check_array("vectors", self.vectors, shape=(None, None), dtype=np.float32)
        shape = (count, len(self.vectors))
        check_array("coefficients", self.coefficients, shape=shape, dtype=np.float64)
        check_array("intercepts", self.intercepts, shape=(count,), dtype=np.float64)
        for name in ("vectors", "coefficients", "intercepts"):
            check_finite(name, getattr(self, name))

    @classmethod
    def fit(
        cls,
        descriptors: Float32,
        labels: Sequence[str],
        *,
        cost: float = 1.0,
        kernel: str = "linear",
        gamma: float | None = None,
        balanced: bool = False,
    ) -> Self:
        """Learn from ``(N, D)`` float32 descriptors; the same ones give the same classifier.

        A class with one image is learned as any other. Labels are compared as they are, code point
        by code point, in any script.

        Args:
            descriptors: l2-normalized ones do best.
            labels: one for each.
            cost: C, what an image on the wrong side of its margin costs; larger fits closer.
            kernel: one of :data:`KERNELS`. The loss is the squared hinge for ``linear``, the hinge
                for ``rbf``, so their C differ.
            gamma: γ of ``rbf``; None: 1 / (D × variance of all values), 1 or so for unit vectors.
            balanced: an image counts the more, the fewer its class (or the rest) has.

        Raises:
            ShapeError: no finite float32 matrix.
            UsageError: not a label for each, one class only, or a bad setting.
        """
        classes, rows = classes_of(descriptors, labels)
        if kernel not in KERNELS:
            raise UsageError(f"kernel must be one of {', '.join(KERNELS)}, not {kernel!r}")
        width = _gamma(descriptors, gamma) if kernel == "rbf" else 0.0
        if not 0 < cost < math.inf:
            raise UsageError(f"cost must be above 0, not {cost}")
        weight = "balanced" if balanced else None
        if kernel == "linear":
            fitted = _fit_linear(descriptors, rows, len(classes), C=cost, class_weight=weight)
        else:
            settings = {"C": cost, "kernel": kernel, "gamma": width, "class_weight": weight}
            fitted = _fit_kernel(descriptors, rows, len(classes), settings)
        return cls(classes, *fitted, kernel=kernel, gamma=width, cost=float(cost))

    def decision(self, descriptors: Float32) -> Float64:
        """Signed margins ``(Q, classes)`` float64 of ``(Q, D)`` descriptors; no probabilities.

        Raises:
            ShapeError: another dimension or type than was learned, or values that are not finite.
        """
        check_array(
            "descriptors", descriptors, shape=(None, self.vectors.shape[1]), dtype=np.float32
        )
        check_finite("descriptors", descriptors)
        near = _kernel_values(descriptors, self.vectors, kernel=self.kernel, gamma=self.gamma)
        return near @ self.coefficients.T + self.intercepts

    def predict(self, descriptors: Float32) -> list[str]:
        """The class with the largest margin for each of ``(Q, D)``; the first of equal ones."""
        return [self.classes[row] for row in self.decision(descriptors).argmax(axis=1).tolist()]

    def save(self, path: AnyPath) -> None:
        """Write one file: arrays and a JSON header."""
        names = ("vectors", "coefficients", "intercepts")
        header = {
            "classes": list(self.classes), "kernel": self.kernel,
            "gamma": self.gamma, "cost": self.cost,
        }  # fmt: skip
        arrays = {name: getattr(self, name) for name in names}
        save_arrays(path, arrays, kind=KIND, version=VERSION, header=header)

    @classmethod
    def load(cls, path: AnyPath) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            FormatError: the file is damaged, of another kind, or of a newer relook.
            StorageError: it cannot be opened.
        """
        stored = load_arrays(path, kind=KIND, version=VERSION)
        try:
            said: dict[str, Any] = {**stored.arrays, **stored.header}
            said["classes"] = tuple(str(name) for name in said["classes"])
            return cls(**said)
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"{path} is damaged; fit the classifier again ({error})") from error


def classes_of(
    descriptors: Float32, labels: Sequence[str]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The classes, sorted, and ``(N,)`` the place of each label among them, after all checks.

    Raises:
        ShapeError: no finite float32 matrix.
        UsageError: not a label for each, or one class only.
    """
    check_array("descriptors", descriptors, shape=(None, None), dtype=np.float32)
    check_finite("descriptors", descriptors)
    if isinstance(labels, str) or not all(isinstance(label, str) for label in labels):
        raise UsageError("labels must be a list of texts, one for each descriptor")
    if len(labels) != len(descriptors):
        raise UsageError(f"{len(labels)} labels for {len(descriptors)} descriptors; give one each")
    names = [str(label) for label in labels]
    classes = tuple(sorted(set(names)))
    if len(classes) < 2:
        said = f"only {classes[0]!r}" if classes else "no label"
        raise UsageError(
            f"a classifier tells classes apart, and there is {said}; add another class"
        )
    places = {name: place for place, name in enumerate(classes)}
    return classes, np.array([places[name] for name in names], np.int64)


def _gamma(descriptors: Float32, gamma: float | None) -> float:
    if gamma is None:
        spread = descriptors.shape[1] * float(descriptors.astype(np.float64).var())
        if spread <= 0:
            raise UsageError("all descriptors are the same; there is nothing to tell apart")
        return float(1.0 / spread)
    if not 0 < gamma < math.inf:
        raise UsageError(f"gamma must be above 0, not {gamma}")
    return float(gamma)


Fitted = tuple[Float32, Float64, Float64]


def _fit_linear(
    descriptors: Float32, rows: NDArray[np.int64], count: int, **settings: Any
) -> Fitted:
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - slow to import

    # The primal problem is solved by Newton's method: nothing is drawn at random.
    machine = LinearSVC(dual=False, max_iter=10_000, **settings).fit(descriptors, rows)
    weights, intercepts = machine.coef_, machine.intercept_
    if count == 2:  # scikit-learn keeps the second class only
        weights, intercepts = np.vstack([-weights, weights]), np.append(-intercepts, intercepts)
    return weights.astype(np.float32), np.eye(count), intercepts.astype(np.float64)


def _fit_kernel(
    descriptors: Float32, rows: NDArray[np.int64], count: int, settings: dict[str, Any]
) -> Fitted:
    from sklearn.svm import SVC  # noqa: PLC0415 - slow to import

    coefficients, intercepts = np.zeros((count, len(rows))), np.zeros(count)
    for place in range(count) if count > 2 else (1,):
        machine = SVC(**settings).fit(descriptors, rows == place)
        coefficients[place, machine.support_] = machine.dual_coef_[0]
        intercepts[place] = machine.intercept_[0]
    if count == 2:
        coefficients[0], intercepts[0] = -coefficients[1], -intercepts[1]
    support = np.flatnonzero(coefficients.any(axis=0))
    return descriptors[support].copy(), coefficients[:, support].copy(), intercepts
