"""Names of others → names of ours. The oracle puts torch's layers into a row, as cirtorch does."""

from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import FormatError
from relook.networks.weights import Card, open_weights
from relook.networks.weights.cirtorch import describe_meta, rename, whitenings_of
from relook.networks.weights.files import Tensors
from relook.networks.weights.layouts import find_layout, to_state

META = {"architecture": "resnet18", "pooling": "gem", "outputdim": 512}


def row(backbone):
    """The layers of torchvision's network in a row: what cirtorch calls ``features``."""
    from torch import nn

    if backbone.name.startswith("resnet"):
        b = backbone
        layers = [b.conv1, b.bn1, nn.ReLU(), b.maxpool, b.layer1, b.layer2, b.layer3, b.layer4]
    else:
        layers = [*backbone.features.children()]
        if backbone.name.startswith("densenet"):
            layers.append(nn.ReLU())
    return nn.ModuleDict({"features": nn.Sequential(*layers)})


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet18", "resnet50", "densenet121"])
def test_every_layer_of_cirtorch_is_found(name):
    torch = pytest.importorskip("torch")
    from relook.networks.backbones import BACKBONES, make_backbone

    if name not in BACKBONES:
        pytest.skip(f"relook has no {name}")
    with torch.device("meta"):
        backbone = make_backbone(name)
    theirs, ours = (one.state_dict(keep_vars=True) for one in (row(backbone), backbone))
    renamed = rename({key: key for key in theirs}, backbone=name)
    assert set(renamed) == {f"backbone.{key}" for key in ours}
    for new, old in renamed.items():  # the same tensor, not only the same names
        assert theirs[old] is ours[new.removeprefix("backbone.")]


def test_pooling_and_whitening_keep_their_names():
    arrays = {"pool.p": np.ones(1), "whiten.weight": np.ones((2, 2)), "whiten.bias": np.ones(2)}
    assert set(rename(arrays, backbone="resnet18")) == set(arrays)


@pytest.mark.parametrize(
    ("key", "backbone"),
    [
        ("features.2.weight", "resnet18"),
        ("features.x.weight", "resnet18"),
        ("features.9.weight", "resnet50"),
        ("features.2.weight", "densenet121"),
        ("lwhiten.weight", "resnet18"),
        ("conv1.weight", "resnet18"),
        ("features.0.weight", "squeezenet1_0"),
    ],
)
def test_layers_of_other_networks_are_named(key, backbone):
    with pytest.raises(FormatError, match=f"{key}|squeezenet"):
        rename({key: np.ones(1)}, backbone=backbone)


@pytest.mark.parametrize(
    ("meta", "pooling", "options", "whitening"),
    [
        ({}, "gem", None, 0),
        ({"whitening": True}, "gem", None, 512),
        ({"pooling": "gemmp"}, "gem", {"per_channel": True}, 0),
        ({"pooling": "mac"}, "mac", None, 0),
        ({"pooling": "spoc"}, "spoc", None, 0),
        ({"pooling": "rmac"}, "rmac", {"whole": True}, 0),
        ({"pooling": "mac", "regional": True}, "rmac", {"whole": True, "whitening": 512}, 0),
    ],
)
def test_the_meta_says_what_the_network_is(meta, pooling, options, whitening):
    said = describe_meta(META | meta)
    assert said["backbone"] == "resnet18"
    assert (said["pooling"], said["options"], said["whitening"]) == (pooling, options, whitening)


def test_mean_and_std_of_the_meta_are_used():
    said = describe_meta(META | {"mean": [0.1, 0.2, 0.3], "std": [1, 2, 3]})
    assert (said["mean"], said["std"]) == ((0.1, 0.2, 0.3), (1.0, 2.0, 3.0))


@pytest.mark.parametrize(
    "meta",
    [
        {"pooling": "gem", "regional": True},
        {"local_whitening": True},
        {"pooling": "other"},
        {"mean": [1, 2]},
        {"outputdim": "many"},
    ],
)
def test_networks_that_relook_lacks_are_refused(meta):
    with pytest.raises(FormatError):
        describe_meta(META | meta)
    with pytest.raises(FormatError, match="not cirtorch's"):
        describe_meta({"architecture": "resnet18"})


