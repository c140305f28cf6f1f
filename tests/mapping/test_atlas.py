"""The atlas of a collection: made, kept, grown."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image as Pillow

import relook
from oracles.pictures import texture
from relook.encodings import load_codebook
from relook.images import render_view
from relook.mapping.atlas import Stopped, make_atlas, read_atlas
from relook.mapping.atlas import making as atlas_module
from relook.mapping.atlas.vectors import make_vectors
from relook.search import load_recipe

pytest.importorskip("openTSNE")


def things(folder, numbers, *, views=2):
    """Views of things that the walls do not show."""
    folder.mkdir(parents=True, exist_ok=True)
    for thing in numbers:
        for view in range(views):
            rng = np.random.default_rng([thing, view])
            pixels = render_view(texture((200, 260), seed=700 + thing), rng, strength=0.15)
            Pillow.fromarray(pixels).save(folder / f"more{thing}-{view}.png")
    return folder


def places(atlas):
    return dict(zip(atlas.ids.tolist(), map(tuple, atlas.xy.tolist()), strict=True))


def exact_vlad(codes, codebook, centers, *, step):
    """The definition, in double precision: residuals to the nearest center, summed, rooted."""
    words = codebook.centers.astype(np.float64)[codes.words]
    if step:
        bits = [
            [code >> place & 1 for code in row.tolist() for place in range(64)]
            for row in codes.signatures
        ]
        words = words + step * np.where(np.array(bits, bool), 1.0, -1.0)
    sums = np.zeros(centers.shape)
    for row in words.astype(np.float32).astype(np.float64):
        word = np.argmin(((row - centers) ** 2).sum(axis=1))
        sums[word] += row - centers[word]
    rooted = np.sign(sums) * np.sqrt(np.abs(sums))
    lengths = np.linalg.norm(rooted, axis=1, keepdims=True)
    flat = (rooted / np.where(lengths > 0, lengths, 1)).ravel()
    return flat / (np.linalg.norm(flat) or 1.0)


def test_vectors_of_local_features_are_a_vlad_of_their_words(walls):
    with relook.open(walls) as collection:
        vectors = make_vectors(collection)
        ids = collection.catalog.searchable().tolist()
        found = vectors.of(ids)
        codes = collection.codes(ids)
        codebook = load_codebook(load_recipe("sift-asmk").local.codebook)
        centers = vectors.vlad.centers.astype(np.float64)
        seen = [id_ for id_ in ids if len(codes[id_])]
        for id_ in seen[:3]:
            wanted = exact_vlad(codes[id_], codebook, centers, step=0.04)
            assert np.abs(found[id_] - wanted).max() < 2e-3
            assert found[id_] @ wanted > 0.9999
        assert len(seen) < len(ids)
        assert not any(found[id_].any() for id_ in set(ids) - set(seen))


def test_the_atlas_holds_all_pictures_and_things_lie_together(own_walls):
    with relook.open(own_walls) as collection:
        assert read_atlas(collection) is None
        atlas = make_atlas(collection)
        paths = collection.catalog.paths(atlas.ids.tolist())
        assert len(atlas) == 13
        assert not atlas.placed.any()
        assert not atlas.stale
        assert atlas.xy.dtype == np.float32
        assert 0 <= atlas.xy.min() <= atlas.xy.max() <= 1
        assert len(np.unique(atlas.xy, axis=0)) == 13
        thing = np.array([paths[id_][:6] for id_ in atlas.ids.tolist()])
        blank = thing.tolist().index("blank.")
        assert atlas.xy[blank, 1] == atlas.xy[:, 1].max()


def test_it_is_read_again_as_it_was_made(own_walls):
    with relook.open(own_walls) as collection:
        made = make_atlas(collection)
    with relook.open(own_walls) as collection:
        read = read_atlas(collection)
        again = make_atlas(collection)
    assert np.array_equal(read.ids, made.ids)
    assert np.array_equal(read.xy, made.xy)
    assert np.array_equal(again.xy, made.xy)


def test_new_pictures_are_placed_and_old_ones_do_not_move(own_walls, tmp_path, monkeypatch):
    with relook.open(own_walls) as collection:
        before = places(make_atlas(collection))
        collection.add([things(tmp_path / "more", [7], views=1)], jobs=1)
        waiting = read_atlas(collection, place_new=False)
        assert (len(waiting), waiting.missing) == (13, 1)
        grown = read_atlas(collection)
        assert (len(grown), grown.missing, int(grown.placed.sum())) == (14, 0, 1)
        after = places(grown)
        assert all(after[id_] == where for id_, where in before.items())
        assert not grown.stale
        monkeypatch.setattr(atlas_module, "_GROWN", 0.05)
        assert read_atlas(collection).stale
        assert places(read_atlas(collection)) == after
    with relook.open(own_walls) as collection:
        assert places(read_atlas(collection, place_new=False)) == after


def test_removed_pictures_vanish_and_the_others_stay(own_walls):
    with relook.open(own_walls) as collection:
        before = places(make_atlas(collection))
        gone = list(before)[:2]
        collection.remove(gone)
        after = places(read_atlas(collection))
        assert after == {id_: where for id_, where in before.items() if id_ not in gone}


def test_it_lives_in_memory_where_it_cannot_be_written(own_walls):
    shutil.rmtree(own_walls / "derived" / "atlas", ignore_errors=True)
    (own_walls / "derived" / "atlas").write_text("in the way")
    with relook.open(own_walls) as collection:
        made = make_atlas(collection)
        assert np.array_equal(read_atlas(collection).xy, made.xy)
    with relook.open(own_walls) as collection:
        assert read_atlas(collection) is None


@pytest.mark.parametrize("cut", ["map", "manifest"])
def test_a_damaged_one_is_none(own_walls, cut):
    with relook.open(own_walls) as collection:
        make_atlas(collection)
    (file,) = (own_walls / "derived" / "atlas").glob(f"{cut}*")
    content = bytearray(file.read_bytes())
    content[8:40] = bytes(32)
    file.write_bytes(content)
    with relook.open(own_walls) as collection:
        assert read_atlas(collection) is None
        assert len(make_atlas(collection)) == 13


def test_what_is_stopped_changes_nothing(own_walls):
    with relook.open(own_walls) as collection:
        made = make_atlas(collection)
        with pytest.raises(Stopped):
            make_atlas(collection, stop=lambda: True)
        assert np.array_equal(read_atlas(collection).xy, made.xy)


def test_what_another_program_made_is_seen(own_walls, tmp_path):
    with relook.open(own_walls) as reader, relook.open(own_walls) as writer:
        assert read_atlas(reader) is None
        made = make_atlas(writer)
        assert np.array_equal(read_atlas(reader).xy, made.xy)


@pytest.mark.parametrize("recipe", ["sift-he", "sift-vlad"])
def test_an_empty_map_grows_and_is_made_again_with_any_encoding(recipe, tmp_path):
    with relook.create(tmp_path / "pictures", recipe=recipe) as collection:
        assert len(make_atlas(collection)) == 0
        collection.add([things(tmp_path / "more", [1, 2])], jobs=1)
        grown = read_atlas(collection)
        assert (len(grown), grown.stale) == (4, True)
        assert len(np.unique(grown.xy, axis=0)) == 4
        made = make_atlas(collection)
        assert not made.stale
        names = [collection.path_of(id_)[:5] for id_ in made.ids[made.xy[:, 0].argsort()].tolist()]
        assert names[0] == names[1] != names[2] == names[3]
