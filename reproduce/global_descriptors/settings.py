"""Which settings are compared, in tables that change one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reproduce.global_descriptors.describing import Series

__all__ = ["Section", "Setting", "sections", "series_of"]

ONE, TWO = (1.0,), (1.0, 2**-0.5)
SMALLER = (ONE, TWO, (1.0, 2**-0.5, 0.5))
LARGER = (2**0.5, 1.0, 2**-0.5)
POOLINGS = ("MAC", "SPoC", "CroW", "R-MAC", "GeM 2", "GeM 3")
LEARNED = ("Lw", "Lw, flat")


@dataclass(frozen=True, slots=True)
class Setting:
    """How a vector is made.

    Attributes:
        layer: of the network; empty for the last.
        pooling: of its map.
        scales: whose vectors are averaged.
        whitening: ``none``, ``PCA``, ``Lw``, or ``Lw, flat``.
        dimensions: kept of it; 0 for all.
    """

    layer: str
    pooling: str = "GeM 2"
    scales: tuple[float, ...] = ONE
    whitening: str = "none"
    dimensions: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A table: a heading, a sentence, and its rows."""

    title: str
    words: str
    rows: tuple[Setting, ...]


def sections(inner: str, *, kept: tuple[int, ...]) -> tuple[Section, ...]:
    """All tables for an inner layer, and the dimensions below all that are tried, largest first."""
    return (
        _ladder(inner, kept[0]),
        _poolings(inner, kept[0]),
        _scales(inner, kept[0]),
        _dimensions(inner, kept),
        _last(kept[0]),
    )


def _ladder(inner: str, kept: int) -> Section:
    rows = [Setting("", "GeM 3")]
    for pooling, learned in (("GeM 2", LEARNED), ("R-MAC", LEARNED[:1])):
        plain = Setting(inner, pooling)
        short = [replace(plain, whitening=name, dimensions=kept) for name in ("PCA", *learned)]
        scaled = replace(short[-1], scales=TWO)
        rows += [plain, *short, scaled, replace(scaled, dimensions=0)]
    words = (
        "From the usual starting point to an inner layer, then one step at a time for each of two "
        "poolings: whitenings, a second scale, all dimensions."
    )
    return Section("What each step adds", words, tuple(rows))


def _poolings(inner: str, kept: int) -> Section:
    rows = [
        Setting(layer, pooling, ONE, whitening, kept if whitening != "none" else 0)
        for layer in ("", inner)
        for whitening in ("none", "PCA", *LEARNED)
        for pooling in POOLINGS
    ]
    words = "One scale."
    return Section("Pooling × whitening", words, tuple(rows))


def _scales(inner: str, kept: int) -> Section:
    rows = [
        Setting(inner, pooling, scales, whitening, kept if whitening != "none" else 0)
        for pooling, tried in (("GeM 2", (*SMALLER, LARGER)), ("R-MAC", SMALLER))
        for whitening in ("none", "PCA", *LEARNED)
        for scales in tried
    ]
    words = "Vectors of several sizes of one picture, averaged; the index stays as small as it is."
    return Section("Scales × whitening", words, tuple(rows))


def _dimensions(inner: str, kept: tuple[int, ...]) -> Section:
    rows = [
        Setting(inner, pooling, TWO, whitening, dimensions)
        for pooling in ("GeM 2", "R-MAC")
        for whitening in ("PCA", *LEARNED)
        for dimensions in (0, *kept)
    ]
    words = "Two scales. The values of a whitened vector are in order of what they tell."
    return Section("Whitening × dimension", words, tuple(rows))


def _last(kept: int) -> Section:
    rows = [Setting("", "GeM 3", TWO)]
    rows += [
        Setting("", "GeM 3", TWO, whitening, dimensions)
        for whitening in ("PCA", *LEARNED)
        for dimensions in (0, kept)
    ]
    words = "The same steps on the map that a classifier sees, two scales."
    return Section("The last layer", words, tuple(rows))


def series_of(tables: tuple[Section, ...]) -> list[Series]:
    """What has to be computed of every picture for all tables."""
    wanted: dict[tuple[str, float], set[str]] = {}
    for row in (row for table in tables for row in table.rows):
        for scale in row.scales:
            wanted.setdefault((row.layer, scale), set()).add(row.pooling)
    return [Series(*key, tuple(sorted(names))) for key, names in sorted(wanted.items())]
