"""The table of all recipes of local features."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import cv2
import pytest
from reproduce.__main__ import main
from reproduce.recipes.command import BEGIN, END, ROWS
from reproduce.recipes.report import CHAINS, orders_of

from oracles import pictures
from relook.search import load_recipe, shipped_recipes

PAGE = Path(__file__).parents[2] / "docs" / "local-features.md"
TABLE = tomllib.loads(ROWS.read_text("utf-8"))["row"]


def test_every_row_is_a_shipped_recipe_and_every_local_recipe_has_a_row():
    for row in TABLE:
        load_recipe(row["recipe"]).with_settings(row["settings"])
    local = {name for name in shipped_recipes() if load_recipe(name).network is None}
    assert {row["recipe"] for row in TABLE} == local
    methods = [row["method"] for row in TABLE]
    assert {name for chain in CHAINS for name in chain} <= set(methods)
    page = PAGE.read_text("utf-8")
    assert all(f"| {name} |" in page or f"| **{name}** |" in page for name in methods)


def test_an_order_that_does_not_hold_is_said():
    record = {"runs": [{"map": 0.8}, {"map": 0.9}]}
    assert orders_of(["ASMK*", "SMK*"], record) == ["ASMK* ≥ SMK*: does NOT hold (-10.0)"]


def test_one_command_measures_and_writes_the_page(tmp_path, capsys):
    images, queries = [], []
    for thing in range(3):
        whole = pictures.texture((150, 190), seed=40 + thing)
        for role, x in (("query", 0), ("db", 9)):
            cv2.imwrite(str(tmp_path / f"{role}{thing}.png"), whole[:, x : x + 180])
            images.append({"id": f"{role}{thing}", "path": f"{role}{thing}.png", "role": role})
        queries.append(
            {"query": f"query{thing}", "subset": "noise", "positives": [f"db{thing}"], "junk": []}
        )
    content = {"name": "noise", "images": images, "queries": queries}
    (tmp_path / "gnd.json").write_text(json.dumps(content), encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n", encoding="utf-8")
    arguments = ["recipes", "--data", str(tmp_path), "--jobs", "1", "--methods", "BoW", "BoW + SP"]
    assert main([*arguments, "--page", str(page), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["map"] for run in found["runs"]] == [1.0, 1.0]
    text = page.read_text("utf-8")
    assert text.startswith("before\n")
    assert "| BoW + SP | 100.0 | 100.0 |" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--methods", "BoV"], "no method 'BoV'; take some of BoW"), ([], "nowhere")],
)
def test_what_is_wrong_is_said_in_one_line(capsys, arguments, said):
    assert main(["recipes", "--data", "nowhere", *arguments]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.count("\n") == 1
