"""What the atlas says: its legend, what is in view, what is new, and that there is nothing."""

from __future__ import annotations

from oracles.browser import expect, until
from server.page.atlas.maps import MAP, camera, made, news, picture, settled
from server.page.pages import toasted


def test_the_legend_finds_and_highlights_a_label(mapped):
    page = mapped(made(500, labels=12))
    page.get_by_label("Find a label").fill("thing 7")
    row = page.locator(".atlas-labels button")
    expect(row).to_have_count(1)
    row.click()
    expect(row).to_have_attribute("aria-pressed", "true")
    settled(page)
    shown = page.evaluate(f"[...{MAP}.places.keys()].map((i) => {MAP}.points.name(i))")
    assert set(shown) == {"thing 7"}
    page.get_by_role("button", name="Show all labels").click()
    assert page.evaluate(f"{MAP}.highlight === undefined")


def test_a_label_under_the_pointer_stands_out_for_as_long(mapped):
    page = mapped(made(300))
    page.locator(".atlas-labels button", has_text="thing 3").hover()
    until(page, f"{MAP}.glimpsed === 'thing 3'")
    assert page.evaluate(f"{MAP}.highlight === undefined")
    page.locator(".atlas-tools").hover()
    until(page, f"{MAP}.glimpsed === undefined")


def test_a_label_that_is_not_the_first_is_counted_and_highlighted(mapped):
    some = [{**picture(number), "labels": ["thing 0", "other"]} for number in (3, 5, 8)]
    counts = [{"label": "thing 0", "images": 30}, {"label": "other", "images": 3}]

    def also(page):
        page.route(
            "**/api/v1/labels",
            lambda route: route.fulfill(json={"labels": counts, "unlabelled": 30}),
        )
        page.route(
            "**/api/v1/images?labels=other*",
            lambda route: route.fulfill(json={"images": some, "next": None, "total": 3}),
        )

    page = mapped(made(60, labels=2), also=also)
    row = page.locator(".atlas-labels button", has_text="other")
    row.click()
    until(page, f"{MAP}.points.named('other').length === 3")
    ids = page.evaluate(f"{MAP}.points.named('other').map((i) => {MAP}.points.ids[i])")
    assert ids == [3, 5, 8]
    row.click()
    until(page, f"{MAP}.points.named('other').length === 0")


def test_pictures_that_still_get_their_places_are_asked_for_again(mapped):
    page = mapped(made(50, waiting=1))
    page.columns = news(page.columns)
    toasted(page, "1 new picture found its place on the map.")


def test_new_pictures_appear_where_the_view_is(mapped):
    page = mapped(made(200))
    page.get_by_role("button", name="Zoom in").click()
    settled(page)
    before = camera(page)
    page.columns = {**news(page.columns), "state": "stale"}
    page.evaluate("dispatchEvent(new Event('focus'))")
    toasted(page, "1 new picture found its place on the map.")
    assert page.evaluate(f"{MAP}.points.count") == 201
    assert camera(page) == before
    page.evaluate("location.hash = '#/search'")  # The view stays while one is elsewhere.
    page.wait_for_selector(".view-search")
    page.evaluate("location.hash = '#/atlas'")
    settled(page)
    assert camera(page) == before
    page.get_by_role("button", name="Draw it anew").wait_for()


def test_what_is_in_view_is_said_and_listed(mapped, faults):
    page = mapped(made(300), phone=True)
    page.get_by_text("300 of 300 pictures in view.").first.wait_for()
    page.get_by_role("button", name="List").click()
    page.get_by_text("IMG_").first.wait_for()
    expect(page.locator(".atlas-rows button")).to_have_count(24)
    assert faults(page) == []
    page.locator(".atlas-rows button").first.click()
    page.locator(".atlas-panel h2", has_text="IMG_").wait_for()
    assert faults(page) == []


def test_an_empty_collection_says_what_to_do(mapped):
    nothing = {**made(1, state="missing"), "count": 0}
    nothing |= {key: [] for key in ("ids", "x", "y", "label", "names")}
    page = mapped(nothing, info={"images": 0})
    page.get_by_role("button", name="Add pictures").wait_for()
