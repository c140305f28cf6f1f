"""The page as a whole: what it weighs, how it paints, its themes, its way in."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from oracles.browser import expect, frames, holds, until
from relook.server.assets import read_assets
from server.page.pages import holding

MOST_BYTES = 500_000
TOKEN = "a-token-of-the-tests-0123456789"


def test_all_assets_together_are_small():
    assets = {name: len(asset.content) for name, asset in read_assets().items() if name}
    assert sum(assets.values()) <= MOST_BYTES, sorted(assets.items(), key=lambda item: -item[1])


def test_the_page_paints_before_the_server_was_asked_anything(visit, server):
    held: list[Any] = []
    page = visit(server, before=holding(held, "**/api/**"))
    first = (
        "performance.getEntriesByType('paint').find(e => e.name === 'first-contentful-paint')"
        "?.startTime"
    )
    until(page, f"{first} !== undefined")
    sys.stdout.write(f"first paint after {page.evaluate(first):.0f} ms\n")
    holds(page, lambda: held)
    for route in held:
        route.continue_()
    page.unroute("**/api/**")
    page.wait_for_selector(".invitation")


def test_the_page_fits_a_small_phone(visit, server):
    page = visit(server, phone=True)
    page.wait_for_selector(".start-wall img")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 360, "height": 740})
    until(page, "document.documentElement.scrollWidth <= 360")  # the wall is laid out anew
    box = page.locator(".nav").bounding_box()
    assert box["y"] + box["height"] == pytest.approx(740, abs=1)


def test_the_theme_follows_the_system_until_it_is_chosen(visit, server):
    page = visit(server, dark=True)
    color = "getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number)"
    until(page, f"Math.min(...{color}) < 50")
    page.get_by_role("button", name="Change to the light theme").click()
    until(page, f"Math.min(...{color}) > 230")
    page.reload()
    page.get_by_role("button", name="Change to the dark theme").wait_for()
    until(page, f"Math.min(...{color}) > 230")


def test_an_unknown_address_shows_the_search_and_the_skip_link_its_content(visit, server):
    page = visit(server, "#/../../etc/passwd?x=<script>")
    page.wait_for_selector(".invitation")
    assert page.title() == "Search · relook"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.url.endswith("passwd?x=%3Cscript%3E")  # as before: the hash is the router's
    assert page.locator(".invitation").is_visible()


def test_a_view_that_comes_late_gives_way_to_a_quick_back(visit, server):
    held: list[Any] = []
    page = visit(server, "#/why?id=1&result=2", before=holding(held, "**/views/collection.js"))
    page.wait_for_selector(".why-verdict")
    page.evaluate("location.hash = '#/collection'")
    holds(page, lambda: held)
    page.go_back()
    until(page, "location.hash.startsWith('#/why')")
    frames(page)  # the shell heard of it
    held[0].continue_()
    # It is there now, for the shell as well.
    page.evaluate("import('/views/collection.js').then(() => null)")
    frames(page)
    assert page.locator(".view-why").count() == 1
    assert page.locator(".view-collection").count() == 0


def test_a_token_opens_the_page(visit, start, faults):
    page = visit(start(token=TOKEN))
    page.forgiven.append("401")  # the browser itself notes each refusal
    field = page.get_by_label("Token")
    field.fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("This is not the token.").wait_for()
    assert faults(page) == []
    field.fill(TOKEN)
    field.press("Enter")
    page.wait_for_selector(".start-wall img")
    assert page.evaluate("document.activeElement.id") == "main"
    page.evaluate("sessionStorage.setItem('relook-asked-1', '{}')")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('relook-asked-1')") is None
