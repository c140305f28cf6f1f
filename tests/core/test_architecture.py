"""The house rules that an import contract cannot say."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import relook

FOLDER = Path(relook.__file__).parent
SOURCES = sorted(FOLDER.rglob("*.py"))
HEAVY = ("cv2", "faiss", "numba", "numpy", "onnxruntime", "openvino", "PIL", "scipy", "torch")


@cache
def tree(path):
    """Once asked for: every worker that collects tests would parse all."""
    return ast.parse(path.read_text("utf-8"))


def names(path):
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def loaded(statement):
    code = f"import sys; {statement}; print(*sorted(m for m in {HEAVY} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_importing_relook_imports_nothing_heavy():
    assert loaded("import relook") == []


def test_describing_and_searching_imports_no_torch():
    assert "torch" not in loaded("import relook.search, relook.collection, relook.evaluation")


def importing(module):
    return [path for path in SOURCES if module in {name.split(".")[0] for name in names(path)}]


@pytest.mark.parametrize("forbidden", ["pickle", "marshal", "shelve"])
def test_no_module_imports(forbidden):
    assert importing(forbidden) == []


def test_only_networks_and_training_import_torch():
    rooms = {path.relative_to(FOLDER).parts[0] for path in importing("torch")}
    assert rooms <= {"networks", "training"}


def test_no_assert_and_no_bare_except_outside_tests():
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            assert not isinstance(node, ast.Assert), path
            assert not (isinstance(node, ast.ExceptHandler) and node.type is None), path


def test_print_is_for_the_command_line_only():
    for path in SOURCES:
        if path.relative_to(FOLDER).parts[0] == "cli":
            continue
        calls = [n.func for n in ast.walk(tree(path)) if isinstance(n, ast.Call)]
        assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"], (
            path
        )


def test_files_are_short():
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert [path.name for path, length in lengths.items() if length > 350] == []


def test_every_module_says_what_it_is():
    assert [path for path in SOURCES if not ast.get_docstring(tree(path))] == []


def test_what_a_module_exports_is_there():
    for path in SOURCES:
        defined = {
            name
            for node in ast.walk(tree(path))
            for name in (
                [node.name]
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                else [alias.asname or alias.name for alias in node.names]
                if isinstance(node, ast.ImportFrom | ast.Import)
                else [node.id]
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                else []
            )
        }
        for node in tree(path).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                assert set(ast.literal_eval(node.value)) <= defined, path
