"""The registry of vector encoders, and those that ship with relook."""

from __future__ import annotations

import json

import numpy as np
import pytest

from oracles import encoding
from relook.core.errors import FormatError, UsageError
from relook.encodings import FisherVector, TriangulationEmbedding, Vlad
from relook.encodings.codebook import shipped_codebooks
from relook.encodings.vector_encoders import (
    ASSETS,
    VECTOR_ENCODERS,
    load_vector_encoder,
    make_vector_encoder_class,
    shipped_vector_encoders,
)

SHIPPED = {"sift-vlad": Vlad, "sift-fisher": FisherVector, "sift-temb": TriangulationEmbedding}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_encoder_is_small_and_takes_sift(name):
    encoder = load_vector_encoder(name)
    assert isinstance(encoder, SHIPPED[name])
    assert encoder.descriptor_dimensions == 128
    assert (ASSETS / f"{name}.safetensors").stat().st_size <= 4 << 20
    vector = encoder.encode(encoding.features(200))
    assert vector.shape == (encoder.dimensions,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_encoder_says_where_it_comes_from(name):
    fitted = load_vector_encoder(name).fitted
    assert {"on", "command", "extractor", "features", "longest", "images", "seed"} <= set(fitted)
    assert fitted["images"] >= 2000
    assert not any("minibench" in str(folder) for folder in fitted["on"])
    json.dumps(dict(fitted))


def test_they_are_listed_apart_from_codebooks_and_loaded_once():
    assert set(SHIPPED) <= set(shipped_vector_encoders())
    assert not set(shipped_vector_encoders()) & set(shipped_codebooks())
    assert load_vector_encoder("sift-vlad") is load_vector_encoder("sift-vlad")


def test_what_is_not_there_is_answered_with_what_is(tmp_path):
    for name in ("nothing", str(tmp_path / "nothing.safetensors")):
        with pytest.raises(UsageError, match=r"use .*sift-vlad.*or|sift-vlad"):
            load_vector_encoder(name)
    with pytest.raises(UsageError, match="vlad, fisher, temb"):
        make_vector_encoder_class("nothing")


def test_kinds_are_those_that_the_classes_write():
    assert all(kind == own.KIND for kind, own in VECTOR_ENCODERS.items())


def test_a_file_of_something_else_is_refused_by_its_kind(tmp_path):
    path = tmp_path / "book.safetensors"
    encoding.codebook().save(path)
    with pytest.raises(FormatError, match=r"holds codebook.*relook\.vlad"):
        load_vector_encoder(str(path))
