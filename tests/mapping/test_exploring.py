"""Zoom in, zoom out and crawl sideways along rendered walls, whose truth is exact."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from oracles import panorama
from oracles.panorama import Shot
from relook.collection import Collection
from relook.core.errors import ImageError, UsageError
from relook.mapping import explore
from relook.search import Recipe, load_recipe, make_engine

FAR = Shot(0, (0.1, 0.0), 2.2)
NEAR = Shot(0, (0.1, 0.05), 0.6)
LEFT = Shot(0, (-0.2, 0.0), 1.2)

WORLD = {
    **{f"near-{x}-{y}": Shot(0, (x, y), 0.5) for x in (-0.3, 0.3) for y in (-0.3, 0.3)},
    "mid-left": Shot(0, (-0.25, 0.0), 0.9),
    "mid-right": Shot(0, (0.25, 0.0), 0.9),
    "whole": Shot(0, (0.0, 0.0), 1.6),
    "hall": Shot(0, (0.2, 0.0), 2.8),
    "wide": Shot(0, (1.0, 0.0), 4.2),
    **{f"walk-{k}": Shot(0, (0.25 + 0.4 * k, 0.0), 1.2, 0.15) for k in range(6)},
    "stranger-near": Shot(2, (0.3, 0.2), 0.5),
    "stranger-whole": Shot(2, (0.0, 0.0), 1.6),
    "stranger-hall": Shot(2, (0.5, 0.0), 3.0),
    "stranger-walk": Shot(2, (0.7, 0.0), 1.2),
    "stranger-other": Shot(4, (0.2, 0.0), 1.5),
}


@pytest.fixture(scope="module")
def wall(tmp_path_factory):
    """A collection of these photos, with fewer features than the recipe has."""
    folder = tmp_path_factory.mktemp("wall")
    (folder / "photos").mkdir()
    panorama.write(folder / "photos", WORLD)
    small = load_recipe("sift-asmk").with_settings({"channels.local.sift.features": 600})
    recipe = small.with_plan(query_features=900, threads=1)
    engine = make_engine(recipe)
    with Collection.create(folder / "pictures", engine=engine) as collection:
        collection.add([folder / "photos"], jobs=1)
        yield collection


def named(view):
    return Path(view.path).stem


def check_truth(found, query, *, error):
    """Everything is verified, of the same wall, where it truly lies, as large as it truly is."""
    names = [named(view) for view in found.views]
    assert len(set(names)) == len(names)
    for view in found.views:
        shot = WORLD[named(view)]
        assert shot.hall() == query.hall(), view.path
        assert view.evidence.verified
        truth = panorama.outline(query, shot)
        assert np.abs(truth - view.outline).max() <= error * np.ptp(truth, axis=0).max(), view.path


def check_sizes(found, query):
    for view in found.views:
        truth = panorama.magnification(query, WORLD[named(view)])
        assert view.magnification == pytest.approx(truth, rel=0.15), view.path


def test_zooming_in_finds_the_details_most_magnified_first(wall):
    found = explore(wall, FAR.take(), zoom="in")
    check_truth(found, FAR, error=0.05)
    check_sizes(found, FAR)
    sizes = [view.magnification for view in found.views]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] >= 1.25
    details = {name for name in WORLD if name.startswith(("near", "mid"))}
    assert len(details & set(map(named, found.views))) >= 5
    for place, view in enumerate(found.views):
        truth = panorama.outline(FAR, WORLD[named(view)])
        assert panorama.share(truth, panorama.border()) >= 0.45
        for other in found.views[:place]:
            assert panorama.share(view.outline, other.outline) <= 0.52


def test_details_of_details_are_found_beyond_what_the_query_itself_can_match(wall):
    from_afar = Shot(0, (0.8, 0.0), 5.6)
    found = explore(wall, from_afar.take(), zoom="in")
    check_truth(found, from_afar, error=0.1)
    check_sizes(found, from_afar)
    tiny = [view for view in found.views if view.magnification > 10]
    assert len(tiny) >= 3
    assert any(view.chain for view in tiny)
    once = explore(wall, from_afar.take(), zoom="in", steps=1)
    assert not any(view.chain for view in once.views)
    assert sum(view.magnification > 10 for view in once.views) < len(tiny)


def test_zooming_in_on_a_box_stays_in_it(wall):
    left = explore(wall, FAR.take(), zoom="in", box=(0, 0, 290, 480))
    check_truth(left, FAR, error=0.05)
    names = set(map(named, left.views))
    assert {"near--0.3--0.3", "near--0.3-0.3"} & names
    assert not {"near-0.3--0.3", "near-0.3-0.3"} & names
    assert left.region.tolist() == [[-0.5, -0.5], [289.5, -0.5], [289.5, 479.5], [-0.5, 479.5]]


def test_zooming_out_finds_the_surroundings_widest_first(wall):
    found = explore(wall, NEAR.take(), zoom="out")
    check_truth(found, NEAR, error=0.05)
    check_sizes(found, NEAR)
    sizes = [view.magnification for view in found.views]
    assert sizes == sorted(sizes)
    assert sizes[-1] <= 0.8
    names = list(map(named, found.views))
    assert names[:2] == ["wide", "hall"]
    assert "whole" in names
    for view in found.views:
        seen = panorama.outline(NEAR, WORLD[named(view)])
        assert panorama.share(panorama.border(), seen) >= 0.45


def test_crawling_goes_on_along_the_wall_beyond_the_border(wall):
    found = explore(wall, LEFT.take(), zoom="crawl")
    check_truth(found, LEFT, error=0.1)
    right = [view for view in found.views if view.direction == "right"]
    names = list(map(named, right))
    walk = [name for name in names if name.startswith("walk")]
    assert walk == sorted(walk)
    assert len(walk) >= 3
    away = [view.shift[0] for view in right]
    assert away == sorted(away)
    assert away[-1] > 1.5
    assert any(len(view.chain) >= 2 for view in right)
    for view in found.views:
        truth = panorama.outline(LEFT, WORLD[named(view)])
        assert panorama.share(truth, panorama.border()) <= 0.75


def test_one_step_finds_only_what_the_query_itself_shows(wall):
    near = explore(wall, LEFT.take(), zoom="crawl", steps=1)
    far = explore(wall, LEFT.take(), zoom="crawl", steps=3)
    assert max(view.shift[0] for view in near.views) < max(view.shift[0] for view in far.views)
    edge = panorama.border()
    for view in near.views:
        assert panorama.share(panorama.outline(LEFT, WORLD[named(view)]), edge) > 0


def test_the_same_question_has_the_same_answer(wall):
    one, other = (explore(wall, LEFT.take(), zoom="crawl") for _ in range(2))
    assert [view.path for view in one.views] == [view.path for view in other.views]
    for first, second in zip(one.views, other.views, strict=True):
        assert np.array_equal(first.transform, second.transform)
        assert first.chain == second.chain


def test_no_more_are_returned_than_asked_for(wall):
    assert len(explore(wall, FAR.take(), zoom="in", top=2).views) == 2


@pytest.mark.parametrize("zoom", ["in", "out", "crawl"])
def test_a_picture_of_something_else_finds_nothing(wall, zoom):
    assert explore(wall, Shot(8, (0.0, 0.0), 1.4).take(), zoom=zoom).views == ()
    assert explore(wall, np.full((64, 64, 3), 90, np.uint8), zoom=zoom).views == ()


def test_wrong_words_and_numbers_are_refused(wall):
    picture = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(UsageError, match="one of in, out, crawl"):
        explore(wall, picture, zoom="up")
    for changes in ({"steps": 0}, {"top": 0}):
        with pytest.raises(UsageError, match="1 or more"):
            explore(wall, picture, zoom="in", **changes)
    with pytest.raises(UsageError, match="outside"):
        explore(wall, picture, zoom="in", box=(500, 500, 10, 10))
    with pytest.raises(ImageError, match="cannot be searched for"):
        explore(wall, b"no picture", zoom="in")


def test_a_recipe_without_geometry_is_refused():
    table = load_recipe("mobilenetv2-gem").to_json()
    assert Recipe.from_json(table).local is None
    vectors = SimpleNamespace(engine=SimpleNamespace(recipe=table, name="mobilenetv2-gem"))
    with pytest.raises(UsageError, match="exploring needs local features"):
        explore(vectors, np.zeros((64, 64, 3), np.uint8), zoom="in")
