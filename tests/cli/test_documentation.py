"""The help of every command, and the page that is made from it."""

from __future__ import annotations

import importlib.util
import shlex
from pathlib import Path
from typing import Any

import pytest

from relook.cli.commands import make_command
from relook.search import DEFAULT_RECIPE

ROOT = Path(__file__).parents[2]
COMMANDS: dict[str, Any] = make_command().commands


def test_all_commands_are_there() -> None:
    fixed = {"index", "search", "remove", "info", "check", "recipes", "evaluate"}
    assert set(COMMANDS) == fixed | {
        "atlas",
        "clean",
        "clusters",
        "duplicates",
        "explain",
        "explore",
        "demo",
        "codebook",
        "label",
        "datasets",
        "train",
        "weights",
        "recognize",
        "calibrate",
        "serve",
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    assert COMMANDS[name].help
    assert all(parameter.help for parameter in COMMANDS[name].params)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_can_be_parsed(name: str) -> None:
    examples = [line.removeprefix("Example: ") for line in COMMANDS[name].epilog.split("\n\n")]
    assert examples
    for example in examples:
        program, command, *words = shlex.split(example)
        assert (program, command) == ("relook", name)
        COMMANDS[name].make_context(name, words).close()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_shown_with_its_examples(run: Any, name: str) -> None:
    ran = run(name, "--help")
    assert ran.code == 0
    assert f"Example: relook {name}" in ran.out


def test_the_default_recipe_is_named_rightly() -> None:
    option = next(one for one in COMMANDS["index"].params if one.name == "recipe")
    assert f"; {DEFAULT_RECIPE} unless said" in option.help


def test_the_page_of_commands_is_up_to_date() -> None:
    tool = ROOT / "tools" / "document_commands.py"
    spec = importlib.util.spec_from_file_location("document_commands", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == module.render()
