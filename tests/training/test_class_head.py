"""Losses on classes at locations, as a run makes them from its configuration."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.numpy import save_file  # noqa: E402 - after torch is known to be there
from torch import nn  # noqa: E402

from relook.core.errors import UsageError  # noqa: E402
from relook.networks.backbones import Backbone  # noqa: E402
from relook.networks.retrieval import RetrievalNetwork  # noqa: E402
from relook.networks.spec import NetworkSpec  # noqa: E402
from relook.networks.weights import Card  # noqa: E402
from relook.networks.weights.card import SUFFIX, save_card  # noqa: E402
from relook.training.config import LossPart, NetworkPart  # noqa: E402
from relook.training.losses import location_cross_entropy, triplet_locations  # noqa: E402
from relook.training.steps.classification import class_maps  # noqa: E402
from relook.training.steps.student import Student, make_student, with_classes  # noqa: E402
from relook.training.steps.terms import Chunk, make_terms  # noqa: E402


class Tiny(Backbone):
    """One convolution; stride 4."""

    def __init__(self):
        super().__init__("tiny", channels=6, stride=4, padding="symmetric")
        self.body = nn.Sequential(nn.Conv2d(3, 6, 4, 4), nn.ReLU())

    def feature_map(self, pictures):
        return self.body(pictures)


def student(pooling="top_k", **options):
    torch.manual_seed(0)
    if pooling == "top_k":
        options = {"classes": 3, "k": 2, **options}
    spec = NetworkSpec(backbone="tiny", pooling=pooling, options=options)
    return Student(RetrievalNetwork(spec, backbone=Tiny()))


def chunk(*, sizes=()):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 12, 12, 3), np.uint8)
    labels = torch.tensor([0, 0, 1, 2, 2])
    return Chunk(torch.from_numpy(pixels), labels, sizes, {})


def terms(name, of, **options):
    part = LossPart(name=name, options=options)
    return make_terms([part], of, dims=of.network.dims, classes=3, tuples=name[:7] == "triplet")


def test_class_maps_of_all_scales_reach_the_loss():
    learner, given = student(), chunk()
    made = terms("location_cross_entropy", learner, scales=[1.0, 2.0], smoothing=0.1)
    total, _ = made(learner(given.pixels), given)
    maps = class_maps(learner.network, given.pixels, scales=(1.0, 2.0))
    assert [one.shape[-1] for one in maps] == [3, 6]
    torch.testing.assert_close(total, location_cross_entropy(maps, given.labels, smoothing=0.1))
    total.backward()
    assert float(learner.network.pool.classify.weight.grad.abs().sum()) > 0
    assert not list(made.parameters())  # the network's are trained once


def test_other_poolings_learn_from_a_class_layer_that_is_not_theirs():
    learner, given = student("gem"), chunk()
    made = terms("location_cross_entropy", learner, scales=[0.5])
    total, _ = made(learner(given.pixels), given)
    total.backward()
    assert {name for name, _ in made.named_parameters()} == made.class_weights
    assert float(learner.network.backbone.body[0].weight.grad.abs().sum()) > 0


def test_tuples_and_the_classes_of_the_query_are_learned_together():
    learner, given = student(whitening=4), chunk(sizes=(3, 2))
    given = Chunk(given.pixels[[0, 1, 2, 3, 4, 0]], given.labels[[0, 1, 2, 3, 4, 0]], (3, 3), {})
    total, _ = terms("triplet_locations", learner, margin=0.5)(learner(given.pixels), given)
    seen = learner(given.pixels)
    scores = learner.network.pool.locate(seen.maps[""]).logits
    each = [
        triplet_locations(
            seen.vectors[i], seen.vectors[i + 1], seen.vectors[i + 2 : i + 3],
            scores[i], given.labels[i], margin=0.5,
        )
        for i in (0, 3)
    ]  # fmt: skip
    torch.testing.assert_close(total, torch.stack(each).mean())


def test_what_does_not_fit_is_said():
    with pytest.raises(UsageError, match="5 classes and the pictures 3"):
        terms("location_cross_entropy", student(classes=5))
    for scales in ([0.0], 2.0, [], ["large"]):
        with pytest.raises(UsageError, match="scales must be"):
            terms("location_cross_entropy", student(), scales=scales)
    learner, given = student("gem"), chunk(sizes=(5,))
    with pytest.raises(UsageError, match="top_k"):
        terms("triplet_locations", learner)(learner(given.pixels), given)


def test_the_pooling_is_told_how_many_classes_there_are():
    part = NetworkPart(backbone="resnet18", pooling="top_k", options={"k": 2})
    assert with_classes(part, 7).options == {"k": 2, "classes": 7}
    assert with_classes(with_classes(part, 7), 9).options["classes"] == 7
    gem = NetworkPart(backbone="resnet18")
    assert with_classes(gem, 7) is gem


def test_folded_batch_normalization_stays_as_it_is(tmp_path):
    torch.manual_seed(0)
    network = RetrievalNetwork(NetworkSpec(backbone="mobilenet_v1_075"))
    files = []
    for folded in (True, False):
        state = {k: v.numpy().copy() for k, v in network.state_dict().items() if v.ndim}
        if not folded:
            state = {k: v + 0.1 * k.endswith("running_mean") for k, v in state.items()}
        name = f"folded-{folded}".lower()
        files.append(tmp_path / f"{name}.safetensors")
        save_file(state, files[-1])
        card = Card(name=name, file=files[-1].name, backbone="mobilenet_v1_075", layout="relook")
        save_card(card, tmp_path / f"{name}{SUFFIX}")
    for file, stays in zip(files, (True, False), strict=True):
        learner = make_student(NetworkPart(weights=str(file)))
        norm = learner.network.backbone.stem.norm
        assert norm.training != stays
        assert norm.weight.requires_grad
