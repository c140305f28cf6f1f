"""Fisher vectors against their definition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracles import encoding
from oracles import fisher as oracle
from oracles.vlad import reduce
from relook.core.errors import UsageError
from relook.encodings import FisherVector

WIDTH = 16


def pictures(count=20, *, first=0):
    return [encoding.descriptors(40, dimension=WIDTH, seed=first + one) for one in range(count)]


def parts(encoder):
    return encoder.weights, encoder.means, encoder.variances


@pytest.mark.parametrize("power", [1.0, 0.5, 0.3])
@pytest.mark.parametrize("weight_gradients", [False, True])
def test_it_is_the_scaled_gradient_of_the_likelihood(power, weight_gradients):
    options = {"power": power, "weight_gradients": weight_gradients}
    encoder = FisherVector.fit(pictures(), words=4, **options)
    assert encoder.dimensions == 2 * 4 * WIDTH + 4 * weight_gradients
    for rows in pictures(3, first=50):
        wanted = oracle.fisher(rows, *parts(encoder), **options)
        np.testing.assert_allclose(encoder.encode_descriptors(rows), wanted, atol=3e-5)


def test_it_is_the_numerical_gradient_of_the_likelihood():
    encoder = FisherVector.fit(pictures(), words=3, power=1.0)
    rows = pictures(1, first=70)[0]
    weights, means, variances = (part.astype(np.float64) for part in parts(encoder))
    wanted = np.zeros((2, *means.shape))
    for place in np.ndindex(means.shape):
        for kind, scale in enumerate((1.0, 0.5)):  # Fisher information: w / σ² and 2 w / σ²
            steps = []
            for sign in (-1, 1):
                moved, spread = means.copy(), np.sqrt(variances)
                step = 1e-4 * spread[place]
                (moved, spread)[kind][place] += sign * step
                steps.append(oracle.posteriors(rows, weights, moved, spread**2)[1].mean())
            slope = (steps[1] - steps[0]) / (2 * step)
            root = np.sqrt(scale / weights[place[0]]) * np.sqrt(variances[place])
            wanted[kind][place] = slope * root
    wanted = wanted.ravel() / np.linalg.norm(wanted)
    np.testing.assert_allclose(encoder.encode_descriptors(rows), wanted, atol=1e-4)


def test_local_pca_and_reduction_are_applied_in_that_order():
    encoder = FisherVector.fit(pictures(30), words=3, local_dimensions=6, dimensions=8, t=0.5)
    rows = pictures(1, first=50)[0]
    local = encoder.local.codes * encoder.local.steps.astype(np.float64)[:, None]
    inner = (rows.astype(np.float64) - encoder.local.mean) @ local.T
    wanted = reduce(oracle.fisher(inner, *parts(encoder)), encoder.reduction)
    np.testing.assert_allclose(encoder.encode_descriptors(rows), wanted, atol=5e-5)


def test_descriptors_of_the_mixture_itself_have_no_gradient_to_speak_of():
    encoder = FisherVector.fit(pictures(60), words=4, power=1.0)
    everything = np.concatenate(pictures(60))
    one = pictures(1, first=500)[0]
    whole, part = (np.linalg.norm(encoder.aggregate(rows)) for rows in (everything, one))
    assert whole < 0.1 * part


def test_every_option_changes_the_hash():
    base = FisherVector.fit(pictures(), words=3)
    changed = [{"power": 0.4}, {"weight_gradients": True}, {"means": base.means + np.float32(0.1)}]
    assert len({base.sha256, *(replace(base, **change).sha256 for change in changed)}) == 4


def test_bad_options_are_refused():
    with pytest.raises(UsageError, match="power"):
        FisherVector.fit(pictures(), words=3, power=2.0)
    with pytest.raises(UsageError, match="words"):
        FisherVector.fit(pictures(1), words=50)
