"""Imported by the process that others are forked from: does once what describing begins with."""

from __future__ import annotations

import cv2
import numpy as np

import relook.collection.describe
import relook.collection.worker
import relook.server.describing  # noqa: F401 - it is enough that it is there
from relook.core.records import Image
from relook.search import DEFAULT_RECIPE, load_recipe
from relook.search.describer import make_describer

cv2.setNumThreads(1)  # threads would not survive a fork
_NOISE = np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)
make_describer(load_recipe(DEFAULT_RECIPE)).describe(Image(_NOISE, (96, 96)))
