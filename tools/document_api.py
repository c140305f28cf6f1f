"""Write ``docs/api.md`` from the OpenAPI document of the server, so that the two cannot differ.

python tools/document_api.py            write it
python tools/document_api.py --check    fail if it is out of date
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import relook
from relook.server.app import create_app
from relook.server.settings import ServerSettings

PAGE = Path(__file__).parent.parent / "docs" / "api.md"

HEAD = """# REST interface of `relook serve`

<!-- Written by tools/document_api.py from the OpenAPI document of the server; change it there. -->

A running server describes the same for programs at `/api/v1/openapi.json`. Boxes, regions and
points are (x, y) in pixels of the upright original. With `--token-file`, requests carry
`Authorization: Bearer TOKEN`, or the cookie that `POST /api/v1/session` sets.

Errors are `application/problem+json` with `title`, `status` and `detail`, one line that says what
to do next. Any request may get {any_status},
one with a body {body_status} too. 429 and 503 say in `Retry-After` when
to ask again.

For example:

    curl -F image=@photo.jpg -F top=5 http://127.0.0.1:8000/api/v1/search
"""

TAGS = {
    "ask": "Asking",
    "images": "Pictures",
    "collection": "Changing the collection",
    "labels": "Labels",
    "jobs": "Jobs",
    "atlas": "Atlas",
    "server": "The server",
}


def document() -> dict[str, Any]:
    """The OpenAPI document of a server that asks for a token."""
    settings = ServerSettings(token="any of sixteen characters")
    with (
        tempfile.TemporaryDirectory() as folder,
        relook.create(Path(folder) / "empty") as collection,
    ):
        found: dict[str, Any] = create_app(collection, settings=settings).openapi()
    return found


def render(api: Mapping[str, Any]) -> str:
    """The page as it should be."""
    operations = [
        (method.upper(), path, operation)
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    ]
    common, with_body = _common(operations)
    lines = [HEAD.format(any_status=_listed(common), body_status=_listed(with_body - common))]
    for tag, title in TAGS.items():
        lines += [f"## {title}", ""]
        for method, path, operation in operations:
            if operation["tags"] == [tag]:
                known = common | with_body if "requestBody" in operation else common
                lines += _section(api, method, path, operation, known)
    lines += ["## Records", ""]
    for name, schema in sorted(api["components"]["schemas"].items()):
        if not name.startswith("Body_"):
            lines += _record(name, schema)
    return "\n".join(lines).rstrip() + "\n"


def _common(operations: list[tuple[str, str, Any]]) -> tuple[set[str], set[str]]:
    """Errors that all operations know, and those that all with a body do."""

    def shared(some: list[Any]) -> set[str]:
        found = [{status for status in one["responses"] if status >= "400"} for one in some]
        return set.intersection(*found)

    guarded = [one for _, _, one in operations if one.get("security") != []]
    return shared(guarded), shared([one for one in guarded if "requestBody" in one])


def _section(
    api: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any], known: set[str]
) -> Iterator[str]:
    yield f"### `{method} {path}`"
    yield ""
    yield operation["description"]
    yield ""
    rows = [*_parameters(operation), *_fields(api, operation)]
    if rows:
        yield "| | | |"
        yield "|---|---|---|"
        yield from rows
        yield ""
    yield f"Answers: {', '.join(_answers(operation, known))}."
    yield ""


def _parameters(operation: Mapping[str, Any]) -> Iterator[str]:
    for one in operation.get("parameters", []):
        place = {"query": "", "path": "in the path", "header": "header"}[one["in"]]
        yield _row(one["name"], place, one["schema"], one.get("description", ""))


def _fields(api: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[str]:
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        if "$ref" in schema:
            schema = api["components"]["schemas"][_name(schema)]
        where = "JSON" if kind == "application/json" else "form"
        for name, field in schema["properties"].items():
            place = where + (", required" if name in schema.get("required", []) else "")
            yield _row(name, place, field, field.get("description", ""))


def _answers(operation: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    for status, answer in operation["responses"].items():
        kinds = answer.get("content", {})
        if status >= "400":
            if status not in known:
                yield f"{status} {answer['description']}"
        elif "application/json" in kinds:
            yield f"{status} with {_type(kinds['application/json']['schema'])}"
        else:
            yield " ".join([status, *(["as " + " or ".join(kinds)] if kinds else [])])


def _record(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    yield schema.get("description", "")
    yield ""
    yield "| | | |"
    yield "|---|---|---|"
    for field, one in schema["properties"].items():
        yield _row(field, "", one, one.get("description", ""))
    yield ""


def _row(name: str, place: str, schema: Mapping[str, Any], words: str) -> str:
    kind = ", ".join(part for part in (_type(schema), place) if part)
    default = schema.get("default")
    if default is not None and default != []:
        shown = default if isinstance(default, str) else json.dumps(default)
        words = f"{words} (default: {shown})".strip()
    return f"| `{name}` | {kind} | {words} |"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = _name(schema)
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_type, schema["anyOf"])))
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return _array(schema)
    return _scalar(schema)


def _array(schema: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        return "[" + ", ".join(map(_type, schema["prefixItems"])) + "]"
    return f"list of {_type(schema.get('items', {}))}"


def _scalar(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "binary" or "contentMediaType" in schema:
        return "file"
    words = str(schema.get("type", "anything")).replace("object", "record")
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        words += f" from {low:g}" if high > 1e15 else f" {low:g} to {high:g}"
    return words


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _listed(statuses: set[str]) -> str:
    *most, last = sorted(statuses)
    return f"{', '.join(most)} or {last}"


def main() -> int:
    wanted = render(document())
    if "--check" in sys.argv[1:]:
        current = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
        if current != wanted:
            print(f"{PAGE} is out of date; run python tools/document_api.py")
            return 1
        return 0
    PAGE.write_text(wanted, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
