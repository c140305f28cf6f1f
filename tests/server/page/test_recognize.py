"""The guide: a picture or the camera in, a name out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import relook
from oracles.browser import expect, holds

EVIDENCE = {
    "rank": 1, "score": 1.0, "similarity": 0.5, "verified": True, "inliers": 42,
    "region": [[0, 0], [9, 0], [9, 9], [0, 9]], "query_region": None,
}  # fmt: skip


def answer(label: str | None, *, confidence: float = 0.9, kind: str = "known") -> dict[str, object]:
    image = {
        "id": 1, "name": "a.jpg", "path": "a.jpg", "width": 320, "height": 240, "taken": None,
        "latitude": None, "longitude": None, "labels": [],
    }  # fmt: skip
    named = [{"label": label, "probability": confidence, "image": image}] if label else []
    return {
        "query": {"key": "k", "id": None, "width": 320, "height": 240, "boxes": []},
        "answer": kind,
        "label": label if kind == "known" else None,
        "confidence": confidence,
        "sentence": "",
        "candidates": named,
        "none": 0.9 if kind == "unknown" else 0.01,
        "evidence": {**EVIDENCE, "image": image} if label and kind == "known" else None,
        "threshold": 0.5,
        "calibration": "collection",
        "warnings": [],
        "milliseconds": {},
    }


def show(page, *files: Path) -> None:
    page.wait_for_selector(".guide-start")
    page.locator("input[type=file]").first.set_input_files([str(file) for file in files])


def name(page) -> str:
    return page.locator(".answer-name").inner_text()


@pytest.mark.parametrize("dark", [False, True])
def test_a_picture_gets_its_name_with_evidence(visit, server, queries, photos, faults, dark):
    page = visit(server, "#/recognize", dark=dark)
    known = next(query for query in queries if "unknown" not in query.name)
    show(page, known)
    page.wait_for_selector(".answer.known")
    assert name(page) in {photo.stem.rpartition("-")[0] for photo in photos.iterdir()}
    assert "verified" in page.locator(".evidence .badge").inner_text()
    assert page.locator(".evidence .outline polygon").count() == 2
    assert page.locator(".sureness").inner_text().startswith(("almost", "very", "li"))
    expect(page.locator("#said")).to_contain_text(name(page))
    assert faults(page) == []


def test_a_stranger_is_unknown_and_a_guess_is_marked_as_one(visit, server, queries):
    page = visit(server, "#/recognize")
    show(page, queries[-1])
    page.wait_for_selector(".answer")
    assert page.locator(".answer.known").count() == 0
    answers = [answer(None, kind="unknown"), answer("a painting", confidence=0.5, kind="unsure")]
    page.route("**/api/v1/recognize", lambda route: route.fulfill(json=answers.pop(0)))
    page.evaluate("location.hash = '#/recognize?id=1'")
    name_ = page.locator(".answer.unknown .answer-name")
    expect(name_).to_have_text("Not in this collection")
    expect(page.locator(".unnamed")).to_contain_text("2 pictures of 11 have no label")
    page.evaluate("location.hash = '#/recognize?id=2'")
    expect(page.locator(".answer.unsure .answer-name")).to_have_text("a painting ?")
    expect(page.locator(".answer-lead")).to_contain_text("Not sure")
    expect(page.locator(".sureness")).to_contain_text("50 %")


def test_the_answer_leads_to_why_and_back(visit, server, queries):
    page = visit(server, "#/recognize")
    show(page, queries[0])
    page.get_by_role("button", name="See why").click()
    page.wait_for_url("**/#/why?query=*&result=*")
    page.wait_for_selector(".view-why")
    page.go_back()
    page.wait_for_selector(".answer")


def test_the_camera_sends_a_frame_at_a_time_on_the_button_and_stops_when_left(visit, server):
    page = visit(server, "#/recognize", phone=True)
    page.wait_for_selector(".guide-start")
    sent, held = [], []

    def take(route):
        sent.append(route.request.post_data_buffer)
        held.append(route)

    def reply():
        held.pop().fulfill(json=answer("x"))

    page.route("**/api/v1/recognize", take)
    assert page.locator("video").count() == 0
    page.get_by_role("button", name="Use the camera").click()
    for number in (1, 2):
        holds(page, lambda number=number: len(sent) == number)
        page.wait_for_timeout(800)  # longer than its pace: it waits for the answer
        assert len(sent) == number
        assert page.locator(".answer.known").count() == number - 1
        reply()
        page.wait_for_selector(".answer.known")
    holds(page, lambda: len(sent) == 3)
    assert all(b"\xff\xd8\xff" in body for body in sent)
    page.evaluate("window.track = document.querySelector('video').srcObject.getTracks()[0]")
    assert page.evaluate("track.readyState") == "live"
    page.get_by_role("button", name="Pause").click()
    reply()
    page.wait_for_timeout(800)
    assert len(sent) == 3
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".finder-status")).to_have_text("Looking")
    holds(page, lambda: len(sent) == 4)
    page.evaluate("location.hash = '#/collection'")
    page.wait_for_selector(".numbers")
    assert page.evaluate("track.readyState") == "ended"
    reply()
    page.wait_for_timeout(800)
    assert len(sent) == 4


def test_a_frame_can_be_asked_why(visit, server):
    page = visit(server, "#/recognize")
    page.forgiven.append("404")  # the key was made up, so the server knows no such query at first
    page.route("**/api/v1/recognize", lambda route: route.fulfill(json=answer("x")))
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="See why").click()
    page.wait_for_url("**/#/why?query=*&result=1")
    page.wait_for_selector(".why-verdict")


def test_a_camera_that_is_refused_leaves_the_file_picker(visit, server):
    page = visit(server, "#/recognize")
    refuse = (
        "name => navigator.mediaDevices.getUserMedia ="
        " () => Promise.reject(new DOMException('', name))"
    )
    control = page.get_by_role("button", name="Use the camera")
    for error, said in (
        ("NotAllowedError", "not allowed"),
        ("NotFoundError", "No camera was found"),
    ):
        control.wait_for()
        page.evaluate(refuse, error)
        control.click()
        expect(page.locator(".guide-start .notice")).to_contain_text(said)
        assert page.get_by_role("button", name="Choose a picture").is_visible()
        control = page.get_by_role("button", name="Try the camera again")


def test_an_answer_stays_until_another_came_twice(modules):
    a, b, c = (answer(one) for one in "abc")
    shown = modules.evaluate(
        """async (answers) => {
            const { Steady } = await import("/views/recognize/steady.js");
            const steady = new Steady();
            return answers.map((one) => steady.take(one)).map(
                ({ answer, changed }) => answer.label + (changed ? "!" : ""));
        }""",
        [a, b, a, b, c, b, b, b],
    )
    assert shown == ["a!", "a", "a", "a", "a", "a", "b!", "b"]


def test_an_unknown_thing_stays_unknown_from_frame_to_frame(modules):
    nothing = {**answer("a", kind="known"), "answer": "unknown", "label": None, "none": 0.97}
    guess = {**answer("a", kind="unsure"), "candidates": [
        {**answer("a", kind="unsure")["candidates"][0], "probability": 0.96}]}  # fmt: skip
    shown = modules.evaluate(
        """async ([nothing, guess]) => {
            const { card } = await import("/views/recognize/answer.js");
            const context = {api: {thumbnail: () => "data:,"}, info: {images: 3, labelled: 3}};
            const one = card(nothing, context);
            return [one.update({...nothing, none: 0.9}), one.node.textContent,
                    card(guess, context).node.querySelector(".sure-words").textContent];
        }""",
        [nothing, guess],
    )
    assert shown[0] is True
    assert "very likely90 %" in shown[1]
    assert shown[2] == "likely, but not certain"


def test_words_never_claim_certainty(modules):
    said = modules.evaluate(
        """async () => {
            const { percent, words } = await import("/views/recognize/answer.js");
            return [1, 0.97, 0.9, 0.7, 0.5, 0.1, 0].map((p) => `${words(p)} ${percent(p)}`);
        }"""
    )
    assert said == [
        "almost certainly over 99 %", "almost certainly 97 %", "very likely 90 %", "likely 70 %",
        "perhaps 50 %", "hardly 10 %", "hardly under 1 %",
    ]  # fmt: skip


@pytest.mark.parametrize("readonly", [False, True])
def test_without_labels_it_says_how_to_give_them(visit, start, directory, faults, readonly):
    with relook.open(directory) as collection:
        every = [picture.id for picture in collection.browse(limit=100)]
        collection.apply_labels({one: [] for one in every}, mode="replace")
    page = visit(start(readonly=readonly), "#/recognize")
    page.wait_for_selector(".empty")
    links = page.locator(".empty a").evaluate_all("links => links.map(link => link.hash)")
    assert links == ([] if readonly else ["#/collection", "#/atlas"])
    assert faults(page) == []


def test_a_busy_server_is_asked_again(visit, server):
    asked = []

    def handle(route):
        asked.append(route)
        if len(asked) == 1:
            detail = json.dumps({"title": "", "status": 503, "detail": "busy"})
            route.fulfill(status=503, body=detail, headers={"Retry-After": "1"})

    def prepare(page):
        page.forgiven.append("503")
        page.route("**/api/v1/recognize", handle)

    page = visit(server, "#/recognize?id=1", before=prepare)
    page.wait_for_selector("text=asked again")
    holds(page, lambda: len(asked) == 2)
    asked[1].fulfill(json=answer("x"))
    page.wait_for_selector(".answer.known")
