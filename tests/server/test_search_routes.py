"""Searching over HTTP: uploads, ids, keys, boxes, filters, and everything that is no picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SEARCH = "/api/v1/search"


def ask(client, path, **fields):
    return client.post(SEARCH, data=fields, files={"image": (path.name, path.read_bytes())})


def test_an_upload_finds_its_painting_first(shared_client, queries):
    answer = ask(shared_client, queries[0], top="5")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["results"][0]["verified"]
    assert found["results"][0]["rank"] == 1
    assert found["geometry"]
    assert found["query"]["id"] is None
    assert found["query"]["boxes"] == []
    assert len(found["results"]) == 5
