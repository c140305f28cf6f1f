"""What a teacher says in one pass, against the layers of the same network asked one by one."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.numpy import save_file  # noqa: E402

from relook.core.errors import ShapeError, UsageError  # noqa: E402
from relook.networks.retrieval import RetrievalNetwork  # noqa: E402
from relook.networks.tap import tap  # noqa: E402
from relook.networks.weights import Card  # noqa: E402
from relook.networks.weights.card import save_card  # noqa: E402
from relook.training.teaching.distill import map_distance, vector_distance  # noqa: E402
from relook.training.teaching.teacher import TeacherSpec, answers, fit_teachers, make_graphs  # noqa: E402
from relook.training.teaching.teacher_graph import TeacherRun  # noqa: E402

LAYER, INNER = "features.14.conv.0", "features.3"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher")
    card = Card(name="t", file="t.safetensors", backbone="mobilenet_v2", layout="relook",
                padding="same", mean=(0.5,) * 3, std=(0.5,) * 3, pooling="gem",
                options={"p": 3.0}, whitening=8)  # fmt: skip
    torch.manual_seed(3)
    network = RetrievalNetwork(card.spec(layer=LAYER)).eval()
    state = {key: value.numpy() for key, value in network.state_dict().items()}
    save_file(state, folder / card.file)
    save_card(card, folder / "t.card.json")
    return str(folder / card.file), network


def test_one_pass_says_what_each_layer_says(weights) -> None:
    path, network = weights
    specs = {
        "low": TeacherSpec(path, INNER, dimensions=4),
        "top": TeacherSpec(path, LAYER, dimensions=6, power=0.0),
        "own": TeacherSpec(path, LAYER, of="vector"),
    }
    graphs = make_graphs(specs.values())
    assert list(graphs) == [path]
    pixels = np.random.default_rng(0).integers(0, 256, (3, 64, 96, 3), np.uint8)
    said = TeacherRun(graphs[path]).say(pixels)
    with torch.no_grad():
        pictures = network.normalize(torch.from_numpy(pixels))
        for layer in (INNER, LAYER):
            expected = tap(network.backbone, layer, pictures).numpy()
            assert np.allclose(said.maps[layer], expected, atol=1e-4)
        assert np.allclose(said.vectors, network(torch.from_numpy(pixels)).numpy(), atol=1e-4)
    fitted = fit_teachers(specs, graphs, [pixels])
    kept = {name: answers(said, one) for name, one in fitted.items()}
    assert {name: one.shape for name, one in kept.items()} == {
        "low": (3, 4, 16, 24), "top": (3, 6, 4, 6), "own": (3, 8),
    }  # fmt: skip


def test_a_teacher_has_one_vector(weights) -> None:
    specs = [TeacherSpec(weights[0], layer, of="vector") for layer in (INNER, LAYER)]
    with pytest.raises(UsageError, match="one vector"):
        make_graphs(specs)


def test_cells_of_a_teacher_that_pads_as_tensorflow_are_one_further() -> None:
    taught = torch.randn(2, 3, 5, 5, dtype=torch.float64)
    said = torch.zeros(2, 3, 5, 5, dtype=torch.float64)
    said[:, :, 1:, 1:] = taught[:, :, :-1, :-1]
    assert float(map_distance(said, taught, shifted=True)) == pytest.approx(0, abs=1e-6)
    assert float(map_distance(said, taught)) > 0.5


def test_vectors_of_another_length_are_refused() -> None:
    rows = torch.nn.functional.normalize(torch.randn(4, 8), dim=1)
    assert float(vector_distance(rows, rows)) == pytest.approx(0, abs=1e-6)
    with pytest.raises(ShapeError, match=r"whitening = 4"):
        vector_distance(rows, rows[:, :4])
