"""What a search found: walls, filters, marks, the large view."""

from __future__ import annotations

import re

import pytest

from oracles.browser import expect, until
from server.page.search.bringing import searched, shown_ids


def test_verified_results_stand_before_the_rest_in_full_rows(asked, faults):
    page = asked
    marks = page.eval_on_selector_all(
        ".tile", "all => all.map(one => !!one.querySelector('.badge.good'))"
    )
    assert marks[0]
    assert marks == sorted(marks, reverse=True)
    facts = page.locator(".tile-facts").all_text_contents()
    assert len(facts) == len(marks)
    assert all(re.search(r"similarity \d\.\d\d$", text) for text in facts)
    outlined = page.eval_on_selector_all(
        ".tile", "all => all.map(one => !!one.querySelector('.outline'))"
    )
    assert not any(drawn and not mark for drawn, mark in zip(outlined, marks, strict=True))
    assert page.get_by_role("heading", name="Also similar").is_visible()
    until(page, "[...document.querySelectorAll('.tile img')].every(one => one.naturalWidth)")
    assert faults(page) == []

    tiles = page.eval_on_selector_all(
        ".results-wall:last-of-type .tile-picture",
        "all => all.map(one => {const b = one.getBoundingClientRect();"
        " return [b.left, b.top, b.right, b.width / b.height]})",
    )
    wall = page.locator(".results-wall").last.bounding_box()
    rows: dict[float, list[list[float]]] = {}
    for tile in tiles:
        rows.setdefault(round(tile[1]), []).append(tile)
    full = list(rows.values())[:-1]
    edge = wall["x"] + wall["width"]
    assert all(row[-1][2] == pytest.approx(edge, abs=1.5) for row in full)
    assert all(0.45 < tile[3] < 4.1 for tile in tiles)


def test_a_label_filters_and_back_takes_it_away(asked):
    page = asked
    before = len(shown_ids(page))
    page.locator(".filter summary").click()
    chip = page.locator(".label-choice .chip").first
    label = chip.locator(".text").inner_text()
    chip.click()
    until(page, f"document.querySelectorAll('.tile').length < {before}")
    assert f"labels={label}" in page.url
    assert all(label in text for text in page.locator(".tile-name").all_inner_texts())
    page.go_back()
    expect(page.locator(".tile")).to_have_count(before)


def test_search_with_a_result_and_back(asked):
    page = asked
    before = shown_ids(page)
    tile = page.locator(".tile").nth(1)
    tile.hover()
    with page.expect_response(f"**/images/{before[1]}/similar**"):
        tile.get_by_role("button", name="Search with this picture").click()
    once = page.locator(f".tile[data-id='{before[1]}']")
    expect(once).to_have_count(0)
    assert f"id={before[1]}" in page.url
    page.go_back()
    expect(once).to_have_count(1)
    assert shown_ids(page) == before


def test_marks_search_again(asked):
    page = asked
    ids = shown_ids(page)
    for place, name in ((0, "Mark as right"), (len(ids) - 1, "Mark as wrong")):
        tile = page.locator(".tile").nth(place)
        tile.hover()
        tile.get_by_role("button", name=name).click()
    bar = page.get_by_role("region", name="Marked results")
    expect(bar).to_contain_text("1 right, 1 wrong")
    with page.expect_response("**/api/v1/search"):
        bar.get_by_role("button", name="Search again").click()
    assert f"right={ids[0]}" in page.url
    assert f"wrong={ids[-1]}" in page.url
    searched(page)
    right = page.locator(f".tile[data-id='{ids[0]}']")
    expect(right).to_have_attribute("data-marked", "right")
    bar.get_by_role("button", name="Clear marks").click()
    page.wait_for_url(lambda url: "right" not in url)


def test_the_large_view_walks_by_keys(asked, faults):
    page = asked
    page.locator(".tile-open").first.press("Enter")
    dialog = page.get_by_role("dialog", name="Large view")
    total = len(shown_ids(page))
    expect(dialog).to_contain_text(f"1 of {total}")
    assert faults(page) == []
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text(f"2 of {total}")
    for control in ("Right", "Previous"):  # each is drawn again, and holds the focus if it can
        dialog.get_by_role("button", name=control).press("Enter")
        assert dialog.evaluate("one => one.contains(document.activeElement)")
    expect(dialog.get_by_role("button", name="Right")).to_have_attribute("aria-pressed", "false")
    expect(dialog).to_contain_text(f"1 of {total}")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    until(page, "document.activeElement.className === 'tile-open'")


def test_labels_change_from_the_large_view(visit, start):
    page = visit(start(), "#/search?id=3")
    searched(page)
    page.locator(".tile-open").first.click()
    page.get_by_role("button", name="Change labels").click()
    page.get_by_label("New label").fill("Größe <b>")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("dialog", name="Large view").get_by_text("Größe <b>").wait_for()


def test_a_readonly_server_offers_no_change(visit, start):
    page = visit(start(readonly=True))
    page.locator(".start-wall button").first.click()
    searched(page)
    page.locator(".tile-open").first.click()
    page.get_by_role("dialog", name="Large view").wait_for()
    assert page.get_by_role("button", name="Change labels").count() == 0
