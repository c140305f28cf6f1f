"""The guide: a picture or the camera in, a name out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import relook
from server.page.waiting import until

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
    assert (
        page.locator(".sureness").inner_text().split("\n")[0].startswith(("almost", "very", "li"))
    )
    until(page, "document.querySelector('#said').textContent !== ''")
    assert name(page) in page.locator("#said").inner_text()
    assert faults(page) == []


def test_what_is_unknown_is_said_plainly(visit, server, queries):
    page = visit(server, "#/recognize")
    show(page, queries[-1])
    page.wait_for_selector(".answer")
    stranger = page.locator(".answer.known").count() == 0
    assert stranger
    page.route(
        "**/api/v1/recognize", lambda route: route.fulfill(json=answer(None, kind="unknown"))
    )
    page.evaluate("location.hash = '#/recognize?id=1'")
    page.wait_for_selector(".answer.unknown")
    assert name(page) == "Not in this collection"


def test_a_guess_is_marked_as_one(visit, server):
    page = visit(server, "#/recognize")
    unsure = answer("a painting", confidence=0.5, kind="unsure")
    page.route("**/api/v1/recognize", lambda route: route.fulfill(json=unsure))
    page.wait_for_selector(".guide-start")
    page.evaluate("location.hash = '#/recognize?id=1'")
    page.wait_for_selector(".answer.unsure")
    assert "Not sure" in page.locator(".answer-lead").inner_text()
    assert name(page) == "a painting ?"
    assert "50 %" in page.locator(".sureness").inner_text()


def test_the_answer_leads_to_why_and_back(visit, server, queries):
    page = visit(server, "#/recognize")
    show(page, queries[0])
    page.get_by_role("button", name="See why").click()
    page.wait_for_url("**/#/why?query=*&result=*")
    page.wait_for_selector(".view-why")
    page.go_back()
    page.wait_for_selector(".answer")


def test_the_camera_asks_only_on_the_button_sends_frames_and_stops_when_left(visit, server):
    page = visit(server, "#/recognize", phone=True)
    page.wait_for_selector(".guide-start")
    sent = []
    page.route(
        "**/api/v1/recognize",
        lambda route: (
            sent.append(route.request.post_data_buffer),
            route.fulfill(json=answer("x")),
        ),
    )
    assert page.locator("video").count() == 0
    page.get_by_role("button", name="Use the camera").click()
    page.wait_for_selector(".answer.known")
    page.wait_for_timeout(900)
    assert 2 <= len(sent) <= 4
    assert all(b"\xff\xd8\xff" in body for body in sent)
    page.evaluate("window.track = document.querySelector('video').srcObject.getTracks()[0]")
    assert page.evaluate("track.readyState") == "live"
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(300)
    paused = len(sent)
    page.wait_for_timeout(800)
    assert len(sent) == paused
    page.get_by_role("button", name="Go on").click()
    until(page, "document.querySelector('.finder-status').textContent === 'Looking'")
    page.evaluate("location.hash = '#/collection'")
    page.wait_for_selector(".numbers")
    assert page.evaluate("track.readyState") == "ended"
    left = len(sent)
    page.wait_for_timeout(800)
    assert len(sent) <= left + 1


def test_a_frame_can_be_asked_why(visit, server):
    page = visit(server, "#/recognize")
    page.route("**/api/v1/recognize", lambda route: route.fulfill(json=answer("x")))
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="See why").click()
    page.wait_for_url("**/#/why?query=*&result=1")
    page.said.clear()  # the key was made up, so the server knows no such query at first


@pytest.mark.parametrize(
    ("error", "said"),
    [("NotAllowedError", "not allowed"), ("NotFoundError", "No camera was found")],
)
def test_a_camera_that_is_refused_leaves_the_file_picker(visit, server, error, said):
    page = visit(server, "#/recognize")
    page.wait_for_selector(".guide-start")
    page.evaluate(
        "name => navigator.mediaDevices.getUserMedia ="
        " () => Promise.reject(new DOMException('', name))",
        error,
    )
    page.get_by_role("button", name="Use the camera").click()
    page.wait_for_selector(".guide-start .notice")
    assert said in page.locator(".guide-start .notice").inner_text()
    assert page.get_by_role("button", name="Choose a picture").is_visible()


def test_an_answer_stays_until_another_came_twice(visit, server):
    page = visit(server, "#/recognize")
    a, b, c = (answer(one) for one in "abc")
    shown = page.evaluate(
        """async (answers) => {
            const { Steady } = await import("/views/recognize/steady.js");
            const steady = new Steady();
            return answers.map((one) => steady.take(one)).map(
                ({ answer, changed }) => answer.label + (changed ? "!" : ""));
        }""",
        [a, b, a, b, c, b, b, b],
    )
    assert shown == ["a!", "a", "a", "a", "a", "a", "b!", "b"]


def test_an_unknown_thing_stays_unknown_from_frame_to_frame(visit, server):
    page = visit(server, "#/recognize")
    nothing = {**answer("a", kind="known"), "answer": "unknown", "label": None, "none": 0.97}
    guess = {**answer("a", kind="unsure"), "candidates": [
        {**answer("a", kind="unsure")["candidates"][0], "probability": 0.96}]}  # fmt: skip
    shown = page.evaluate(
        """async ([nothing, guess]) => {
            const { card } = await import("/views/recognize/answer.js");
            const context = {api: {thumbnail: () => "data:,"}};
            const one = card(nothing, context);
            return [one.update({...nothing, none: 0.9}), one.node.textContent,
                    card(guess, context).node.querySelector(".sure-words").textContent];
        }""",
        [nothing, guess],
    )
    assert shown[0] is True
    assert "very likely90 %" in shown[1]
    assert shown[2] == "likely, but not certain"


def test_words_never_claim_certainty(visit, server):
    page = visit(server, "#/recognize")
    said = page.evaluate(
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
    page = visit(server, "#/recognize")
    page.wait_for_selector(".guide-start")
    turns = iter([503, 200])

    def handle(route):
        if next(turns) == 503:
            detail = json.dumps({"title": "", "status": 503, "detail": "busy"})
            route.fulfill(status=503, body=detail, headers={"Retry-After": "1"})
        else:
            route.fulfill(json=answer("x"))

    page.route("**/api/v1/recognize", handle)
    page.evaluate("location.hash = '#/recognize?id=1'")
    page.wait_for_selector("text=asked again")
    page.wait_for_selector(".answer.known")
    page.said.clear()
