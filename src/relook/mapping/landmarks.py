"""Where a picture was taken and what it may be called, by the pictures that show the same thing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from relook.collection import Collection, DescribedQuery, Hit, Picture
from relook.collection.filtering import EARTH_KM, distances_km
from relook.mapping.median import geometric_median

__all__ = ["Landmark", "Location", "Neighbor", "Role", "TagScore", "estimate_location", "locate"]

RADIUS_KM = 1.0
"""A landmark is seen from around it; who says another place is wrong, or saw another one."""
_TAGS = 12
_STEPS = 100
"""Of the median: more than enough for a millimeter."""

Role = Literal["agrees", "disagrees", "nowhere"]


@dataclass(frozen=True, slots=True)
class Location:
    """Where something is.

    Attributes:
        latitude, longitude: degrees.
        spread_m: meters within which two thirds of the evidence lie; None where one picture alone
            speaks for the place.
        neighbors: how many pictures agree on it.
    """

    latitude: float
    longitude: float
    spread_m: float | None
    neighbors: int


@dataclass(frozen=True, slots=True, eq=False)
class Neighbor:
    """A picture that may show the same thing.

    Attributes:
        hit: as a search finds it.
        picture: what is known of it.
        role: whether its place agrees with the estimate; ``nowhere`` where it has none.
    """

    hit: Hit
    picture: Picture
    role: Role


@dataclass(frozen=True, slots=True)
class TagScore:
    """A label of the pictures that show the same thing.

    Attributes:
        tag: the label.
        score: share of the evidence that speaks for it, 0 to 1; rare labels speak louder.
        images: how many of the pictures have it.
    """

    tag: str
    score: float
    images: int


@dataclass(frozen=True, slots=True, eq=False)
class Landmark:
    """What the pictures that show the same thing say of a query.

    Attributes:
        location: estimated from verified neighbors; None where none of them has a place.
        similar: what was found, best first.
        suggested: labels that fit best.
        frequent: labels that most of the verified neighbors have.
        milliseconds: as of a search.
    """

    location: Location | None
    similar: tuple[Neighbor, ...]
    suggested: tuple[TagScore, ...]
    frequent: tuple[TagScore, ...]
    milliseconds: Mapping[str, float]


def locate(collection: Collection, query: DescribedQuery, *, top: int = 50) -> Landmark:
    """Estimate where a picture was taken, and suggest what to call it.

    Only pictures that geometry verified have a say. The query itself, where the collection has it,
    has none.

    Args:
        collection: with places or labels.
        query: what is asked about.
        top: pictures to look at.

    Raises:
        UsageError: ``top`` is below 1.

    Source: the landmark page of Avrithis, Kalantidis, Tolias, Spyrou, "Retrieving landmark and
    non-landmark images from community photo collections", ACM Multimedia 2010.
    """
    result = collection.search(query, top=top, exclude_self=True)
    known = collection.pictures([hit.id for hit in result.results])
    found = [(hit, known[hit.id]) for hit in result.results if hit.id in known]
    proven = [(hit, picture) for hit, picture in found if hit.verified]
    location = _location(proven)
    similar = tuple(Neighbor(hit, picture, role_of(picture, location)) for hit, picture in found)
    trusted = [
        (hit, picture) for hit, picture in proven if role_of(picture, location) != "disagrees"
    ]
    return Landmark(
        location,
        similar,
        suggest_tags(trusted, collection.label_counts(), collection.count()),
        frequent_tags(proven),
        result.milliseconds,
    )


def estimate_location(
    points: NDArray[np.float64], weights: NDArray[np.float64], *, radius_km: float = RADIUS_KM
) -> tuple[Location, NDArray[np.bool_]]:
    """The place that most of the evidence speaks for, and who agrees with it.

    The point with the most weight around it is where to begin; the estimate is the weighted
    geometric median of what lies around it, so that a place noted wrongly does not move it.

    Args:
        points: ``(N, 2)`` degrees of latitude and longitude.
        weights: ``(N,)`` above 0.
        radius_km: how far apart two pictures of one landmark may have been taken.

    Returns:
        The location, and ``(N,)`` which points agree.

    """
    near = np.stack([distances_km(points, (lat, lon)) <= radius_km for lat, lon in points])
    center = int(np.argmax(near @ weights))
    agrees = near[center]
    flat = _on_plane(points[agrees], points[center])
    alone = np.zeros(len(flat), np.int64)
    middle = geometric_median(flat, alone, count=1, weights=weights[agrees], steps=_STEPS)[0]
    distances = np.hypot(*(flat - middle).T)
    spread = None if agrees.sum() < 2 else 1000 * _quantile(distances, weights[agrees], 2 / 3)
    latitude, longitude = _on_sphere(middle, points[center])
    return Location(latitude, longitude, spread, int(agrees.sum())), agrees


def role_of(picture: Picture, location: Location | None) -> Role:
    """Whether a picture's place agrees with the estimated one."""
    if picture.latitude is None or picture.longitude is None:
        return "nowhere"
    if location is None:
        return "agrees"
    point = np.array([[picture.latitude, picture.longitude]])
    near = distances_km(point, (location.latitude, location.longitude))[0] <= RADIUS_KM
    return "agrees" if near else "disagrees"


