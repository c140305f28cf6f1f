"""Where one pooling is another one."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from relook.networks.pooling import (  # noqa: E402 - after torch is known to be there
    crow,
    gated,
    gem,
    l2,
    mac,
    make_pooling,
    mixed,
    netvlad,
    regional,
    rmac,
    spoc,
    top_k,
    tree,
)  # fmt: skip


def maps(size=(6, 8), *, channels=5, seed=0):
    values = np.random.default_rng(seed).uniform(0.05, 2, (3, channels, *size))
    return torch.from_numpy(values)


def same(found, expected, **tolerances):
    torch.testing.assert_close(found, expected, **tolerances)


def test_gem_with_p_one_is_average_pooling():
    same(gem(maps(), 1.0), spoc(maps()))


def test_gem_with_a_large_p_is_max_pooling_and_does_not_overflow():
    same(gem(maps(), 5000.0), mac(maps()), rtol=2e-3, atol=0)
    same(gem(maps().float() * 1e5, 200.0), mac(maps().float() * 1e5), rtol=3e-2, atol=0)


def test_gem_grows_with_p_from_the_average_to_the_maximum():
    steps = torch.stack([gem(maps(), p) for p in (1.0, 2.0, 3.0, 10.0, 100.0)])
    assert bool((steps.diff(dim=0) > 0).all())
    assert bool((steps[-1] < mac(maps())).all())


def test_gem_with_equal_p_per_channel_is_gem_with_one_p():
    same(gem(maps(), torch.full((5,), 2.7, dtype=torch.float64)), gem(maps(), 2.7))


def test_gem_takes_powers_or_logarithms_to_the_same_end():
    for p in (1.0, 3.0, 2.92, 40.0):
        same(gem(maps(), p, whole=True), gem(maps(), p))


def test_gem_in_evaluation_follows_a_p_that_is_loaded_later():
    pooling = make_pooling("gem", channels=5, p=3.0).eval()
    pooling.load_state_dict({"p": torch.tensor([2.5])})
    same(pooling(maps().float()), gem(maps().float(), 2.5))


def test_gem_of_a_constant_map_is_that_constant():
    same(gem(torch.full((1, 2, 3, 4), 0.7), 4.0), torch.full((1, 2), 0.7))


def test_rmac_with_one_region_is_normalized_max_pooling():
    square = maps((6, 6))
    same(rmac(square, levels=1), l2(mac(square)))


def test_rmac_of_a_single_cell_points_where_max_pooling_does():
    same(l2(rmac(maps((1, 1)))), l2(mac(maps((1, 1)))))


def test_rmac_whitened_by_the_identity_is_rmac():
    same(rmac(maps(), whiten=lambda vectors: vectors), rmac(maps()))


def test_the_first_regional_vector_is_normalized_max_pooling():
    same(regional(maps())[:, 0], l2(mac(maps())))
    same(regional(maps(), levels=1), l2(mac(maps()))[:, None])


def test_regional_vectors_are_normalized_and_as_many_for_every_size():
    for size in ((6, 8), (1, 1), (1, 40)):
        found = regional(maps(size))
        assert found.shape == (3, 1 + 4 + 9, 5)
        same(found.norm(dim=2), torch.ones(3, 14, dtype=torch.float64))


def test_every_cell_lies_in_a_window_of_every_level():
    for place in range(7 * 5):
        spot = torch.zeros(1, 1, 7 * 5)
        spot[..., place] = 1
        hit = regional(spot.reshape(1, 1, 7, 5))[0, :, 0]
        assert hit[0] == 1
        assert hit[1:5].max() == 1
        assert hit[5:].max() == 1


def test_crow_with_equal_weights_points_where_average_pooling_does():
    # A map whose channels are all used, and whose locations have one sum.
    batch = maps()
    batch = batch / batch.sum(1, keepdim=True)
    same(l2(crow(batch)), l2(spoc(batch)))
    same(crow(batch)[:, 0] / spoc(batch)[:, 0], crow(batch)[:, 1] / spoc(batch)[:, 1])


def test_crow_gives_more_weight_to_channels_that_are_seldom_used():
    batch = torch.zeros(1, 2, 4, 4)
    batch[0, 0] = 1
    batch[0, 1, 0, 0] = 16  # the same sum in one place
    assert float(crow(batch)[0, 1]) > float(crow(batch)[0, 0])


def test_mixed_pooling_goes_from_average_to_maximum():
    same(mixed(maps(), 1.0), mac(maps()))
    same(mixed(maps(), 0.0), spoc(maps()))


def test_gated_pooling_with_a_zero_gate_is_the_mean_of_maximum_and_average():
    zero = torch.zeros(5, dtype=torch.float64)
    same(gated(maps(), zero), (mac(maps()) + spoc(maps())) / 2)


def test_a_tree_of_depth_one_between_maximum_and_average_is_gated_pooling():
    gates = torch.randn(1, 5, dtype=torch.float64)
    leaves = torch.tensor([1.0, 0.0], dtype=torch.float64)
    same(tree(maps(), leaves, gates), gated(maps(), gates[0]))


def test_a_tree_of_equal_leaves_is_mixed_pooling():
    gates = torch.randn(3, 5, dtype=torch.float64)
    leaves = torch.full((4,), 0.3, dtype=torch.float64)
    same(tree(maps(), leaves, gates), mixed(maps(), 0.3))


def test_wide_open_gates_lead_to_one_leaf():
    leaves = torch.tensor([0.1, 0.4, 0.7, 0.9], dtype=torch.float64)
    gates = torch.tensor([[-1e4], [0.0], [1e4]], dtype=torch.float64).expand(3, 5)
    same(tree(maps(), leaves, gates), mixed(maps(), 0.7))  # right, then left


def test_netvlad_with_one_center_at_zero_sums_normalized_descriptors():
    zero = torch.zeros(1, 5, dtype=torch.float64)
    expected = l2(l2(maps(), dim=1).sum((-2, -1)))
    same(netvlad(maps(), zero, torch.randn_like(zero), zero[:, 0]), expected)


def test_top_k_with_all_locations_and_no_layer_sums_normalized_descriptors():
    layer = torch.nn.Linear(5, 2, dtype=torch.float64)
    expected = l2(maps(), dim=1).sum((-2, -1))
    for k in (48, 500):  # more than there are change nothing
        same(top_k(maps(), classify=layer, k=k).vectors, expected)


def test_top_k_with_one_class_that_is_a_channel_takes_the_peaks_of_this_channel():
    layer = torch.nn.Linear(5, 1, dtype=torch.float64)
    layer.load_state_dict({"weight": torch.eye(5)[2:3], "bias": torch.zeros(1)})
    found = top_k(maps(), classify=layer, k=2)
    same(found.logits[..., 0], maps()[:, 2].flatten(1).topk(2).values)
    assert found.cells.shape == found.there.shape == (3, 2)
    same(top_k(maps((1, 1)), classify=layer, k=2).there[0], torch.tensor([1.0, 0.0]).double())


def test_l2_leaves_zero_alone():
    same(l2(torch.tensor([[0.0, 0.0], [3.0, 4.0]])), torch.tensor([[0.0, 0.0], [0.6, 0.8]]))
