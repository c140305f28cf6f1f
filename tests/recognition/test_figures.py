"""Figures of a trial are those of the evaluation, weighted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relook.evaluation import rejection
from relook.evaluation.calibration import expected_calibration_error
from relook.evaluation.recognition import auroc
from relook.recognition import figures
from relook.recognition.calibration import Trial


def trial(confidences, right, known, *, none=None, weights=None):
    sure = np.asarray(confidences, np.float64)
    known = np.asarray(known, bool)
    return Trial(
        sure,
        1 - sure if none is None else np.asarray(none, np.float64),
        np.asarray(right, bool) & known,
        known,
        np.ones(len(sure)) if weights is None else np.asarray(weights, np.float64),
    )


@st.composite
def trials(draw, multiple=1):
    count = multiple * draw(st.integers(1, 6))
    levels = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0]) | st.floats(0, 1)
    column = st.lists(levels, min_size=count, max_size=count)
    flags = st.lists(st.booleans(), min_size=count, max_size=count)
    return trial(draw(column), draw(flags), draw(flags))


@given(trials(), st.sampled_from([0.0, 0.3, 0.5, 0.95]))
def test_precision_and_coverage_are_those_of_the_evaluation(found, threshold):
    given_ = found.confidences >= threshold
    precision, coverage = figures.precision(found, threshold), figures.coverage(found, threshold)
    if given_.any():
        expected = rejection.precision_above(found.confidences, found.right, threshold)
        assert precision == pytest.approx(expected)
    else:
        assert precision is None
    if found.known.any():
        expected = rejection.coverage(found.confidences, found.known, threshold)
        assert coverage == pytest.approx(expected)
    else:
        assert coverage is None


@given(trials())
def test_auroc_is_that_of_the_evaluation(found):
    if found.known.all() or not found.known.any():
        assert figures.auroc(found) is None
    else:
        assert figures.auroc(found) == pytest.approx(auroc(found.confidences, found.known))


@given(trials(multiple=10), st.sampled_from([0.0, 0.5, 0.9]))
def test_the_calibration_error_is_that_of_the_evaluation(found, threshold):
    given_ = found.confidences >= threshold
    sure = np.where(given_, found.confidences, found.none)
    right = np.where(given_, found.right, ~found.known)
    expected = expected_calibration_error(sure, right)
    assert figures.calibration_error(found, threshold) == pytest.approx(expected, abs=1e-9)


@given(trials(), st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_matter(found, random):
    order = list(range(len(found.known)))
    random.shuffle(order)
    columns = (found.confidences, found.none, found.right, found.known, found.weights)
    other = Trial(*(column[order] for column in columns))
    for figure in (figures.precision, figures.coverage, figures.calibration_error):
        assert figure(found, 0.5) == pytest.approx(figure(other, 0.5), abs=1e-9)


def test_a_case_of_weight_two_counts_as_two_cases():
    weighted = trial([0.9, 0.8, 0.4], [1, 0, 0], [1, 1, 0], weights=[2, 1, 1])
    listed = trial([0.9, 0.9, 0.8, 0.4], [1, 1, 0, 0], [1, 1, 1, 0])
    for figure in (figures.precision, figures.coverage):
        assert figure(weighted, 0.5) == figure(listed, 0.5)
    assert figures.precision(weighted, 0.5) == pytest.approx(2 / 3)


def test_none_of_these_is_an_answer_with_a_confidence_of_its_own():
    """Refused with 0.6 for none, and no label is right: 0.4 from the truth."""
    found = trial([0.2], [0], [0], none=[0.6])
    assert figures.calibration_error(found, 0.5) == pytest.approx(0.4)
    assert figures.calibration_error(found, 0.1) == pytest.approx(0.2)