def suggest_tags(
    found: Sequence[tuple[Hit, Picture]], counts: Mapping[str, int], images: int
) -> tuple[TagScore, ...]:
    """Labels by the evidence that speaks for them; what is on everything says little.

    Args:
        found: verified pictures.
        counts: of all labels in the collection.
        images: in the collection.
    """
    total = sum(_weight(hit) for hit, _ in found)
    shares: dict[str, float] = {}
    for hit, picture in found:
        for label in picture.labels:
            shares[label] = shares.get(label, 0.0) + _weight(hit) / total
    bearers = Counter(label for _, picture in found for label in picture.labels)
    loud = {
        label: share * math.log((images + 1) / (counts.get(label, 0) + 1))
        for label, share in shares.items()
    }
    order = sorted(loud, key=lambda label: (-loud[label], label))[:_TAGS]
    return tuple(TagScore(label, round(shares[label], 4), bearers[label]) for label in order)


def frequent_tags(found: Sequence[tuple[Hit, Picture]]) -> tuple[TagScore, ...]:
    """Labels by the number of verified pictures that have them."""
    bearers = Counter(label for _, picture in found for label in picture.labels)
    order = sorted(bearers, key=lambda label: (-bearers[label], label))[:_TAGS]
    return tuple(
        TagScore(label, round(bearers[label] / len(found), 4), bearers[label]) for label in order
    )


def _location(proven: Sequence[tuple[Hit, Picture]]) -> Location | None:
    placed = [
        (picture.latitude, picture.longitude, _weight(hit))
        for hit, picture in proven
        if picture.latitude is not None and picture.longitude is not None
    ]
    if not placed:
        return None
    table = np.array(placed, np.float64)
    return estimate_location(table[:, :2], table[:, 2])[0]


def _weight(hit: Hit) -> float:
    """Strong evidence counts more, but a hundred times the matches are no hundred witnesses."""
    return 1.0 if hit.evidence is None else math.log1p(max(hit.evidence.strength, 1e-3))


def _on_plane(points: NDArray[np.float64], origin: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(N, 2)`` kilometers north and east of the origin, which is near."""
    degree = math.radians(1) * EARTH_KM
    east = (points[:, 1] - origin[1] + 180) % 360 - 180
    plane = [(points[:, 0] - origin[0]) * degree, east * degree * _shrink(origin[0])]
    return np.stack(plane, axis=1)


def _on_sphere(point: NDArray[np.float64], origin: NDArray[np.float64]) -> tuple[float, float]:
    degree = math.radians(1) * EARTH_KM
    longitude = origin[1] + point[1] / (degree * _shrink(origin[0]))
    return float(origin[0] + point[0] / degree), float((longitude + 180) % 360 - 180)


def _shrink(latitude: float) -> float:
    """How much shorter a degree of longitude is than at the equator."""
    return max(math.cos(math.radians(latitude)), 1e-6)


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    order = np.argsort(values)
    passed = np.cumsum(weights[order]) / weights.sum()
    row = min(int(np.searchsorted(passed, share)), len(values) - 1)
    return float(values[order[row]])