def test_whitenings_project_as_those_of_cirtorch_do():
    rng = np.random.default_rng(0)
    m, projection = rng.standard_normal((5, 1)), rng.standard_normal((5, 5))
    found = whitenings_of({"Lw": {"sfm": {"ss": {"m": m, "P": projection},
                                          "ms": {"m": 2 * m, "P": projection.T}}}})  # fmt: skip
    assert set(found) == {"sfm/ss", "sfm/ms"}
    columns = rng.standard_normal((5, 3))
    theirs = np.dot(projection[:4, :], columns - m)  # their order: one picture in each column
    mean, ours = found["sfm/ss"]
    assert (mean.shape, mean.dtype, ours.dtype) == ((5,), np.float32, np.float32)
    np.testing.assert_allclose((columns.T - mean) @ ours[:4].T, theirs.T, atol=1e-5)
    np.testing.assert_allclose(found["sfm/ms"][1], projection.T, rtol=1e-6)


@pytest.mark.parametrize(
    "lw",
    [
        [],
        {"sfm": []},
        {"sfm": {"ss": {"m": np.ones((5, 1))}}},
        {"sfm": {"ss": {"m": np.ones((5, 1)), "P": np.ones((4, 4))}}},
        {"sfm": {"ss": {"m": np.ones((5, 1)), "P": np.full((5, 5), np.nan)}}},
        {"sfm": {"ss": {"m": np.ones((5, 1)), "P": np.array([["a"]], object)}}},
        {"sfm": {"ss": {"m": "x", "P": "y"}}},
    ],
)
def test_damaged_whitenings_are_errors_of_ours(lw):
    if lw == []:
        assert whitenings_of({"Lw": lw}) == {}
        return
    with pytest.raises(FormatError):
        whitenings_of({"Lw": lw})


def test_a_checkpoint_says_itself_what_it_is(tmp_path):
    torch = pytest.importorskip("torch")
    from relook.networks.backbones import make_backbone

    backbone = make_backbone("alexnet")
    lw = {"sfm": {"ss": {"m": np.ones((256, 1)), "P": np.eye(256)}}}
    meta = {"architecture": "alexnet", "pooling": "gem", "outputdim": 256, "whitening": False,
            "local_whitening": False, "regional": False, "mean": [0.1, 0.2, 0.3],
            "std": [1.0, 1.0, 1.0], "Lw": lw}  # fmt: skip
    state = row(backbone).state_dict() | {"pool.p": torch.tensor([2.9])}
    file = tmp_path / "my net (1).pth.tar"
    torch.save({"epoch": 1, "meta": meta, "state_dict": state}, file)
    weights = open_weights(file)
    assert weights.card.name == "my-net--1--pth"
    assert weights.spec().mean == (0.1, 0.2, 0.3)
    np.testing.assert_allclose(weights.whitenings["sfm/ss"][0], 1)

    from relook.networks.retrieval import RetrievalNetwork

    network = RetrievalNetwork.from_state(weights.spec(), weights.state())
    assert float(network.state_dict()["pool.p"]) == pytest.approx(2.9)
    for key, tensor in backbone.state_dict().items():
        assert torch.equal(network.backbone.state_dict()[key], tensor)


def test_a_checkpoint_of_another_network_than_its_card_says_is_refused(tmp_path):
    tensors = Tensors({"features.0.weight": np.ones(1, np.float32)}, META)
    card = Card(name="a", file="a.pth", backbone="resnet50", layout="cirtorch")
    with pytest.raises(FormatError, match="holds resnet18, not resnet50 as a should"):
        to_state(tensors, card)


@pytest.mark.parametrize(
    ("names", "meta", "layout"),
    [
        (["conv1.weight"], {}, "torchvision"),
        (["backbone.conv1.weight", "pool.p"], {}, "relook"),
        (["stem.conv.weight"], {}, "mobilenet-npz"),
        (["features.0.weight"], META, "cirtorch"),
    ],
)
def test_names_tell_the_layout(names, meta, layout):
    assert find_layout(Tensors({name: np.ones(1, np.float32) for name in names}, meta)) == layout


def test_heads_of_timm_are_left_out_and_those_of_torchvision_kept():
    names = ["conv1.weight", "fc.weight", "head.fc.bias"]
    tensors = Tensors({name: np.ones(1, np.float32) for name in names})
    fields = {"name": "a", "file": "a.pth", "backbone": "resnet18"}
    assert set(to_state(tensors, Card(**fields, layout="timm"))) == {"backbone.conv1.weight"}
    assert len(to_state(tensors, Card(**fields, layout="torchvision"))) == 3
