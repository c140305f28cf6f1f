"""The wall of all pictures: browsing, filters, choosing."""

from __future__ import annotations

import pytest

from oracles.browser import expect, frames
from server.page.collection.wall import count, wall


@pytest.mark.parametrize(("dark", "phone"), [(False, False), (True, True)])
def test_numbers_wall_and_tabs_are_without_serious_faults(visit, server, faults, dark, phone):
    page = visit(server, "#/collection", dark=dark, phone=phone)
    wall(page)
    assert count(page) == page.locator(".pick").count() == 11
    expect(page.locator(".numbers")).to_contain_text("labelled, 3 labels")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(page) == []
    for name, content in (("labels", ".label-list li"), ("duplicates", ".empty"),
                          ("quarantine", ".empty:has-text('quarantine')")):  # fmt: skip
        page.locator(f"#tab-{name}").click()
        page.locator(content).first.wait_for()
        assert faults(page) == [], name


def test_the_wall_loads_page_by_page(visit, server):
    asked = []

    def handle(route):
        after = int(route.request.url.partition("cursor=")[2].partition("&")[0] or 0)
        asked.append(after)
        images = [
            {"id": 1 + (after + n) % 11, "name": f"{after + n}.jpg", "path": f"{after + n}.jpg",
             "width": 320, "height": 240, "taken": None, "latitude": None, "longitude": None,
             "labels": []}
            for n in range(60)
        ]  # fmt: skip
        after += 60
        route.fulfill(
            json={"images": images, "next": str(after) if after < 180 else None, "total": 180}
        )

    def prepare(page):
        page.route("**/api/v1/images?*", handle)

    page = visit(server, "#/collection", before=prepare)
    picks = page.locator(".pick")
    for pages in (1, 2, 3):
        expect(picks).to_have_count(60 * pages)
        frames(page)  # in which more would be asked for
        assert asked == [0, 60, 120][:pages]
        page.evaluate("scrollTo(0, document.body.scrollHeight - innerHeight - 300)")


def test_pictures_are_chosen_by_mouse_and_keyboard(visit, server):
    page = visit(server, "#/collection")
    wall(page)
    picks = page.locator(".pick")
    bar = page.locator(".chosen-bar strong")
    picks.nth(0).locator(".tick").click(force=True)
    expect(bar).to_have_text("1 selected")
    picks.nth(3).click(modifiers=["Shift"])
    expect(bar).to_have_text("4 selected")
    picks.nth(1).click()
    expect(bar).to_have_text("3 selected")
    page.keyboard.press("Escape")
    assert page.locator(".chosen-bar").is_hidden()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(bar).to_have_text("3 selected")
    chosen = picks.evaluate_all("all => all.map(one => one.getAttribute('aria-selected'))")
    assert chosen[:5] == ["false", "true", "true", "true", "false"]
    page.keyboard.press("Control+a")
    expect(bar).to_have_text("11 selected")
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "option"
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.large[open]")
    assert picks.evaluate_all("all => all.filter(one => one.tabIndex === 0).length") == 1


def test_filters_narrow_the_wall(visit, server):
    page = visit(server, "#/collection?unlabelled=true")
    wall(page)
    expect(page.locator(".pick")).to_have_count(2)
    page.evaluate("location.hash = '#/collection?labels=nothing'")
    page.wait_for_selector("text=No picture fits these filters")
    page.get_by_role("button", name="Show all pictures").click()
    expect(page.locator(".pick")).to_have_count(11)
