"""A collection → what it knows about itself: clusters of one object, copies, what lies around."""

from relook.mapping.exploration import Exploration, View
from relook.mapping.exploring import explore

__all__ = ["Exploration", "View", "explore"]
