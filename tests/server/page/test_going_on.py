"""The page goes on: after “back”, without its server, and when that returns."""

from __future__ import annotations

from typing import Any

from oracles.browser import expect, until

LOST = "The server cannot be reached. This page goes on when it is back."


def test_icons_are_part_of_the_page(visit, server):
    page = visit(server)
    page.wait_for_selector(".start-wall img")
    uses = "[...document.querySelectorAll('use')].map((use) => use.getAttribute('href'))"
    found = page.evaluate(f"{uses}.map((href) => document.querySelector(href)?.tagName)")
    assert set(found) == {"symbol"}
    assert not [url for url in page.asked if "icons" in url]


def test_back_from_why_returns_to_the_results_as_they_were_left(visit, server):
    page = visit(server, "#/search?id=1")
    page.set_viewport_size({"width": 800, "height": 400})
    page.wait_for_selector(".results-wall .tile")
    searches = len([url for url in page.asked if "/similar" in url])
    opened = page.locator(".results-wall .tile").last
    number = opened.get_attribute("data-id")
    why = opened.get_by_role("button", name="Why this result?")
    opened.hover()
    why.hover()  # scrolls to it; the click finds it in view
    top = page.evaluate("scrollY")
    assert top > 0
    why.click()
    page.wait_for_selector(".why-verdict")
    assert page.evaluate("scrollY") == 0
    page.locator(".why-back").click()
    page.wait_for_selector(".results-wall .tile")
    until(page, f"Math.abs(scrollY - {top}) < 2")
    until(page, f"document.activeElement.closest('.tile')?.dataset.id === '{number}'")
    assert len([url for url in page.asked if "/similar" in url]) == searches


def test_a_server_that_comes_back_is_asked_again(visit, server):
    page = visit(server)
    page.forgiven.append("ERR_CONNECTION_REFUSED")  # the browser itself notes each that fails
    page.wait_for_selector(".start-wall img")

    def lose(route: Any) -> None:
        route.abort("connectionrefused")

    page.route("**/api/v1/**", lose)
    page.locator(".start-wall .tile-open").first.click()
    page.get_by_text(LOST).wait_for()
    page.locator(".notice.error").wait_for()
    page.unroute("**/api/v1/**", lose)
    page.locator(".results-wall .tile").first.wait_for()
    expect(page.get_by_text(LOST)).to_be_hidden()
    expect(page.locator(".notice.error")).to_have_count(0)
