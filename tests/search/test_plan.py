"""Query plans: what may be asked for."""

from __future__ import annotations

import pytest

from relook.core.errors import UsageError
from relook.reranking.fusion import Fusion
from relook.search.plan import DiffusionSettings, ExpansionSettings, FusionSettings, Plan


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: ExpansionSettings(neighbors=-1), "expand.neighbors"),
        (lambda: ExpansionSettings(alpha=-1), "expand.alpha"),
        (lambda: DiffusionSettings(neighbors=-1), "diffuse.neighbors"),
        (lambda: DiffusionSettings(alpha=1), "diffuse.alpha"),
        (lambda: DiffusionSettings(alpha=0), "diffuse.alpha"),
        (lambda: DiffusionSettings(gamma=0), "diffuse.gamma"),
        (lambda: DiffusionSettings(query_neighbors=0), "diffuse.query_neighbors"),
        (lambda: DiffusionSettings(truncate=0), "diffuse.truncate"),
        (lambda: DiffusionSettings(iterations=0), "diffuse.iterations"),
        (lambda: FusionSettings(candidates=-1), "fuse.candidates"),
        (lambda: FusionSettings(local=-1), "fuse.local"),
        (lambda: FusionSettings(weight=-1), "fuse.weight"),
        (lambda: FusionSettings(background=0), "fuse.background"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_key(make, key):
    with pytest.raises(UsageError, match=key):
        make()


def test_nothing_is_expanded_or_diffused_unasked():
    plan = Plan()
    assert (plan.expand.neighbors, plan.diffuse.neighbors) == (0, 0)


def test_fusion_has_the_same_defaults_where_it_is_used_alone():
    settings, alone = FusionSettings(), Fusion()
    assert (settings.local, settings.weight, settings.background) == (
        alone.local,
        alone.weight,
        alone.background,
    )
