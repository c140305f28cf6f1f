"""Curves of mAP against what was varied."""

from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.plots.curves import Curve, draw_curves, spread_apart, ticks
from relook.plots.palette import oklch

FIRST = oklch(np.array([0.55]), np.array([0.15]), np.radians([255.0]))[0]


def curve(ys: list[float], *, name: str = "a name " * 20, xs: list[float] | None = None) -> Curve:
    return Curve(name, np.array(xs or range(len(ys)), np.float64), np.array(ys))


def inked(page: np.ndarray) -> np.ndarray:
    """Rows and columns that the first curve's color covers within the axes."""
    rows, columns = np.nonzero((page == FIRST).all(axis=2))
    inside = columns < 1085  # names of the longest kind begin beyond
    return np.stack([rows[inside], columns[inside]], axis=1)


def test_a_line_goes_up_where_values_rise() -> None:
    places = inked(draw_curves([curve([0.1, 0.3, 0.9])], title="mAP", across="epochs"))
    left, right = places[:, 1].min(), places[:, 1].max()
    assert places[places[:, 1] < left + 20, 0].mean() > places[places[:, 1] > right - 20, 0].mean()


def test_values_are_drawn_from_small_to_large_and_gaps_are_left_out() -> None:
    drawn = draw_curves([curve([0.1, 0.3, 0.9])], title="mAP", across="epochs")
    mixed = curve([0.9, float("nan"), 0.1, 0.3], xs=[2, 1.5, 0, 1])
    assert np.array_equal(drawn, draw_curves([mixed], title="mAP", across="epochs"))


def test_a_logarithmic_axis_spaces_doublings_evenly() -> None:
    line = curve([0.0, 0.5, 1.0], xs=[64, 128, 256])
    places = inked(draw_curves([line], title="mAP", across="dimensions", doubling=True))
    middle = places[np.abs(places[:, 0] - (256 + 870) / 2) < 3, 1].mean()
    assert middle == pytest.approx((places[:, 1].min() + places[:, 1].max()) / 2, abs=8)
    with pytest.raises(UsageError, match="above 0"):
        draw_curves([curve([0.0, 1.0])], title="", across="", doubling=True)


def test_intervals_are_a_band_that_holds_the_line() -> None:
    ys = np.array([0.2, 0.4, 0.5])
    band = Curve("GeM", np.arange(3.0), ys, ys - 0.1, ys + 0.1)
    flat = Curve("GeM", np.arange(3.0), ys, ys, ys)
    pages = [draw_curves([one], title="mAP", across="k") for one in (band, flat)]
    assert pages[0].astype(int).sum() < pages[1].astype(int).sum()


@pytest.mark.parametrize("ys", [[0.5], [0.5, 0.5], [], [float("nan")], [1e-9, 2e-9], [-3e6, 4e7]])
def test_every_curve_can_be_drawn_the_same_each_time(ys: list[float]) -> None:
    curves = [curve(ys), curve([0.1, 0.2], name="a very long name of a curve " * 9)]
    first = draw_curves(curves, title="mAP", across="scales")
    assert first.shape == (1000, 1600, 3)
    assert np.array_equal(first, draw_curves(curves, title="mAP", across="scales"))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.31, 0.62, (0.3, 0.4, 0.5, 0.6, 0.7)),
        (0, 5000, (0, 1000, 2000, 3000, 4000, 5000)),
        (2, 2, (2, 2.5)),
        (0, 0, (0, 0.2)),
    ],
)
def test_ticks_are_round_and_hold_the_ends(
    low: float, high: float, expected: tuple[float, ...]
) -> None:
    assert ticks(low, high) == pytest.approx(expected)


def test_names_keep_their_distance_and_stay_on_the_page() -> None:
    found = spread_apart([860.0, 861.0, 862.0], gap=34.0, top=256)
    assert np.diff(found).min() >= 34
    assert found[-1] <= 870
    assert spread_apart([300.0, 500.0], gap=34.0, top=256) == [300.0, 500.0]


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(UsageError, match="1 to 12 curves"):
        draw_curves([], title="", across="")
    with pytest.raises(UsageError, match="low and a high"):
        Curve("GeM", np.zeros(1), np.zeros(1), np.zeros(1))
    with pytest.raises(ShapeError, match="ys of GeM"):
        Curve("GeM", np.zeros(2), np.zeros(1))
    with pytest.raises(ShapeError, match="finite"):
        Curve("GeM", np.array([np.inf]), np.zeros(1))
