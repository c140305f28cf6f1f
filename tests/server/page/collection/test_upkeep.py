"""Looking after a collection: labels, removing, copies."""

from __future__ import annotations

import io

from PIL import Image

import relook
from oracles.browser import expect, frames, holds
from server.page.collection.wall import count, wall
from server.page.pages import holding, toasted


def test_chosen_pictures_are_labelled_and_labels_renamed_and_taken_away(visit, start):
    page = visit(start(), "#/collection")
    wall(page)
    page.locator(".pick").nth(0).click(modifiers=["Control"])
    page.locator(".pick").nth(1).click()
    page.get_by_role("button", name="Label", exact=True).click()
    page.locator("dialog input[name=labels]").fill("a Ñandú, second")
    page.get_by_role("button", name="Save").click()
    toasted(page, "Labels of 2 pictures changed.")
    page.locator("#tab-labels").click()
    row = page.locator(".label-list li", has_text="a Ñandú")
    expect(row).to_contain_text("2 pictures")
    row.get_by_role("button", name="Rename").click()
    page.locator("dialog input[name=new]").fill("second")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    toasted(page, "Renamed on 2 pictures.")
    expect(row).to_have_count(0)
    row = page.locator(".label-list li", has_text="second")
    row.get_by_role("button", name="Take").click()
    page.get_by_role("dialog").get_by_role("button", name="Take away").click()
    toasted(page, "Taken away from 2 pictures.")


def test_chosen_pictures_are_removed_also_where_that_fails_midway(visit, start):
    page = visit(start(), "#/collection")
    wall(page)
    page.forgiven.append("507")
    page.locator(".pick").nth(2).click(modifiers=["Control"])
    page.get_by_role("button", name="Remove").click()
    text = page.locator("dialog").inner_text()
    assert "Goes:" in text
    assert "Stays: files in your own folders" in text
    page.get_by_role("button", name="Cancel").click()
    assert page.locator(".pick").count() == 11
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    toasted(page, "1 picture removed from the collection.")
    picks = page.locator(".pick")
    expect(picks).to_have_count(10)
    assert count(page) == 10

    picks.nth(0).click(modifiers=["Control"])
    picks.nth(1).click()
    second = picks.nth(1).get_attribute("data-id")
    full = {"title": "", "status": 507, "detail": "the disk is full"}
    page.route(f"**/api/v1/images/{second}", lambda route: route.fulfill(status=507, json=full))
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_text("the disk is full").wait_for()
    page.get_by_role("button", name="Cancel").click()  # of two pictures one went
    expect(picks).to_have_count(9)
    assert count(page) == 9


def test_copies_are_found_and_shown_side_by_side(visit, start, directory, photos, tmp_path):
    original = min(photos.iterdir())
    with Image.open(original) as image:
        width, height = image.size
        buffer = io.BytesIO()
        image.resize((width * 3 // 4, height * 3 // 4)).save(buffer, "JPEG", quality=80)
    smaller = tmp_path / "smaller.jpg"
    smaller.write_bytes(buffer.getvalue())
    with relook.open(directory) as collection:
        collection.add([smaller], jobs=1)
    page = visit(start(), "#/collection?tab=duplicates")
    page.get_by_role("button", name="Look for duplicates").click()
    figures = page.locator(".copies figure")
    expect(figures).to_have_count(2)
    expect(figures.nth(0)).to_contain_text("likely the original")
    page.get_by_role("button", name=f"Open {original.name}").click()
    expect(page.locator("dialog.large")).to_contain_text("1 of 2")
    page.keyboard.press("Escape")
    figures.nth(1).get_by_role("button", name="Remove this one").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    toasted(page, "removed from the collection.")
    assert page.locator(".copies").count() == 0
    page.get_by_text("No duplicates left").wait_for()
    assert page.evaluate("document.activeElement.id") == "collection-tab"


def test_a_tab_that_answers_late_leaves_the_one_that_is_shown_alone(visit, server):
    held = []
    page = visit(server, "#/collection", before=holding(held, "**/api/v1/labels"))
    wall(page)
    page.locator("#tab-labels").click()
    holds(page, lambda: held)
    page.locator("#tab-pictures").click()
    wall(page)
    with page.expect_response("**/api/v1/labels"):
        held[0].continue_()
    frames(page)
    assert page.locator(".pick").count() == 11
    assert page.locator(".label-list").count() == 0


def test_a_readonly_server_hides_what_cannot_be_done_and_says_why(visit, start, faults):
    page = visit(start(readonly=True), "#/collection")
    wall(page)
    expect(page.locator(".notice.readonly")).to_contain_text("This server only reads")
    assert page.locator(".drop-zone").count() == 0
    for way in ("click", "Space"):  # nothing can be done with several: each is only shown
        pick = page.locator(".pick").nth(0)
        pick.click(modifiers=["Control"]) if way == "click" else pick.press(way)
        page.wait_for_selector("dialog.large")
        assert page.get_by_role("button", name="label").count() == 0
        page.keyboard.press("Escape")
    assert page.locator(".chosen-bar").is_hidden()
    assert page.get_by_role("button", name="Remove").count() == 0
    page.locator("#tab-labels").click()
    page.wait_for_selector(".label-list li")
    assert page.locator(".label-tools").count() == 0
    page.locator("#tab-duplicates").click()
    page.wait_for_selector(".empty")
    assert page.locator(".empty button").count() == 0
    assert faults(page) == []
