"""Networks of timm come by name where timm is installed; nothing here needs it."""

from __future__ import annotations

import importlib.machinery
import sys
from types import ModuleType

import pytest
import torch
from torch import nn

from relook.core.errors import FormatError, UsageError
from relook.networks.backbones import load_state, make_backbone


class Convolutional(nn.Module):
    """As much of timm's interface as is used."""

    num_features = 5
    feature_info = ({"reduction": 2}, {"reduction": 4})

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 5, 4, 4)

    def forward_features(self, x):
        return self.stem(x)


class ChannelsLast(Convolutional):
    output_fmt = "NHWC"

    def forward_features(self, x):
        return self.stem(x).permute(0, 2, 3, 1)


class Transformer(Convolutional):
    num_prefix_tokens = 1

    def forward_features(self, x):
        return self.stem(x).flatten(2).permute(0, 2, 1)

    def forward_intermediates(self, x, *, indices, norm, output_fmt, intermediates_only):
        assert (indices, norm, output_fmt, intermediates_only) == (1, True, "NCHW", True)
        return [self.stem(x)]


MODELS = {"convnet": Convolutional, "last": ChannelsLast, "vit": Transformer}


@pytest.fixture
def timm(monkeypatch):
    def create_model(name, *, pretrained, num_classes, **options):
        assert (pretrained, num_classes) == (False, 0)
        if (name == "vit") != bool(options):
            raise TypeError("unexpected keyword argument")
        return MODELS[name]()

    module = ModuleType("timm")
    module.__spec__ = importlib.machinery.ModuleSpec("timm", None)
    module.is_model = MODELS.__contains__
    module.create_model = create_model
    monkeypatch.setitem(sys.modules, "timm", module)


@pytest.mark.usefixtures("timm")
@pytest.mark.parametrize("name", MODELS)
def test_maps_have_channels_first_whatever_the_model_gives(name):
    backbone = make_backbone(f"timm/{name}")
    assert (backbone.name, backbone.channels, backbone.stride) == (f"timm/{name}", 5, 4)
    pictures = torch.randn(2, 3, 16, 24)
    assert torch.equal(backbone(pictures), backbone.model.stem(pictures))


@pytest.mark.usefixtures("timm")
def test_weights_have_the_keys_of_timm():
    backbone = make_backbone("timm/convnet")
    given = Convolutional().state_dict()
    load_state(backbone, given | {"head.weight": torch.zeros(3)})
    assert torch.equal(backbone.model.stem.weight, given["stem.weight"])
    with pytest.raises(FormatError, match=r"not weights of timm/convnet: missing: stem\.bias"):
        load_state(backbone, {"stem.weight": given["stem.weight"]})


@pytest.mark.usefixtures("timm")
def test_an_unknown_model_and_another_padding_are_refused():
    with pytest.raises(UsageError, match=r"no model 'hub:x'; timm\.list_models"):
        make_backbone("timm/hub:x")
    with pytest.raises(UsageError, match="must be symmetric"):
        make_backbone("timm/convnet", padding="same")


def test_without_timm_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UsageError, match="timm/resnet50d needs timm: pip install timm"):
        make_backbone("timm/resnet50d")
