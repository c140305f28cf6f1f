"""All that a step makes small: the losses of a configuration with their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from relook.core.errors import UsageError
from relook.networks.weights import open_weights
from relook.training.config import LossPart
from relook.training.losses import LOSSES, make_loss
from relook.training.steps.class_head import ClassHead
from relook.training.steps.context_head import CONTEXT, make_context_head
from relook.training.steps.distributed import gathered
from relook.training.steps.student import Seen, Student
from relook.training.teaching.distill import (
    DISTILL,
    DistillMap,
    read_distill,
    relation_distance,
    vector_distance,
)
from relook.training.teaching.teacher import TeacherSpec

__all__ = ["Chunk", "Terms", "layers_of", "make_terms", "teachers_of"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a batch on the device that works on it; see :class:`.records.Batch`.

    Attributes:
        pixels: ``(B, H, W, 3)``.
        labels: ``(B,)``.
        sizes: rows of each tuple, one after the other; empty where there are none.
        extras: arrays of B rows.
    """

    pixels: Tensor
    labels: Tensor
    sizes: tuple[int, ...]
    extras: Mapping[str, Tensor]


class Term(nn.Module):
    """One loss: a chunk and what the network says of it → scalar."""

    def forward(self, seen: Seen, chunk: Chunk) -> Tensor:
        """The mean over rows, or tuples."""
        raise NotImplementedError


class LossTerm(Term):
    """A loss of :mod:`relook.training.losses`."""

    def __init__(self, loss: nn.Module, kind: str) -> None:
        super().__init__()
        self.loss = loss
        self.kind = kind

    def forward(self, seen: Seen, chunk: Chunk) -> Tensor:
        """See :class:`Term`."""
        if self.kind == "tuple":
            parts = torch.split(seen.vectors, list(chunk.sizes))
            each = [self.loss(part[0], part[1], part[2:]) for part in parts]
            return torch.stack(each).mean()
        if self.kind == "batch":  # who relates pictures needs those of all processes
            found: Tensor = self.loss(gathered(seen.vectors), gathered(chunk.labels))
            return found
        scalar: Tensor = self.loss(seen.vectors, chunk.labels)
        return scalar


class ClassMapsTerm(Term):
    """A loss on the class maps of several scales."""

    def __init__(self, loss: nn.Module, head: ClassHead, at: str) -> None:
        super().__init__()
        self.loss, self.head, self.at = loss, head, at

    def forward(self, seen: Seen, chunk: Chunk) -> Tensor:
        """See :class:`Term`."""
        scalar: Tensor = self.loss(self.head(seen.maps[self.at], chunk.pixels), chunk.labels)
        return scalar


class LocationsTerm(Term):
    """A loss on tuples and on the classes at the locations that describe the query."""

    def __init__(self, loss: nn.Module, head: ClassHead, at: str) -> None:
        super().__init__()
        self.loss, self.head, self.at = loss, head, at

    def forward(self, seen: Seen, chunk: Chunk) -> Tensor:
        """See :class:`Term`."""
        scores = self.head.located(seen.maps[self.at])
        columns = (seen.vectors, scores, chunk.labels)
        parts = zip(*(torch.split(c, list(chunk.sizes)) for c in columns), strict=True)
        each = [self.loss(v[0], v[1], v[2:], score[0], label[0]) for v, score, label in parts]
        return torch.stack(each).mean()


class MapTerm(Term):
    """Distillation of a map."""

    def __init__(self, name: str, at: str, loss: DistillMap) -> None:
        super().__init__()
        self.name, self.at, self.loss = name, at, loss

    def forward(self, seen: Seen, chunk: Chunk) -> Tensor:
        """See :class:`Term`."""
        scalar: Tensor = self.loss(seen.maps[self.at], chunk.extras[self.name])
        return scalar


class RelationTerm(Term):
    """Distillation of relations."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, seen: Seen, chunk: Chunk) -> Tensor:
        """See :class:`Term`."""
        return relation_distance(gathered(seen.vectors), gathered(chunk.extras[self.name]))


class VectorTerm(Term):
    """Distillation of the teacher's own vector."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, seen: Seen, chunk: Chunk) -> Tensor:
        """See :class:`Term`."""
        return vector_distance(seen.vectors, chunk.extras[self.name])


