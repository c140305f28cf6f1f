"""Rows → rows: normalization, k-means and whitening, on float32 arrays ``(N, D)``."""

from relook.vectors.kmeans import KMeans
from relook.vectors.learned_whitening import LearnedWhitening
from relook.vectors.normalize import l1_normalize, l2_normalize, power_normalize
from relook.vectors.pca import Pca, PcaWhitening
from relook.vectors.projection import Projection, load_whitening

__all__ = [
    "KMeans",
    "LearnedWhitening",
    "Pca",
    "PcaWhitening",
    "Projection",
    "l1_normalize",
    "l2_normalize",
    "load_whitening",
    "power_normalize",
]
