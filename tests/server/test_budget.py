"""Uploads that wait may take so much memory together, and no more."""

from __future__ import annotations

import pytest

from relook.server.asking.budget import Budget
from relook.server.problems import ProblemError


def test_past_the_budget_others_come_again() -> None:
    budget = Budget(10)
    with budget.hold(6), budget.hold(4), pytest.raises(ProblemError) as refused, budget.hold(1):
        pass
    assert refused.value.status == 503
    assert refused.value.headers["Retry-After"]
    with budget.hold(10):
        pass


def test_one_upload_always_fits() -> None:
    with Budget(10).hold(1000):
        pass


def test_what_fails_is_held_no_longer() -> None:
    budget = Budget(10)
    with pytest.raises(ValueError, match="any"), budget.hold(10):
        raise ValueError("any")
    with budget.hold(10):
        pass


def test_a_search_holds_its_upload_until_it_is_answered(serve, queries) -> None:
    data = queries[0].read_bytes()
    client = serve()
    budget = client.app.state.service.asking.budget
    for files, status in (({"image": data}, 200), ({"image": b"none"}, 415)):
        assert client.post("/api/v1/search", files=files).status_code == status
        assert budget._held == 0
    with budget.hold(8 * (32 << 20)):
        answer = client.post("/api/v1/search", files={"image": data})
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
