"""The OpenAPI document says everything that a client has to expect."""

from __future__ import annotations

from typing import Any

from server.probes import TOKEN, make_client


def _document(**settings: Any) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return make_client(**settings).get("/api/v1/openapi.json", headers=headers).json()


def test_errors_are_problems_everywhere() -> None:
    document = _document()
    operations = [one for path in document["paths"].values() for one in path.values()]
    answers = [answer for one in operations for answer in one["responses"].items()]
    errors = [answer for status, answer in answers if status >= "400"]
    assert len(errors) > 20
    for answer in errors:
        schema = answer["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}
        assert answer["description"]
    assert set(document["components"]["schemas"]["Problem"]["required"]) == {
        "title", "status", "detail",
    }  # fmt: skip
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_what_takes_a_body_may_be_too_large_or_too_slow() -> None:
    responses = _document()["paths"]["/api/v1/search"]["post"]["responses"]
    assert {"408", "413", "422", "429", "503"} <= set(responses)


def test_login_is_documented_where_it_is_asked_for() -> None:
    document = _document(token=TOKEN)
    assert set(document["components"]["securitySchemes"]) == {"bearer", "cookie"}
    assert document["security"] == [{"bearer": []}, {"cookie": []}]
    assert document["paths"]["/api/v1/health"]["get"]["security"] == []
    assert "401" in document["paths"]["/api/v1/metrics"]["get"]["responses"]
    assert "security" not in _document()
    assert "401" not in _document()["paths"]["/api/v1/metrics"]["get"]["responses"]
