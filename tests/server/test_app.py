"""The application as a whole: what it says of itself."""

from __future__ import annotations


def test_health_needs_nothing(shared_client) -> None:
    answer = shared_client.get("/api/v1/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_info_counts_the_collection(shared_client) -> None:
    info = shared_client.get("/api/v1/info").json()
    assert info["name"] == "pictures"
    assert (info["images"], info["labels"], info["labelled"]) == (11, 3, 9)
    assert (info["recipe"], info["kind"]) == ("sift-asmk", "local")
    assert (info["readonly"], info["login"]) == (False, False)