class Terms(nn.Module):
    """The weighted sum of all terms."""

    def __init__(self, names: Sequence[str], weights: Sequence[float], terms: list[Term]) -> None:
        super().__init__()
        self.names = tuple(names)
        self.weights = tuple(weights)
        self.terms = nn.ModuleList(terms)

    @property
    def class_weights(self) -> set[str]:
        """Names of the parameters that stand for classes, which no decay should shrink."""
        return {
            f"terms.{place}.{name}"
            for place, term in enumerate(self.terms)
            if isinstance(term, LossTerm | ClassMapsTerm)
            for name, _ in term.named_parameters()
        }

    def forward(self, seen: Seen, chunk: Chunk) -> tuple[Tensor, Tensor]:
        """The sum, and ``(T,)`` values of the terms before they are weighted."""
        values = torch.stack([term(seen, chunk).float() for term in self.terms])
        return values @ values.new_tensor(self.weights), values.detach()


def make_terms(
    parts: Sequence[LossPart], student: Student, *, dims: int, classes: int, tuples: bool
) -> Terms:
    """The losses of a configuration.

    Args:
        parts: the losses.
        student: whose vectors and maps they see.
        dims: of a vector.
        classes: that there are to learn.
        tuples: whether batches are made of tuples.

    Raises:
        UsageError: no such loss or option, or one that takes tuples where nothing is mined.
    """
    teachers = teachers_of(parts)
    terms: list[Term] = []
    for part in parts:
        if part.name != DISTILL:
            _check_tuples(part, tuples=tuples)
            terms.append(_loss(part, student, dims=dims, classes=classes))
            continue
        spec, at = read_distill(part.options)
        name = next(name for name, one in teachers.items() if one == spec)
        if spec.of == "map":
            terms.append(_map_term(name, spec, student, at or student.network.spec.layer))
        else:
            terms.append(RelationTerm(name) if spec.of == "relations" else VectorTerm(name))
    return Terms(_names(parts), [part.weight for part in parts], terms)


def teachers_of(parts: Sequence[LossPart]) -> dict[str, TeacherSpec]:
    """The teachers that the losses ask for, each once, by a name of their own."""
    specs = [read_distill(part.options)[0] for part in parts if part.name == DISTILL]
    return {f"teacher{place}": spec for place, spec in enumerate(dict.fromkeys(specs))}


def layers_of(parts: Sequence[LossPart]) -> tuple[str, ...]:
    """The layers of the student whose maps the losses want."""
    asked = [read_distill(part.options) for part in parts if part.name == DISTILL]
    return tuple(at for spec, at in asked if spec.of == "map" and at)


def _map_term(name: str, spec: TeacherSpec, student: Student, at: str) -> MapTerm:
    channels = student.channels(at)
    padding = open_weights(spec.weights).card.padding
    shifted = padding == "same" and student.network.backbone.padding != padding
    loss = DistillMap(channels=channels, dimensions=spec.dimensions, shifted=shifted)
    return MapTerm(name, at, loss)


def _check_tuples(part: LossPart, *, tuples: bool) -> None:
    kind = getattr(LOSSES.get(part.name), "kind", "")
    if kind in ("tuple", "locations") and not tuples:
        raise UsageError(f"the loss {part.name} takes tuples; add a [mining] that finds them")


def _loss(part: LossPart, student: Student, *, dims: int, classes: int) -> Term:
    if part.name == CONTEXT:
        return LossTerm(make_context_head(part.options, dims=dims), CONTEXT)
    kind = getattr(LOSSES.get(part.name), "kind", "")
    options = dict(part.options)
    if kind in ("maps", "locations"):
        scales = options.pop("scales", (1.0,)) if kind == "maps" else (1.0,)
        head = ClassHead(student, classes=classes, scales=scales)
        make = ClassMapsTerm if kind == "maps" else LocationsTerm
        return make(make_loss(part.name, **options), head, student.network.spec.layer)
    if kind == "classes":
        options |= {"dims": dims, "classes": classes}
    return LossTerm(make_loss(part.name, **options), kind)


def _names(parts: Sequence[LossPart]) -> list[str]:
    """Names for the log; a second of the same name has a number."""
    names = [part.name for part in parts]
    return [
        name if names.count(name) == 1 else f"{name}{names[:i].count(name)}"
        for i, name in enumerate(names)
    ]
