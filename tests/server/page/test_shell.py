"""The page as a whole: what it weighs, how fast it paints, its themes, its way in."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from relook.server.assets import read_assets
from server.page.waiting import until

MOST_BYTES = 500_000
TOKEN = "a-token-of-the-tests-0123456789"


def test_all_assets_together_are_small():
    assets = {name: len(asset.content) for name, asset in read_assets().items() if name}
    assert sum(assets.values()) <= MOST_BYTES, sorted(assets.items(), key=lambda item: -item[1])


def test_the_page_paints_soon(visit, server):
    page = visit(server)
    page.wait_for_selector(".invitation")
    paint = page.evaluate(
        "performance.getEntriesByType('paint').find(e => e.name.startsWith('first')).startTime"
    )
    sys.stdout.write(f"first paint after {paint:.0f} ms\n")
    assert paint < 3000  # 300 ms on a quiet computer; the tests run on crowded ones


@pytest.mark.parametrize("phone", [False, True])
def test_the_page_fits_its_window(visit, server, phone):
    page = visit(server, phone=phone)
    page.wait_for_selector(".start-wall img")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if phone:
        page.set_viewport_size({"width": 360, "height": 740})
        until(page, "document.documentElement.scrollWidth <= 360")  # the wall is laid out anew
        box = page.locator(".nav").bounding_box()
        assert box["y"] + box["height"] == pytest.approx(740, abs=1)


def test_the_theme_follows_the_system_until_it_is_chosen(visit, server):
    page = visit(server, dark=True)

    def lightness() -> int:
        color = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return min(int(part) for part in color.strip("rgb()").split(","))

    assert lightness() < 50
    page.get_by_role("button", name="Change to the light theme").click()
    assert lightness() > 230
    page.reload()
    page.get_by_role("button", name="Change to the dark theme").wait_for()
    assert lightness() > 230


def test_an_unknown_address_shows_the_search(visit, server):
    page = visit(server, "#/../../etc/passwd?x=<script>")
    page.wait_for_selector(".invitation")
    assert page.title() == "Search · relook"


def test_a_view_that_comes_late_gives_way_to_a_quick_back(visit, server):
    page = visit(server, "api/v1/health")
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/views/collection.js", hold)  # before the page may fetch it while it is idle
    page.goto(f"{server}/#/why?id=1&result=2")
    page.wait_for_selector(".why-verdict")
    page.evaluate("location.hash = '#/collection'")
    until(page, "location.hash === '#/collection'")
    while not held:
        page.wait_for_timeout(20)
    page.go_back()
    until(page, "location.hash.startsWith('#/why')")
    held[0].continue_()
    page.evaluate("import('/views/collection.js')")  # there now, for the shell as well
    page.wait_for_timeout(100)
    assert page.locator(".view-why").count() == 1
    assert page.locator(".view-collection").count() == 0


def test_a_token_opens_the_page(visit, start, faults):
    page = visit(start(token=TOKEN))
    field = page.get_by_label("Token")
    field.fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("This is not the token.").wait_for()
    assert faults(page) == []
    field.fill(TOKEN)
    field.press("Enter")
    page.wait_for_selector(".start-wall img")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Token").wait_for()
    refused = [line for line in page.said if "401" in line]
    assert refused == page.said  # the browser itself notes each refusal
    page.said.clear()


def test_the_skip_link_leads_to_the_content(visit, server):
    page = visit(server)
    page.wait_for_selector(".invitation")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert "passwd" not in page.url
    assert page.locator(".invitation").is_visible()
