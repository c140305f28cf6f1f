"""Whitenings by name or path."""

from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import FormatError, UsageError
from relook.vectors import PcaWhitening
from relook.vectors.shipped import find_whitening, shipped_whitenings


@pytest.fixture
def own(tmp_path):
    vectors = np.random.default_rng(0).standard_normal((30, 6)).astype(np.float32)
    PcaWhitening(4, fitted="noise").fit(vectors).save(tmp_path / "own.safetensors")
    return tmp_path / "own.safetensors"


def test_a_whitening_of_ones_own_is_found_by_its_path(own):
    found = find_whitening(str(own))
    assert (found.dimensions, found.fitted) == (4, "noise")
    assert len(found.sha256) == 64


def test_an_unknown_one_is_refused_with_the_choices(tmp_path):
    for name in ("none", "", str(tmp_path / "gone.safetensors"), "../assets"):
        with pytest.raises(UsageError, match=r"there is no whitening .*the path of a \.safetens"):
            find_whitening(name)


def test_a_damaged_one_is_refused(own):
    own.write_bytes(own.read_bytes()[:100])
    with pytest.raises(FormatError, match=r"damaged|safetensors"):
        find_whitening(str(own))


def test_a_file_of_another_kind_is_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"x": np.zeros(3, np.float32)}, tmp_path / "x.safetensors")
    with pytest.raises(FormatError):
        find_whitening(str(tmp_path / "x.safetensors"))


@pytest.mark.parametrize("name", shipped_whitenings())
def test_every_shipped_whitening_says_what_it_was_fitted_on(name):
    found = find_whitening(name)
    assert found.fitted
    assert "minibench" not in found.fitted
    assert 1 <= found.dimensions <= len(found.mean)
