from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from relook.training.augment.views import Viewer
from relook.training.records import KINDS


def test_views_do_not_depend_on_who_makes_them_or_in_which_order():
    rng = np.random.default_rng(0)
    photos = [rng.integers(0, 256, (40, 30, 3), dtype=np.uint8) for _ in range(12)]
    kinds = [KINDS[i % len(KINDS)] for i in range(12)]

    def jobs():
        seeds = [np.random.default_rng((3, 5, slot)) for slot in range(12)]
        return photos, photos[::-1], kinds, seeds

    view = Viewer(32).view
    alone = list(map(view, *jobs()))
    backwards = [view(*job) for job in reversed(list(zip(*jobs(), strict=True)))][::-1]
    with ThreadPoolExecutor(3) as pool:
        by_threads = list(pool.map(view, *jobs()))
    copied = pickle.loads(pickle.dumps(view))  # as other processes get it
    elsewhere = list(map(copied, *jobs()))
    for made in (backwards, by_threads, elsewhere):
        np.testing.assert_array_equal(made, alone)
