from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reproduce.__main__ import main
from reproduce.pacs import command, describing
from reproduce.pacs.command import BEGIN, END
from reproduce.pacs.report import published

from oracles import local_networks

PAGE = Path(__file__).parents[2] / "docs" / "pacs.md"
DOMAINS, CLASSES = ("photo", "art_painting", "cartoon", "sketch"), ("dog", "house")


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Four domains of two classes, and a network with random weights."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("pacs")
    random = np.random.default_rng(0)
    for domain in DOMAINS:
        for place, label in enumerate(CLASSES):
            home = folder / "pacs" / domain / label
            home.mkdir(parents=True)
            for number in range(3):
                pixels = random.integers(0, 60, (4, 4, 3), np.uint8)
                pixels[:, :, 2 * place] += 150
                Image.fromarray(pixels).resize((64, 64)).save(home / f"{number}.png")
    weights = str(local_networks.write_resnet(folder))
    return [
        "pacs", "--data", str(folder / "pacs"), "--weights", weights, weights,
        "--workdir", str(folder / "kept"), "--threads", "1",
    ]  # fmt: skip


def test_one_command_measures_the_table(arguments, tmp_path, capsys, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n", "utf-8")
    measured = {}

    def once(truth, vectors, *, original=command.evaluate_classes, **settings):
        if vectors.tobytes() not in measured:
            measured[vectors.tobytes()] = original(truth, vectors, costs=(1.0, 10.0), **settings)
        return measured[vectors.tobytes()]

    monkeypatch.setattr(command, "evaluate_classes", once)
    assert main([*arguments, "--page", str(page), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = [row for name, row in found.items() if name != "facts"]
    assert len(rows) >= 5
    assert all(len(row["cells"]) == 16 and 0 <= row["mean"] <= 1 for row in rows)
    text = page.read_text("utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert text.count("| thesis | ") == 4 * 5

    monkeypatch.delattr(describing, "load_network")  # what was described is kept
    seen = len(measured)
    assert main(arguments) == 0
    assert len(measured) == seen  # and read back exactly
    assert "Trained on three domains" in capsys.readouterr().out


def test_what_is_not_there_is_said_in_one_line(capsys, tmp_path):
    assert main(["pacs", "--data", str(tmp_path)]) == 2
    assert "names no images" in capsys.readouterr().err


def test_edges_are_dark_lines_on_white():
    pixels = np.full((40, 40, 3), 90, np.uint8)
    pixels[:, 20:, 0] = 200
    drawn = describing.edge_picture(pixels)
    assert drawn.shape == pixels.shape
    assert drawn.dtype == np.uint8
    assert drawn[5:-5, :14].min() == drawn[5:-5, 26:].min() == 255
    assert drawn[5:-5, 19:21].max() < 40
    assert describing.edge_picture(pixels[:, :20]).min() == 255


def test_published_means_are_those_of_the_published_cells():
    for row in published()["row"]:
        assert np.mean(row["others"]) == pytest.approx(row["mean"], abs=0.11)
        assert [line[place] for place, line in enumerate(row["one"])] == [-1] * 4


def test_the_page_has_its_marks_and_both_tables_between_them():
    text = PAGE.read_text("utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    written = text[text.index(BEGIN) : text.index(END)]
    assert written.count("\n### ") == 2
