from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.training.sources.context import ContextOptions, cut_pair

torch = pytest.importorskip("torch")

from relook.training.steps.context_head import ContextHead, make_context_head  # noqa: E402


def _picture(rng: np.random.Generator) -> np.ndarray:
    """Brighter to the right, redder to the bottom: what is where is the same in all pictures."""
    y, x = np.mgrid[:64, :64] / 64
    gray = 60 + 100 * x + rng.normal(0, 8, (64, 64)) + rng.normal(0, 5)
    red = 80 * (y - 0.5)
    return np.clip(np.stack([gray + red, gray, gray - red], axis=-1), 0, 255).astype(np.uint8)


def _batch(pairs: int, rng: np.random.Generator) -> tuple:
    options = ContextOptions(side=16, areas=(16.0, 20.0), color="project")
    cut = [cut_pair(_picture(rng), options=options, rng=rng) for _ in range(pairs)]
    pixels = torch.from_numpy(np.concatenate([pair.patches for pair in cut]))
    labels = torch.tensor([pair.position for pair in cut]).repeat_interleave(2)
    return pixels.permute(0, 3, 1, 2).float() / 255 - 0.45, labels


class _Tiny(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.Conv2d(8, 16, 3, stride=2),
            torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
        )  # fmt: skip

    def forward(self, pixels: object) -> object:
        return torch.nn.functional.normalize(self.body(pixels), dim=1)


def test_a_tiny_network_learns_context_far_above_chance() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    net, head = _Tiny(), ContextHead(dims=16, hidden=32)
    learned = [*net.parameters(), *head.parameters()]
    speeds = [torch.zeros_like(one) for one in learned]
    held = _batch(64, np.random.default_rng(1))
    with torch.no_grad():
        before = head.accuracy(net(held[0]), held[1])
    for _ in range(45):
        pixels, labels = _batch(20, rng)
        slopes = torch.autograd.grad(head(net(pixels), labels), learned)
        with torch.no_grad():  # torch.optim takes seconds to import
            for one, speed, slope in zip(learned, speeds, slopes, strict=True):
                one.sub_(speed.mul_(0.9).add_(slope), alpha=0.05)
    with torch.no_grad():
        after = head.accuracy(net(held[0]), held[1])
    assert before < 0.3
    assert after > 0.8


def test_the_loss_is_the_cross_entropy_of_the_pairs() -> None:
    torch.manual_seed(0)
    head = ContextHead(dims=4, hidden=6)
    vectors = torch.randn(6, 4)
    labels = torch.tensor([2, 2, 7, 7, 0, 0])
    both = np.stack([np.concatenate(vectors[i : i + 2].numpy()) for i in (0, 2, 4)])
    one, _, two = head.layers
    inner = np.maximum(both * 2 @ one.weight.detach().numpy().T + one.bias.detach().numpy(), 0)
    scores = inner @ two.weight.detach().numpy().T + two.bias.detach().numpy()
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    expected = -np.mean([logs[0, 2], logs[1, 7], logs[2, 0]])
    assert float(head(vectors, labels).detach()) == pytest.approx(expected, abs=1e-5)


def test_the_order_of_the_two_patches_matters() -> None:
    torch.manual_seed(0)
    head, vectors = ContextHead(dims=4), torch.randn(2, 4)
    assert not torch.allclose(head.scores(vectors), head.scores(vectors.flip(0)))


def test_half_a_pair_and_other_options_are_refused() -> None:
    with pytest.raises(ShapeError, match="two per pair"):
        ContextHead(dims=4).scores(torch.zeros(3, 4))
    with pytest.raises(UsageError, match="1 or more"):
        make_context_head({"hidden": 0}, dims=4)
    with pytest.raises(UsageError, match="choose hidden"):
        make_context_head({"layers": 2}, dims=4)
