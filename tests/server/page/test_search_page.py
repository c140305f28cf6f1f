"""Searching on the page: how pictures come in, boxes, results, filters, marks, errors."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from server.page.waiting import until

DROP = """async ([name, type, data, where]) => {
    const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, {type}));
    const make = kind => kind === 'paste'
        ? new ClipboardEvent(kind, {clipboardData: transfer, bubbles: true, cancelable: true})
        : new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true});
    for (const kind of where) document.body.dispatchEvent(make(kind));
}"""


def bring(page: Any, file: Path, *how: str) -> None:
    data = base64.b64encode(file.read_bytes()).decode()
    page.evaluate(DROP, [file.name, "image/jpeg", data, list(how)])


def searched(page: Any) -> None:
    page.wait_for_selector(".summary")
    page.wait_for_selector(".search-results[aria-busy=false] .tile")


@pytest.fixture
def asked(visit, server, queries) -> Any:
    """The page after a search by an upload."""
    page = visit(server)
    page.wait_for_selector(".start-wall img")
    bring(page, queries[0], "dragenter", "drop")
    searched(page)
    return page


def shown_ids(page: Any) -> list[int]:
    return page.eval_on_selector_all(".tile", "tiles => tiles.map(one => Number(one.dataset.id))")


def frame(page: Any) -> tuple[float, float, float, float]:
    box = page.locator(".boxes").bounding_box()
    return box["x"], box["y"], box["width"], box["height"]


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From and to shares of the query picture."""
    x, y, width, height = frame(page)
    page.mouse.move(x + start[0] * width, y + start[1] * height)
    page.mouse.down()
    for step in (0.5, 1.0):
        share = [start[axis] + step * (end[axis] - start[axis]) for axis in (0, 1)]
        page.mouse.move(x + share[0] * width, y + share[1] * height)
    page.mouse.up()


def boxes_in(url: str) -> list[list[int]]:
    found = re.search(r"boxes=([^&]*)", url)
    text = found.group(1).replace("%2C", ",").replace("%3B", ";") if found else ""
    return [[int(value) for value in box.split(",")] for box in text.split(";") if box]


def test_the_start_invites_and_shows_pictures(visit, server, faults):
    page = visit(server)
    page.wait_for_selector(".start-wall img")
    assert page.get_by_role("heading", name="Find the same thing again").is_visible()
    assert "11 pictures" in page.locator("#wall-title").inner_text()
    assert page.locator(".start-wall img").count() == 11
    assert faults(page) == []


def test_a_drop_anywhere_searches(visit, server, queries):
    page = visit(server)
    page.wait_for_selector(".start-wall img")
    bring(page, queries[0], "dragenter", "dragover")
    assert page.get_by_text("Drop it to search").is_visible()
    bring(page, queries[0], "drop")
    searched(page)
    assert page.get_by_text("Drop it to search").is_hidden()
    first = page.locator(".tile-open").first.get_attribute("aria-label")
    assert re.search(r"verified, \d+ matches", first)
    assert "labels painted-field" in first
    assert re.match(r"\d+ results, \d+ verified", page.locator(".summary-title").inner_text())
    said = page.locator("#said")
    until(page, "document.getElementById('said').textContent.includes('milliseconds')")
    assert re.match(r"\d+ results, \d+ verified, in \d+ milliseconds", said.inner_text())


def test_a_pasted_and_a_picked_picture_search_too(visit, server, queries):
    page = visit(server)
    page.wait_for_selector(".start-wall img")
    bring(page, queries[0], "paste")
    searched(page)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Another picture").click()
    with page.expect_response("**/api/v1/search") as answer:
        chooser.value.set_files(queries[1])
    assert answer.value.ok


def test_verified_results_stand_before_the_rest(asked, faults):
    page = asked
    marks = page.eval_on_selector_all(
        ".tile", "all => all.map(one => !!one.querySelector('.badge.good'))"
    )
    assert marks[0]
    assert marks == sorted(marks, reverse=True)
    facts = page.locator(".tile-facts").all_text_contents()
    assert len(facts) == len(marks)
    assert all(re.search(r"similarity \d\.\d\d$", text) for text in facts)
    assert page.get_by_role("heading", name="Also similar").is_visible()
    until(page, "[...document.images].every(image => image.complete)")
    assert page.evaluate("[...document.querySelectorAll('.tile img')].every(i => i.naturalWidth)")
    assert faults(page) == []


