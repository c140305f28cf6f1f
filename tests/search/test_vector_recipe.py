"""Recipes with a network, from the files of photos to the ranking, equal to brute force."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from oracles import asmk, tiny
from relook.collection import Collection
from relook.core.records import Image, Ranking
from relook.images import read
from relook.index.vectors.pooling import pool_similarities
from relook.reranking import Affinity, Diffusion, NeighborGraph, expand
from relook.search import load_recipe, make_engine
from relook.vectors.shipped import find_whitening

EXACT = 2e-6


@dataclass(frozen=True)
class Described:
    """A collection that is opened with any recipe that describes alike."""

    folder: Path
    directory: Path
    photos: Path

    def open(self, recipe: Path, into: Path) -> Collection:
        shutil.copytree(self.directory, into)
        engine = make_engine(load_recipe(recipe))
        return Collection.open(into, engine=lambda _: engine)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELOOK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("network")
    tiny.write_network(made)
    tiny.save_photos(made / "photos", range(5))
    return made


def described(folder, name, channel, *, local=False):
    recipe = tiny.recipe(folder, name, channel=channel, local=local)
    with Collection.create(folder / f"c-{name}", engine=make_engine(load_recipe(recipe))) as made:
        report = made.add([folder / "photos"], jobs=1)
        assert (report.added, report.quarantined) == (15, ())
    return Described(folder, folder / f"c-{name}", folder / "photos")


@pytest.fixture(scope="module")
def plain(folder):
    return described(folder, "plain", "")


@pytest.fixture(scope="module")
def hybrid(folder):
    return described(folder, "hybrid", "", local=True)


@pytest.fixture(scope="module")
def whitening(plain):
    with Collection.open(plain.directory, engine=lambda _: engine_of(plain)) as made:
        vectors = np.concatenate(list(stored(made).values()))
    return tiny.fit_whitening(vectors, plain.folder / "w.safetensors")


def engine_of(described):
    return make_engine(load_recipe(described.folder / "plain.toml"))


def stored(collection):
    """``(R, D)`` vectors by id, before any whitening."""
    return collection.codes(range(1, 100), channel="global")


def asked(collection, file):
    """What a collection would keep of a query."""
    image = read(file.read_bytes(), longest=collection.engine.longest)
    channel = collection.engine.channel("global")
    return channel.unpack(collection.engine.make_describer().describe(image)["global"])


def check_ranking(result, ids, scores):
    """The same scores in this order; images whose scores are as good as equal may change places."""
    order = np.lexsort((ids, -np.asarray(scores)))
    assert len(result.results) == len(ids)
    np.testing.assert_allclose(
        [hit.score for hit in result.results], np.asarray(scores)[order], atol=EXACT
    )
    by_id = dict(zip(np.asarray(ids).tolist(), scores, strict=True))
    np.testing.assert_allclose(
        [hit.score for hit in result.results],
        [by_id[hit.id] for hit in result.results],
        atol=EXACT,
    )


def rows(collection, projection=None):
    found = stored(collection)
    matrix = np.concatenate(list(found.values())).astype(np.float64)
    return np.array(list(found)), matrix if projection is None else whitened(matrix, projection)


def whitened(matrix, projection, dimensions=None):
    moved = (matrix - projection.mean) @ projection.matrix[:dimensions].T.astype(np.float64)
    return moved / np.linalg.norm(moved, axis=1, keepdims=True)


QUERY = "t3v1.png"


@pytest.mark.parametrize("kind", ["auto", "flat", "hnsw"])
def test_the_ranking_is_that_of_brute_force(plain, tmp_path, kind):
    recipe = tiny.recipe(plain.folder, kind, channel=f'index = {{ kind = "{kind}" }}')
    with plain.open(recipe, tmp_path / "c") as collection:
        ids, matrix = rows(collection)
        assert matrix.shape == (15, tiny.DIMENSIONS)
        query = asked(collection, plain.photos / QUERY)[0]
        result = collection.search(plain.photos / QUERY, top=100)
        check_ranking(result, ids, matrix @ query)
        assert result.results[0].path == QUERY
        assert result.results[0].score == pytest.approx(1, abs=1e-3)
        assert result.skipped == 0
        best = collection.search(plain.photos / QUERY, top=3).results
        assert [hit.id for hit in best] == [hit.id for hit in result.results[:3]]


@pytest.mark.parametrize("dimensions", [0, 5])
def test_whitening_and_dimensions_change_the_index_only(plain, whitening, tmp_path, dimensions):
    recipe = tiny.recipe(
        plain.folder, "white", channel=f'whitening = "w.safetensors"\ndimensions = {dimensions}'
    )
    with plain.open(recipe, tmp_path / "c") as collection:
        ids, matrix = rows(collection)
        projection = find_whitening(str(whitening))
        query = asked(collection, plain.photos / QUERY)
        many = dimensions or None
        scores = whitened(matrix, projection, many) @ whitened(query, projection, many)[0]
        check_ranking(collection.search(plain.photos / QUERY, top=100), ids, scores)


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_a_coarser_index_ranks_as_exactly_as_it_says(plain, tmp_path, precision):
    channel = f'index = {{ kind = "flat", precision = "{precision}" }}'
    with plain.open(tiny.recipe(plain.folder, precision, channel=channel), tmp_path / "c") as made:
        ids, matrix = rows(made)
        scores = dict(zip(ids.tolist(), matrix @ asked(made, plain.photos / QUERY)[0], strict=True))
        hits = made.search(plain.photos / QUERY, top=100).results
        assert hits[0].path == QUERY
        for hit in hits:
            assert hit.score == pytest.approx(scores[hit.id], abs=2e-2)


def test_an_expanded_query_is_the_one_of_the_formula(plain, whitening, tmp_path):
    recipe = tiny.recipe(
        plain.folder,
        "expanded",
        channel='whitening = "w.safetensors"',
        plan="expand = { neighbors = 3, alpha = 2 }",
    )
    with plain.open(recipe, tmp_path / "c") as collection:
        projection = find_whitening(str(whitening))
        ids, matrix = rows(collection, projection)
        query = whitened(asked(collection, plain.photos / QUERY), projection)[0]
        similarities = matrix @ query
        best = np.argsort(-similarities)[:3]
        query = expand(
            query.astype(np.float32),
            matrix[best].astype(np.float32),
            similarities[best].astype(np.float32),
            alpha=2,
        )
        check_ranking(collection.search(plain.photos / QUERY, top=100), ids, matrix @ query)


def test_diffusion_is_that_on_a_graph_of_the_stored_vectors(plain, whitening, tmp_path):
    recipe = tiny.recipe(
        plain.folder,
        "diffused",
        channel='whitening = "w.safetensors"',
        plan="diffuse = { neighbors = 4, query_neighbors = 2, alpha = 0.9 }",
    )
    with plain.open(recipe, tmp_path / "c") as collection:
        projection = find_whitening(str(whitening))
        ids, matrix = rows(collection, projection)
        query = whitened(asked(collection, plain.photos / QUERY), projection)[0]
        vectors = matrix.astype(np.float32)
        graph = NeighborGraph.build(ids, vectors, k=4)
        order = np.lexsort((ids, -(matrix @ query)))
        first = Ranking(ids[order], (matrix @ query)[order].astype(np.float32))
        wanted = Diffusion(k_query=2, alpha=0.9).rerank(first, Affinity.of(graph))
        hits = collection.search(plain.photos / QUERY, top=100).results
        assert [hit.id for hit in hits] == wanted.ids.tolist()
        np.testing.assert_allclose([hit.score for hit in hits], wanted.scores, rtol=1e-3, atol=1e-4)


def test_scales_and_mirror_images_are_described_once_more(folder, plain):
    several = described(
        folder, "scales", 'scales = [1, 0.7071]\nflip = true\nscale_pooling = "gem"\np = 2'
    )
    engine = make_engine(load_recipe(folder / "scales.toml"))
    with Collection.open(several.directory, engine=lambda _: engine) as collection:
        ids, matrix = rows(collection)
        assert matrix.shape == (15, tiny.DIMENSIONS)
        np.testing.assert_allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-3)
        query = asked(collection, several.photos / QUERY)[0]
        check_ranking(collection.search(several.photos / QUERY, top=100), ids, matrix @ query)
        mirrored = read((several.photos / QUERY).read_bytes(), longest=128).pixels[:, ::-1]
        hit = collection.search(np.ascontiguousarray(mirrored)).results[0]
        assert (hit.path, round(hit.score, 2)) == (QUERY, 1.0)


@pytest.mark.parametrize("match", ["sum", "max"])
def test_several_vectors_of_a_picture_are_matched_as_the_recipe_says(folder, match):
    name = f"regional-{match}"
    channel = f'pooling = "regional"\nindex = {{ kind = "several", match = "{match}" }}'
    if match == "max":  # the scales apart, instead of regions
        channel = 'scale_pooling = "keep"\nscales = [1, 0.5]\n'
        channel += 'index = { kind = "several", match = "max" }'
    regional = described(folder, name, channel)
    engine = make_engine(load_recipe(folder / f"{name}.toml"))
    with Collection.open(regional.directory, engine=lambda _: engine) as collection:
        found = stored(collection)
        assert all(len(vectors) > 1 for vectors in found.values())
        query = asked(collection, regional.photos / QUERY)
        starts = np.cumsum([0, *(len(vectors) for vectors in found.values())])
        scores = pool_similarities(
            (np.concatenate(list(found.values())) @ query.T).astype(np.float32), starts, match=match
        )
        check_ranking(
            collection.search(regional.photos / QUERY, top=100), np.array(list(found)), scores
        )
        assert collection.check().ok


def test_a_query_box_is_described_alone(plain, tmp_path):
    with plain.open(plain.folder / "plain.toml", tmp_path / "c") as collection:
        whole = collection.search(plain.photos / QUERY).results
        part = collection.search(plain.photos / QUERY, box=(20, 20, 60, 50)).results
        assert [hit.score for hit in whole] != [hit.score for hit in part]


def test_a_hybrid_finds_by_geometry_what_shows_the_same(hybrid, tmp_path):
    with hybrid.open(hybrid.folder / "hybrid.toml", tmp_path / "c") as collection:
        result = collection.search(hybrid.photos / QUERY, top=100)
        assert len(result.results) == 15
        assert {hit.path[:2] for hit in result.results[:3]} == {"t3"}
        assert all(hit.verified and hit.inliers > 10 for hit in result.results[:3])
        assert result.milliseconds.keys() >= {"describe", "search", "verify", "total"}
        scores = [hit.score for hit in result.results]
        assert scores == sorted(scores, reverse=True)


def test_a_hybrid_ranks_a_picture_without_features_by_its_vector(hybrid, tmp_path):
    with hybrid.open(hybrid.folder / "hybrid.toml", tmp_path / "c") as collection:
        blank = np.full((90, 120, 3), 128, np.uint8)
        hits = collection.search(blank, top=100).results
        query = collection.engine.channel("global").unpack(
            collection.engine.make_describer().describe(Image(blank, (120, 90)))["global"]
        )[0]
        ids, matrix = rows(collection)
        similar = dict(zip(ids.tolist(), matrix @ query, strict=True))
        ranked = [similar[hit.id] for hit in hits]
        assert len(ranked) == 15
        assert np.all(np.diff(ranked) <= EXACT)
        assert not any(hit.verified for hit in hits)
        np.testing.assert_allclose(
            [hit.similarity for hit in hits], np.clip(ranked, 0, 1), atol=EXACT
        )


def similarities(collection, described, projection):
    """The cosine, and the third root of the kernel, by id, from their definitions."""
    ids, matrix = rows(collection, projection)
    cosines = matrix @ whitened(described.codes["global"].astype(np.float64), projection)[0]
    query, kept = described.codes["local"].aggregate, collection.codes(ids, channel="local")
    kernels = [
        asmk.score(query, kept[id_].aggregate, threshold=1 - (2 * 52 + 1) / 128) for id_ in ids
    ]
    return dict(zip(ids.tolist(), zip(cosines, np.cbrt(kernels), strict=True), strict=True))


def test_a_hybrid_hit_has_the_larger_of_two_similarities(hybrid, whitening, tmp_path):
    recipe = tiny.recipe(
        hybrid.folder, "similar", channel='whitening = "w.safetensors"', local=True
    )
    with hybrid.open(recipe, tmp_path / "c") as collection:
        described = collection.describe(hybrid.photos / QUERY)
        wanted = similarities(collection, described, find_whitening(str(whitening)))
        hits = collection.search(described, top=100).results
        ranking, _ = collection.engine.find(collection.sources(), described.codes, 100)
        assert [hit.id for hit in hits] == ranking.ids.tolist()
        assert [hit.score for hit in hits] == ranking.scores.tolist()
        for hit in hits:
            assert hit.similarity == pytest.approx(max(0, *wanted[hit.id]), abs=1e-5)
            explained = collection.explain(described, hit.id)
            assert explained.similarity == pytest.approx(hit.similarity, abs=EXACT)
        assert hits[0].similarity == pytest.approx(1, abs=1e-5)
        assert {cosine > root for cosine, root in wanted.values()} == {False, True}
        few = collection.search(described, top=2).results
        same = [hit.similarity for hit in hits[:2]]
        assert [hit.similarity for hit in few] == pytest.approx(same, abs=EXACT)


def test_diffusion_changes_no_similarity(plain, tmp_path):
    recipe = tiny.recipe(plain.folder, "diffuse", plan="diffuse = { neighbors = 4 }")
    with plain.open(recipe, tmp_path / "c") as collection:
        ids, matrix = rows(collection)
        query = asked(collection, plain.photos / QUERY)[0]
        wanted = dict(zip(ids.tolist(), matrix @ query, strict=True))
        for hit in collection.search(plain.photos / QUERY, top=100).results:
            assert hit.similarity == pytest.approx(wanted[hit.id], abs=1e-4)


@pytest.mark.parametrize(
    "plan",
    [
        "candidates = 0",
        "fuse = { candidates = 0 }",
        "fuse = { local = 0 }",
        "fuse = { weight = 0 }",
    ],
)
def test_a_hybrid_works_without_each_of_its_witnesses(hybrid, tmp_path, plan):
    recipe = tiny.recipe(hybrid.folder, "less", plan=plan, local=True)
    with hybrid.open(recipe, tmp_path / "c") as collection:
        hits = collection.search(hybrid.photos / QUERY, top=100).results
        assert len({hit.id for hit in hits}) == 15
        assert hits[0].path == QUERY
        assert hits[0].verified == (plan != "candidates = 0")


def test_a_diffused_hybrid_keeps_verified_images_in_front(hybrid, tmp_path):
    recipe = tiny.recipe(
        hybrid.folder,
        "spread",
        plan="diffuse = { neighbors = 5, query_neighbors = 3 }",
        local=True,
    )
    with hybrid.open(recipe, tmp_path / "c") as collection:
        hits = collection.search(hybrid.photos / QUERY, top=100).results
        assert sorted(hit.id for hit in hits) == list(range(1, 16))
        marks = [hit.verified for hit in hits]
        assert marks == sorted(marks, reverse=True)
        assert sum(marks) >= 3
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)


ODD = {"tiny": (8, 8), "strip": (1, 5000), "column": (5000, 1), "dot": (1, 1)}


@pytest.mark.parametrize("shape", ODD.values(), ids=ODD)
def test_a_picture_of_any_shape_is_described(plain, tmp_path, shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    with plain.open(plain.folder / "plain.toml", tmp_path / "c") as collection:
        hits = collection.search(pixels, top=100).results
        assert len(hits) == 15
        assert np.isfinite([hit.score for hit in hits]).all()
