"""Claims become probabilities, and cases become a model that can be believed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from oracles import confidence as oracle
from relook.core.errors import UsageError
from relook.recognition import confidence
from relook.recognition.claims import FEATURES, Claims
from relook.recognition.confidence import Case, ConfidenceModel, fit_confidence

SIZE = len(FEATURES)
THETA = np.resize([-4.0, 1.5, 0.8, 0.5, 0.0, 1.0, 0.0, 0.0], SIZE)
ZEROS = ConfidenceModel(np.zeros(SIZE))


def model(*weights: float) -> ConfidenceModel:
    return ConfidenceModel(np.array([*weights, *[0.0] * (SIZE - len(weights))]))


def claims_of(images, counts, rivals, strengths, labels=None) -> Claims:
    features = np.zeros((len(images), SIZE))
    features[:, 0], features[:, 1] = 1.0, strengths
    names = labels or tuple("abcdefgh"[: len(images)])
    return Claims(names, np.array(images), features, np.array(counts), np.array(rivals, bool))


@given(
    arrays(np.float64, (4, SIZE), elements=st.floats(-3, 3)),
    arrays(np.float64, SIZE, elements=st.floats(-3, 3)),
    arrays(np.bool_, (4, 4)),
)
def test_probabilities_are_those_of_a_conditional_logit(features, weights, rivals):
    rivals = (rivals | rivals.T) & ~np.eye(4, dtype=bool)
    claims = Claims(tuple("abcd"), np.arange(4), features, np.ones(4, np.int64), rivals)
    chances, none = ConfidenceModel(weights).probabilities(claims)
    expected, nothing = oracle.probabilities(weights, claims)
    np.testing.assert_allclose(chances, expected, rtol=1e-9)
    assert none == pytest.approx(nothing, rel=1e-9)


def test_rivals_and_none_share_one_whole():
    claims = oracle.rival_claims(np.random.default_rng(0).normal(size=(5, SIZE)))
    chances, none = ConfidenceModel(THETA).probabilities(claims)
    assert chances.sum() + none == pytest.approx(1)


def test_without_a_claim_it_is_none_of_these():
    claims = oracle.rival_claims([])
    assert ZEROS.probabilities(claims)[1] == 1.0
    verdict = ZEROS.judge(claims, threshold=0.5)
    assert (verdict.known, verdict.label, verdict.confidence, verdict.none) == (False, None, 1, 1)
    assert (verdict.candidates, verdict.familiarity) == ((), 0.0)


@pytest.mark.parametrize("rivals", [True, False])
@pytest.mark.parametrize("size", [1e3, 1e6, -1e6])
def test_huge_utilities_do_not_overflow(size, rivals):
    """Of labels that are no rivals, the weak one is not drowned in the rounding of the strong."""
    pair = ~np.eye(2, dtype=bool) & rivals
    claims = claims_of([1, 2], [1, 1], pair, [size, size / 2])
    chances, none = model(0.0, 1.0).probabilities(claims)
    if size < 0:
        np.testing.assert_array_equal(chances, [0, 0])
        assert none == 1
    else:
        np.testing.assert_allclose(chances, [1, 0 if rivals else 1], atol=1e-99)
        assert none < 1e-99
    many = [Case(claims, frozenset("a"), "a"), Case(claims, frozenset(), "b")]
    fitted = fit_confidence(many, prior=np.zeros(SIZE), trust=1.0)
    assert np.isfinite(fitted.weights).all()


def test_the_most_particular_label_of_the_best_picture_comes_first():
    """All are of one picture: a painting, one of its room, one of its painter, that very one."""
    claims = claims_of([7, 7, 7, 9], [90, 30, 2, 1], np.zeros((4, 4)), [5.2, 5.1, 5.0, 4.0])
    verdict = model(0.0, 1.0).judge(claims, threshold=0.9)
    assert [other.label for other in verdict.candidates] == ["c", "a", "b", "d"]
    assert (verdict.known, verdict.label) == (True, "c")
    assert verdict.confidence == verdict.candidates[0].confidence < verdict.candidates[1].confidence


def test_a_particular_label_that_is_less_probable_than_not_does_not_hide_a_sure_one():
    claims = claims_of([7, 7], [90, 1], np.zeros((2, 2)), [5.0, -1.0])
    verdict = model(0.0, 1.0).judge(claims, threshold=0.9)
    assert verdict.label == "a"


def test_a_label_is_given_from_the_threshold_on():
    claims = oracle.rival_claims([[1.0] + [0.0] * (SIZE - 1)])
    half = ZEROS.judge(claims, threshold=0.5)
    assert (half.known, half.label, half.confidence) == (True, "label 0", 0.5)
    more = ZEROS.judge(claims, threshold=0.51)
    assert (more.known, more.label, more.confidence) == (False, None, 0.5)
    assert more.familiarity == 0.5


def test_the_gradient_of_the_loss_is_that_of_finite_differences():
    cases = oracle.planted_cases(THETA, 60, seed=1, unknown=0.3)
    choices = confidence._stack(cases, 0.4)
    rng = np.random.default_rng(2)
    for theta in (np.zeros(SIZE), rng.normal(size=SIZE), THETA):
        value, slope = confidence._loss(choices, theta)
        assert value == pytest.approx(oracle.loss(cases, theta, unknown=0.4), rel=1e-9)
        for axis in np.eye(SIZE):
            ahead = oracle.loss(cases, theta + 1e-5 * axis, unknown=0.4)
            behind = oracle.loss(cases, theta - 1e-5 * axis, unknown=0.4)
            assert slope @ axis == pytest.approx((ahead - behind) / 2e-5, abs=1e-3)


def test_a_planted_model_is_found_and_is_calibrated_on_fresh_cases():
    from relook.evaluation.calibration import expected_calibration_error

    cases = oracle.planted_cases(THETA, 3000, seed=3)
    fitted = fit_confidence(cases, prior=np.zeros(SIZE), trust=1.0)
    sure, right = [], []
    for case in oracle.planted_cases(THETA, 3000, seed=4):
        order, chances, none = fitted.rank(case.claims)
        best = chances[order[0]]
        sure += [best, none]
        right += [case.claims.labels[order[0]] in case.truth, not case.known]
    assert expected_calibration_error(sure, right) < 0.02
    np.testing.assert_allclose(fitted.weights[1:], THETA[1:], atol=0.35)


def test_a_share_of_unknown_queries_that_is_expected_but_not_there_shifts_the_odds():
    """Twice the odds for unknown queries is half the odds for each label."""
    cases = oracle.planted_cases(THETA, 2000, seed=5)
    even = fit_confidence(cases, prior=THETA, trust=0.1, unknown=0.5)
    rarer = fit_confidence(cases, prior=THETA, trust=0.1, unknown=0.8)
    assert rarer.weights[0] - even.weights[0] == pytest.approx(-np.log(4), abs=0.6)


def test_the_share_that_is_expected_does_not_depend_on_how_many_cases_show_it():
    known = Case(oracle.rival_claims([np.ones(SIZE)]), frozenset({"label 0"}), "a")
    unknown = Case(oracle.rival_claims([np.ones(SIZE) * 0.5]), frozenset(), "b")
    few = confidence._loss(confidence._stack([known, unknown], 0.3), THETA)[0] / 2
    many = confidence._loss(confidence._stack([known, unknown] + [unknown] * 8, 0.3), THETA)[0]
    assert many / 10 == pytest.approx(few)


def test_weights_of_evidence_are_never_negative():
    """Evidence that speaks against a label by accident is left out instead."""
    rng = np.random.default_rng(6)
    cases = []
    for number in range(200):
        table = np.c_[1.0, rng.random((1, SIZE - 1))]
        right = bool(table[0, 2] < 0.5)
        truth = frozenset({"label 0"} if right else ())
        cases.append(Case(oracle.rival_claims(table), truth, str(number)))
    fitted = fit_confidence(cases, prior=np.ones(SIZE), trust=0.01)
    assert fitted.weights[1:].min() >= 0
    assert fitted.weights[2] == 0


def test_cases_that_say_nothing_leave_the_prior():
    empty = [Case(oracle.rival_claims([]), frozenset({"a"}), "a")] * 5
    np.testing.assert_allclose(fit_confidence(empty, prior=THETA, trust=2.0).weights, THETA)


def test_the_more_a_prior_is_trusted_the_nearer_the_model_stays():
    cases = oracle.planted_cases(np.r_[-1.0, np.full(SIZE - 1, 0.2)], 200, seed=7)
    away = [
        np.linalg.norm(fit_confidence(cases, prior=THETA, trust=trust).weights - THETA)
        for trust in (0.1, 10.0, 1e3, 1e6)
    ]
    assert away == sorted(away, reverse=True)
    assert away[-1] < 1e-2


def test_a_case_whose_answer_was_not_found_counts_as_none_of_these():
    table = [np.ones(SIZE)]
    lost = [Case(oracle.rival_claims(table), frozenset({"elsewhere"}), "a")]
    none = [Case(oracle.rival_claims(table), frozenset(), "a")]
    a, b = (confidence._loss(confidence._stack(some, 0.5), THETA) for some in (lost, none))
    assert a[0] == b[0]
    np.testing.assert_array_equal(a[1], b[1])


def test_labels_of_one_picture_teach_as_one_label_would():
    """Each picture has a name and, like all others, “painting”; only the name can be wrong."""
    single, several = [], []
    for case in oracle.planted_cases(THETA, 200, seed=8):
        plain, count = case.claims, len(case.claims)
        single.append(case)
        best = int(np.argmax(plain.features @ THETA))
        rivals = np.zeros((count + 1, count + 1), bool)
        rivals[:count, :count] = plain.rivals
        more = Claims(
            (*plain.labels, "painting"),
            np.append(plain.images, plain.images[best]),
            np.vstack([plain.features, plain.features[best]]),
            np.append(plain.turns, 90),
            rivals,
        )
        several.append(Case(more, case.truth, case.group))
    one = fit_confidence(single, prior=THETA, trust=2.0)
    two = fit_confidence(several, prior=THETA, trust=2.0)
    np.testing.assert_allclose(one.weights, two.weights, atol=1e-6)


def test_bad_input_says_what_to_do():
    with pytest.raises(UsageError, match="no cases"):
        fit_confidence([], prior=THETA, trust=1.0)
    cases = oracle.planted_cases(THETA, 10, seed=9)
    for unknown in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="between 0 and 1"):
            fit_confidence(cases, prior=THETA, trust=1.0, unknown=unknown)