def test_an_answer_without_proof_says_so(visit, server, museum):
    page = visit(server)
    page.wait_for_selector(".start-wall img")
    unknown = next(
        file for file in (museum / "museum" / "queries").iterdir() if "unknown" in file.name
    )
    bring(page, unknown, "drop")
    searched(page)
    assert page.get_by_role("heading", name="Similar, but nothing is verified").is_visible()
    assert "0 verified" in page.locator(".summary-title").inner_text()


def test_the_wall_fills_its_rows_and_crops_nothing(asked):
    tiles = asked.eval_on_selector_all(
        ".results-wall:last-of-type .tile-picture",
        "all => all.map(one => {const b = one.getBoundingClientRect(); const i ="
        " one.querySelector('img'); return [b.left, b.top, b.right, b.width / b.height]})",
    )
    right = asked.locator(".results-wall").last.bounding_box()
    edge = right["x"] + right["width"]
    rows: dict[float, list[list[float]]] = {}
    for tile in tiles:
        rows.setdefault(round(tile[1]), []).append(tile)
    full = list(rows.values())[:-1]
    assert all(row[-1][2] == pytest.approx(edge, abs=1.5) for row in full)
    assert all(0.45 < tile[3] < 4.1 for tile in tiles)


def test_a_box_is_drawn_moved_resized_and_searched(asked):
    page = asked
    width, height = page.evaluate(
        "[document.querySelector('.query-image').naturalWidth,"
        " document.querySelector('.query-image').naturalHeight]"
    )
    with page.expect_response("**/api/v1/search") as answer:
        drag(page, (0.2, 0.2), (0.7, 0.8))
    sent = answer.value.json()["query"]["boxes"][0]
    expected = [0.2 * width, 0.2 * height, 0.5 * width, 0.6 * height]
    assert sent == pytest.approx(expected, abs=3)
    assert boxes_in(page.url) == [sent]
    with page.expect_response("**/api/v1/search"):
        drag(page, (0.45, 0.5), (0.55, 0.5))
    moved = boxes_in(page.url)[0]
    assert moved[0] == pytest.approx(0.3 * width, abs=4)
    assert moved[2:] == [int(side) for side in sent[2:]]
    with page.expect_response("**/api/v1/search"):
        drag(page, (0.8, 0.8), (0.95, 0.9))
    assert boxes_in(page.url)[0][2] == pytest.approx(0.65 * width, abs=4)
    with page.expect_response("**/api/v1/search"):
        drag(page, (0.02, 0.02), (0.2, 0.15))
    assert len(boxes_in(page.url)) == 2
    page.get_by_role("button", name="Clear boxes").click()
    page.wait_for_url(lambda url: "boxes" not in url)
    page.go_back()
    until(page, "document.querySelectorAll('.box').length === 2")


def test_boxes_obey_the_keyboard(asked):
    page = asked
    page.get_by_role("button", name="Add a box").press("Enter")
    box = page.locator(".box")
    box.wait_for()
    before = box.bounding_box()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    after = box.bounding_box()
    assert after["x"] > before["x"]
    assert after["height"] > before["height"]
    assert "Arrow keys move it" in box.get_attribute("aria-label")
    page.wait_for_url("**boxes=**")
    page.keyboard.press("Delete")
    page.wait_for_url(lambda url: "boxes" not in url)
    assert page.locator(".box").count() == 0


def test_a_click_or_a_pulled_out_pointer_leaves_no_bad_box(asked):
    page = asked
    drag(page, (0.5, 0.5), (0.505, 0.505))
    assert page.locator(".box").count() == 0
    with page.expect_response("**/api/v1/search") as answer:
        drag(page, (0.6, 0.6), (-0.3, 2.5))
    x, y, width, height = answer.value.json()["query"]["boxes"][0]
    assert x == 0
    assert y + height <= answer.value.json()["query"]["height"]
    assert answer.value.status == 200
    assert width > 0


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
    until(page, f"document.querySelectorAll('.tile').length === {before}")


