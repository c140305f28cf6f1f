"""Whatever goes wrong, the answer is a problem that says what to do next, and no path."""

from __future__ import annotations

import errno

import pytest

from relook.core import errors
from relook.server.problems import ProblemError
from server.probes import make_client

SECRET = "/home/anna/secret photos/dir"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ProblemError(418, "tea"), 418),
        (errors.ImageError("no picture"), 415),
        (errors.UsageError("wrong"), 400),
        (errors.ShapeError("wrong"), 400),
        (errors.LockedError("busy"), 503),
        (errors.NotACollectionError("gone"), 503),
        (errors.RecipeMismatchError("other"), 503),
        (errors.FormatError("damaged"), 503),
        (errors.FetchError("weights"), 503),
        (errors.CollectionError("bad disk"), 503),
        (errors.CollectionError(f"the disk is full: nothing was written to {SECRET}/a"), 507),
        (errors.StorageError(f"cannot read {SECRET}/a"), 503),
        (errors.RelookError("?"), 503),
        (OSError(errno.ENOSPC, "No space left on device", SECRET), 507),
        (OSError(errno.EIO, "Input/output error", SECRET), 500),
        (ZeroDivisionError(SECRET), 500),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_has_its_status(error: Exception, status: int) -> None:
    answer = make_client(error).get("/api/v1/fail")
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) == {"title", "status", "detail"}
    assert "anna" not in answer.text
    assert "secret" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)


def test_a_disk_that_is_full_is_told_apart() -> None:
    error = errors.StorageError(f"cannot write {SECRET}: No space left on device")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert make_client(error).get("/api/v1/fail").status_code == 507


def test_an_upload_that_finds_no_space_is_not_the_fault_of_the_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", SECRET)

    monkeypatch.setattr("starlette.datastructures.UploadFile.write", full)
    answer = make_client().post("/api/v1/search", files={"image": b"x"})
    assert answer.status_code == 507
    assert "anna" not in answer.text


def test_every_error_of_ours_has_a_status() -> None:
    for name in errors.__all__:
        answer = make_client(getattr(errors, name)("words")).get("/api/v1/fail")
        assert answer.status_code in (400, 415, 503, 507)


def test_bugs_are_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    answer = make_client(KeyError("password")).get("/api/v1/fail")
    assert answer.status_code == 500
    assert "password" not in answer.text
    assert "KeyError: 'password'" in caplog.text


def test_headers_of_a_problem_are_sent() -> None:
    error = ProblemError(503, "later", headers={"Retry-After": "7"})
    assert make_client(error).get("/api/v1/fail").headers["retry-after"] == "7"


def test_details_are_one_line() -> None:
    answer = make_client(errors.UsageError("two\nlines\tand\x00 \u2028more")).get("/api/v1/fail")
    assert "\n" not in answer.json()["detail"]


def test_what_was_sent_is_not_repeated() -> None:
    answer = make_client().put("/api/v1/things", json={"number": "y" * 100_000})
    assert answer.status_code == 422
    assert "yyy" not in answer.text
    assert answer.json()["detail"].startswith("body.number: ")


def test_names_that_were_sent_are_cut() -> None:
    answer = make_client().put("/api/v1/things", content=b"{", headers={"Content-Type": "a/json"})
    assert answer.status_code == 422
    assert len(answer.text) < 1000


def test_deep_json_is_refused() -> None:
    content = b"[" * 100_000
    headers = {"Content-Type": "application/json"}
    answer = make_client().put("/api/v1/things", content=content, headers=headers)
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/nothing", 404), ("POST", "/api/v1/health", 405), ("GET", "/api", 404),
     ("GET", "/api/v1/health/", 404), ("GET", "/API/v1/health", 404)],
)  # fmt: skip
def test_what_is_not_there_is_a_problem_too(method: str, path: str, status: int) -> None:
    answer = make_client().request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_a_wrong_method_says_which_are_right() -> None:
    client = make_client()
    assert client.post("/api/v1/health").headers["allow"] == "GET"
    assert client.get("/api/v1/session").headers["allow"] == "DELETE, POST"
    assert client.delete("/api/v1/things/7/thumbnail").headers["allow"] == "GET"
