from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reproduce.__main__ import main
from reproduce.global_descriptors.page import BEGIN, END, write_page

from oracles import local_networks
from relook.networks.weights import open_weights

PAGE = Path(__file__).parents[2] / "docs" / "global-descriptors.md"


def _photo(path: Path, *, seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    photo = Image.fromarray(noise).resize((96, 96), Image.Resampling.BICUBIC)
    path.parent.mkdir(exist_ok=True)
    photo.save(path)
    return photo


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark of five photos, photos to fit on, and a network with random weights."""
    folder = tmp_path_factory.mktemp("miniature")
    for place in range(5):
        photo = _photo(folder / "bench" / f"{place}.png", seed=place)
        if place == 0:
            photo.crop((8, 8, 92, 92)).save(folder / "bench" / "q.png")
    images = [{"id": str(n), "path": f"{n}.png", "role": "db"} for n in range(5)]
    images.append({"id": "q", "path": "q.png", "role": "query"})
    queries = [{"query": "q", "subset": "noise", "positives": ["0"], "box": [0, 0, 80, 84]}]
    content = {"name": "miniature", "images": images, "queries": queries}
    (folder / "bench" / "gnd.json").write_text(json.dumps(content), encoding="utf-8")
    for place in range(8):
        _photo(folder / "photos" / f"{place}.png", seed=100 + place)
    return folder


@pytest.fixture(scope="module")
def arguments(miniature: Path) -> list[str]:
    """All words but those that say where the results go."""
    pytest.importorskip("torch")
    weights = local_networks.write_resnet(miniature)
    return [
        "global-descriptors", "--data", str(miniature / "bench"),
        "--fit", str(miniature / "photos"), "--every", "2", "--views", "1",
        "--weights", str(weights), "--layer", "layer2", "--longest", "96",
        "--dimensions", "3", "2", "--backend", "openvino", "--precisions", "bf16",
        "--threads", "1", "--timed", "1", "--cache", str(miniature / "cache"),
    ]  # fmt: skip


def test_one_command_measures_every_table(arguments, miniature, capsys, monkeypatch):
    from reproduce.global_descriptors import study

    from relook.vectors import learned_whitening

    measured: list[study.Results] = []

    def once(*given, original=study.study, **settings):
        if not measured:
            measured.append(original(*given, **settings))
        return measured[0]

    def few(*given, original=learned_whitening.random_non_pairs, count, **settings):
        return original(*given, count=min(count, 512), **settings)

    monkeypatch.setattr(study, "study", once)
    monkeypatch.setattr(learned_whitening, "random_non_pairs", few)
    page = miniature / "page.md"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n", "utf-8")
    assert main([*arguments, "--page", str(page), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = [row for table in found["tables"] for row in table["rows"]]
    assert {row["setting"]["whitening"] for row in rows} == {"none", "PCA", "Lw", "Lw, flat"}
    assert {len(row["setting"]["scales"]) for row in rows} == {1, 2, 3}
    assert {row["dimensions"] for row in rows} >= {512, 128, 3, 2}
    assert all(row["bytes"] == 4 * row["dimensions"] for row in rows)
    assert all(0 < row["map"] <= 1 and set(row["subsets"]) == {"noise"} for row in rows)
    assert found["best"]["map"] == max(row["map"] for row in rows)
    assert [one["name"] for one in found["precisions"]] == ["f32", "bf16"]
    assert found["precisions"][0]["least"] == pytest.approx(1, abs=1e-5)
    assert 0.9 < found["precisions"][1]["least"] < 1

    text = page.read_text("utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert text.count("\n| inner | ") == sum(bool(row["setting"]["layer"]) for row in rows)
    assert main(arguments) == 0
    assert "What each step adds" in capsys.readouterr().out


def test_what_was_described_is_not_described_again(arguments, miniature, tmp_path, monkeypatch):
    from reproduce.global_descriptors import describing
    from reproduce.global_descriptors.pictures import Picture

    weights = open_weights(miniature / "tiny.safetensors")
    network = describing.Network(weights, 96, "torch", tmp_path)
    series = [describing.Series("layer2", 1.0, ("MAC", "SPoC"))]
    pictures = [Picture(miniature / "photos" / "0.png", None, 0, 1)]
    done: list[int] = []
    settings = {"threads": 2, "progress": done.append}
    first = describing.describe(pictures, series, network, **settings)
    monkeypatch.delattr(describing.Kit, "describe")
    again = describing.describe(pictures, series, network, **settings)
    assert done == [1, 1]
    assert again["layer2", "f32"].pooled("MAC", (1.0,)).shape == (1, 2, 128)
    np.testing.assert_array_equal(
        first["layer2", "f32"].pooled("SPoC", (1.0,)), again["layer2", "f32"].pooled("SPoC", (1.0,))
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", ".", "--fit", "nowhere"], "there are too few"),
        (["--data", "nowhere", "--fit", "."], "nowhere"),
        (["--data", ".", "--fit", ".", "--every", "0"], "at least 1"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(miniature, monkeypatch, capsys, words, said):
    pytest.importorskip("torch")
    monkeypatch.chdir(miniature / "bench")
    assert main(["global-descriptors", *words]) == 2
    assert said in capsys.readouterr().err


def test_the_page_has_its_marks_and_all_tables_between_them():
    text = PAGE.read_text("utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    written = text[text.index(BEGIN) : text.index(END)]
    assert written.count("\n### ") == 6
    assert "| layer | pooling | scales | whitening | dims | mAP |" in written


@pytest.mark.parametrize("text", ["no marks", f"{END}\n{BEGIN}", f"{BEGIN}\n{BEGIN}\n{END}"])
def test_a_page_without_its_marks_stays_as_it_is(tmp_path, text):
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    with pytest.raises(ValueError, match="must have each of these lines once"):
        write_page(page, "tables")
    assert page.read_text("utf-8") == text