def test_search_with_a_result_and_back(asked):
    page = asked
    before = shown_ids(page)
    tile = page.locator(".tile").nth(1)
    tile.hover()
    with page.expect_response(f"**/images/{before[1]}/similar**"):
        tile.get_by_role("button", name="Search with this picture").click()
    until(page, f"!document.querySelector('.tile[data-id=\"{before[1]}\"]')")
    assert f"id={before[1]}" in page.url
    page.go_back()
    until(page, f"document.querySelector('.tile[data-id=\"{before[1]}\"]')")
    assert shown_ids(page) == before


def test_marks_search_again(asked):
    page = asked
    ids = shown_ids(page)
    for place, name in ((0, "Mark as right"), (len(ids) - 1, "Mark as wrong")):
        tile = page.locator(".tile").nth(place)
        tile.hover()
        tile.get_by_role("button", name=name).click()
    bar = page.get_by_role("region", name="Marked results")
    assert "1 right, 1 wrong" in bar.inner_text()
    bar.get_by_role("button", name="Search again").click()
    page.wait_for_url(lambda url: f"right={ids[0]}" in url and f"wrong={ids[-1]}" in url)
    page.wait_for_selector(".search-results[aria-busy=false]")
    assert page.locator(f".tile[data-id='{ids[0]}']").get_attribute("data-marked") == "right"
    bar.get_by_role("button", name="Clear marks").click()
    page.wait_for_url(lambda url: "right" not in url)


def test_the_large_view_walks_by_keys(asked, faults):
    page = asked
    page.locator(".tile-open").first.press("Enter")
    dialog = page.get_by_role("dialog", name="Large view")
    total = len(shown_ids(page))
    assert f"1 of {total}" in dialog.inner_text()
    assert faults(page) == []
    page.keyboard.press("ArrowRight")
    assert f"2 of {total}" in dialog.inner_text()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert page.evaluate("document.activeElement.className") == "tile-open"


def test_labels_change_from_the_large_view(visit, start, queries):
    page = visit(start())
    page.wait_for_selector(".start-wall img")
    bring(page, queries[0], "drop")
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


def test_what_is_no_picture_is_said_plainly(visit, server, tmp_path):
    page = visit(server)
    page.wait_for_selector(".start-wall img")
    fake = tmp_path / "fake.jpg"
    fake.write_bytes(b"not a picture")
    bring(page, fake, "drop")
    page.wait_for_selector(".notice.error")
    assert "cannot be shown here" in page.locator(".query-card").inner_text()
    assert any("415" in line for line in page.said)
    page.said.clear()


def test_a_busy_server_is_asked_again(visit, server, queries):
    page = visit(server)
    page.wait_for_selector(".start-wall img")
    busy = [True]

    def answer(route: Any) -> None:
        if busy:
            busy.clear()
            route.fulfill(
                status=503, headers={"Retry-After": "1"}, content_type="application/problem+json",
                body='{"title": "busy", "status": 503, "detail": "wait"}',
            )  # fmt: skip
        else:
            route.continue_()

    page.route("**/api/v1/search", answer)
    bring(page, queries[0], "drop")
    page.get_by_text("The server is busy. Trying again in 1 second.").wait_for()
    searched(page)
    page.said.clear()


def test_heic_is_shown_by_the_server(visit, server, queries, tmp_path):
    heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    from PIL import Image

    with Image.open(queries[0]) as picture:
        heif.from_pillow(picture).save(tmp_path / "query.heic")
    page = visit(server)
    page.wait_for_selector(".start-wall img")
    bring(page, tmp_path / "query.heic", "drop")
    searched(page)
    until(page, "document.querySelector('.query-image').naturalWidth > 0")
    assert page.locator(".boxes").is_visible()


def test_a_reload_keeps_the_question_until_its_copy_is_gone(asked):
    page = asked
    until(page, "sessionStorage.length > 0")
    page.reload()
    searched(page)
    until(page, "document.querySelector('.query-image').naturalWidth > 0")
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.get_by_text("That picture is not kept any more.").wait_for()


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_searches_without_serious_faults(visit, server, queries, faults, dark, tmp_path):
    page = visit(server, phone=True, dark=dark)
    named = tmp_path / f"{'a-very-long-name-' * 8}.jpg"
    named.write_bytes(queries[0].read_bytes())
    page.wait_for_selector(".start-wall img")
    assert page.get_by_role("button", name="Take a photo").is_visible()
    bring(page, named, "drop")
    searched(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(page) == []
