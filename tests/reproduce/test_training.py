from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from reproduce.__main__ import main
from safetensors.numpy import save_file

torch = pytest.importorskip("torch")

from reproduce.training import compare  # noqa: E402
from reproduce.training.command import BEGIN, END  # noqa: E402
from reproduce.training.measuring import RenderedViews, begin_with, fit  # noqa: E402
from reproduce.training.study import (  # noqa: E402
    METHODS,
    Budget,
    WhiteningSettings,
    described,
    read_study,
)

from oracles import tiny_training  # noqa: E402 - needs torch
from relook.networks.retrieval import RetrievalNetwork  # noqa: E402
from relook.networks.spec import NetworkSpec  # noqa: E402
from relook.networks.weights.card import SUFFIX, Card, save_card  # noqa: E402
from relook.vectors import Projection  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
TINY = """
step = 6

[whitening]
pictures = 12
views = 2
side = 32
dimensions = 4
flatten = 0.5

[base]
name = "tiny-try"

[base.network]
weights = {weights}
layer = "stages"
whitening = 4

[base.data]
folders = [{{ path = "pictures", labels = "folder", kind = "flat" }}]

[base.views]
side = 32

[base.train]
iterations = 1
accumulate = 1

[[row]]
method = "together"
words = "in the batch"
loss = [{{ name = "info_nce" }}]

[[row]]
method = "mined"
words = "hard negatives"
loss = [{{ name = "contrastive" }}]
train = {{ epoch = 1 }}
mining = {{ name = "hard", alone = "itself", negatives = 1, queries = 4 }}
"""


def _network(folder: Path) -> Path:
    torch.manual_seed(0)
    state = RetrievalNetwork(NetworkSpec(backbone="tiny")).eval().state_dict()
    arrays = {key: value.numpy() for key, value in state.items() if key.startswith("backbone")}
    path = folder / "tiny.safetensors"
    save_file(arrays, path)
    card = Card(name="tiny", file=path.name, backbone="tiny", layout="relook")
    save_card(card, folder / f"tiny{SUFFIX}")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures to learn from, a benchmark of others, and a network with random weights."""
    tiny_training.know_tiny()
    folder = tmp_path_factory.mktemp("training")
    tiny_training.write_pictures(folder / "pictures")
    tiny_training.write_pictures(folder / "minibench", classes=4, seed=1)
    names = [f"class{number}/{take}.png" for number in range(4) for take in range(2)]
    images = [
        {"id": name, "path": name, "role": "db" if name.endswith("0.png") else "query"}
        for name in names
    ]
    queries = [
        {"query": f"class{number}/1.png", "subset": "blots", "positives": [f"class{number}/0.png"]}
        for number in range(4)
    ]
    content = {"name": "blots", "images": images, "queries": queries}
    (folder / "minibench" / "gnd.json").write_text(json.dumps(content), encoding="utf-8")
    text = TINY.format(weights=json.dumps(_network(folder).as_posix()))
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def arguments(folder: Path) -> list[str]:
    """All words but those that say where the results go."""
    return [
        "training", "--data", str(folder), "--study", str(folder / "study.toml"),
        "--pictures", "12", "--longest", "32", "--into", str(folder / "into"), "--workers", "0",
        "--device", "cpu", "--backend", "torch",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def first(arguments: list[str], folder: Path) -> str:
    """The page that the command wrote."""
    page = folder / "page.md"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n", "utf-8")
    assert main([*arguments, "--page", str(page)]) == 0
    return page.read_text("utf-8")


def test_one_command_trains_and_measures_every_row(first):
    assert first.startswith("before\n")
    assert first.endswith("after\n")
    table = [line.split(" | ") for line in first.splitlines() if line.startswith("| ")]
    header = [cell.strip("| ") for cell in table[0]]
    assert header == [
        "method", "learns from", "mAP", "gain", "blots", "as trained", "described", "min",
    ]  # fmt: skip
    rows = [[cell.strip("| *") for cell in line] for line in table[2:]]
    assert [row[0] for row in rows] == ["off the shelf", "together", "mined"]
    assert all(0 < float(row[2]) <= 1 and row[2] == row[4] for row in rows)
    gains = [float(row[3]) for row in rows[1:]]
    expected = [100 * (float(row[2]) - float(rows[0][2])) for row in rows[1:]]
    assert gains == pytest.approx(expected, abs=0.11)
    assert [row[6] for row in rows] == ["", "", "24"]  # 12 pictures, before each of two steps
    assert "Budget of each row: 12 views of 32 pixels of 12 pictures, 6 in each of 2" in first


def test_what_was_trained_and_described_is_not_again(first, arguments, monkeypatch, capsys):
    monkeypatch.delattr(compare, "train")
    monkeypatch.delattr("relook.networks.runtime.load_network")
    assert main([*arguments, "--methods", "mined", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["method"] for row in rows] == ["off the shelf", "mined"]
    assert [row["pictures"] for row in rows] == [0, 12]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--methods", "luck"], "there is no method 'luck'; take some of together, mined"),
        (["--pictures", "5"], "--pictures must be 6 or more"),
        (["--benchmark", "nowhere"], "nowhere"),
        (["--study", "nowhere.toml"], "nowhere.toml says not what is to be compared"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(first, arguments, capsys, words, said):
    assert main([*arguments, *words]) == 2
    assert said in capsys.readouterr().err


def test_every_row_of_the_table_has_the_same_budget():
    study = read_study(METHODS)
    for pictures in (study.step, 6_048):
        configs = [study.config(row, Budget(pictures=pictures)) for row in study.rows]
        shown = {
            config.train.iterations * config.train.batch * row.tuple_size
            for config, row in zip(configs, study.rows, strict=True)
        }
        assert shown == {pictures}
        assert len({(config.optimizer.rate, config.optimizer.name) for config in configs}) == 1
    counts = {row.method: described(study.config(row, Budget(pictures=6_048)), 9140)
              for row in study.rows}  # fmt: skip
    assert counts["InfoNCE"] == 0
    assert counts["contrastive, mined"] == counts["manifold mining"] == 4000


def test_a_whitening_begins_a_layer_at_the_scale_of_the_optimizer():
    rng = np.random.default_rng(0)
    fitted = Projection(*(rng.normal(size=size).astype(np.float32) for size in (6, (4, 6))))
    begun, vectors = begin_with(fitted), rng.normal(size=(5, 6)).astype(np.float32)
    assert np.linalg.norm(begun.matrix) == pytest.approx(2)
    np.testing.assert_allclose(begun.transform(vectors), fitted.transform(vectors), atol=1e-6)


def test_vectors_that_lost_dimensions_are_whitened_to_those_they_have():
    rng = np.random.default_rng(1)
    flat = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 9))
    vectors = (flat / np.linalg.norm(flat, axis=1, keepdims=True)).astype(np.float32)
    views = RenderedViews(np.zeros((40, 8, 8, 3), np.uint8), np.repeat(np.arange(20), 2), 20)
    asked = WhiteningSettings(pictures=20, views=2, side=8, dimensions=6, flatten=0.5)
    assert 2 <= fit(asked, vectors, views).dimensions <= 3


def test_the_page_has_its_marks_and_every_row_between_them():
    text = PAGE.read_text("utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    written = text[text.index(BEGIN) : text.index(END)]
    for row in read_study(METHODS).rows:
        assert f"| {row.method} |" in written.replace("**", "")
