"""Image → local features, in pixels of the original image."""

from relook.features.affine import HarrisAffine, HessianAffine, Mser
from relook.features.binary import Akaze, Orb
from relook.features.corners import Harris, Moravec
from relook.features.pca_sift import PcaSift
from relook.features.registry import EXTRACTORS, make_features
from relook.features.rootsift import root_sift
from relook.features.sift import MOST_FEATURES, Sift
from relook.features.spread import choose_spread

__all__ = [
    "EXTRACTORS",
    "MOST_FEATURES",
    "Akaze",
    "Harris",
    "HarrisAffine",
    "HessianAffine",
    "Moravec",
    "Mser",
    "Orb",
    "PcaSift",
    "Sift",
    "choose_spread",
    "make_features",
    "root_sift",
]
