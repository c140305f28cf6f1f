"""The REST interface is documented, for programs and for people."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "document_api", ROOT / "tools" / "document_api.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def api(tool: ModuleType) -> Any:
    return tool.document()


def test_the_page_of_the_interface_is_up_to_date(tool: ModuleType, api: Any) -> None:
    assert (ROOT / "docs" / "api.md").read_text(encoding="utf-8") == tool.render(api)


def test_every_operation_says_what_it_does(tool: ModuleType, api: Any) -> None:
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"].rstrip().endswith("."), where
            assert operation["tags"][0] in tool.TAGS, where
            assert len(operation["tags"]) == 1, where


def test_every_parameter_and_field_is_explained(api: Any) -> None:
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            for one in operation.get("parameters", []):
                assert one.get("description"), f"{method} {path}: {one['name']}"
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                schema = api["components"]["schemas"].get(name, content["schema"])
                for field, one in schema["properties"].items():
                    assert one.get("description"), f"{method} {path}: {field}"
