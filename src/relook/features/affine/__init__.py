"""Affine covariant regions: elliptic features that follow a surface as it is turned away."""

from relook.features.affine.haraff import HarrisAffine
from relook.features.affine.hesaff import HessianAffine
from relook.features.affine.mser import Mser

__all__ = ["HarrisAffine", "HessianAffine", "Mser"]
