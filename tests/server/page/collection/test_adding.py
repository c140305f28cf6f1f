"""Adding pictures: picked or dropped, with progress, a report, and what goes wrong."""

from __future__ import annotations

from oracles.browser import expect
from server.page.collection.wall import INDEXING, PICK, Uploads, wall


def test_pictures_are_added_with_progress_and_a_report(visit, start, fresh, photos):
    page = visit(start(), "#/collection")
    wall(page)
    page.get_by_label("Label them all").fill("new ones, checkered")
    page.locator(PICK).set_input_files([*fresh, next(photos.iterdir())])

    expect(page.locator(".report h3")).to_have_text(
        "3 pictures added, 1 known already, 1 in quarantine, 1 refused."
    )
    reasons = page.locator(".reasons").inner_text()
    assert "broken.jpg in quarantine" in reasons
    assert "text.jpg not kept" in reasons
    expect(page.locator(".strip-one")).to_have_count(4)
    expect(page.locator(".numbers dd").first).to_have_text("14")
    expect(page.locator("#tab-quarantine .badge")).to_have_text("1")
    page.locator("#tab-labels").click()
    expect(page.locator(".label-list")).to_contain_text("new ones")
    page.reload()
    page.get_by_role("button", name="Close the report").click()
    page.reload()
    page.wait_for_selector(".label-list")
    assert page.locator(".report").count() == 0
    page.locator("#tab-quarantine").click()
    expect(page.locator(".quarantine-list")).to_contain_text("Truncated")
    page.get_by_role("button", name="Delete broken.jpg").click()
    page.wait_for_selector(".empty")


def test_indexing_goes_on_when_the_page_is_left_or_loaded_again(visit, server, fresh):
    page = visit(server, "#/collection")
    wall(page)
    made = Uploads(page)
    page.locator(PICK).set_input_files(fresh[:1])
    page.wait_for_selector(INDEXING)
    page.evaluate("location.hash = '#/search'")
    page.wait_for_selector(".view-search")
    page.evaluate("location.hash = '#/collection'")
    page.wait_for_selector(INDEXING)
    page.reload()
    page.wait_for_selector(INDEXING)
    made.ended = True
    expect(page.locator(".report h3")).to_have_text("1 picture added.")


def test_a_job_that_another_window_began_is_followed(visit, server):
    page = visit(server, "#/collection")
    wall(page)
    made = Uploads(page)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector(INDEXING)
    made.ended = True
    expect(page.locator(".report h3")).to_have_text("1 picture added.")


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
    expect(page.locator(".report h3")).to_have_text("1 picture added.")
    expect(page.locator(".report")).to_contain_text("1 file skipped")


def test_batches_keep_to_the_limits_of_the_server(modules):

    sizes = modules.evaluate(
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
    page.forgiven.append("507")
    made = Uploads(page, status=507)
    made.ended = True
    page.locator(PICK).set_input_files(fresh[:1])
    expect(page.locator(".report .notice.error")).to_contain_text("The disk is full")
    made.status = 202
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".report h3")).to_have_text("1 picture added.")
    assert made.uploads == 1


def test_what_a_server_says_that_takes_nothing_now_is_shown_until_it_does(visit, server, fresh):
    page = visit(server, "#/collection")
    wall(page)
    page.forgiven.append("503")
    made = Uploads(page, status=503)
    made.ended = True
    page.locator(PICK).set_input_files(fresh[:1])
    expect(page.locator(".card.busy .up .what")).to_have_text("The disk is full; make room.")
    made.status = 202
    expect(page.locator(".report h3")).to_have_text("1 picture added.")


def test_adding_can_be_cancelled(visit, server, fresh):
    page = visit(server, "#/collection")
    wall(page)
    made = Uploads(page)
    page.locator(PICK).set_input_files(fresh[:1])
    page.wait_for_selector(INDEXING)
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector(".report")
    assert made.cancelled == 1
