"""The measured settings as tables, in words that a reader understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reproduce.global_descriptors.measuring import Row
from reproduce.global_descriptors.page import Grid
from reproduce.global_descriptors.precisions import Precise
from reproduce.global_descriptors.settings import Section, Setting

__all__ = ["Results", "grids_of", "to_json"]


@dataclass(frozen=True, slots=True)
class Results:
    """All that was measured.

    Attributes:
        facts: what it was measured on, in words.
        sections: the tables.
        rows: by setting.
        precisions: of the best setting, float32 first.
    """

    facts: Mapping[str, Any]
    sections: Sequence[Section]
    rows: Mapping[Setting, Row]
    precisions: Sequence[Precise]

    @property
    def best(self) -> Row:
        """The row with the highest mean average precision."""
        return max(self.rows.values(), key=lambda row: row.map)


def grids_of(results: Results) -> list[Grid]:
    """The tables of settings, then that of precisions."""
    subsets = list(results.best.subsets)
    header = [
        "layer", "pooling", "scales", "whitening", "dims", "mAP", *subsets,
        "bytes f32 / f16", "describe ms", "search ms",
    ]  # fmt: skip
    grids = []
    for section in results.sections:
        rows = [results.rows[setting] for setting in section.rows]
        best = {place for place, row in enumerate(rows) if row.setting == results.best.setting}
        cells = [_cells(row, subsets) for row in rows]
        grids.append(Grid(section.title, section.words, header, cells, frozenset(best), left=4))
    return [*grids, _of_precisions(results)]


def to_json(results: Results) -> dict[str, Any]:
    """Everything as JSON."""
    return {
        **results.facts,
        "tables": [
            {"title": one.title, "rows": [_plain(results.rows[row]) for row in one.rows]}
            for one in results.sections
        ],
        "best": _plain(results.best),
        "precisions": [asdict(one) for one in results.precisions],
    }


def name_of(setting: Setting) -> str:
    """A setting in a line."""
    kept = f"{setting.dimensions} dimensions" if setting.dimensions else "all dimensions"
    return (
        f"{setting.layer or 'last layer'}, {setting.pooling}, scales {_scales(setting)}, "
        f"{setting.whitening}, {kept}"
    )


def _cells(row: Row, subsets: Sequence[str]) -> list[str]:
    setting = row.setting
    return [
        "inner" if setting.layer else "last",
        setting.pooling,
        _scales(setting),
        setting.whitening,
        str(row.dimensions),
        f"{row.map:.3f}",
        *(f"{row.subsets[name]:.3f}" for name in subsets),
        f"{row.bytes:,} / {row.bytes // 2:,}",
        f"{row.describe_ms:.0f}",
        f"{row.search_ms:.2f}",
    ]


def _scales(setting: Setting) -> str:
    return " + ".join(f"{scale:.3g}" for scale in setting.scales)


def _of_precisions(results: Results) -> Grid:
    rows = [
        [
            one.name,
            f"{one.least:.5f}",
            f"{one.mean:.5f}",
            f"{one.whitened:.5f}",
            f"{one.map:.3f}",
            f"{one.map - results.precisions[0].map:+.3f}",
        ]
        for one in results.precisions
    ]
    words = (
        f"Of the best row ({name_of(results.best.setting)}), the whitening as fitted in f32. "
        "Cosines are those of a picture's vector to the one in f32."
    )
    header = ["precision", "lowest cosine", "mean cosine", "mean, whitened", "mAP", "change"]
    return Grid("Precision of the network", words, header, rows)


def _plain(row: Row) -> dict[str, Any]:
    return {**asdict(row), "bytes": row.bytes}
