"""How pictures come in: dropped, pasted, picked, of any kind, also where it goes wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
from PIL import Image

from oracles.browser import expect, holds, until
from server.page.search.bringing import bring, searched


def test_the_start_invites_and_shows_pictures(visit, server, faults):
    page = visit(server)
    page.get_by_role("heading", name="Find the same thing again").wait_for()
    page.get_by_text("Or start with one of these 11 pictures").wait_for()
    expect(page.locator(".start-wall img")).to_have_count(11)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(page) == []


def test_a_drop_searches_and_a_reload_keeps_the_question_until_its_copy_is_gone(
    visit, server, queries
):
    page = visit(server)
    veil = page.get_by_text("Drop it to search")
    bring(page, queries[0], "dragenter", "dragover")
    expect(veil).to_be_visible()
    bring(page, queries[0], "drop")
    searched(page)
    expect(veil).to_be_hidden()
    first = page.locator(".tile-open").first.get_attribute("aria-label")
    assert re.search(r"verified, \d+ matches", first)
    assert "labels painted-field" in first
    assert re.match(r"\d+ results, \d+ verified", page.locator(".summary-title").inner_text())
    expect(page.locator("#said")).to_have_text(
        re.compile(r"^\d+ results, \d+ verified, in \d+ milliseconds$")
    )
    until(page, "sessionStorage.length > 0")
    page.reload()
    searched(page)
    until(page, "document.querySelector('.query-image').naturalWidth > 0")
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.get_by_text("That picture is not kept any more.").wait_for()


def test_a_pasted_and_a_picked_picture_search_too(visit, server, queries):
    page = visit(server)
    bring(page, queries[0], "paste")
    searched(page)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Another picture").click()
    with page.expect_response("**/api/v1/search") as answer:
        chooser.value.set_files(queries[1])
    assert answer.value.ok


def test_an_answer_without_proof_says_so(visit, server, museum):
    page = visit(server)
    unknown = next((museum / "museum" / "queries").glob("*unknown*"))
    bring(page, unknown, "drop")
    searched(page)
    assert page.get_by_role("heading", name="Similar, but nothing is verified").is_visible()
    assert "0 verified" in page.locator(".summary-title").inner_text()


def test_what_is_no_picture_is_said_plainly(visit, server, tmp_path):
    page = visit(server)
    page.forgiven.append("415")
    fake = tmp_path / "fake.jpg"
    fake.write_bytes(b"not a picture")
    bring(page, fake, "drop")
    page.wait_for_selector(".notice.error")
    expect(page.locator(".query-card")).to_contain_text("cannot be shown here")


def test_a_busy_server_is_asked_again(visit, server, queries):
    page = visit(server)
    page.forgiven.append("503")
    asked: list[Any] = []

    def answer(route: Any) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.fulfill(
                status=503, headers={"Retry-After": "1"}, content_type="application/problem+json",
                body='{"title": "busy", "status": 503, "detail": "wait"}',
            )  # fmt: skip

    page.route("**/api/v1/search", answer)
    bring(page, queries[0], "drop")
    page.get_by_text("The server is busy. Trying again in 1 second.").wait_for()
    holds(page, lambda: len(asked) == 2)
    asked[1].continue_()
    searched(page)


def test_heic_is_shown_by_the_server(visit, server, queries, tmp_path):
    heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    with Image.open(queries[0]) as picture:
        heif.from_pillow(picture.reduce(4)).save(tmp_path / "query.heic")
    page = visit(server)
    bring(page, tmp_path / "query.heic", "drop")
    searched(page)
    until(page, "document.querySelector('.query-image').naturalWidth > 0")
    expect(page.locator(".boxes")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_searches_without_serious_faults(visit, server, queries, faults, dark, tmp_path):
    page = visit(server, phone=True, dark=dark)
    named = tmp_path / f"{'a-very-long-name-' * 8}.jpg"
    named.write_bytes(queries[0].read_bytes())
    expect(page.get_by_role("button", name="Take a photo")).to_be_visible()
    bring(page, named, "drop")
    searched(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(page) == []
