"""The objects that a collection was photographed of: clusters of pictures, found without labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from relook.collection import Collection
from relook.core.errors import UsageError
from relook.mapping.groups import Groups
from relook.mapping.growth import Progress, choose_partners, grow, plant, sketch
from relook.mapping.links import Link, Links
from relook.mapping.neighbors import Neighbors
from relook.mapping.regions import main_links

__all__ = ["Cluster", "ClusterSettings", "Clustering", "find_clusters"]

_STRICT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """How clusters are found.

    Attributes:
        sketches: min-hash sketches of each picture; more find more seeds.
        partners: pictures that each is held against at most, of those that share sketches.
        strength: of evidence by which two pictures are linked; see
            :class:`~relook.core.records.Evidence`. None for twice what the recipe calls verified:
            that is enough where a person looks on, but here one wrong link joins two objects.
        min_size: pictures of a cluster, at least.
        seed: of the hash functions.
    """

    sketches: int = 1024
    partners: int = 10
    strength: float | None = None
    min_size: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        strength = 1.0 if self.strength is None else self.strength
        if min(self.sketches, self.partners) < 1 or not strength > 0:
            raise UsageError("sketches and partners must be 1 or more, and strength above 0")
        if self.min_size < 2:
            raise UsageError(f"a cluster has 2 pictures or more, not {self.min_size}")


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """Pictures that mainly show the same thing.

    Attributes:
        members: their ids, that with the strongest links, which shows it best, first.
        links: the evidence between members.
        beside: pictures that show the thing too, beside what they mainly show.
    """

    members: tuple[int, ...]
    links: tuple[Link, ...]
    beside: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.members)


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """What was found.

    Attributes:
        clusters: the largest first.
        images: pictures that were looked at.
        seeds: pictures that the growth began with.
        asked: pictures that were asked for while it lasted.
        min_size: pictures of a cluster, at least.
    """

    clusters: tuple[Cluster, ...]
    images: int
    seeds: int
    asked: int
    min_size: int = 2


def find_clusters(
    collection: Collection,
    *,
    settings: ClusterSettings = ClusterSettings(),
    progress: Progress | None = None,
) -> Clustering:
    """Find the objects of which a collection has several pictures.

    Pictures whose min-hash sketches collide, and whose geometry agrees, are seeds. Each is asked
    for in the index, with what is stored of it, and so is every picture that is found by strong
    evidence, until nothing is new. A link joins two pictures where it speaks of what *both* mainly
    show, so that two objects on one photo stay two. Nothing is written.

    Args:
        collection: of a recipe with local features; pictures that no file shows are left out.
        settings: see :class:`ClusterSettings`.
        progress: called with what is under way, the number done and the total.

    Raises:
        UsageError: the recipe has no local features.

    Source: Chum, Matas, "Large-scale discovery of spatially related images", PAMI 2010;
    Radenović, "Visual retrieval with compact image representations", section 6.2.1 (clustering).
    """
    report = progress or _no_report
    neighbors = Neighbors(collection, purpose="clustering")
    table = sketch(neighbors, sketches=settings.sketches, seed=settings.seed, progress=report)
    partners = choose_partners(neighbors.ids, table, most=settings.partners)
    links = Links()
    strength = settings.strength or _STRICT * neighbors.verified_strength
    seeds = plant(neighbors, partners, links, strength=strength, progress=report)
    asked = grow(neighbors, sorted(seeds), links, strength=strength, progress=report)
    clusters = join(links.all(), min_size=settings.min_size)
    return Clustering(tuple(clusters), len(neighbors.ids), len(seeds), asked, settings.min_size)


def join(links: Sequence[Link], *, min_size: int = 2) -> list[Cluster]:
    """Clusters of linked pictures, the largest first.

    Args:
        links: verified evidence, each pair once.
        min_size: pictures of a cluster, at least.
    """
    main = main_links(links)
    group = Groups()
    for link, (one, other) in zip(links, main, strict=True):
        if one and other:
            group.join(*link.pair)
    inside: dict[int, list[Link]] = defaultdict(list)
    beside: dict[int, set[int]] = defaultdict(set)
    for link, sides in zip(links, main, strict=True):
        roots = [group.of(id_) for id_ in link.pair]
        if roots[0] == roots[1]:
            inside[roots[0]].append(link)
            continue
        for side in (0, 1):
            if sides[side]:
                beside[roots[side]].add(link.pair[1 - side])
    clusters = [
        Cluster(_by_strength(found), tuple(found), tuple(sorted(beside[root])))
        for root, found in inside.items()
    ]
    kept = [cluster for cluster in clusters if len(cluster) >= min_size]
    return sorted(kept, key=lambda cluster: (-len(cluster), cluster.members[0]))


def _by_strength(links: Sequence[Link]) -> tuple[int, ...]:
    strengths: dict[int, float] = defaultdict(float)
    for link in links:
        for id_ in link.pair:
            strengths[id_] += link.strength
    return tuple(sorted(strengths, key=lambda id_: (-strengths[id_], id_)))


def _no_report(what: str, done: int, total: int) -> None:
    del what, done, total
