"""The atlas: a map of a whole collection, on which pictures that look alike lie together."""

from relook.mapping.atlas.layout import Stopped
from relook.mapping.atlas.making import Atlas, make_atlas, read_atlas

__all__ = ["Atlas", "Stopped", "make_atlas", "read_atlas"]
