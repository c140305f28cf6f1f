"""The OpenAPI document and the server agree, whatever is sent: generated requests, good and bad."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.python import asgi

import relook
from relook.server.app import create_app
from relook.server.settings import ServerSettings

LONG = bool(os.environ.get("RELOOK_LONG_TESTS"))
HOST = "testserver"
"""What schemathesis calls the server."""

NOT_SAID = {"enabled": False}
"""A schema cannot say all that is asked of a request: one of three fields alone, bytes that are a
picture, boxes within it, texts without characters of control. What lacks that gets 4xx."""

CONFIG: dict[str, Any] = {
    "seed": 8,
    "suppress-health-check": ["too_slow"],
    "continue-on-failure": True,
    "cache": {"enabled": False},
    "generation": {"deterministic": True, "no-shrink": True, "max-examples": 300 if LONG else 2},
    "phases": {"stateful": {"enabled": LONG}},
    "operations": [
        {  # in a form, whatever is sent as a label is a text
            "include-operation-id": "add_images",
            "checks": {"negative_data_rejection": {"enabled": False}},
        },
        {  # a job that is cancelled is told of still
            "include-path-regex": "/jobs/",
            "checks": {"use_after_free": {"enabled": False}},
        },
    ],
    "checks": {
        "positive_data_acceptance": NOT_SAID,
        "negative_data_rejection": {"expected-statuses": ["4xx"]},
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
    },
}


@pytest.fixture(scope="module")
def interface(museum: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The schema of a server that may be changed, and that runs in this process."""
    copy = shutil.copytree(museum / "pictures", tmp_path_factory.mktemp("fuzzed") / "pictures")
    config = SchemathesisConfig.from_dict(CONFIG)
    limits = ServerSettings(workers=1, rate=1e6, burst=1_000_000, hosts=(HOST,), describe_seconds=5)
    with relook.open(copy) as collection:
        app = create_app(collection, settings=limits)
        yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=config)
        asgi.shutdown_lifespans()


def test_every_answer_is_documented(
    interface: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # it writes beside itself
    cases, wrong = 0, []
    told = re.compile(re.escape(os.fspath(tmp_path.parent.parent)) + "|Traceback|site-packages")
    for event in from_schema(interface).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            wrong.append(str(event))
        if isinstance(event, events.ScenarioFinished):
            cases += len(event.recorder.cases)
            found = [one for nodes in event.recorder.checks.values() for one in nodes]
            wrong += [_words(one) for one in found if one.failure_info is not None]
            texts = map(_text, event.recorder.interactions.values())
            wrong += [f"tells too much: {text}" for text in texts if told.search(text)]
    assert not wrong, "\n\n".join(wrong)
    assert cases > 300


def _words(check: Any) -> str:
    failure = check.failure_info.failure
    return f"{check.name}: {failure.title}\n{failure.message}\n{check.failure_info.code_sample}"


def _text(interaction: Any) -> str:
    answer = interaction.response
    if answer is None:
        return ""
    return f"{answer.headers}\n{answer.content.decode('utf-8', 'replace')}"
