"""What every transform of vectors does, learned or given. A new one joins with a line below."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.vectors import LearnedWhitening, Pca, PcaWhitening, Projection, load_whitening

WIDTH, KEPT = 20, 8
LEARNED = {"pca": Pca, "pca whitening": PcaWhitening, "learned whitening": LearnedWhitening}


def sample(count=200, *, seed=0):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, WIDTH)) * np.geomspace(1, 0.1, WIDTH) + 0.3
    return rows.astype(np.float32)


def fit(maker, **options):
    rows = sample()
    if maker is LearnedWhitening:
        return maker(KEPT, **options).fit(rows, np.arange(200).reshape(-1, 2))
    return maker(KEPT, **options).fit(rows)


def given():
    model = fit(PcaWhitening)
    return Projection(model.mean_, model.projection_)


@pytest.fixture(params=LEARNED, ids=str)
def maker(request):
    return LEARNED[request.param]


@pytest.fixture(params=[*LEARNED, "given"], ids=str)
def model(request):
    return given() if request.param == "given" else fit(LEARNED[request.param])


def test_the_constructor_only_stores(maker):
    names = list(inspect.signature(maker).parameters)
    stored = {name: object() for name in names}
    model = maker(**stored)
    assert {name: getattr(model, name) for name in names} == stored
    assert not [name for name in vars(model) if name.endswith("_")]


def test_fit_returns_itself_and_what_it_learned_ends_in_an_underscore(maker):
    before = set(vars(maker()))
    model = fit(maker)
    assert isinstance(model, maker)
    learned = set(vars(model)) - before
    assert learned >= {"mean_", "projection_", "eigenvalues_"}
    assert all(name.endswith("_") for name in learned)
    assert model.mean_.shape == (WIDTH,)
    assert model.projection_.shape == (KEPT, WIDTH)
    assert model.mean_.dtype == model.projection_.dtype == np.float32
    assert np.all(np.diff(model.eigenvalues_) <= 0)


def test_fitting_again_starts_anew_and_gives_the_same(maker):
    model = fit(maker)
    again = fit(maker)
    assert model.sha256 == again.sha256


def test_fit_changes_no_argument_and_takes_read_only_arrays(maker):
    rows = sample()
    rows.setflags(write=False)
    arguments = [np.arange(200).reshape(-1, 2)] if maker is LearnedWhitening else []
    out = maker(KEPT).fit_transform(rows, *arguments)
    assert np.array_equal(rows, sample())
    assert np.array_equal(out, fit(maker).transform(rows))


def test_before_fit_there_is_a_clear_error(maker, tmp_path):
    model = maker()
    for call in (
        lambda: model.transform(sample()),
        lambda: model.truncated(2),
        lambda: model.save(tmp_path / "w.safetensors"),
        lambda: model.sha256,
    ):
        with pytest.raises(UsageError, match="not fitted; call fit"):
            call()


def test_results_are_float32_rows_of_length_one(model):
    out = model.transform(sample(seed=1))
    assert out.shape == (200, KEPT)
    assert out.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(out, axis=1), 1, atol=1e-5)


def test_one_row_alone_is_transformed_as_among_others(model):
    rows = sample(seed=1)
    out = model.transform(rows)
    np.testing.assert_allclose(model.transform(rows[5:6]), out[5:6], atol=1e-6)
    assert model.transform(rows[:0]).shape == (0, KEPT)


def test_normalization_can_be_left_out(maker):
    rows = sample(seed=1)
    plain = fit(maker, normalize=False).transform(rows)
    lengths = np.linalg.norm(plain, axis=1, keepdims=True)
    assert lengths.std() > 0
    np.testing.assert_allclose(plain / lengths, fit(maker).transform(rows), atol=1e-5)


def test_zero_vectors_stay_zero(model):
    rows = sample(seed=1)
    rows[3] = 0
    out = model.transform(rows)
    assert np.isfinite(out).all()
    assert not out[3].any()


def test_truncation_keeps_the_first_dimensions_and_normalizes_again(model):
    rows = sample(seed=1)
    short = model.truncated(3).transform(rows)
    whole = model.transform(rows)[:, :3]
    np.testing.assert_allclose(
        short, whole / np.linalg.norm(whole, axis=1, keepdims=True), atol=1e-5
    )


def test_truncation_equals_fitting_with_fewer_dimensions(maker):
    few = maker(3)
    rows = sample()
    few.fit(*((rows, np.arange(200).reshape(-1, 2)) if maker is LearnedWhitening else (rows,)))
    short = fit(maker).truncated(3)
    assert short.dimensions == 3
    np.testing.assert_allclose(short.transform(rows), few.transform(rows), atol=1e-5)


def test_a_saved_transform_comes_back_exactly(model, tmp_path):
    model.save(tmp_path / "w.safetensors")
    back = load_whitening(tmp_path / "w.safetensors")
    assert back.sha256 == model.sha256
    assert np.array_equal(back.transform(sample(seed=1)), model.transform(sample(seed=1)))


def test_a_saved_transform_says_how_it_came_to_be(maker, tmp_path):
    fit(maker, fitted="200 made rows").save(tmp_path / "w.safetensors", half=True)
    back = load_whitening(tmp_path / "w.safetensors")
    assert back.fitted == "200 made rows"
    assert back.method.startswith(maker.__name__)
    assert "dimensions=8" in back.method


def test_vectors_of_another_network_are_refused(model):
    with pytest.raises(ShapeError, match=r"have 7 dimensions.* for 20"):
        model.transform(np.zeros((2, 7), np.float32))
    with pytest.raises(ShapeError, match="float32"):
        model.transform(np.zeros((2, WIDTH)))
    with pytest.raises(ShapeError):
        model.transform(np.zeros(WIDTH, np.float32))


def test_values_that_are_not_finite_are_refused(model):
    for bad in (np.nan, np.inf):
        rows = sample()
        rows[2, 2] = bad
        with pytest.raises(ShapeError, match="not finite"):
            model.transform(rows)
