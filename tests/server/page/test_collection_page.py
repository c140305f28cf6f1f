"""Looking after a collection: add, browse, choose, label, remove, copies, quarantine."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import relook
from server.page.waiting import until

PICK = "input[type=file][accept]"


@pytest.fixture
def fresh(tmp_path: Path) -> list[Path]:
    """Three pictures that the collection does not have, a broken one, and a text."""
    random = np.random.default_rng(7)
    files = []
    for step in range(3):
        pixels = np.kron(random.integers(0, 255, (12, 16, 3)), np.ones((16, 16, 1))).astype("uint8")
        files.append(tmp_path / f"new-{step}.jpg")
        Image.fromarray(pixels).save(files[-1], quality=90)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(files[0].read_bytes()[:900])
    text = tmp_path / "text.jpg"
    text.write_bytes(b"no picture at all")
    return [*files, broken, text]


def count(page) -> int:
    return int(page.locator(".numbers dd").first.inner_text())


def wall(page) -> None:
    page.wait_for_selector(".pick img")


@pytest.mark.parametrize(("dark", "phone"), [(False, False), (True, True)])
def test_numbers_and_wall_are_shown(visit, server, faults, dark, phone):
    page = visit(server, "#/collection", dark=dark, phone=phone)
    wall(page)
    assert count(page) == page.locator(".pick").count() == 11
    assert "labelled, 3 labels" in page.locator(".numbers").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(page) == []
    for name in ("labels", "duplicates", "quarantine"):
        page.locator(f"#tab-{name}").click()
        page.wait_for_selector("#collection-tab > *")
        assert faults(page) == [], name


def test_pictures_are_added_with_progress_and_a_report(visit, start, fresh, photos):
    page = visit(start(), "#/collection")
    wall(page)
    page.get_by_label("Label them all").fill("new ones, checkered")
    page.locator(PICK).set_input_files([*fresh, next(photos.iterdir())])
    page.wait_for_selector(".card.busy, .report")
    page.wait_for_selector(".report")
    assert page.locator(".report h3").inner_text() == (
        "3 pictures added, 1 known already, 1 in quarantine, 1 refused."
    )
    reasons = page.locator(".reasons").inner_text()
    assert "broken.jpg in quarantine" in reasons
    assert "text.jpg not kept" in reasons
    assert page.locator(".strip-one").count() == 4
    until(page, "document.querySelector('.numbers dd').textContent === '14'")
    assert page.locator("#tab-quarantine .badge").inner_text() == "1"
    page.locator("#tab-labels").click()
    assert "new ones" in page.locator(".label-list").inner_text()
    page.reload()
    page.get_by_role("button", name="Close the report").click()
    page.reload()
    page.wait_for_selector(".label-list")
    assert page.locator(".report").count() == 0
    page.locator("#tab-quarantine").click()
    page.wait_for_selector(".quarantine-list li")
    assert "truncated" in page.locator(".quarantine-list").inner_text()
    page.get_by_role("button", name="Delete broken.jpg").click()
    page.wait_for_selector(".empty")


class Uploads:
    """Answers in place of the server: uploads and the events of their job."""

    def __init__(self, page, *, status: int = 202) -> None:
        self.status, self.ended, self.uploads = status, False, 0
        page.route("**/api/v1/images", self.upload)
        page.route("**/api/v1/jobs/made/events", self.events)
        page.route("**/api/v1/jobs", lambda route: route.fulfill(json={"jobs": [self.job()]}))

    def job(self) -> dict[str, object]:
        report = {"added": 1, "known": 0, "images": [1], "quarantined": [], "refused": []}
        state = {"state": "done", "report": report} if self.ended else {"state": "running"}
        return {"id": "made", "kind": "add", "done": 0, "total": 1, "message": "", "error": None,
                "report": None, **state}  # fmt: skip

    def upload(self, route) -> None:
        if route.request.method != "POST":
            route.fallback()
        elif self.status == 202:
            self.uploads += 1
            route.fulfill(status=202, json=self.job())
        else:
            full = {"title": "", "status": self.status, "detail": "the disk is full; make room"}
            route.fulfill(status=self.status, json=full)

    def events(self, route) -> None:
        name = "end" if self.ended else "progress"
        body = f"retry: 200\nevent: {name}\ndata: {json.dumps(self.job())}\n\n"
        route.fulfill(body=body, content_type="text/event-stream")


def test_indexing_goes_on_when_the_page_is_left_or_loaded_again(visit, server, fresh):
    page = visit(server, "#/collection")
    wall(page)
    made = Uploads(page)
    page.locator(PICK).set_input_files(fresh[:1])
    page.wait_for_selector(".card.busy .in:not([hidden])")
    page.evaluate("location.hash = '#/search'")
    page.wait_for_selector(".view-search")
    page.evaluate("location.hash = '#/collection'")
    page.wait_for_selector(".card.busy .in:not([hidden])")
    page.reload()
    page.wait_for_selector(".card.busy .in:not([hidden])")
    made.ended = True
    page.wait_for_selector(".report")
    assert page.locator(".report h3").inner_text() == "1 picture added."


def test_a_job_that_another_window_began_is_followed(visit, server):
    page = visit(server, "#/collection")
    wall(page)
    made = Uploads(page)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector(".card.busy .in:not([hidden])")
    made.ended = True
    page.wait_for_selector("h3:has-text('1 picture added.')")


def test_files_can_be_dropped_anywhere(visit, server, fresh):
    page = visit(server, "#/collection")
    wall(page)
    Uploads(page).ended = True
    page.evaluate(
        """async (bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "one.jpg", {type: "image/jpeg"}));
            transfer.items.add(new File(["x"], "notes.txt", {type: "text/plain"}));
            const fire = (kind) => document.body.dispatchEvent(
                new DragEvent(kind, {dataTransfer: transfer, bubbles: true}));
            fire("dragenter");
            fire("dragover");
            window.marked = document.querySelector(".drop-zone").classList.contains("over");
            fire("drop");
        }""",
        list(fresh[0].read_bytes()),
    )
    assert page.evaluate("marked")
    page.wait_for_selector(".report")
    assert page.locator(".report h3").inner_text() == "1 picture added."
    assert "1 file skipped" in page.locator(".report").inner_text()


def test_batches_keep_to_the_limits_of_the_server(visit, server):
    page = visit(server, "#/search")
    sizes = page.evaluate(
        """async () => {
            const { batches, sorted } = await import("/views/collection/gathering.js");
            const file = (size, name = "a.jpg", type = "image/jpeg") => ({name, size, type});
            const limits = {files: 5, bytes: 20 * 2 ** 20, request_bytes: 30 * 2 ** 20};
            const mb = 2 ** 20;
            const small = [...Array(7).fill(1000)];
            const files = [...small, 15 * mb, 14 * mb, 2 * mb, 19 * mb].map((size) => file(size));
            const others = [file(1, "x.txt", "text/plain"), file(1, ".hidden.jpg")];
            const parts = sorted([file(21 * mb), file(1, "y.HEIC", ""), ...others], limits);
            return [batches(files, limits).map((batch) => batch.length),
                    parts.pictures.length, parts.refused.length, parts.others];
        }"""
    )
    assert sizes == [[5, 4, 2], 1, 1, 1]


def test_what_could_not_be_sent_can_be_tried_again(visit, server, fresh):
    page = visit(server, "#/collection")
    wall(page)
    made = Uploads(page, status=507)
    made.ended = True
    page.locator(PICK).set_input_files(fresh[:1])
    page.wait_for_selector(".report .notice.error")
    assert "the disk is full" in page.locator(".report").inner_text()
    made.status = 202
    page.said.clear()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("h3:has-text('1 picture added.')")
    assert made.uploads == 1


def test_adding_can_be_cancelled(visit, server, fresh):
    page = visit(server, "#/collection")
    wall(page)
    made = Uploads(page)
    cancelled = []

    def cancel(route) -> None:
        cancelled.append(route.request.method)
        made.ended = True
        route.fulfill(json=made.job())

    page.route("**/api/v1/jobs/made", cancel)
    page.locator(PICK).set_input_files(fresh[:1])
    page.wait_for_selector(".card.busy .in:not([hidden])")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector(".report")
    assert cancelled == ["DELETE"]


def test_the_wall_loads_page_by_page(visit, server):
    page = visit(server)
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
            json={"images": images, "next": str(after) if after < 300 else None, "total": 300}
        )

    page.route("**/api/v1/images?*", handle)
    page.evaluate("location.hash = '#/collection'")
    wall(page)
    page.wait_for_timeout(200)
    first = page.locator(".pick").count()
    assert first < 300
    for _ in range(12):
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(50)
    until(page, "document.querySelectorAll('.pick').length === 300")
    assert asked == [0, 60, 120, 180, 240]


def test_pictures_are_chosen_by_mouse_and_keyboard(visit, server):
    page = visit(server, "#/collection")
    wall(page)
    picks = page.locator(".pick")
    bar = page.locator(".chosen-bar strong")
    picks.nth(0).locator(".tick").click(force=True)
    assert bar.inner_text() == "1 selected"
    picks.nth(3).click(modifiers=["Shift"])
    assert bar.inner_text() == "4 selected"
    picks.nth(1).click()
    assert bar.inner_text() == "3 selected"
    page.keyboard.press("Escape")
    assert page.locator(".chosen-bar").is_hidden()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert bar.inner_text() == "3 selected"
    chosen = picks.evaluate_all("all => all.map(one => one.getAttribute('aria-selected'))")
    assert chosen[:5] == ["false", "true", "true", "true", "false"]
    page.keyboard.press("Control+a")
    assert bar.inner_text() == "11 selected"
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "option"
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.large[open]")
    assert picks.evaluate_all("all => all.filter(one => one.tabIndex === 0).length") == 1


def test_chosen_pictures_are_labelled_and_removed(visit, start):
    page = visit(start(), "#/collection")
    wall(page)
    page.locator(".pick").nth(0).click(modifiers=["Control"])
    page.locator(".pick").nth(1).click()
    page.get_by_role("button", name="Label", exact=True).click()
    page.locator("dialog input[name=labels]").fill("a Ñandú, second")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector("text=Labels of 2 pictures changed.")
    page.locator("#tab-labels").click()
    row = page.locator(".label-list li", has_text="a Ñandú")
    assert "2 pictures" in row.inner_text()
    row.get_by_role("button", name="Rename").click()
    page.locator("dialog input[name=new]").fill("second")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    page.wait_for_selector("text=Renamed on 2 pictures.")
    until(page, "!document.querySelector('.label-list').textContent.includes('Ñandú')")
    row = page.locator(".label-list li", has_text="second")
    row.get_by_role("button", name="Take").click()
    page.get_by_role("dialog").get_by_role("button", name="Take away").click()
    page.wait_for_selector("text=Taken away from 2 pictures.")

    page.locator("#tab-pictures").click()
    wall(page)
    page.locator(".pick").nth(2).click(modifiers=["Control"])
    page.get_by_role("button", name="Remove").click()
    text = page.locator("dialog").inner_text()
    assert "Goes:" in text
    assert "Stays: files in your own folders" in text
    page.get_by_role("button", name="Cancel").click()
    assert page.locator(".pick").count() == 11
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.wait_for_selector("text=1 picture removed from the collection.")
    until(page, "document.querySelectorAll('.pick').length === 10")
    assert count(page) == 10

    picks = page.locator(".pick")
    picks.nth(0).click(modifiers=["Control"])
    picks.nth(1).click()
    second = picks.nth(1).get_attribute("data-id")
    full = {"title": "", "status": 507, "detail": "the disk is full"}
    page.route(f"**/api/v1/images/{second}", lambda route: route.fulfill(status=507, json=full))
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_text("the disk is full").wait_for()
    page.said.clear()
    page.get_by_role("button", name="Cancel").click()  # of two pictures one went
    until(page, "document.querySelectorAll('.pick').length === 9")
    assert count(page) == 9


def test_filters_narrow_the_wall(visit, server):
    page = visit(server, "#/collection?unlabelled=true")
    wall(page)
    assert page.locator(".pick").count() == 2
    page.evaluate("location.hash = '#/collection?labels=nothing'")
    page.wait_for_selector("text=No picture fits these filters")
    page.get_by_role("button", name="Show all pictures").click()
    until(page, "document.querySelectorAll('.pick').length === 11")


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
    page.wait_for_selector(".copies")
    figures = page.locator(".copies figure")
    assert figures.count() == 2
    assert "likely the original" in figures.nth(0).inner_text()
    figures.nth(1).get_by_role("button", name="Remove this one").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.wait_for_selector("text=removed from the collection.")
    assert page.locator(".copies").count() == 0


def test_a_readonly_server_hides_what_cannot_be_done_and_says_why(visit, start, faults):
    page = visit(start(readonly=True), "#/collection")
    wall(page)
    assert "This server only reads" in page.locator(".notice.readonly").inner_text()
    assert page.locator(".drop-zone").count() == 0
    page.locator(".pick").nth(0).click(modifiers=["Control"])
    assert page.get_by_role("button", name="Remove").count() == 0
    page.locator("#tab-labels").click()
    page.wait_for_selector(".label-list li")
    assert page.locator(".label-tools").count() == 0
    page.locator("#tab-duplicates").click()
    page.wait_for_selector(".empty")
    assert page.locator(".empty button").count() == 0
    assert faults(page) == []
