"""TensorFlow's padding survives export: one graph is right for even and odd sizes."""

from __future__ import annotations

import warnings

import pytest
import torch

from relook.networks.backbones import make_backbone
from relook.networks.backbones.same_padding import SamePaddedBackbone, conv3x3

SIZES = ((97, 64), (130, 201), (64, 64))
EXAMPLE = torch.zeros(2, 3, 74, 91)


class Small(SamePaddedBackbone):
    """Three strided layers."""

    def __init__(self):
        super().__init__("small", channels=6, stride=8, padding="same")
        widths = ((3, 4), (4, 5), (5, 6))
        self.convs = torch.nn.Sequential(*(conv3x3(*w, stride=2, padding="same") for w in widths))

    def layers(self, pictures):
        return self.convs(pictures)


@pytest.fixture
def calm():
    """Exporters warn about their own old ways; what they say of our graphs stays an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield


def check(run, network):
    for height, width in SIZES:
        pictures = torch.randn(1, 3, height, width)
        with torch.no_grad():
            want = network(pictures).numpy()
        got = run(pictures)
        assert got.shape == want.shape
        assert abs(got - want).max() < 1e-4 * abs(want).max()


@pytest.mark.usefixtures("calm")
def test_openvino_converts_it_for_every_size():
    openvino = pytest.importorskip("openvino")
    network = make_backbone("mobilenet_v1_075", padding="same").eval()
    model = openvino.convert_model(network, example_input=EXAMPLE)
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    check(lambda pictures: compiled(pictures.numpy())[0], network)


@pytest.mark.usefixtures("calm")
def test_torch_exports_it_for_every_size():
    network = Small().eval()
    exported = torch.export.export(network, (EXAMPLE,), dynamic_shapes=dynamic()).module()
    check(lambda pictures: exported(pictures).detach().numpy(), network)


@pytest.mark.usefixtures("calm")
def test_onnx_holds_it_for_every_size(tmp_path):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    network = Small().eval()
    path = tmp_path / "small.onnx"
    torch.onnx.export(
        network, (EXAMPLE,), path, dynamo=True, dynamic_shapes=dynamic(), verbose=False
    )
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    check(lambda pictures: session.run(None, {name: pictures.numpy()})[0], network)


def dynamic():
    free = torch.export.Dim.AUTO
    return ({0: free, 2: free, 3: free},)
