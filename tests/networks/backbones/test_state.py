"""Weights go in whole or not at all, and an error names what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from relook.core.errors import FormatError
from relook.networks.backbones import NeuralCodes, load_state, make_backbone


def arrays(name):
    return {key: value.numpy().copy() for key, value in make_backbone(name).state_dict().items()}


def unchanged(backbone, before):
    return all(torch.equal(value, before[key]) for key, value in backbone.state_dict().items())


@pytest.fixture
def resnet():
    return make_backbone("resnet18")


def test_arrays_and_tensors_are_put_in_and_copied(resnet):
    given = arrays("resnet18")
    given["conv1.weight"].flags.writeable = False
    load_state(resnet, given)
    assert np.array_equal(resnet.conv1.weight.detach().numpy(), given["conv1.weight"])
    tensors = make_backbone("resnet18").state_dict()
    load_state(resnet, tensors)
    assert torch.equal(resnet.conv1.weight, tensors["conv1.weight"])
    assert resnet.conv1.weight.data_ptr() != tensors["conv1.weight"].data_ptr()


def test_the_head_is_passed_over(resnet):
    given = arrays("resnet18") | {"fc.weight": np.full((1000, 512), np.nan, np.float32)}
    given = {key: value for key, value in given.items() if "num_batches" not in key}
    load_state(resnet, given)


def test_half_precision_becomes_the_type_of_the_network(resnet):
    given = {key: value.half() for key, value in resnet.state_dict().items()}
    load_state(resnet, given)
    assert resnet.conv1.weight.dtype == torch.float32


def test_missing_keys_are_named_and_counted(resnet):
    given = {key: value for key, value in arrays("resnet18").items() if "layer3" not in key}
    with pytest.raises(FormatError, match=r"not weights of resnet18: missing: layer3\.0\.conv1"):
        load_state(resnet, given)
    with pytest.raises(FormatError, match="and 22 more"):
        load_state(resnet, given)


def test_unexpected_keys_are_named(resnet):
    given = arrays("resnet18") | {"layer5.weight": np.zeros(3, np.float32)}
    with pytest.raises(FormatError, match=r"unexpected: layer5\.weight"):
        load_state(resnet, given)


def test_wrong_shapes_are_named(resnet):
    given = arrays("resnet18") | {"conv1.weight": np.zeros((64, 1, 7, 7), np.float32)}
    with pytest.raises(FormatError, match=r"conv1\.weight \(64, 1, 7, 7\) for \(64, 3, 7, 7\)"):
        load_state(resnet, given)


@pytest.mark.parametrize("other", ["resnet34", "vgg16", "mobilenet_v1_075"])
def test_the_architecture_that_weights_belong_to_is_guessed(resnet, other):
    with pytest.raises(FormatError, match=f"look like {other}: name that backbone"):
        load_state(resnet, arrays(other))


def test_weights_of_no_known_network_are_not_guessed(resnet):
    with pytest.raises(FormatError, match="Bring the file of that network"):
        load_state(resnet, {"a": np.zeros(3, np.float32)})


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused_by_name(resnet, value):
    before = {key: tensor.clone() for key, tensor in resnet.state_dict().items()}
    given = arrays("resnet18")
    given["layer4.1.bn2.running_var"][7] = value
    with pytest.raises(FormatError, match=r"layer4\.1\.bn2\.running_var .* not finite"):
        load_state(resnet, given)
    assert unchanged(resnet, before)


def test_integers_are_no_weights(resnet):
    given = arrays("resnet18")
    given["bn1.weight"] = given["bn1.weight"].astype(np.int8)
    with pytest.raises(FormatError, match=r"bn1\.weight holds int8"):
        load_state(resnet, given)


def test_old_densenet_files_are_read():
    network = make_backbone("densenet121")
    old = {
        key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): value
        for key, value in arrays("densenet121").items()
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    load_state(network, old)


def test_a_classifier_that_the_network_has_is_not_passed_over():
    codes = NeuralCodes("alexnet", "fc6")
    given = codes.state_dict()
    del given["classifier.1.bias"]
    with pytest.raises(FormatError, match=r"missing: classifier\.1\.bias"):
        load_state(codes, given)
