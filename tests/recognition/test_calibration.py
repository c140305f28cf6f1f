"""Cases of a collection become confidences, and a threshold that keeps its promise."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import confidence as oracle
from relook.core.errors import UsageError
from relook.recognition import calibration, figures
from relook.recognition.calibration import FEWEST, Trial, calibrate, find_threshold
from relook.recognition.claims import FEATURES
from relook.recognition.confidence import Case, ConfidenceModel

SIZE = len(FEATURES)
THETA = np.resize([-4.0, 1.5, 0.8, 0.5, 0.0, 1.0, 0.0, 0.0], SIZE)
SHIPPED = ConfidenceModel(np.r_[-5.0, np.ones(SIZE - 1)])


def trial(confidences, right, *, weights=None):
    sure, hits = np.asarray(confidences, np.float64), np.asarray(right, bool)
    return Trial(sure, 1 - sure, hits, hits, np.ones(len(sure)) if weights is None else weights)


def honest(count, *, seed):
    """Answers as right as they are sure."""
    rng = np.random.default_rng(seed)
    sure = rng.beta(0.4, 0.4, count)
    return trial(sure, rng.random(count) < sure)


@pytest.mark.parametrize("target", [0.8, 0.9, 0.95, 0.99])
def test_the_threshold_keeps_its_promise_on_fresh_answers(target):
    kept = []
    for seed in range(20):
        threshold = find_threshold(honest(500, seed=seed), target)
        fresh = honest(20_000, seed=1000 + seed)
        kept.append(figures.precision(fresh, threshold))
        assert figures.coverage(fresh, threshold) > 0.15
    assert np.mean(kept) >= target - 0.003
    assert min(kept) >= target - 0.02


def test_the_lowest_threshold_that_does_it_is_taken():
    sure = np.linspace(1, 0.5, 1001)
    found = find_threshold(trial(sure, np.ones(1001)), 0.9)
    assert found == pytest.approx(0.8, abs=1e-3)  # from where the mean is 0.9


def test_overconfident_answers_raise_the_threshold():
    rng = np.random.default_rng(0)
    sure = rng.random(4000)
    honest_one = find_threshold(trial(sure, rng.random(4000) < sure), 0.9)
    boasting = find_threshold(trial(sure, rng.random(4000) < sure**3), 0.9)
    assert boasting > honest_one


def test_one_mistake_among_few_does_not_decide():
    sure = np.full(40, 0.999)
    right = np.ones(40)
    right[0] = 0
    assert find_threshold(trial(sure, right), 0.98) == 0.999
    assert find_threshold(trial(np.full(4000, 0.999), np.arange(4000) % 40 > 0), 0.98) == 0.98


def test_answers_of_equal_confidence_are_given_together():
    right = np.arange(300) < 240
    assert find_threshold(trial(np.full(300, 0.9), right), 0.88) == 0.88  # as 80 % are right
    assert find_threshold(trial(np.full(300, 0.9), right), 0.7) == 0.9


def test_where_no_threshold_does_it_each_answer_keeps_the_promise_alone():
    assert find_threshold(trial([0.6, 0.7], [0, 0]), 0.99) == 0.99


@pytest.mark.parametrize("target", [0.01, 0.3, 0.5])
def test_no_label_is_given_that_is_less_probable_than_all_else(target):
    for found in (honest(500, seed=1), trial(np.full(300, 0.6), np.zeros(300))):
        assert find_threshold(found, target) >= 0.5
    assert calibrate([], shipped=SHIPPED, target_precision=target).threshold >= 0.5


def test_weights_say_how_many_queries_an_answer_stands_for():
    sure, right = np.array([0.95] * 50 + [0.93] * 50), np.arange(100) < 50
    weights = np.where(right, 1.99, 0.01)
    assert find_threshold(trial(sure, right, weights=weights), 0.94) == 0.93
    assert find_threshold(trial(sure, right), 0.94) == 0.95


def test_a_planted_collection_is_calibrated_and_keeps_its_promise():
    found = calibrate(
        oracle.planted_cases(THETA, 800, seed=1), shipped=SHIPPED, target_precision=0.95
    )
    assert (found.fallback, len(found.trial.known)) == ("", 800)
    assert figures.calibration_error(found.trial, found.threshold) < 0.06
    given = [
        (verdict.label in case.truth, case.known)
        for case in oracle.planted_cases(THETA, 4000, seed=2)
        for verdict in [found.model.judge(case.claims, threshold=found.threshold)]
        if verdict.known
    ]
    assert np.mean([right for right, _ in given]) >= 0.93
    assert len(given) > 400


@pytest.mark.parametrize("unknown", [0.1, 0.5, 0.9])
def test_the_trial_is_weighted_as_unknown_queries_are_expected(unknown):
    cases = oracle.planted_cases(THETA, 300, seed=3, unknown=0.3)
    found = calibrate(cases, shipped=SHIPPED, unknown=unknown).trial
    assert found.weights[~found.known].sum() == pytest.approx(unknown)
    assert found.weights.sum() == pytest.approx(1)


def test_the_more_unknown_queries_are_expected_the_surer_a_label_must_be():
    cases = oracle.planted_cases(THETA, 600, seed=4)
    claims = cases[0].claims
    chances = [
        calibrate(cases, shipped=SHIPPED, unknown=unknown).model.probabilities(claims)[1]
        for unknown in (0.1, 0.5, 0.9)
    ]
    assert chances == sorted(chances)


def test_the_trial_answers_as_a_recognition_does():
    """Each picture has a name and is a “painting”; unknown ones are wrongly called by a name."""
    cases = oracle.planted_cases(THETA, 400, seed=5)
    several = []
    for case in cases:
        from relook.recognition.claims import Claims

        plain, count = case.claims, len(case.claims)
        best = int(np.argmax(plain.features @ THETA))
        rivals = np.zeros((count + 1, count + 1), bool)
        rivals[:count, :count] = plain.rivals
        more = Claims(
            ("painting", *plain.labels),
            np.r_[plain.images[best], plain.images],
            np.vstack([plain.features[best] + 0.01, plain.features]),
            np.r_[90, plain.turns],
            np.roll(rivals, (1, 1), (0, 1)),
        )
        several.append(Case(more, case.truth, case.group))
    one = calibrate(cases, shipped=SHIPPED).trial
    two = calibrate(several, shipped=SHIPPED).trial
    sure = one.confidences > 0.5
    assert (two.right[sure] == one.right[sure]).all()
    np.testing.assert_allclose(two.confidences[sure], one.confidences[sure], atol=0.05)


def test_labels_that_are_judged_were_not_seen():
    cases = oracle.planted_cases(THETA, 100, seed=6, groups=11)
    seen_by = []

    def fit(some):
        """A model that tells by its confidences which one it is."""
        seen_by.append({case.group for case in some})
        return ConfidenceModel(np.r_[float(len(seen_by)), np.zeros(SIZE - 1)])

    found = calibration._cross_fit(cases, fit, 0.5)
    for case, sure in zip(cases, found.confidences, strict=True):
        rows = len(case.claims)
        by_model = [np.exp(u) / (1 + rows * np.exp(u)) for u in range(1, len(seen_by) + 1)]
        used = int(np.argmin(np.abs(np.array(by_model) - sure)))
        assert case.group not in seen_by[used]


def test_each_fold_holds_labels_and_distractors():
    claims = oracle.rival_claims([np.ones(SIZE)])
    cases = [Case(claims, frozenset({"label 0"}), f"label {n % 5}") for n in range(30)]
    cases += [Case(claims, frozenset(), f"distractor {n}") for n in range(200)]
    folds = calibration._folds(cases)
    assert sorted(set(folds[:30].tolist())) == [0, 1, 2, 3, 4]
    assert np.bincount(folds[30:]).tolist() == [40] * 5
    for group in range(5):
        assert len(set(folds[group:30:5].tolist())) == 1


def few(known, unknown, labels):
    claims = oracle.rival_claims([np.ones(SIZE)])
    cases = [Case(claims, frozenset({"label 0"}), f"{n % labels}") for n in range(known)]
    return cases + [Case(claims, frozenset(), f"distractor {n}") for n in range(unknown)]


@pytest.mark.parametrize(
    ("cases", "words"),
    [
        ([], "0 known and 0 unknown pseudo-queries of 0 labels"),
        (few(FEWEST - 1, 90, 9), f"{FEWEST - 1} known and 90 unknown"),
        (few(90, FEWEST - 1, 9), f"90 known and {FEWEST - 1} unknown"),
        (few(90, 90, 4), "of 4 labels"),
        (few(90, 200, 1), "of 1 labels"),
    ],
)
def test_with_too_little_to_learn_from_the_shipped_rule_is_used(cases, words):
    found = calibrate(cases, shipped=SHIPPED, target_precision=0.97)
    assert found.model is SHIPPED
    assert (found.threshold, found.trial) == (0.97, None)
    assert words in found.fallback
    assert "too few" in found.fallback


def test_just_enough_is_enough():
    assert calibrate(few(FEWEST, FEWEST, 5), shipped=SHIPPED).fallback == ""


def test_cases_without_claims_are_answered_by_none():
    cases = [
        *oracle.planted_cases(THETA, 100, seed=7),
        *(Case(oracle.rival_claims([]), frozenset({"a"}), f"lost {n}") for n in range(9)),
    ]
    found = calibrate(cases, shipped=SHIPPED).trial
    assert found.none[-9:].tolist() == [1.0] * 9
    assert not found.right[-9:].any()
    assert found.confidences[-9:].tolist() == [0.0] * 9


@pytest.mark.parametrize("share", [0.0, 1.0, 1.5])
def test_shares_lie_between_0_and_1(share):
    for name in ("unknown", "target_precision"):
        with pytest.raises(UsageError, match="between 0 and 1"):
            calibrate([], shipped=SHIPPED, **{name: share})
