from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import relook
from relook.core.errors import UsageError
from relook.mapping.clusters import ClusterSettings, find_clusters, join
from relook.mapping.links import CELLS, Link
from relook.search import load_recipe


def names(collection, ids):
    return {collection.path_of(id_).rpartition("/")[2] for id_ in ids}


def place(x, y):
    """Ten inliers around one cell."""
    cells = np.zeros((CELLS, CELLS), np.uint8)
    cells[y, x] = 10
    return cells.ravel()


def link(one, other, *, at=(8, 8), there=(8, 8), strength=20.0):
    places = np.stack([place(*at), place(*there)])
    return Link((one, other), strength, 10, np.eye(3), places)


def test_the_photos_of_a_thing_are_one_cluster_though_walls_are_shared(walls):
    with relook.open(walls) as collection:
        found = find_clusters(collection)
        members = [names(collection, cluster.members) for cluster in found.clusters]
    expected = [{f"thing{thing}-{view}.png" for view in range(3)} for thing in range(3)]
    assert sorted(members, key=min) == expected
    assert found.images == 13


def test_links_of_a_cluster_carry_their_evidence(walls):
    with relook.open(walls) as collection:
        cluster = find_clusters(collection).clusters[0]
    assert {id_ for link in cluster.links for id_ in link.pair} == set(cluster.members)
    assert all(link.strength >= 6 and link.inliers >= 5 for link in cluster.links)


def test_equal_collections_give_equal_clusters(walls):
    with relook.open(walls) as collection:
        first, second = (find_clusters(collection) for _ in range(2))
    assert [c.members for c in first.clusters] == [c.members for c in second.clusters]


def test_growth_finds_what_the_seeds_missed(walls):
    with relook.open(walls) as collection:
        few = find_clusters(collection, settings=ClusterSettings(sketches=48))
        assert few.seeds < 9
        assert max(map(len, few.clusters)) == 3


def test_two_things_on_one_photo_stay_two():
    left, right = (3, 8), (9, 8)
    links = [link(1, 2), link(1, 3), link(2, 3), link(3, 4, at=left, there=right),
             link(4, 5, at=right, there=right)]  # fmt: skip
    clusters = join(links)
    assert [set(cluster.members) for cluster in clusters] == [{1, 2, 3}, {4, 5}]
    assert clusters[1].beside == (3,)


def test_clusters_smaller_than_asked_are_left_out():
    links = [link(1, 2), link(2, 3), link(7, 8)]
    assert [len(cluster) for cluster in join(links, min_size=3)] == [3]
    assert [len(cluster) for cluster in join(links)] == [3, 2]


def test_the_picture_with_the_strongest_links_stands_first():
    links = [link(1, 2, strength=7), link(2, 3, strength=30), link(1, 3, strength=8)]
    assert join(links)[0].members == (3, 2, 1)


def test_removed_pictures_are_in_no_cluster(own_walls):
    with relook.open(own_walls) as collection:
        collection.remove(["thing0-0.png"])
        found = find_clusters(collection)
    assert found.images == 12
    assert sorted(map(len, found.clusters)) == [2, 3, 3]


def test_nearly_empty_collections_have_no_clusters(own_walls, tmp_path):
    with relook.create(tmp_path / "empty") as collection:
        assert find_clusters(collection).clusters == ()
    with relook.open(own_walls) as collection:
        collection.remove(collection.catalog.searchable().tolist()[1:])
        found = find_clusters(collection)
    assert found.clusters == ()
    assert found.images == 1


def test_a_recipe_without_local_features_is_refused():
    recipe = load_recipe("mobilenetv2-gem")
    engine = SimpleNamespace(name=recipe.name, recipe=recipe.to_json())
    with pytest.raises(UsageError, match="clustering needs local features"):
        find_clusters(SimpleNamespace(engine=engine))


def test_progress_is_reported(walls):
    seen = {}
    with relook.open(walls) as collection:
        find_clusters(
            collection, progress=lambda what, done, total: seen.update({what: (done, total)})
        )
    assert list(seen) == ["sketch", "verify seeds", "grow"]
    assert all(done == total for done, total in seen.values())


def test_wrong_settings_are_named():
    with pytest.raises(UsageError, match="2 pictures or more"):
        ClusterSettings(min_size=1)
    with pytest.raises(UsageError, match="1 or more"):
        ClusterSettings(sketches=0)
    with pytest.raises(UsageError, match="above 0"):
        ClusterSettings(strength=0)
